"""Exported tests: what they look like, and that nothing in a case gets into them as code."""

import ast
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.report.exporting import rooms
from tests.unit.report.exporting.rooms import (
    NEW_ROOM,
    POST,
    READ,
    SIGN_UPS,
    Me,
    Rooms,
    a_case,
    call,
    never,
    several,
)

from isofuzz.cases.case import Case, HitRate
from isofuzz.errors import CaseUnreadable, UsageError
from isofuzz.history.entries import Move, Moved, Outcome, Skipped, Struck
from isofuzz.oracles.origin import Origin
from isofuzz.oracles.violation import Breach, Oracle
from isofuzz.program.faults import FaultKind
from isofuzz.program.schedule import Schedule
from isofuzz.program.steps import Burst, Call, Fault, Literal, NeverIssued, Program, Ref, SecretText
from isofuzz.report.exporting.source import test_source as exported
from isofuzz.target.base import Target, operation

SERIAL = '''\
"""A finding of isofuzz, kept as a test.

It fails, with the story of what leaks, until isolation is mended, and passes from then on.
"""

from contextlib import suppress

from isofuzz import HistoryByHand, Key, Name, Refused, isolation_story
from tests.unit.report.exporting.rooms import Body, Rooms


# read showed a user a Body of someone else, written by post
# crossing:foreign:Room:read:post:Body
#
# User B (named 'b') saw text that was not theirs to see, in step 9 (`read`).
#
# Found 2026-11-26T00:00:00+00:00, and seen again in 1 of 1 runs. It was planted: the
# defect 'open'.
# Run it with pytest, and the isofuzz that it was exported by or a newer one.
@isolation_story(Rooms, defect="open")
async def test_read_shows_nothing_of_others(
    rooms: Rooms,
    history: HistoryByHand,
) -> None:
    # User A.
    _, owner_me = await rooms.sign_up(Name("a"))
    # User B.
    _, guest_me = await rooms.sign_up(Name("b"))
    room, _ = await rooms.new_room(owner_me, Key("x"), sizes=[1, 2])
    await rooms.post(owner_me, room, Body("{canary}"))
    # Step 9, here it shows.
    with suppress(Refused, *Rooms.refusals):
        await rooms.read(guest_me, room)
'''

OVERLAPPING = """\
@isolation_story(Rooms, runs=5)
async def test_read_shows_nothing_of_others(
    rooms: Rooms,
    history: HistoryByHand,
) -> None:
    # User A.
    _, owner_me = await rooms.sign_up(Name("a"))
    # User B.
    guest, guest_me = await rooms.sign_up(Name("b"))
    guest_line = await rooms.connect(guest_me)
    room, _ = await rooms.new_room(owner_me, Key("x"), sizes=[1, 2])
    # They take turns. This is how it was found, one move at a time:
    # - post starts
    # - post: INSERT INTO messages
    # - share gets its answer: SELECT 1
    # - post is given up
    # - a socket is lost
    async with history.overlap("01") as overlap:
        post = overlap.start(rooms.post(owner_me, room, Body("{canary}")))
        overlap.start(rooms.share(owner_me, room, [guest]))
        overlap.fault("cancel", post)
        overlap.fault("abort", guest_line)
    message = post.result()
    with suppress(Exception):
        await rooms.edit(guest_me, message, Body("{canary}"))
    with suppress(Refused, *Rooms.refusals):
        await rooms.edit(guest_me, history.never_issued(Message, 1), Body("{canary}"))
    async with history.overlap() as overlap:
        overlap.start(rooms.search(owner_me, Query("note")))
        overlap.start(rooms.search(guest_me, Query("note")))
"""

AFTER_OTHERS = """\
@isolation_story(Rooms, compared=True)
async def test_read_does_not_depend_on_others(
    rooms: Rooms,
    history: HistoryByHand,
) -> None:
    # Earlier program 1: what it leaves behind shows later.
    # User A.
    _, owner_me = await rooms.sign_up(Name("a"))
    await rooms.new_room(owner_me, Key("x"), sizes=[1, 2])

    # Everything is reset, and the system goes on.
    await history.start_over()

    # User A.
    await rooms.sign_up(Name("a"))
    # User B.
    _, guest_me = await rooms.sign_up(Name("b"))
    room, _ = await rooms.new_room(guest_me, Key("x"), sizes=[])
    # Step 9, here it shows.
    await rooms.read(guest_me, room)
"""


def body(source: str) -> str:
    """From the decorator on."""
    return source[source.index("@isolation_story") :]


def test_the_whole_of_a_plain_one() -> None:
    case = a_case(*SIGN_UPS, NEW_ROOM, POST, READ, defect="open")
    assert exported(case, Rooms) == SERIAL


