"""Stories in a project of its own: what they say when they fail, with no other plugin."""

from typing import Any

Pytest = Any

STORIES = """
from isofuzz import isolation_story
from memory import Broken, Notes, Open, Text

def story_of(target):
    async def test(notes, history):
        "A story."
        _, ann = await notes.sign_in("ann")
        _, eve = await notes.sign_in("eve")
        book = await notes.new_book(ann)
        await notes.write(ann, book, Text("{canary}"))
        async with history.overlap("1") as overlap:
            reading = overlap.start(notes.read(eve, book))
            overlap.start(notes.read(ann, book))
        reading.result()
    return isolation_story(target)(test)

test_healthy = story_of(Notes)
test_leaking = story_of(Open)

@isolation_story(Broken)
async def test_unexpected(broken, history):
    _, ann = await broken.sign_in("ann")
    try:
        await broken.fail(ann)
    except RuntimeError:
        pass

@isolation_story(Notes)
async def test_its_own_mistake(notes, history):
    await notes.sign_in("ann", "and more")

@isolation_story(Notes, defect="unheard-of")
async def test_no_such_defect(notes, history): ...

def test_what_pytest_sees():
    assert (test_healthy.__name__, test_healthy.__doc__) == ("test", "A story.")
"""


def test_each_says_what_came_of_it(run_pytest: Pytest) -> None:
    done = run_pytest(STORIES, "-p", "no:asyncio", "-p", "no:anyio", "-W", "default::pytest.PytestConfigWarning")

    assert "4 failed, 2 passed" in done.stdout, done.stdout + done.stderr
    for part in (
        "LEAKED: isolation is broken",
        "crossing:foreign:Book:read:write:Text",
        "User B (named 'eve') saw text that was not theirs to see",
        "INCONCLUSIVE: no leak was seen, but step 1 (fail) ended unexpectedly, so a clean run says nothing",
        "TypeError: too many positional arguments",
        "Notes has no defect 'unheard-of'",
    ):
        assert part in done.stdout
