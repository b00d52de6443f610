"""A difference between two looks at a pooled connection is a hazard, unless it went back to what a new one is."""

import pytest

from isofuzz.history.entries import Entry, Invocation, Pooled
from isofuzz.oracles.hazard import Hazard, HazardKind
from isofuzz.oracles.residue import Residue


def does(*names: str) -> list[Entry]:
    return [Invocation(step, name, {}) for step, name in enumerate(names)]


def told(*programs: list[Entry]) -> dict[str, str]:
    """What is amiss in these programs: a sentence for each subject."""
    residue = Residue()
    for program in programs:
        for at, entry in enumerate(program):
            residue.feed(at, entry)
    assert {hazard.kind for hazard in residue.hazards} <= {HazardKind.RESIDUE}
    sentences = {hazard.subject: hazard.sentence for hazard in residue.hazards}
    assert len(sentences) == len(residue.hazards)
    return sentences


def test_what_is_left_is_told_with_what_it_was_and_what_was_done() -> None:
    residue = Residue()
    history = [Pooled("1"), *does("sign_in", "post", "sign_in"), Pooled("1", {"setting app.user_id": "42"})]
    for at, entry in enumerate(history):
        residue.feed(at, entry)
    sentence = "a pooled connection came back with `app.user_id` set to '42' (it was unset) after sign_in, post; once"
    assert residue.hazards == (Hazard(HazardKind.RESIDUE, "setting app.user_id", sentence),)


@pytest.mark.parametrize(
    ("before", "after", "subject", "words"),
    [
        ({}, {"role": "admin"}, "role", "as the role `admin` (it was its own)"),
        ({"role": "app"}, {"role": "admin"}, "role", "as the role `admin` (it was `app`)"),
        ({}, {"role": ""}, "role", "as its own role (it was its own)"),
        ({}, {"search_path": "x"}, "search_path", "with `search_path` set to 'x' (it was as in a new one)"),
        ({"setting a.b": "1"}, {"setting a.b": "2"}, "setting a.b", "with `a.b` set to '2' (it was '1')"),
        ({"setting a.b": "1"}, {"setting a.b": ""}, "setting a.b", "with `a.b` unset (it was '1')"),
        ({}, {"setting DateStyle": "ISO"}, "setting DateStyle", "with `DateStyle` set to 'ISO' (it was as in a new"),
        ({}, {"temporary table t": "left"}, "temporary table t", "with the temporary table t"),
        ({}, {"advisory lock 42": "held"}, "advisory lock *", "with the advisory lock 42"),
        ({}, {"open transaction": "open"}, "open transaction", "in an open transaction"),
    ],
)
def test_each_kind_has_its_words(before: dict[str, str], after: dict[str, str], subject: str, words: str) -> None:
    sentences = told([Pooled("1", before), *does("post"), Pooled("1", after)])
    assert list(sentences) == [subject]
    assert sentences[subject].startswith(f"a pooled connection came back {words}")
    assert sentences[subject].endswith(" after post; once")


def test_what_is_as_before_or_as_new_again_is_none() -> None:
    dirty = {"role": "admin", "search_path": "x"}
    assert told([Pooled("1", dirty), *does("post"), Pooled("1", dirty)]) == {}
    assert told([Pooled("1", dirty), *does("post"), Pooled("1")]) == {}


def test_how_a_program_found_the_pool_is_none() -> None:
    assert told([Pooled("1", {"role": "admin"}), *does("post")], [Pooled("1", {"role": "other"}), *does("post")]) == {}


def test_a_connection_that_was_not_seen_before_is_compared_with_a_new_one() -> None:
    sentences = told([Pooled("1"), *does("post"), Pooled("2", {"role": "admin"}), Pooled("1")])
    assert list(sentences) == ["role"]


def test_connections_are_compared_with_themselves() -> None:
    one, other = Pooled("1", {"role": "admin"}), Pooled("2", {"role": "other"})
    assert told([one, other, *does("post"), other, one]) == {}


def test_it_is_told_once_with_the_clearest_example() -> None:
    def program(user: str, *names: str) -> list[Entry]:
        return [Pooled("1"), *does(*names), Pooled("1", {"setting app.user_id": user})]

    sentences = told(
        program("1", "sign_in", "post"), program("2", "sign_in"), program("3", "post"), program("4", "post", "edit")
    )
    assert sentences == {
        "setting app.user_id": (
            "a pooled connection came back with `app.user_id` set to '2' (it was unset) after sign_in; 4 times"
        )
    }


def test_names_that_differ_only_in_numbers_are_one() -> None:
    sentences = told(
        [Pooled("1"), *does("post"), Pooled("1", {"temporary table new_17": "left", "temporary table new_18": "left"})]
    )
    assert sentences == {
        "temporary table new_*": "a pooled connection came back with the temporary table new_17 after post; 2 times"
    }
