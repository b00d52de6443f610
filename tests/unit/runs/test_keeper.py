"""What is bounded is looked into again, a few times for each operation that takes the right."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from isofuzz.cases.case import HitRate
from isofuzz.cases.store import read_case
from isofuzz.oracles.violation import Oracle
from isofuzz.program.vocabulary import Vocabulary
from isofuzz.runs.accepting import AcceptList
from isofuzz.runs.events import Event, Kept, LeakSeen
from isofuzz.runs.keeper import BOUNDED, ENOUGH_SIGHTINGS, SEEN, Keeper

Story = Any
LEAK = "crossing:foreign:Room:search:post:Body"


@pytest.fixture
def events() -> list[Event]:
    return []


@pytest.fixture
def keeper(tmp_path: Path, vocabulary: Vocabulary, events: list[Event]) -> Keeper:
    return Keeper(
        target="tests:Chat",
        defect=None,
        vocabulary=vocabulary,
        services="",
        versions={},
        folder=tmp_path,
        accept=AcceptList(),
        listener=events.append,
    )


def test_an_older_case_stays_until_the_finding_is_final(
    keeper: Keeper, see: Callable[[str], None], tmp_path: Path, events: list[Event]
) -> None:
    """Whoever is killed meanwhile has both: the small one of an earlier run, and what was seen now."""
    see("kick")
    keeper.conclude(LEAK, hit_rate=HitRate(2, 2), shrunk=True, cold=True)
    [path] = tmp_path.glob("*.json")
    before = path.read_text()
    again = Keeper(
        target="tests:Chat",
        defect=None,
        vocabulary=keeper._vocabulary,
        services="",
        versions={},
        folder=tmp_path,
        accept=AcceptList(),
        listener=events.append,
    )
    again.take(replace(read_case(path), found="later"))
    assert path.read_text() == before
    assert [each.path for each in again.findings.values()] == [tmp_path / SEEN / path.name]
    assert read_case(tmp_path / SEEN / path.name).found == "later"
    again.conclude(LEAK, hit_rate=HitRate(2, 2), shrunk=True, cold=True)
    assert read_case(path).found == "later"
    assert not list((tmp_path / SEEN).iterdir())


@pytest.fixture
def see(keeper: Keeper, story: Story) -> Callable[[str], None]:
    """Bob still finds what was posted in a room, after a step that took his right to it."""
    ada, bob = story.sign_up("ada"), story.sign_up("bob")
    room = ada.does("new_room").made()
    ada.does("invite", room=room, member=bob)
    begun = list(story.history)

    def seen(taking: str) -> None:
        story.history[:] = begun
        taken = {"kick": {"member": bob}, "limit_to": {"members": [ada]}}[taking]
        ada.does(taking, room=room, **taken)
        post = ada.does("post", room=room)
        bob.does("search", text="", seen=[post.text])
        system = SimpleNamespace(signatures=SimpleNamespace(vocabulary=story.vocabulary), past=[])
        execution: Any = SimpleNamespace(
            system=system,
            program=story.program,
            history=story.history,
            counterpart=[],
            first_canary=0,
            turns=SimpleNamespace(decided_by=""),
        )
        [violation] = [each for each in story.violations if each.oracle is Oracle.CROSSING]
        keeper.see(execution, violation)

    return seen


def test_it_is_settled_after_some_sightings(keeper: Keeper, see: Callable[[str], None], events: list[Event]) -> None:
    for _ in range(ENOUGH_SIGHTINGS):
        see("kick")
        assert keeper.unworked == [LEAK]
        keeper.bound(LEAK)
        assert (keeper.findings, keeper.unworked, set(keeper.bounded)) == ({}, [], {LEAK})
    see("kick")
    assert keeper.unworked == []
    assert [type(event) for event in events] == [LeakSeen], "of the others it is likely that they are none"


def test_where_another_operation_took_the_right_it_is_not(keeper: Keeper, see: Callable[[str], None]) -> None:
    for _ in range(ENOUGH_SIGHTINGS):
        see("kick")
        keeper.bound(LEAK)
    see("limit_to")
    assert keeper.unworked == [LEAK]


def test_what_is_bounded_once_and_not_again_is_a_leak(
    keeper: Keeper, see: Callable[[str], None], events: list[Event], tmp_path: Path
) -> None:
    see("kick")
    keeper.bound(LEAK)
    [evidence] = (tmp_path / BOUNDED).iterdir()
    assert list(tmp_path.glob("*.json")) == []
    see("limit_to")
    keeper.conclude(LEAK, hit_rate=HitRate(2, 2), shrunk=True, cold=True)
    assert (set(keeper.findings), keeper.bounded, evidence.exists()) == ({LEAK}, {}, False)
    assert [path.name for path in tmp_path.glob("*.json")] == [evidence.name]
    assert [type(event) for event in events] == [LeakSeen, Kept]
