"""Programs are executed on real systems, and what happens is written down as it happened."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager

import pytest

from isofuzz.engine.interpreter import Execution, execute
from isofuzz.engine.system import System
from isofuzz.errors import SystemDown
from isofuzz.history.entries import (
    Barrier,
    Closed,
    Completion,
    Delivery,
    Entry,
    Invocation,
    Outcome,
    Skipped,
)
from isofuzz.oracles.judge import Judge
from isofuzz.oracles.violation import Violation
from isofuzz.program.steps import Burst, Call, Literal, NeverIssued, Program, Ref, SecretText

pytestmark = pytest.mark.asyncio(loop_scope="session")

Executed = Callable[[System, Program], Awaitable[Execution]]
Start = Callable[[str], AbstractAsyncContextManager[System]]
Masked = Callable[[list[Entry]], list[Entry]]

TEXT = SecretText("note {canary}")
ADA, BEN = Ref(0, 1), Ref(1, 1)
LINE_OF_ADA, LINE_OF_BEN = Ref(0, 2), Ref(1, 2)
ROOM = Ref(2)


def sign_in(number: int, name: str) -> Call:
    return Call(number, "sign_in", {"name": Literal(name)})


def open_thread(number: int, me: Ref) -> Call:
    return Call(number, "open_thread", {"me": me, "slug": Literal("a"), "title": TEXT})


def post(number: int, me: Ref, room: Ref | NeverIssued = ROOM) -> Call:
    return Call(number, "post", {"me": me, "room": room, "body": TEXT})


def history(number: int, me: Ref, room: Ref | NeverIssued = ROOM) -> Call:
    return Call(number, "history", {"me": me, "room": room})


OPENING = (sign_in(0, "ada"), sign_in(1, "ben"), open_thread(2, ADA))
SHARED = (
    *OPENING,
    Call(3, "invite", {"me": ADA, "room": ROOM, "member": Ref(1, 0)}),
    Call(4, "subscribe", {"me": BEN, "line": LINE_OF_BEN, "room": ROOM}),
)


def completion(execution: Execution, step: int) -> Completion:
    [found] = [entry for entry in execution.history if isinstance(entry, Completion) and entry.step == step]
    return found


class TestSerial:
    async def test_each_step_is_invoked_and_completed_before_the_next(self, chat: System, executed: Executed) -> None:
        execution = await executed(chat, Program.serial(*OPENING, post(3, ADA), history(4, ADA)))
        steps = [(type(entry), entry.step) for entry in execution.history if isinstance(entry, Invocation | Completion)]
        assert steps == [(kind, step) for step in range(5) for kind in (Invocation, Completion)]

    async def test_canaries_are_numbered_in_their_program(self, chat: System, executed: Executed) -> None:
        execution = await executed(chat, Program.serial(*OPENING, post(3, ADA), history(4, ADA)))
        invocations = [entry for entry in execution.history if isinstance(entry, Invocation)]
        assert [dict(entry.canaries) for entry in invocations] == [{}, {}, {"title": 0}, {"body": 1}, {}]
        assert completion(execution, 4).seen == (1,)

    async def test_the_same_program_gives_the_same_history(
        self, chat: System, executed: Executed, masked: Masked
    ) -> None:
        program = Program.serial(
            *SHARED, post(5, ADA), history(6, BEN), history(7, BEN, NeverIssued("Room")), history(8, ADA)
        )
        first, second = await executed(chat, program), await executed(chat, program)
        assert masked(first.history) == masked(second.history)
        assert first.history != second.history, "ids and canaries are new in each"

    async def test_what_an_owner_reads_holds_the_text_as_evidence(self, chat: System, executed: Executed) -> None:
        execution = await executed(chat, Program.serial(*OPENING, post(3, ADA), history(4, ADA)))
        assert chat.mint.scan(completion(execution, 4).text)
        assert execution.judge.violations == []


class TestOutcomes:
    async def test_what_the_system_refuses_is_refused(self, chat: System, executed: Executed) -> None:
        execution = await executed(chat, Program.serial(*OPENING, history(3, BEN)))
        assert completion(execution, 3) == Completion(3, Outcome.REFUSED, (), "Refused: not found")

    async def test_one_that_was_never_issued_is_refused_alike(self, chat: System, executed: Executed) -> None:
        execution = await executed(chat, Program.serial(*OPENING, history(3, BEN, NeverIssued("Room"))))
        assert completion(execution, 3) == Completion(3, Outcome.REFUSED, (), "Refused: not found")

    async def test_a_step_on_what_never_came_to_be_is_skipped(self, chat: System, executed: Executed) -> None:
        program = Program.serial(*OPENING, post(3, BEN), Call(4, "delete_message", {"me": BEN, "message": Ref(3)}))
        execution = await executed(chat, program)
        assert completion(execution, 3).outcome is Outcome.REFUSED
        assert [entry for entry in execution.history if isinstance(entry, Skipped)] == [Skipped(4, "delete_message")]

    async def test_one_that_was_never_issued_needs_none_to_be_like_if_it_is_nothing_but_its_id(
        self, executed: Executed, small_system: Start
    ) -> None:
        program = Program.serial(
            Call(0, "enter", {"name": Literal("ada")}),
            Call(1, "read", {"visit": Ref(0, 1), "room": NeverIssued("Room")}),
        )
        async with small_system("Board") as board:
            execution = await executed(board, program)
        assert completion(execution, 1).outcome is Outcome.REFUSED

    @pytest.mark.parametrize(
        ("system", "text"),
        [
            ("Faulty", "ZeroDivisionError: a fault of the system"),
            ("Unspeaking", "Unspeakable (which cannot be written as text)"),
            ("Cancelling", "CancelledError: the connection was given up"),
        ],
    )
    async def test_whatever_else_an_operation_raises_is_unknown(
        self, small_system: Start, executed: Executed, system: str, text: str
    ) -> None:
        async with small_system(system) as board:
            execution = await executed(board, Program.serial(ENTER, FOUND, CLEAR))
        assert completion(execution, 2) == Completion(2, Outcome.INFO, (), text)

    async def test_no_answer_in_time_is_unknown(self, small_system: Start, executed: Executed) -> None:
        reads = [Call(n, "read", {"visit": Ref(0, 1), "room": Ref(1)}) for n in range(2, 23)]
        late = Call(23, "enter", {"name": Literal("ben")})
        async with small_system("Silent") as board:
            execution = await executed(board, Program.serial(ENTER, FOUND, *reads, late))
        assert completion(execution, 22).outcome is Outcome.OK
        assert completion(execution, 23) == Completion(23, Outcome.INFO, (), "TimeoutError: ")


ENTER = Call(0, "enter", {"name": Literal("ada")})
FOUND = Call(1, "found", {"visit": Ref(0, 1)})
CLEAR = Call(2, "clear", {"visit": Ref(0, 1), "room": Ref(1)})


class TestBursts:
    async def test_the_steps_of_a_burst_overlap(self, chat: System, executed: Executed) -> None:
        together = Burst((post(3, ADA), history(4, ADA), history(5, BEN)))
        execution = await executed(chat, Program((*Program.serial(*OPENING).bursts, together)))
        kinds = [type(entry) for entry in execution.history if getattr(entry, "step", 0) > 2]
        assert kinds == [Invocation] * 3 + [Completion] * 3
        assert execution.judge.violations == []

    async def test_what_is_skipped_keeps_nothing_else_of_its_burst(self, chat: System, executed: Executed) -> None:
        dangling = Call(4, "delete_message", {"me": BEN, "message": Ref(3)})
        program = Program((*Program.serial(*OPENING, post(3, BEN)).bursts, Burst((dangling, history(5, ADA)))))
        execution = await executed(chat, program)
        assert completion(execution, 5).outcome is Outcome.OK


class TestSockets:
    async def test_an_event_is_in_the_history_before_the_barrier_that_orders_it(
        self, chat: System, executed: Executed
    ) -> None:
        execution = await executed(chat, Program.serial(*SHARED, post(5, ADA)))
        frames = [at for at, entry in enumerate(execution.history) if isinstance(entry, Delivery) and not entry.reply]
        [at] = frames
        event = execution.history[at]
        assert isinstance(event, Delivery)
        assert (event.socket, event.seen, event.reply) == (LINE_OF_BEN, (1,), False)
        written = execution.history.index(completion(execution, 5))
        barriers = [
            entry
            for entry in execution.history[at:]
            if isinstance(entry, Barrier) and entry.socket == LINE_OF_BEN and entry.since > written
        ]
        assert barriers
        assert barriers[0].orders
        assert execution.judge.delivery.asserted == {"Feed": 1}

    async def test_who_does_not_listen_receives_nothing(self, chat: System, executed: Executed) -> None:
        execution = await executed(chat, Program.serial(*SHARED, post(5, ADA)))
        received = {entry.socket for entry in execution.history if isinstance(entry, Delivery) and not entry.reply}
        assert received == {LINE_OF_BEN}

    async def test_a_connection_that_the_system_ends_is_closed(self, small_system: Start, executed: Executed) -> None:
        watch = Call(2, "watch", {"visit": Ref(0, 1), "pipe": Ref(0, 2), "room": Ref(1)})
        write = Call(3, "write", {"visit": Ref(0, 1), "room": Ref(1), "text": TEXT})
        async with small_system("Torn") as board:
            execution = await executed(board, Program.serial(ENTER, FOUND, watch, write))
        kinds = [type(entry) for entry in execution.history if isinstance(entry, Delivery | Closed)]
        assert kinds == [Delivery, Closed]

    async def test_a_frame_that_is_null_is_no_end(self, small_system: Start, executed: Executed) -> None:
        watch = Call(2, "watch", {"visit": Ref(0, 1), "pipe": Ref(0, 2), "room": Ref(1)})
        write = Call(3, "write", {"visit": Ref(0, 1), "room": Ref(1), "text": TEXT})
        async with small_system("Null") as board:
            execution = await executed(board, Program.serial(ENTER, FOUND, watch, write))
        seen = [entry.seen for entry in execution.history if isinstance(entry, Delivery)]
        assert seen == [(), (0,)]


class TestJudgement:
    async def test_a_violation_is_told_before_the_next_step_begins(self, small_system: Start) -> None:
        program = Program.serial(
            ENTER,
            FOUND,
            Call(2, "enter", {"name": Literal("ben")}),
            Call(3, "write", {"visit": Ref(0, 1), "room": Ref(1), "text": TEXT}),
            Call(4, "search", {"visit": Ref(2, 1), "text": Literal("note")}),
            Call(5, "search", {"visit": Ref(2, 1), "text": Literal("note")}),
        )
        told: list[tuple[Violation, int]] = []

        def tell(execution: Execution, violation: Violation) -> None:
            told.append((violation, len(execution.history)))

        async with small_system("Open") as board:
            judge = Judge(board.signatures.vocabulary)
            execution = await execute(board, program, judge, tell, stop=lambda execution: False)
        assert [violation.step for violation, _ in told] == [4, 5]
        for violation, length in told:
            assert isinstance(execution.history[length - 1], Completion)
            assert violation.at == length - 1

    async def test_it_stops_after_the_burst_that_shows_enough(self, small_system: Start) -> None:
        program = Program.serial(
            ENTER,
            FOUND,
            Call(2, "enter", {"name": Literal("ben")}),
            Call(3, "write", {"visit": Ref(0, 1), "room": Ref(1), "text": TEXT}),
            Call(4, "search", {"visit": Ref(2, 1), "text": Literal("note")}),
            Call(5, "search", {"visit": Ref(2, 1), "text": Literal("note")}),
        )
        async with small_system("Open") as board:
            execution = await execute(board, program, Judge(board.signatures.vocabulary))
        assert execution.program == Program(program.bursts[:5])

    async def test_a_canary_of_an_earlier_program_is_foreign(self, small_system: Start) -> None:
        write = Call(2, "write", {"visit": Ref(0, 1), "room": Ref(1), "text": TEXT})
        search = Call(3, "search", {"visit": Ref(0, 1), "text": Literal("note")})
        async with small_system("Remembering") as board:
            judges = [Judge(board.signatures.vocabulary) for _ in range(2)]
            for judge in judges:
                await execute(board, Program.serial(ENTER, FOUND, write, search), judge)
        fingerprints = [[violation.fingerprint for violation in judge.violations] for judge in judges]
        assert fingerprints == [[], ["crossing:foreign:program:search"]]


class TestDurations:
    """Beside the history, never in it: a clock does not say the same twice."""

    async def test_what_answered_has_one_whatever_it_answered(self, chat: System, executed: Executed) -> None:
        execution = await executed(chat, Program.serial(*OPENING, post(3, ADA), history(4, BEN)))
        assert completion(execution, 4).outcome is Outcome.REFUSED
        assert execution.durations.keys() == set(range(5))
        assert all(0 < duration < 10 for duration in execution.durations.values())

    async def test_what_was_not_answered_in_time_took_as_long_as_was_waited(
        self, small_system: Start, executed: Executed
    ) -> None:
        reads = [Call(n, "read", {"visit": Ref(0, 1), "room": Ref(1)}) for n in range(2, 23)]
        late = Call(23, "enter", {"name": Literal("ben")})
        async with small_system("Silent") as board:
            execution = await executed(board, Program.serial(ENTER, FOUND, *reads, late))
            assert completion(execution, 23).outcome is Outcome.INFO
            assert execution.durations[23] >= board.target.answer_within * 0.99  # the loop's clock is not that fine

    @pytest.mark.parametrize("system", ["Faulty", "Cancelling"])
    async def test_what_failed_has_none_for_errors_are_quick(
        self, small_system: Start, executed: Executed, system: str
    ) -> None:
        async with small_system(system) as board:
            execution = await executed(board, Program.serial(ENTER, FOUND, CLEAR))
        assert execution.durations.keys() == {0, 1}

    async def test_what_is_skipped_has_none(self, chat: System, executed: Executed) -> None:
        program = Program.serial(*OPENING, post(3, BEN), Call(4, "delete_message", {"me": BEN, "message": Ref(3)}))
        execution = await executed(chat, program)
        assert execution.durations.keys() == set(range(4))


class TestTrouble:
    async def test_a_system_that_never_comes_to_rest_is_down(self, small_system: Start, executed: Executed) -> None:
        async with small_system("Endless") as board:
            with pytest.raises(SystemDown, match=r"did not come to rest: `quiesce` did not return within 0\.2 s"):
                await executed(board, Program.serial(ENTER))

    async def test_a_system_that_does_not_come_up_is_down(self, small_system: Start) -> None:
        with pytest.raises(SystemDown, match=r"was not up after 0\.2 s"):
            async with small_system("HangingAtStart"):
                pytest.fail("it is not up")
