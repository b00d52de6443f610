"""Tests written by hand in the words of a target, in a project of their own."""

from typing import Any

import pytest

Pytest = Any

FIRST = """
import asyncio
import pytest
from isofuzz import Refused, UsageError, assert_isolated, by_hand
from memory import Book, Notes, Open, Text

pytestmark = pytest.mark.asyncio
"""
STORY = """
@pytest.mark.parametrize("target", [Notes, Open])
async def test_story(target):
    async with by_hand(target) as (notes, history):
        _, ann = await notes.sign_in("ann")
        _, eve = await notes.sign_in("eve")
        book = await notes.new_book(ann)
        await notes.write(ann, book, "hello")
        try:
            await notes.read(eve, book)
        except Refused:
            pass
    assert_isolated(history)
"""
FAILING_BEFORE = """
async def test_fails_before_it_is_judged():
    async with by_hand(Open) as (notes, history):
        _, ann = await notes.sign_in("ann")
        _, eve = await notes.sign_in("eve")
        book = await notes.new_book(ann)
        await notes.write(ann, book, Text("hello"))
        with pytest.raises(Refused):
            await notes.read(eve, book)
    assert_isolated(history)
"""
EMPTY = """
async def test_nothing():
    async with by_hand(Notes) as (notes, history):
        pass
    assert_isolated(history)
"""


@pytest.mark.parametrize("arguments", [[], ["-o", "asyncio_mode=auto"], ["-n", "2"]], ids=["strict", "auto", "xdist"])
def test_a_leak_fails_with_its_story_and_a_healthy_system_passes(run_pytest: Pytest, arguments: list[str]) -> None:
    done = run_pytest(FIRST + STORY, *arguments)

    assert "1 failed, 1 passed" in done.stdout, done.stdout + done.stderr
    for part in (
        "LEAKED: isolation is broken",
        "read showed a user a Text of someone else, written by write",
        "crossing:foreign:Book:read:write:Text",
        "User B (named 'eve') saw text that was not theirs to see",
        "→ read(Book 2) · ok · saw ◆",
    ):
        assert part in done.stdout
    assert "handwritten.py" not in done.stdout, "the traceback ends in the test"


def test_a_test_that_fails_for_a_leak_tells_of_it(run_pytest: Pytest) -> None:
    done = run_pytest(FIRST + FAILING_BEFORE)

    assert "DID NOT RAISE" in done.stdout, done.stdout + done.stderr
    assert "isofuzz saw until then:" in done.stdout
    assert "crossing:foreign:Book:read:write:Text" in done.stdout


def test_nothing_to_judge_is_no_pass(run_pytest: Pytest) -> None:
    done = run_pytest(FIRST + EMPTY)

    assert "1 failed" in done.stdout
    assert "INCONCLUSIVE: no leak was seen, but no operation was called" in done.stdout


def test_it_uses_the_services_that_pytest_is_told_of(run_pytest: Pytest) -> None:
    done = run_pytest(FIRST + STORY, "--isofuzz-database-url", "postgresql://ann:hunter2@127.0.0.1:1/team")

    assert "2 failed" in done.stdout, done.stdout + done.stderr
    assert "Cannot connect to database 'team' at 127.0.0.1:1" in done.stdout
    assert "hunter2" not in done.stdout
