"""Hypothesis strategies over the corpora, and for what a target annotates itself.

Each text takes a few small integers, so that Hypothesis shrinks and mutates well; all zero is plain.
Draws depend on earlier draws of the same program only, never on what the system answered.
"""

from itertools import count
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument

from isofuzz.errors import TargetMistake
from isofuzz.generators import corpora
from isofuzz.generators.corpora import Cluster

_OPENING: Final = 2
"""So many texts of a kind are mostly plain: odd ones show something only beside what they are confused with."""


def names() -> st.SearchStrategy[str]:
    """Who someone is: texts of `corpora.NAMES`, about half of them from one cluster after the first two.

    The plain ones come in turn, so that a program shrinks to users of different names.
    """
    return _related("names", corpora.PLAIN_NAMES, corpora.NAME_CLUSTERS, corpora.NAMES, in_turn=True)


def alike_names() -> st.SearchStrategy[list[str]]:
    """Two or three different names of one cluster: users whom some system would take for one another."""
    return st.sampled_from(corpora.NAME_CLUSTERS).flatmap(
        lambda cluster: st.lists(st.sampled_from(cluster), min_size=2, max_size=min(3, len(cluster)), unique=True)
    )


def keys() -> st.SearchStrategy[str]:
    """Ids that the client chooses: texts of `corpora.KEYS`, correlated as names are."""
    return _related("keys", corpora.PLAIN_KEYS, corpora.KEY_CLUSTERS, corpora.KEYS)


def queries() -> st.SearchStrategy[str]:
    """What someone searches for: texts of `corpora.QUERIES`, correlated as names are."""
    return _related("queries", corpora.PLAIN_QUERIES, corpora.QUERY_CLUSTERS, corpora.QUERIES)


def values(annotation: Any) -> st.SearchStrategy[Any]:
    """Values of any other parameter type: the strategy in `Annotated[T, strategy]`, else what Hypothesis knows of T.

    Raises `TargetMistake` if Hypothesis cannot tell what to draw.
    """
    if annotation is Any or annotation is object:  # Hypothesis would draw live objects, os.environ among them
        raise _unresolved(annotation, "any object at all is no value to send")
    strategy = st.from_type(annotation)
    try:
        strategy.validate()
    except (InvalidArgument, TypeError) as problem:  # TypeError: a type that takes part in no issubclass check
        raise _unresolved(annotation, str(problem)) from problem
    return strategy


def _unresolved(annotation: Any, problem: str) -> TargetMistake:
    name = annotation.__name__ if isinstance(annotation, type) else repr(annotation)
    return TargetMistake(
        f"a parameter is annotated {name}, and isofuzz does not know which values to draw for it ({problem}). "
        f"Write Annotated[{name}, strategy] with a Hypothesis strategy, for example "
        f"Annotated[int, st.integers(0, 9)]; or, for what isofuzz draws itself, Name, Key, Query or a Secret."
    )


@st.composite
def _related(
    draw: st.DrawFn,
    kind: str,
    plain: Cluster,
    clusters: tuple[Cluster, ...],
    corpus: tuple[str, ...],
    *,
    in_turn: bool = False,
) -> str:
    # What is shared lives as long as one program: its cluster, and how many texts of this kind it has drawn.
    number = next(draw(st.shared(st.builds(count), key=f"isofuzz.{kind}.count")))
    opening = number < _OPENING
    way = draw(st.integers(0, 3))
    if way == 0 or (opening and way < 3):
        # Two users of one name are mostly one user, which hides much; two users of one key are what is looked for.
        return plain[number % len(plain)] if in_turn else draw(st.sampled_from(plain))
    if opening or way < 3:
        cluster = draw(st.shared(st.sampled_from(clusters), key=f"isofuzz.{kind}.cluster"))
        return draw(st.sampled_from(cluster))
    return draw(st.sampled_from(corpus))
