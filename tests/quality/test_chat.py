"""isofuzz proves itself on the reference chat: each planted leak is found in the fewest steps, and nothing else.

To look for all of them takes a quarter as long as all other tests together. So one leak of each kind is looked for with
every change, and the rest is `long`: `make quality` runs them all.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from isofuzz.cases.case import Case
from isofuzz.oracles.verdict import Verdict
from isofuzz.program.faults import FaultKind
from isofuzz.runs.profiles import profile_named
from isofuzz.runs.request import RunRequest
from isofuzz.runs.run import run
from isofuzz.runs.summary import Summary
from isofuzz_packs.chat import Chat
from isofuzz_packs.chat.defects import DESCRIPTIONS, Need

RunOfChat = Callable[..., Summary]


@pytest.fixture
def run_of_chat(tmp_path: Path) -> RunOfChat:
    def to_the_end(profile: str, defect: str | None = None) -> Summary:
        # How small a story gets must not depend on how busy the machine is.
        patient = replace(profile_named(profile), shrink_seconds=120)
        return run(RunRequest("chat", Chat, patient, defect=defect, cases=tmp_path / "cases"))

    return to_the_end


@dataclass(frozen=True)
class Found:
    """What is found first of a planted leak: the bug, the operations of the shortest story, and the story in words."""

    fingerprint: str
    operations: str
    words: str


@dataclass(frozen=True)
class Race(Found):
    """What takes steps that overlap: who of them moves when, and what goes wrong meanwhile."""

    turns: str
    faults: tuple[FaultKind, ...] = ()


FOUND = {
    "list-without-owner": Found(
        "crossing:foreign:Room:list_threads:open_thread:Title",
        "sign_in sign_in open_thread list_threads",
        "`list_threads` by user A returned the Title that user B (named 'b') wrote in step N "
        "(`open_thread`) into B's Room (step N). A was never given access to that Room.",
    ),
    "delete-without-owner": Found(
        "existence:told:Message:delete_message",
        "sign_in sign_in open_thread post delete_message delete_message delete_message",
        "User B (named 'b') was told that A's Message (step N) exists: step N `delete_message` was done, "
        "and step N, the same about a Message that never existed, was refused with `Refused: not found`.",
    ),
    "wrong-parent": Found(
        "delivery:misplaced:Room:frame:edit_message:Body",
        "sign_in sign_in open_thread post open_thread subscribe edit_message",
        "B socket N (opened in step N) brought the Body that user B wrote in step N (`edit_message`) into "
        "A's Room (step N). B had no right to write there, and asked for something else: B's Room (step N).",
    ),
    "search-unfiltered": Found(
        "crossing:foreign:Room:search:post:Body",
        "sign_in sign_in open_thread post search",
        "`search` by user A returned the Body that user B (named 'b') wrote in step N (`post`) into B's "
        "Room (step N). A was never given access to that Room.",
    ),
    "count-unfiltered": Found(
        "noninterference:interfered:list_threads",
        "sign_in sign_in open_thread list_threads",
        '`list_threads` by user A showed {"threads": [], "total": 1}, and without step N (`open_thread` by '
        """user B (named 'b')) it showed {"threads": [], "total": 0}. A was never given access to B's Room """
        "(step N), so that may make no difference.",
    ),
    "author-mass-assigned": Found(
        "integrity:misfiled:Room:stored:quote:Body",
        "sign_in sign_in open_thread invite post quote",
        "A text is stored as if it were another's: the Body that user A (named 'a') wrote in step N "
        "(`quote`) into A's Room (step N). The row says that it belongs to A's Room (step N) and to user B "
        "(named 'b').",
    ),
    "foreign-parent": Found(
        "existence:told:Message:quote",
        "sign_in sign_in open_thread post open_thread quote quote quote",
        "User B (named 'b') was told that A's Message (step N) exists: step N `quote` was done, and step "
        "N, the same about a Message that never existed, was refused with `Refused: not found`.",
    ),
    "membership-cached": Found(
        "visibility:denied:Room:history:Body",
        "sign_in sign_in open_thread invite kick invite history",
        "`history` by user B was refused. B was given access in step N (`invite`) and never lost it.",
    ),
    "like-wildcard": Found(
        "crossing:foreign:Room:open_thread:open_thread:Title",
        "sign_in sign_in open_thread open_thread",
        "`open_thread` by user B returned the Title that user A (named 'a') wrote in step N "
        "(`open_thread`) into A's Room (step N). B was never given access to that Room.",
    ),
    "slug-taken": Found(
        "noninterference:interfered:open_thread",
        "sign_in open_thread sign_in open_thread",
        "`open_thread` by user B showed refused: Refused: forbidden, and without step N (`open_thread` by "
        "user A (named 'a')) it showed ok:",
    ),
    "subscription-outlives-kick": Found(
        "delivery:foreign:Room:frame:open_thread:Title",
        "sign_in sign_in open_thread invite subscribe kick open_thread",
        "B socket N (opened in step N) brought the Title that user A (named 'a') wrote in step N "
        "(`open_thread`) into A's Room (step N). B had lost access to that Room in step N (`kick`).",
    ),
    "presence-to-all": Found(
        "noninterference:interfered:frame:joined",
        "sign_in sign_in open_thread subscribe",
        'A socket N (opened in step N) showed {"event": "joined",',
    ),
    "seq-across-threads": Found(
        "noninterference:interfered:history",
        "sign_in sign_in open_thread open_thread post post history",
        "and without steps N (`open_thread`) and N (`post`) by user B (named 'b') it showed",
    ),
    "share-to-all": Found(
        "delivery:foreign:Room:frame:share:Title",
        "sign_in sign_in open_thread invite subscribe share",
        "B socket N (opened in step N) brought the Title that user A (named 'a') wrote in step N (`share`) "
        "into A's Room (step N). Step N (`share`), which wrote it, took B's access to that Room away.",
    ),
    "role-kept": Found(
        "crossing:foreign:Room:list_threads:open_thread:Title",
        "sign_in sign_in open_thread subscribe open_thread invite subscribe list_threads",
        "`list_threads` by user A returned the Title that user B (named 'b') wrote in step N "
        "(`open_thread`) into B's Room (step N). A was never given access to that Room.",
    ),
    "export-table-kept": Found(
        "crossing:foreign:Room:export:post:Body",
        "sign_in sign_in open_thread post export export",
        "`export` by user B returned the Body that user A (named 'a') wrote in step N (`post`) into A's "
        "Room (step N). B was never given access to that Room.",
    ),
}

