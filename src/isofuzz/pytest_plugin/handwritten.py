"""Tests written by hand in the words of a target, judged by the same oracles as programs that are drawn."""

import functools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeVar

import pytest

from isofuzz.pytest_plugin.background import let_go_of_valkey, told_without_traceback
from isofuzz.target.base import Target

if TYPE_CHECKING:
    from isofuzz.runs.by_hand import HistoryByHand
    from isofuzz.services import Sources

AnyTarget = TypeVar("AnyTarget", bound=Target)

configs: list[pytest.Config] = []
"""Of the pytest that is running, and of those that it was started from; empty outside of pytest."""


@asynccontextmanager
async def by_hand(
    target_class: type[AnyTarget], *, defect: str | None = None
) -> "AsyncIterator[tuple[AnyTarget, HistoryByHand]]":
    """Start a target and call its operations by hand: `async with by_hand(Chat) as (chat, history):`.

    An operation takes and returns the target's own things, and raises what the target raises. isofuzz puts a canary
    into each secret (at its end, or at `{canary}` in it), so look for a text with `in`. What is awaited together
    overlaps. The target runs on services of its own, from where the options of pytest or the environment say.
    """
    from isofuzz.runs.by_hand import by_hand as driven

    let_go_of_valkey()
    async with driven(target_class, defect=defect, sources=_sources()) as (operations, history):
        try:
            yield operations, history
        except (Exception, pytest.fail.Exception) as problem:
            if history.violations:
                problem.add_note(f"isofuzz saw until then:\n\n{_stories(history)}")
            raise


def assert_isolated(history: "HistoryByHand") -> None:
    """Raise AssertionError with the story of each breach that isofuzz saw, or with why it could not have seen any."""
    __tracebackhide__ = True
    if history.violations:
        raise AssertionError(f"LEAKED: isolation is broken\n\n{_stories(history)}")
    if reasons := history.unchecked():
        raise AssertionError(f"INCONCLUSIVE: no leak was seen, but {'; '.join(reasons)}")


def isolation_story(
    target_class: type[AnyTarget],
    *,
    defect: str | None = None,
    compared: bool = False,
    past_grace: bool = False,
    runs: int = 1,
) -> "Callable[[Callable[[AnyTarget, HistoryByHand], Awaitable[None]]], Callable[[], None]]":
    """Make a test of a function that calls a target by hand: `async def test_it(chat: Chat, history: HistoryByHand)`.

    As with `by_hand`, but it needs no other plugin, and isofuzz controls who moves when, so `history.overlap` takes a
    schedule. The test fails if the oracles see anything, with the story, and if a step ended unexpectedly. It ends
    early, and passes, where a user is refused what they had no right to.

    `compared`: what it does is also compared with the same without what is none of each user's business. `past_grace`:
    after whatever takes something away, the target's grace is waited out. `runs`: how often it is done, unless
    something shows before.
    """

    def test_of(tell: "Callable[[AnyTarget, HistoryByHand], Awaitable[None]]") -> "Callable[[], None]":
        def test() -> None:
            from isofuzz.runs.story import Story, told

            let_go_of_valkey()
            with told_without_traceback():
                came_of_it = told(Story(target_class, tell, defect, compared, past_grace, runs, _sources()))
            if came_of_it.history.violations:
                pytest.fail(f"LEAKED: isolation is broken\n\n{_stories(came_of_it.history)}", pytrace=False)
            if came_of_it.untested:
                pytest.fail(f"INCONCLUSIVE: no leak was seen, but {came_of_it.untested}", pytrace=False)

        functools.update_wrapper(test, tell)
        del test.__wrapped__  # type: ignore[attr-defined]  # or pytest would look for fixtures named as its parameters
        return test

    return test_of


def _stories(history: "HistoryByHand") -> str:
    from isofuzz.report.as_text import story_text

    return "\n\n".join(story_text(case, history.vocabulary) for case in history.cases())


def _sources() -> "Sources":
    import os

    from isofuzz.pytest_plugin.options import sources_of
    from isofuzz.services import Sources

    if configs:
        return sources_of(configs[-1])
    return Sources(os.environ.get("ISOFUZZ_DATABASE_URL") or None, os.environ.get("ISOFUZZ_VALKEY_URL") or None)
