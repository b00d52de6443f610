"""What a run's figures say of the system's hazards: which operations are over their budgets."""

from collections.abc import Iterator, Mapping

from isofuzz.cases.store import Finding
from isofuzz.oracles.hazard import Hazard, HazardKind
from isofuzz.program.vocabulary import Vocabulary
from isofuzz.runs.exercised import Exercised
from isofuzz.runs.latency import Latency, in_words

PERCENT = 95
"""A budget is for so many percent of the calls."""

ENOUGH_CALLS = 20
"""Of fewer, the 95th percentile is the slowest: a single one would decide."""


def over_budget(exercised: Exercised, vocabulary: Vocabulary) -> Iterator[Hazard]:
    """The operations that took longer than their budgets allow."""
    for name, budget in vocabulary.budgets.items():
        latency = exercised.latency.get(name, Latency())
        took = latency.percentile_ms(PERCENT)
        if latency.count >= ENOUGH_CALLS and took > budget:
            sentence = f"p{PERCENT} of {latency.count} calls was {in_words(took)} ms, and the budget is {budget:g} ms"
            yield Hazard(HazardKind.OVER_BUDGET, name, f"{name} is too slow: {sentence}")


def bounded_staleness(bounded: Mapping[str, Finding], grace: float) -> Iterator[Hazard]:
    """What showed at once although the right to it had been taken away, and no longer once the grace was over."""
    for fingerprint, finding in bounded.items():
        place = finding.unkept or f"the evidence is in {finding.path}"
        sentence = f"stale for a while, and no longer once {grace:g} s had passed: {finding.case.explanation} ({place})"
        yield Hazard(HazardKind.BOUNDED_STALENESS, fingerprint, sentence)


def unjudged(exercised: Exercised, vocabulary: Vocabulary) -> Iterator[str]:
    """The budgets about which the run can say nothing, each in words."""
    for name, budget in vocabulary.budgets.items():
        calls = exercised.latency.get(name, Latency()).count
        if calls < ENOUGH_CALLS:
            yield f"budget of {name} ({budget:g} ms) not judged: only {calls} calls, and it takes {ENOUGH_CALLS}"