RACES = {
    "export-buffer-shared": Race(
        "crossing:foreign:Room:export:post:Body",
        "sign_in sign_in open_thread post export export",
        "`export` by user A returned the Body that user B (named 'b') wrote in step N (`post`) into B's "
        "Room (step N). A was never given access to that Room.",
        "01",
    ),
    "fresh-unstamped": Race(
        "crossing:foreign:Room:history:post:Body",
        "sign_in sign_in open_thread post open_thread history",
        "`history` by user B returned the Body that user A (named 'a') wrote in step N (`post`) into A's "
        "Room (step N). B was never given access to that Room.",
        "01",
    ),
    "lock-stranded": Race(
        "visibility:denied:Room:history:Body",
        "sign_in sign_in open_thread open_thread history history",
        "`history` by user A was refused. A made it in step N (`open_thread`) and never lost it.",
        "01",
    ),
    "reply-left-behind": Race(
        "crossing:foreign:user:read_about:set_about:About",
        "sign_in sign_in set_about set_about read_about read_about read_about",
        "`read_about` by user B returned the About that user A (named 'a') wrote in step N (`set_about`) "
        "into A's own space. A About is for its author alone.",
        "001",
        (FaultKind.CANCEL,),
    ),
    "current-user-global": Race(
        "delivery:foreign:Room:frame:open_thread:Title",
        "sign_in sign_in open_thread subscribe open_thread open_thread",
        "B socket N (opened in step N) brought the Title that user A (named 'a') wrote in step N "
        "(`open_thread`) into A's Room (step N). B was never given access to that Room.",
        "01",
    ),
    "caller-kept": Race(
        "crossing:foreign:user:read_about:set_about:About",
        "sign_in sign_in set_about set_about read_about",
        "`read_about` by user A returned the About that user B (named 'b') wrote in step N (`set_about`) "
        "into B's own space. A About is for its author alone.",
        "01",
    ),
    "list-kept-on-service": Race(
        "crossing:foreign:Room:list_threads:open_thread:Title",
        "sign_in sign_in open_thread list_threads list_threads",
        "`list_threads` by user A returned the Title that user B (named 'b') wrote in step N "
        "(`open_thread`) into B's Room (step N). A was never given access to that Room.",
        "0001",
    ),
    "reply-by-request-id": Race(
        "visibility:denied:Room:history:Body",
        "sign_in sign_in open_thread resume resume resume history",
        "`history` by user A was refused. A made it in step N (`open_thread`) and never lost it.",
        "011",
    ),
    "results-lined-up": Race(
        "crossing:foreign:Room:history:post:Body",
        "sign_in sign_in open_thread open_thread post history history",
        "`history` by user A returned the Body that user B (named 'b') wrote in step N (`post`) into B's "
        "Room (step N). A was never given access to that Room.",
        "01",
    ),
    "subscribe-out-of-turn": Race(
        "delivery:foreign:Room:frame:post:Body",
        "sign_in sign_in open_thread invite subscribe kick post",
        "B socket N (opened in step N) brought the Body that user A (named 'a') wrote in step N (`post`) "
        "into A's Room (step N). B had lost access to that Room in step N (`kick`).",
        "001",
    ),
}


