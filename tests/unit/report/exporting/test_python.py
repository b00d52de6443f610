"""Python as text: it means what was put in, and a formatter would leave it as it is."""

import ast
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isofuzz.report.exporting.python import Atom, Text, called, flat, laid_out, literal, quoted

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)
ANY_TEXT = st.text(st.characters(categories=None)) | st.text("\"'\\\n\r\0{}#", max_size=10)


@given(ANY_TEXT)
def test_a_literal_is_the_text_on_one_line_of_ascii(text: str) -> None:
    code = quoted(text)
    assert ast.literal_eval(code) == text
    assert code.isascii()
    assert code.isprintable()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a", '"a"'),
        ("it's", '"it\'s"'),
        ('say "a"', "'say \"a\"'"),
        ("'\"", '"\'\\""'),
        ("an\N{CYRILLIC SMALL LETTER A}", '"an\\u0430"'),
        ("a\n\\", '"a\\n\\\\"'),
        ("\ud800", '"\\ud800"'),
    ],
)
def test_quotes_are_those_that_formatters_prefer(text: str, code: str) -> None:
    assert quoted(text) == code


@given(JSON)
def test_a_value_is_the_same_however_it_is_laid_out(value: Any) -> None:
    lines = "\n".join(laid_out("", literal(value), "", 0))
    assert ast.literal_eval(lines) == value
    assert ast.literal_eval(flat(literal(value))) == value


def test_what_has_no_literal_is_made() -> None:
    assert flat(literal(math.nan)) == 'float("nan")'
    assert flat(literal(-math.inf)) == 'float("-inf")'


def test_what_fits_stands_on_one_line_and_else_each_argument_has_its_own() -> None:
    post = called("chat.post", Atom("owner_session"), Atom("room"), called("Body", Text("a" * 20)))
    assert list(laid_out("message = await ", post, "", 4)) == [
        '    message = await chat.post(owner_session, room, Body("aaaaaaaaaaaaaaaaaaaa"))'
    ]
    assert list(laid_out("message = await ", post, "", 24)) == [
        "                        message = await chat.post(",
        "                            owner_session,",
        "                            room,",
        '                            Body("aaaaaaaaaaaaaaaaaaaa"),',
        "                        )",
    ]


def test_a_long_text_is_broken_where_no_formatter_would_join_it_again() -> None:
    lines = list(laid_out("await ", called("chat.sign_up", called("Name", Text("a" * 255))), "", 4))
    assert lines == [
        "    await chat.sign_up(",
        "        Name(",
        f'            "{"a" * 73}"',
        f'            "{"a" * 73}"',
        f'            "{"a" * 73}"',
        f'            "{"a" * 36}",',
        "        ),",
        "    )",
    ]
    assert list(laid_out("", called("Name", Text("a" * 100)), "", 4))[1] == f'        "{"a" * 100}",'