def test_overlap_faults_and_what_was_never_issued() -> None:
    share = call(6, "share", me=Ref(0, 1), room=Ref(2), members=several(Ref(1)))
    faults = (Fault(7, FaultKind.CANCEL, Ref(5)), Fault(8, FaultKind.ABORT, Ref(4)))
    note = SecretText("{canary}")
    searches = (call(12, "search", me=Ref(me, 1), text=Literal("note")) for me in (0, 1))
    case = a_case(
        *SIGN_UPS,
        call(4, "connect", me=Ref(1, 1)),
        NEW_ROOM,
        Burst((POST, share), Schedule((0, 1)), faults),
        call(10, "edit", me=Ref(1, 1), message=Ref(5), body=note),
        call(11, "edit", me=Ref(1, 1), message=never(1), body=note),
        Burst(tuple(replace(each, number=12 + place) for place, each in enumerate(searches))),
        outcomes={10: Outcome.INFO},
        moves=[
            Moved(5, Move.START),
            Moved(5, Move.STATEMENT, "INSERT\n  INTO messages"),
            Moved(6, Move.REPLY, "SELECT 1"),
            Moved(99, Move.TASK),
            Struck(7, FaultKind.CANCEL, Ref(5)),
            Struck(8, FaultKind.ABORT, Ref(4)),
        ],
        hit_rate=HitRate(1, 2),
        cold=True,
    )
    assert body(exported(case, Rooms)) == OVERLAPPING
    assert "So it is told up to 5 times until it shows." in exported(case, Rooms).replace("\n# ", " ")


def test_earlier_programs_and_a_comparison() -> None:
    empty = call(3, "new_room", me=Ref(1, 1), key=Literal("x"), sizes=Literal([]))
    case = a_case(*SIGN_UPS, empty, call(9, "read", me=Ref(1, 1), room=Ref(3)))
    compared = replace(case.violation, oracle=Oracle.NONINTERFERENCE, breach=Breach.INTERFERED)
    case = replace(case, violation=compared, earlier=(Program.serial(SIGN_UPS[0], NEW_ROOM),))
    case = replace(case, origin=Origin(1, 2, "new_room", "Body"))
    assert body(exported(case, Rooms)) == AFTER_OTHERS


def test_what_was_skipped_when_it_was_found_is_left_out() -> None:
    """It named what never came to be, so it took no part."""
    edit = call(10, "edit", me=Ref(1, 1), message=never(), body=SecretText("{canary}"))
    plain, skipping = a_case(*SIGN_UPS, NEW_ROOM, POST, READ), a_case(*SIGN_UPS, NEW_ROOM, POST, edit, READ)
    assert exported(replace(skipping, history=(*plain.history, Skipped(10, "edit"))), Rooms) == exported(plain, Rooms)


class TestWhatCannotBe:
    def test_what_was_never_seen_again(self) -> None:
        case = a_case(*SIGN_UPS, NEW_ROOM, POST, READ, hit_rate=HitRate(0, 8))
        with pytest.raises(UsageError, match=r"seen once, and not again \(0 of 8 runs\), so a test of it would pass"):
            exported(case, Rooms)
        as_runs_say_it = replace(case, hit_rate=HitRate(1, 10))
        with pytest.raises(UsageError, match=r"\(1 of 10 runs\)"):
            exported(as_runs_say_it, Rooms)
        seen_again = (replace(as_runs_say_it, shrunk=shrunk) for shrunk in (True, False))
        for each in (*seen_again, replace(as_runs_say_it, cold=True)):
            assert "runs=" in exported(each, Rooms)
        assert "runs=" not in exported(replace(case, hit_rate=HitRate(1, 1)), Rooms)

    @pytest.mark.parametrize(
        ("step", "words"),
        [
            (call(9, "read", me=Ref(1, 1), room=Ref(0)), "read takes something else as 'room' now (step 9)"),
            (call(9, "read", me=Ref(1, 7), room=Ref(2)), "read takes something else as 'me' now (step 9)"),
            (call(9, "read", me=Literal("x"), room=Ref(2)), "read takes something else as 'me' now"),
            (call(9, "read", me=Ref(1, 1), room=several(Ref(2))), "read takes something else as 'room' now"),
            (call(9, "read", me=NeverIssued("Me"), room=Ref(2)), "read takes something else as 'me' now"),
            (call(9, "read", me=Ref(1, 1), room=never()), "read takes something else as 'room' now"),
            (call(9, "gone", me=Ref(1, 1)), "there is no operation 'gone' any more (step 9)"),
            (call(9, "read", me=Ref(1, 1)), "read takes 'room' now, of which the case knows nothing"),
        ],
    )
    def test_a_case_of_a_target_that_has_changed(self, step: Call, words: str) -> None:
        with pytest.raises(CaseUnreadable) as refused:
            exported(a_case(*SIGN_UPS, NEW_ROOM, POST, step), Rooms)
        assert words in str(refused.value)

    def test_a_fault_of_nothing_in_its_burst(self) -> None:
        burst = Burst((POST,), Schedule((1,)), (Fault(7, FaultKind.CANCEL, Ref(0)),))
        with pytest.raises(CaseUnreadable, match="fault 7 is of nothing that it can happen to"):
            exported(a_case(*SIGN_UPS, NEW_ROOM, burst, READ), Rooms)

    def test_a_history_of_another_target(self) -> None:
        case = a_case(*SIGN_UPS, NEW_ROOM, POST, READ)
        with pytest.raises(CaseUnreadable, match="its history does not fit its target"):
            exported(replace(case, history=case.history[1:]), Rooms)

    def test_a_value_that_is_nested_too_deeply(self) -> None:
        deep: list[object] = []
        for _ in range(900):
            deep = [deep]
        step = call(2, "new_room", me=Ref(0, 1), key=Literal("x"), sizes=Literal(deep))  # type: ignore[arg-type]  # it is JSON
        with pytest.raises(UsageError, match="Python cannot hold its program"):
            exported(a_case(*SIGN_UPS, step, POST, READ), Rooms)

    def test_a_keyword_for_an_operation(self, monkeypatch: pytest.MonkeyPatch) -> None:
        async def leave(self: Target, me: Me) -> None: ...

        members = {"import": operation(leave), "__module__": rooms.__name__}
        monkeypatch.setattr(rooms, "Odd", type("Odd", (Rooms,), members), raising=False)
        case = a_case(*SIGN_UPS, NEW_ROOM, POST, call(9, "import", me=Ref(1, 1)))
        with pytest.raises(UsageError, match="the operation 'import' cannot be written in Python: give it a name"):
            exported(case, rooms.Odd)  # type: ignore[attr-defined]  # it is made here

    def test_a_keyword_for_a_class(self, monkeypatch: pytest.MonkeyPatch) -> None:
        odd = type("class", (Rooms,), {"__module__": rooms.__name__})
        monkeypatch.setattr(rooms, "class", odd, raising=False)
        with pytest.raises(UsageError, match="the class 'class' cannot be written in Python"):
            exported(a_case(*SIGN_UPS, NEW_ROOM, POST, READ), odd)

    def test_a_target_that_is_not_at_the_top_of_its_module(self) -> None:
        class Inner(Rooms):
            pass

        with pytest.raises(UsageError, match="cannot be imported: define it at the top of its module"):
            exported(a_case(*SIGN_UPS, NEW_ROOM, POST, READ), Inner)


