"""Cases edited by hand in any way: each is read and fits its target, or what is wrong with it is said."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isofuzz.cases.case import Case
from isofuzz.cases.codec import from_json, to_json
from isofuzz.errors import CaseUnreadable
from isofuzz.program.vocabulary import Vocabulary
from isofuzz.runs.fitting import Changes, fitted
from isofuzz.target.signatures import read_signatures
from isofuzz_packs.chat import Chat

VERSIONS = sorted((Path(__file__).parents[1] / "cases" / "versions").iterdir())
GONE = object()
VALUES: st.SearchStrategy[Any] = st.just(GONE) | st.sampled_from(
    [
        "",
        "Room",
        "sign_in",
        "<b>$(rm -rf /)\x1b[31m",
        "\ud800",
        -1,
        0,
        1,
        10**30,
        1.5,
        float("inf"),
        float("nan"),
        True,
        None,
        [],
        {},
        [[]],
        [0, 0],
        [99, 99],
    ]
)


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return read_signatures(Chat).vocabulary


def places(document: Any, above: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to each part of a document."""
    inner = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    return [above] * bool(above) + [place for key, part in inner for place in places(part, (*above, key))]


def edit(document: Any, place: tuple[Any, ...], value: Any) -> None:
    *above, key = place
    for part in above:
        document = document[part]
    if value is GONE:
        del document[key]
    else:
        document[key] = value


@pytest.mark.parametrize("path", VERSIONS, ids=lambda path: path.stem)
@settings(max_examples=150)
@given(data=st.data())
def test_it_is_read_and_fits_or_that_is_said(path: Path, vocabulary: Vocabulary, data: st.DataObject) -> None:
    document = json.loads(path.read_text())
    edit(document, data.draw(st.sampled_from(places(document))), data.draw(VALUES))
    try:
        case = from_json(json.dumps(document), "case.json")
    except CaseUnreadable:
        return
    assert_whole(case)
    for changes in (Changes(), Changes({"sign_in": "post"}), Changes(drop_gone=True)):
        try:
            fit = fitted(case, vocabulary, changes)
        except CaseUnreadable:
            continue
        assert_whole(fit.case)


def assert_whole(case: Case) -> None:
    """It can be written and read again."""
    assert from_json(to_json(case), "again").program == case.program
