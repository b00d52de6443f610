"""No false alarm on a service that isolates, whatever overlaps; and each of several leaks is seen.

The service and the random programs are in `model/`. What healthy systems do differently from one another is drawn with
each program: whether a member may put others out, whether a subscription revives with the right, and so on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.oracles.model.comparison import interferences
from tests.unit.oracles.model.leaky import INTERFERING, LEAKS
from tests.unit.oracles.model.service import Service
from tests.unit.oracles.model.simulation import breaches, history_of, simulate

from isofuzz.history.entries import Barrier, Completion, Invocation, Pooled, Storage
from isofuzz.oracles.judge import Judge
from isofuzz.oracles.residue import Residue
from isofuzz.oracles.violation import Breach, Oracle
from isofuzz.program.vocabulary import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.unit.conftest import Story

    from isofuzz.history.entries import Entry
    from isofuzz.program.vocabulary import Vocabulary

_PROGRAMS = 400
"""So many programs are ample to see any of the leaks."""

_TOO_LITTLE = (Breach.MISSING, Breach.DENIED, Breach.UNDELIVERED, Breach.LOST)


@settings(derandomize=True, max_examples=300, deadline=None)
@given(seed=st.integers(0, 2**32), bursts=st.integers(1, 40))
def test_a_service_that_isolates_is_never_accused(vocabulary: Vocabulary, seed: int, bursts: int) -> None:
    assert breaches(Service, vocabulary, seed, bursts) == []


@settings(derandomize=True, max_examples=100, deadline=None)
@given(seed=st.integers(0, 2**32), steps=st.integers(1, 40))
def test_nobody_interferes_in_a_service_that_isolates(vocabulary: Vocabulary, seed: int, steps: int) -> None:
    assert interferences(Service, vocabulary, seed, steps) == []


def test_the_programs_exercise_what_they_are_to_show(vocabulary: Vocabulary) -> None:
    """Each subscription had to bring something and did, probes were answered alike, each read was an entitled one."""
    unseen = {f"{thing.name} brings" for thing in vocabulary.things if thing.kind is Kind.SUBSCRIPTION}
    unseen |= {f"{operation.name} reads" for operation in vocabulary.operations if operation.shows}
    unseen |= {"room hides", "message hides"}
    for seed in range(_PROGRAMS):
        judge = simulate(Service, vocabulary, seed, bursts=25)
        unseen -= {f"{name} brings" for name in judge.delivery.asserted}
        unseen -= {f"{deed.operation.name} reads" for deed in judge.model.deeds.values() if deed.act.certain}
        unseen -= {f"{parameter} hides" for _, parameter in judge.existence.alike}
        if not unseen:
            return
    assert unseen == set()


def seen(found: Iterator[list[str]], breach: str) -> bool:
    return any(fingerprint.startswith(breach) for fingerprints in found for fingerprint in fingerprints)


@pytest.mark.parametrize(
    ("service", "breach", "focus"), LEAKS, ids=[f"{cls.__name__}-{found}" for cls, found, _ in LEAKS]
)
def test_a_leak_is_seen(vocabulary: Vocabulary, service: type[Service], breach: str, focus: tuple[str, ...]) -> None:
    assert seen((breaches(service, vocabulary, seed, 40, focus) for seed in range(_PROGRAMS)), breach)


def foretold(judge: Judge, entry: Entry) -> bool:
    """Does the judge say beforehand that this entry shows too little?"""
    match entry:
        case Completion():
            return judge.lacks_texts(entry.step, entry.outcome, entry.seen)
        case Barrier(socket=socket, orders=True):
            return judge.lacks_events([socket])
        case Storage(rows):
            return judge.lacks_rows(rows)
    return False


@pytest.mark.parametrize("service", [Service, *dict.fromkeys(service for service, *_ in LEAKS)])
def test_what_is_missing_is_known_before_it_is_judged(vocabulary: Vocabulary, service: type[Service]) -> None:
    """So that one may look again, as long as it may only be late."""
    for seed in range(10):
        judge = Judge(vocabulary)
        for entry in history_of(service, vocabulary, seed, bursts=40):
            late = foretold(judge, entry)
            assert late == any(found.breach in _TOO_LITTLE for found in judge.feed(entry))


@pytest.mark.parametrize(("service", "breach", "focus"), INTERFERING, ids=[cls.__name__ for cls, *_ in INTERFERING])
def test_interference_is_seen(
    vocabulary: Vocabulary, service: type[Service], breach: str, focus: tuple[str, ...]
) -> None:
    found = (interferences(service, vocabulary, seed, 30, focus) for seed in range(_PROGRAMS))
    assert seen(([violation.fingerprint for violation in violations] for violations in found), breach)


@settings(derandomize=True, max_examples=200, deadline=None)
@given(
    found=st.lists(st.sampled_from([{}, {"role": "app"}, {"setting app.user": "1"}]), min_size=1, max_size=3),
    looks=st.lists(st.tuples(st.integers(0, 2), st.booleans())),
    left=st.sampled_from(["role", "setting app.room", "temporary table t", "advisory lock 7", "open transaction"]),
)
def test_only_what_was_left_on_a_connection_is_residue(
    found: list[dict[str, str]], looks: list[tuple[int, bool]], left: str
) -> None:
    """A connection that is as it was found, or has become as a new one, has nothing left on it."""
    states = dict(enumerate(found))
    history: list[Entry] = [Pooled(str(name), state) for name, state in states.items()]
    for step, (at, cleaned) in enumerate(looks):
        name = at % len(found)
        states[name] = {} if cleaned else states[name]
        history += [Invocation(step, "post", {}), Pooled(str(name), states[name])]
    residue = Residue()
    for at, entry in enumerate(history):
        residue.feed(at, entry)
    assert residue.hazards == ()
    residue.feed(len(history), Invocation(len(looks), "edit", {}))
    residue.feed(len(history) + 1, Pooled("0", {**states[0], left: "left"}))
    assert len(residue.hazards) == 1


def test_only_what_was_asked_for_is_reported(story: Story) -> None:
    ada, bob = story.sign_up("ada"), story.sign_up("bob")
    room = ada.does("new_room").made()
    text = ada.does("post", room=room).text
    bob.does("search", text="", seen=[text])
    court = Judge(story.vocabulary, only=[Oracle.DELIVERY])
    assert [court.feed(entry) for entry in story.history] == [[]] * len(story.history)
    assert court.violations == []
