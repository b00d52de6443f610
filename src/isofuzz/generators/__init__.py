"""What programs are made of: Hypothesis strategies over small corpora, and ids that nothing has.

Identifiers come in clusters that some system would confuse, and secrets from adversarial templates; see `corpora`.
"""

from isofuzz.generators.corpora import KEYS, NAMES, QUERIES, TEMPLATES, confusable, plainer, plainer_pairs, template
from isofuzz.generators.never_issued import never_issued
from isofuzz.generators.strategies import alike_names, keys, names, queries, values

__all__ = [
    "KEYS",
    "NAMES",
    "QUERIES",
    "TEMPLATES",
    "alike_names",
    "confusable",
    "keys",
    "names",
    "never_issued",
    "plainer",
    "plainer_pairs",
    "queries",
    "template",
    "values",
]