EVERY_TIME = {
    "list-without-owner",  # crossing
    "subscription-outlives-kick",  # delivery
    "author-mass-assigned",  # integrity
    "foreign-parent",  # existence
    "count-unfiltered",  # noninterference
    "membership-cached",  # visibility
    "current-user-global",  # a race
}
"""One of each kind that takes no longer than the others: what takes a fault is replayed every time."""


def long_but_for_one_of_each_kind(defects: Iterable[str]) -> list[object]:
    return [
        pytest.param(defect, marks=() if defect in EVERY_TIME else pytest.mark.long, id=defect) for defect in defects
    ]


def test_every_leak_of_the_zoo_is_among_them() -> None:
    assert FOUND.keys() | RACES.keys() == set(DESCRIPTIONS)
    assert not FOUND.keys() & RACES.keys()
    assert {defect for defect in DESCRIPTIONS if DESCRIPTIONS[defect].needs & {Need.OVERLAP, Need.FAULT}} == set(RACES)


@pytest.mark.parametrize("defect", long_but_for_one_of_each_kind(FOUND))
def test_a_planted_leak_is_found_and_told_in_the_fewest_steps(run_of_chat: RunOfChat, defect: str) -> None:
    # `ci` does all that `dev` does and more: what stops at the first finding finds it within both.
    case = found(run_of_chat("dev", defect), FOUND[defect])
    assert (case.found_by, [burst for burst in case.program.bursts if len(burst.numbers) > 1]) == ("", [])


@pytest.mark.parametrize("defect", long_but_for_one_of_each_kind(RACES))
def test_a_planted_race_is_found_and_replays(run_of_chat: RunOfChat, defect: str) -> None:
    """It is told in the fewest steps and switches, and nothing of it is left to chance."""
    expected = RACES[defect]
    case = found(run_of_chat("dev", defect), expected)
    [race] = [burst for burst in case.program.bursts if len(burst.numbers) > 1]
    assert (str(race.schedule), tuple(fault.kind for fault in race.faults)) == (expected.turns, expected.faults)


def found(summary: Summary, expected: Found) -> Case:
    assert (summary.verdict, summary.trouble) == (Verdict.LEAKED, None)
    case = summary.findings[0].case
    assert (case.fingerprint, " ".join(call.operation for call in case.program.calls)) == (
        expected.fingerprint,
        expected.operations,
    )
    assert expected.words in re.sub(r"\b([Ss]teps?|socket|and) \d+", r"\1 N", case.explanation)
    assert (str(case.hit_rate), case.cold) == ("2 of 2", True)
    return case


@pytest.mark.long
def test_the_healthy_chat_is_isolated_and_nothing_is_left_unchecked(run_of_chat: RunOfChat) -> None:
    summary = run_of_chat("dev")
    assert (summary.verdict, summary.findings, summary.missing, summary.trouble) == (Verdict.ISOLATED, (), (), None)
    assert summary.exercised.delivered["Feed"]
    assert summary.exercised.unexpected == {}
