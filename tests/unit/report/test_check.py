"""What is printed of a finished check, compared whole as text."""

from pathlib import Path
from typing import Any

from isofuzz.cases.store import Finding
from isofuzz.report.check import check_lines
from isofuzz.runs.check import Checked, Compared, Swept
from isofuzz.runs.exercised import Exercised
from isofuzz.runs.sabotage import Answer, Attempt

CaseOf = Any
Story = Any


def told(**parts: Any) -> list[str]:
    fields: dict[str, Any] = {
        "target": "chat",
        "swept": Swept(Exercised(programs=3, operations=17), (), ()),
        "compared": Compared(1, 50, 4, 20, (), None),
        "replies": (Attempt("history", Answer.PASS, 2, 2), Attempt("search", Answer.PASS, 2, 2)),
        "frames": (Attempt("Feed", Answer.PASS, 6, 6),),
    }
    checked = Checked(services="Postgres 18, embedded", seconds=12.34, **fields | parts)
    return [line.plain for line in check_lines(checked)]


def test_all_is_well() -> None:
    assert told() == [
        "ABLE TO SEE LEAKS: what leaked on purpose was reported, and nothing else was",
        "chat, 12.3 s",
        "services: Postgres 18, embedded",
        "",
        "✓ PASS            sweep        3 programs, 17 operations; nothing missing",
        "✓ PASS            determinism  1 program with 50 steps, each twice; the same both times",
        "  · not controlled: of 20 steps of one more program 4 overlap; it did the same, too",
        "✓ PASS            replies      4 swapped between two users, 4 reported: history 2 of 2, search 2 of 2",
        "✓ PASS            frames       6 copied to a stranger's socket, 6 reported: Feed 6 of 6",
    ]


def test_all_is_wrong(story: Story, case_of: CaseOf) -> None:
    ada, bob = story.sign_up("ada"), story.sign_up("bob")
    room = ada.does("new_room").made()
    bob.does("history", room=room, seen=[ada.does("post", room=room).text])
    exercised = Exercised(programs=3, operations=17)
    exercised.unexpected.update({("history", "TimeoutError: \x1b[31mafter 10 s"): 2})
    difference = "kick, and back again: step 3 (history): the first time …; the second time \x1b[0m…"
    swap = Attempt("search", Answer.FAIL, 2, 1, "what it returned held no Body: [1]", "let `search` return it")
    none = Attempt("inbox", Answer.NOT_APPLICABLE, reason="what it shows is everybody's")
    copy = Attempt("Feed", Answer.FAIL, reason="no frame arrived", advice="look at `frames()`")

    lines = told(
        target="my chat.py:Chat",
        swept=Swept(exercised, ("post never succeeded",), (Finding(case_of(), Path("found/it.json")),)),
        compared=Compared(2, 50, 4, 20, (difference,), "somewhere \x1b[0m"),
        replies=(Attempt("history", Answer.PASS, 2, 2), swap, none),
        frames=(copy, copy),
    )
    assert lines[0] == "NOT ABLE TO SEE ALL LEAKS: not everything is as it has to be"
    exercise = (
        "  2. let what is named above happen: see whether the operations succeed for whom the things belong to, and "
        "whether the target can share, take back and delete what it makes"
    )
    determine = (
        "  3. let the system answer the same to the same program: order what it lists, decide nothing by chance or by "
        "the clock, and forget in `reset()` what it remembers outside its database"
    )
    assert lines[4:] == [
        "✗ FAIL            sweep        3 programs, 17 operations; 1 missing, 1 leak",
        "  · history showed a user a Body of someone else, written by post: found/it.json",
        "  · post never succeeded",
        "  ended unexpectedly:",
        "  2 times history: TimeoutError: \\x1b[31mafter 10 s",
        "✗ FAIL            determinism  2 programs with 50 steps, each twice; 1 difference",
        "  · kick, and back again: step 3 (history): the first time …; the second time \\x1b[0m…",
        "  · not controlled: of 20 steps of one more program 4 overlap; it differs at somewhere \\x1b[0m",
        "✗ FAIL            replies      4 swapped between two users, 3 reported: history 2 of 2, search 1 of 2",
        "  · search: what it returned held no Body: [1]",
        "  · inbox, not applicable: what it shows is everybody's",
        "✗ FAIL            frames       none copied to a stranger's socket",
        "  · Feed: no frame arrived",
        "  · Feed: no frame arrived",
        "",
        "What to do:",
        "  1. run `isofuzz run 'my chat.py:Chat'`, which shrinks what leaks and confirms it; then mend it",
        exercise,
        determine,
        "  4. let `search` return it",
        "  5. look at `frames()`",
    ]


def test_what_could_not_be_kept_says_why(story: Story, case_of: CaseOf) -> None:
    ada, bob = story.sign_up("ada"), story.sign_up("bob")
    room = ada.does("new_room").made()
    bob.does("history", room=room, seen=[ada.does("post", room=room).text])
    finding = Finding(case_of(), Path("it.json"), unkept="the disk is full")
    assert any(line.endswith(": the disk is full") for line in told(swept=Swept(Exercised(), (), (finding,))))


def test_nothing_to_see() -> None:
    lines = told(replies=(), frames=(), compared=Compared(0, 0, 0, 0, (), None))
    assert lines[0] == "NOT ABLE TO SEE LEAKS: nothing could be made to leak so that it was reported"
    assert lines[5:8] == [
        "✓ PASS            determinism  0 programs with 0 steps, each twice; the same both times",
        "· NOT APPLICABLE  replies      no operation shows anything",
        "· NOT APPLICABLE  frames       there are no subscriptions",
    ]
    assert "  1. declare what operations show to users (`All[...]`, `Some[...]`)" in lines[-1]
