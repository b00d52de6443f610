"""What goes over wires and into tables comes back as it was."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isofuzz.campaign.journal import Journal, last_program
from isofuzz.campaign.outlook import Outlook
from isofuzz.campaign.request import CampaignRequest, Kept
from isofuzz.campaign.tallies import tallied, untallied
from isofuzz.cases.codec import program_from_json
from isofuzz.errors import UsageError
from isofuzz.history.entries import Completion, Entry, Invocation, Move, Moved, Outcome
from isofuzz.history.relations import Relation
from isofuzz.program.faults import FaultKind
from isofuzz.program.steps import Burst, Call, Literal
from isofuzz.runs.comparing import Comparisons
from isofuzz.runs.coverage import meetings, shape
from isofuzz.runs.exercised import Cell, Exercised, Reached
from isofuzz.runs.profiles import PROFILES
from isofuzz.runs.request import RunRequest
from isofuzz.services.sources import Sources
from isofuzz_packs.chat import Chat

WORDS = st.text(min_size=1, max_size=5)
COUNTS = st.integers(1, 9)


@st.composite
def exercised(draw: st.DrawFn) -> Exercised:
    found = Exercised(programs=draw(COUNTS), operations=draw(COUNTS), rows=draw(COUNTS))
    outcomes, relations = st.sampled_from(Outcome), st.sampled_from(Relation)
    found.outcomes.update(draw(st.dictionaries(st.tuples(WORDS, outcomes), COUNTS)))
    found.cells.update(draw(st.dictionaries(st.builds(Cell, WORDS, WORDS, relations), COUNTS)))
    found.reached.update(draw(st.dictionaries(st.builds(Reached, WORDS, st.just("own"), outcomes), COUNTS)))
    found.alike.update(draw(st.dictionaries(st.tuples(WORDS, WORDS), COUNTS)))
    found.unexpected.update(draw(st.dictionaries(st.tuples(WORDS, WORDS), COUNTS)))
    found.faults.update(draw(st.dictionaries(st.sampled_from(FaultKind), COUNTS)))
    found.worked.update(draw(st.dictionaries(WORDS, COUNTS)))
    for name, seconds in draw(st.dictionaries(WORDS, st.lists(st.floats(1e-5, 10), min_size=1))).items():
        for each in seconds:
            found.latency[name].add(each)
    return found


@given(exercised(), st.dictionaries(WORDS, COUNTS))
def test_tallies_come_back_and_add_up(before: Exercised, observed: dict[str, int]) -> None:
    compared = Comparisons(programs=2, users=4, executions=9, seconds=1.25)
    compared.observed.update(observed)
    tallies = tallied(before, compared)
    after, compared_after = untallied(tallies)
    assert compared_after == compared
    for name in ("programs", "operations", "rows", "outcomes", "cells", "reached", "alike", "unexpected", "faults"):
        assert getattr(after, name) == getattr(before, name)
    for name, latency in before.latency.items():
        assert (after.latency[name].count, after.latency[name].buckets) == (latency.count, latency.buckets)
    twice, _ = untallied(tallies + tallies)
    assert twice.programs == 2 * before.programs
    assert twice.outcomes == before.outcomes + before.outcomes


def test_the_shape_of_a_statement_is_what_is_the_same_each_time() -> None:
    assert shape("SELECT  a\n FROM t WHERE id = 42 AND name = 'x''y' LIMIT $1") == (
        "SELECT a FROM t WHERE id = ? AND name = ? LIMIT $1"
    )
    assert shape("GET about:186db60e-8fb4-408f-b72c-f89d5576b487") == "GET about:?"
    long, other = "SELECT a, " + "b, " * 50 + "c", "SELECT a, " + "b, " * 50 + "d"
    assert shape(long) != shape(other)
    assert len(shape(long)) < 80


def test_only_statements_of_different_steps_meet() -> None:
    history: list[Entry] = [
        Invocation(0, "read", {}),
        Invocation(1, "post", {}),
        Moved(0, Move.START),
        Moved(0, Move.STATEMENT, "SELECT 1"),
        Moved(0, Move.STATEMENT, "COMMIT"),
        Moved(1, Move.STATEMENT, "INSERT 7"),
        Moved(0, Move.STATEMENT, "SELECT 1"),
    ]
    assert meetings(history) == {"read: COMMIT > post: INSERT ?", "post: INSERT ? > read: SELECT ?"}


def test_what_follows_one_another_does_not_meet() -> None:
    history: list[Entry] = [
        Invocation(0, "read", {}),
        Moved(0, Move.STATEMENT, "COMMIT"),
        Completion(0, Outcome.OK),
        Invocation(1, "post", {}),
        Moved(1, Move.STATEMENT, "INSERT 7"),
    ]
    assert meetings(history) == set()


@pytest.mark.parametrize(
    ("outlook", "chance", "words"),
    [
        (Outlook(0, 5, 0), None, "No program was drawn"),
        (Outlook(1, 5, 0), 0, "estimated to be anything up to certainty (0 of 5"),
        (Outlook(200, 50, 0), 0, "less than 3 in 200"),
        (Outlook(200, 50, 10), 0.05, "at most 1 in 20"),
        (Outlook(4, 50, 10), 1, "estimated to be anything up to certainty (10 of 50"),
    ],
)
def test_the_outlook(outlook: Outlook, chance: float | None, words: str) -> None:
    assert outlook.chance == chance
    assert words in str(outlook)


def test_the_journal_holds_the_program_that_is_being_executed(tmp_path: Path) -> None:
    path = tmp_path / "workers" / "1.jsonl"
    journal = Journal(path)
    journal.begin()
    journal.burst(Burst((Call(0, "sign_in", {"name": Literal("old")}),)))
    journal.begin()
    assert last_program(path) is None
    bursts = [Burst((Call(number, "sign_in", {"name": Literal("ä\n")}),)) for number in range(2)]
    for burst in bursts:
        journal.burst(burst)
    journal.close()
    written = last_program(path)
    assert written
    assert program_from_json(written).bursts == tuple(bursts)
    path.write_text(path.read_text() + '[{"step": 2, "oper')
    assert last_program(path) == written, "it died while it wrote more"
    assert last_program(tmp_path / "nobody") is None


def test_what_is_kept_of_a_request_is_what_another_process_has_to_know() -> None:
    run = RunRequest(
        target="chat",
        target_class=Chat,
        profile=PROFILES["nightly"],
        defect="like-wildcard",
        sources=Sources(database_url="postgresql://u:hunter2@localhost/db"),
    )
    request = CampaignRequest(run, Path("c"), 60, None, workers=2, seed="seed", known={"a": "search"}, guided=True)
    kept = json.dumps(request.as_kept())
    assert "hunter2" not in kept
    read = Kept.read(json.loads(kept), Path("c"))
    assert (read.target, read.defect, read.only, read.profile) == ("chat", run.defect, run.only, run.profile)
    assert (read.seed, read.guided, read.known) == ("seed", True, {"a": "search"})
    with pytest.raises(UsageError, match="another version of isofuzz began it"):
        Kept.read({"target": "chat"}, Path("c"))