ODD = st.sampled_from(
    [
        '"""',
        "'''",
        "\\",
        "\n",
        "\r",
        "\x0c",
        "\u2028",
        "\ud800",
        '"); import os; os.system("id") #',
        "\nimport os",
        "# type: int",
        "type: ignore",
        "fmt: off",
        "-*- coding: utf-7 -*-",
        "{canary}",
        "<b>",
        "$(id)",
        "\u202e",
    ]
) | st.text(st.characters(categories=None))


@settings(max_examples=40)
@given(st.lists(ODD, min_size=1, max_size=4).map("".join), ODD)
def test_texts_of_a_case_are_texts_and_comments_alone(text: str, other: str) -> None:
    """However they read, the module has the calls of the plain case, and says each text as it was."""
    plain = a_case(*SIGN_UPS, NEW_ROOM, Burst((POST, READ), Schedule((0, 1))), defect="open")
    secret = SecretText(f"{text.replace('{canary}', '')}{{canary}}")
    odd_post = Call(5, "post", {**POST.arguments, "body": secret})
    odd_name = Call(0, "sign_up", {"name": Literal(other)})
    odd = a_case(
        odd_name,
        SIGN_UPS[1],
        NEW_ROOM,
        Burst((odd_post, READ), Schedule((0, 1))),
        moves=[Moved(5, Move.STATEMENT, text)],
        defect="open",
        explanation=text,
        found=other,
    )
    hostile = replace(odd.violation, observer=text, writer=other, kind=other, text=text)
    source = exported(replace(odd, violation=hostile), Rooms)

    assert _bare(source) == _bare(exported(plain, Rooms))
    strings = [node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)]
    assert secret.template in strings
    assert other in strings
    for line in source.splitlines():
        assert line.isprintable()
        assert not line.lstrip("# ").startswith(("type:", "fmt:", "mypy:", "noqa"))
    ast.parse(source, type_comments=True)


def _bare(source: str) -> str:
    """The module without what its texts say and what the test is called."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = ""
        elif isinstance(node, ast.AsyncFunctionDef):
            node.name = "test"
    return ast.dump(tree)


def test_each_breach_has_a_name_for_its_test() -> None:
    case = a_case(*SIGN_UPS, NEW_ROOM, POST, READ)
    names = set()
    for breach in Breach:
        breached: Case = replace(case, violation=replace(case.violation, breach=breach))
        [test] = [node for node in ast.parse(exported(breached, Rooms)).body if isinstance(node, ast.AsyncFunctionDef)]
        assert test.name.startswith("test_read_")
        names.add(test.name)
    assert len(names) == len(Breach)
