"""Corpora hold what they promise, and every secret stays findable in every shape."""

import base64
import html
import itertools
import json
import re
import unicodedata
from collections.abc import Callable
from typing import Final
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isofuzz.generators import KEYS, NAMES, QUERIES, TEMPLATES, confusable, plainer, plainer_pairs, template
from isofuzz.generators.corpora import KEY_CLUSTERS, NAME_CLUSTERS, QUERY_CLUSTERS
from isofuzz.program.canary import LENGTH, MARK, Mint
from isofuzz.program.steps import CANARY_SLOT, SecretText

MINT: Final = Mint("k3x9fz")
CORPORA: Final = {"names": NAMES, "keys": KEYS, "queries": QUERIES, "templates": TEMPLATES}
CLUSTERS: Final = [*NAME_CLUSTERS, *KEY_CLUSTERS, *QUERY_CLUSTERS]

SHAPES: Final[dict[str, Callable[[str], str]]] = {
    "itself": str,
    "json": json.dumps,
    "json in json": lambda text: json.dumps({"a": json.dumps([text])}),
    "url": quote,
    "form": quote_plus,
    "html": html.escape,
    "html entities": lambda text: text.encode("ascii", "xmlcharrefreplace").decode(),
    "sql": lambda text: "'" + text.replace("\\", "\\\\").replace("'", "''") + "'",
    "repr": repr,
    "upper": str.upper,
    "title": str.title,
    "casefold": str.casefold,
    "nfkc": lambda text: unicodedata.normalize("NFKC", text),
    "nfkd": lambda text: unicodedata.normalize("NFKD", text),
    "highlighted words": lambda text: re.sub(r"\b(\w+)\b", r"<b>\1</b>", text),
    "words": lambda text: " ".join(re.findall(r"[0-9a-zA-Z]+", text)),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64 of json in json": lambda text: json.dumps(base64.urlsafe_b64encode(json.dumps([text]).encode()).decode()),
    "latin-1 read as utf-8": lambda text: text.encode().decode("latin-1"),
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@given(serial=st.integers(0, 36**5 - 1))
def test_every_secret_is_found_in_every_shape(shape: Callable[[str], str], serial: int) -> None:
    for text in TEMPLATES:
        assert MINT.scan(shape(SecretText(text).with_canary(MINT.mint(serial)))) == (serial,), text


@pytest.mark.parametrize("corpus", CORPORA.values(), ids=CORPORA)
def test_a_corpus_is_distinct_and_can_be_stored(corpus: tuple[str, ...]) -> None:
    assert len(set(corpus)) == len(corpus)
    for text in corpus:
        assert "\0" not in text
        text.encode()


@pytest.mark.parametrize("corpus", [NAMES, KEYS])
def test_the_plainest_come_first(corpus: tuple[str, ...]) -> None:
    assert corpus[:2] == ("a", "b")


def test_nothing_in_a_corpus_is_taken_for_a_canary() -> None:
    for corpus in CORPORA.values():
        for text in corpus:
            assert not re.search(rf"{MARK}[0-9a-z]{{{LENGTH - len(MARK)}}}", text, re.IGNORECASE)
            assert not MINT.scan(text)
            assert not MINT.alien(text)


def test_every_template_has_one_slot_and_the_first_nothing_else() -> None:
    assert TEMPLATES[0] == CANARY_SLOT
    assert all(template.count(CANARY_SLOT) == 1 for template in TEMPLATES)


@pytest.mark.parametrize("cluster", CLUSTERS, ids=ascii)
def test_a_cluster_has_distinct_members_that_are_confusable(cluster: tuple[str, ...]) -> None:
    assert len(set(cluster)) == len(cluster) >= 2
    for text in cluster:
        assert set(cluster) <= set(confusable(text))


def test_confusable_is_closed_and_free_of_repetition() -> None:
    for text in {*NAMES, *KEYS, *QUERIES}:
        related = confusable(text)
        assert len(set(related)) == len(related)
        assert all(text in confusable(other) for other in related)
    assert confusable("in no cluster") == ()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ana", "ANA"),
        ("a", "a "),
        ("1", "10"),
        ("a:b", "b:c"),
        ("a", "a%"),
        ("1", "1.0"),
        ("9007199254740992", "9007199254740993"),
        ("\u00e9", "e\u0301"),
        ("i", "\N{LATIN SMALL LETTER DOTLESS I}"),
    ],
)
def test_known_confusions_are_drawn_together(one: str, other: str) -> None:
    assert other in confusable(one)
    assert {one, other} <= set(NAMES)


def test_some_names_are_equal_once_cut_at_63_bytes() -> None:
    long = [name for name in NAMES if len(name) == 70]
    assert len(long) == 2
    assert len({name.encode()[:63] for name in long}) == 1


@pytest.mark.parametrize("corpus", CORPORA.values(), ids=CORPORA)
def test_plainer_goes_down_to_index_0(corpus: tuple[str, ...]) -> None:
    assert plainer(corpus[0], corpus) == ()
    for index, text in enumerate(corpus[1:], start=1):
        candidates = plainer(text, corpus)
        assert candidates[0] == corpus[0]
        assert text not in candidates
        places = [corpus.index(candidate) for candidate in candidates]
        assert places == sorted(places)
        assert places[-1] < index


def test_plainer_offers_earlier_members_of_the_cluster() -> None:
    assert plainer("ANA", NAMES)[:4] == ("a", "b", "ana", "Ana")
    assert plainer("from a target of one's own", NAMES) == ("a", "b")


@pytest.mark.parametrize("cluster", [*NAME_CLUSTERS, *KEY_CLUSTERS])
def test_plainer_pairs_are_shorter_and_confused_themselves(cluster: tuple[str, ...]) -> None:
    for one, other in itertools.permutations(cluster, 2):
        lengths = [len(plain) + len(alike) for plain, alike in plainer_pairs(one, other)]
        assert lengths == sorted(lengths)
        assert all(length < len(one) + len(other) for length in lengths)
        assert all(alike in confusable(plain) for plain, alike in plainer_pairs(one, other))


def test_a_pair_is_confused_in_the_way_in_which_it_was() -> None:
    assert plainer_pairs("strasse", "STRASSE")[0] == ("a", "A")
    assert plainer_pairs("STRASSE", "strasse")[0] == ("A", "a"), "which of them is the odd one stays"
    assert plainer_pairs("ana", "an_")[:2] == [("a", "%"), ("a", "_")]
    assert plainer_pairs("ana", "ana") == plainer_pairs("ana", "from a target of one's own") == []
    assert plainer_pairs("a", "A") == []


def test_every_template_can_be_picked_and_half_of_the_picks_are_plain() -> None:
    picked = [template(pick) for pick in range(256)]
    assert set(picked) == set(TEMPLATES)
    assert picked[:128] == [TEMPLATES[0]] * 128
