"""The earlier programs of a case, pictured before its own."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from isofuzz.cases.store import Finding
from isofuzz.oracles.origin import Origin
from isofuzz.program.steps import CANARY_SLOT, Call, Literal, Program, Ref, SecretText
from isofuzz.program.vocabulary import Vocabulary
from isofuzz.report.finding import finding_lines, story_lines

SIGN_UP = Call(1, "sign_up", {"name": Literal("cyd")})
NEW_ROOM = Call(4, "new_room", {"me": Ref(1, 1)})
POSTS = [Call(number, "post", {"me": Ref(1, 1), "room": Ref(4), "body": SecretText(CANARY_SLOT)}) for number in (6, 7)]


def carried_over(story: Any, case_of: Any, *between: Program) -> Any:
    """Ada sees what cyd posted in an earlier program."""
    story.sign_up("ada").does("overview", seen=[-1])
    earlier = (Program.serial(SIGN_UP, NEW_ROOM, *POSTS), *between)
    return case_of(earlier=earlier, origin=Origin(1, 7, "post", "Body"))


def told(case: Any, vocabulary: Vocabulary) -> list[str]:
    lines = [line.plain.rstrip() for line in story_lines(case, vocabulary, 100)]
    return lines[lines.index("earlier program 1, from reset") :]


def test_each_is_told_step_by_step_with_what_shows_later(story: Any, case_of: Any, vocabulary: Vocabulary) -> None:
    case = carried_over(story, case_of, Program.serial(SIGN_UP))
    assert told(case, vocabulary) == [
        "earlier program 1, from reset",
        "     A · 'cyd'",
        "   1 → sign_up('cyd')",
        "   4 → new_room()",
        "   6 → post(Room 4, '◇6')",
        " ◆ 7 → post(Room 4, '◆')",
        "",
        "earlier program 2, from reset",
        "     A · 'cyd'",
        "   1 → sign_up('cyd')",
        "",
        "then, from reset",
        "     A · 'ada'",
        "   1 → sign_up('ada') · ok",
        " ✗ 2 → overview() · ok · saw ◆",
        "◆ the text in question   ◇n the text of step n   ✗ what is wrong",
    ]


def test_their_steps_are_counted(story: Any, case_of: Any, vocabulary: Vocabulary) -> None:
    def steps(case: Any) -> str:
        lines = finding_lines(Finding(case, Path("case.json")), vocabulary, 100)
        return next(line.plain for line in lines if line.plain.startswith("steps "))

    case = carried_over(story, case_of)
    tried = "; each was tried away, and it takes them all"
    assert steps(case) == f"steps   2 (found with 42), after 4 of an earlier program{tried}"
    more = replace(case, earlier=(*case.earlier, Program.serial(SIGN_UP)))
    assert steps(more) == f"steps   2 (found with 42), after 4 and 1 of 2 earlier programs{tried}"
