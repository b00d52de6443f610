"""A finding is shrunk as far as it reproduces, and what only looked as if it did is found out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain, cycle
from typing import TYPE_CHECKING, cast

import pytest

from isofuzz.cases.case import Case, HitRate
from isofuzz.history.entries import Completion, Invocation, Outcome
from isofuzz.oracles.violation import Breach, Oracle, Violation
from isofuzz.program.steps import Burst, Call, Literal, Program, Ref
from isofuzz.runs.reproduction import Reproducer
from isofuzz.runs.shrinking import Shrunk, shrink

if TYPE_CHECKING:
    from isofuzz.runs.keeper import Keeper
    from isofuzz.target.signatures import Signatures

COUNTED = Violation(Oracle.NONINTERFERENCE, Breach.INTERFERED, 0, Ref(1), "", "list_threads")
SEEN = Violation(Oracle.CROSSING, Breach.FOREIGN, 0, Ref(1), "Room", "list_threads", "open_thread", "Title")

Shows = Callable[[Program], bool]


class Kept:
    """What was kept last, and before."""

    case: Case

    def __init__(self, older: Case | None = None) -> None:
        self.older = {older.fingerprint: older} if older else {}

    def improve(self, case: Case) -> None:
        self.case = case


@dataclass
class Pretended(Reproducer):
    """Nothing is run: whether a program shows it is asked of the program, and by `quick` of another question."""

    sure: Shows
    likely: Shows = field(default=lambda program: False)

    @property
    def quick(self) -> Pretended:
        return Pretended(self.case, self.likely)

    async def shows(self, program: Program) -> Case | None:
        return case_of(program, self.case.violation) if self.sure(program) else None


def sign_in(number: int) -> Call:
    return Call(number, "sign_in", {"name": Literal("a")})


def list_threads(number: int, me: int) -> Call:
    return Call(number, "list_threads", {"me": Ref(me, 1)})


FOUND = Program.serial(sign_in(1), sign_in(2), list_threads(3, 1), list_threads(4, 2))
TOGETHER = Program((Burst((sign_in(1),)), Burst((sign_in(2),)), Burst((list_threads(3, 1), list_threads(4, 2)))))


def case_of(program: Program, violation: Violation) -> Case:
    entries = [(Invocation.of(call, {}), Completion(call.number, Outcome.OK)) for call in program.calls]
    return Case("t:T", None, violation, "", program, tuple(chain(*entries)), found="", services="")


async def shrunk(
    reproducer: Pretended,
    signatures: Signatures,
    may_go_on: Callable[[], bool] = lambda: True,
    older: Case | None = None,
) -> tuple[Shrunk, list[int]]:
    kept = Kept(older)
    kept.improve(reproducer.case)
    done = await shrink(reproducer, signatures, cast("Keeper", kept), may_go_on, lambda event: None)
    return done, [call.number for call in kept.case.program.calls]


def holds(*numbers: int) -> Shows:
    return lambda program: set(numbers) <= set(program.numbers)


async def test_what_was_compared_quickly_is_confirmed_at_the_end(signatures: Signatures) -> None:
    reproducer = Pretended(case_of(FOUND, COUNTED), holds(4), holds(4))
    assert await shrunk(reproducer, signatures) == (Shrunk(HitRate(2, 2), True), [2, 4])


async def test_what_then_does_not_hold_is_shrunk_again_with_all_certainty(signatures: Signatures) -> None:
    reproducer = Pretended(case_of(FOUND, COUNTED), holds(3, 4), holds(4))
    done, numbers = await shrunk(reproducer, signatures)
    assert done == Shrunk(HitRate(2, 2), True)
    assert {3, 4} < set(numbers)


async def test_what_was_not_compared_is_never_tried_quickly(signatures: Signatures) -> None:
    assert (await shrunk(Pretended(case_of(FOUND, SEEN), holds(4)), signatures))[1] == [2, 4]


async def test_if_the_time_is_up_it_is_said(signatures: Signatures) -> None:
    reproducer = Pretended(case_of(FOUND, SEEN), holds(4))
    assert await shrunk(reproducer, signatures, lambda: False) == (Shrunk(HitRate(2, 2), False), [1, 2, 3, 4])


async def test_what_an_earlier_run_shrunk_it_to_is_as_small_though_the_time_is_up(signatures: Signatures) -> None:
    small = replace(case_of(Program.serial(sign_in(1), sign_in(2), list_threads(4, 2)), SEEN), shrunk=True)
    reproducer = Pretended(case_of(FOUND, SEEN), holds(4))
    assert await shrunk(reproducer, signatures, lambda: False, small) == (Shrunk(HitRate(2, 2), True), [1, 2, 4])
    other = Pretended(case_of(FOUND, SEEN), holds(3, 4))
    assert await shrunk(other, signatures, lambda: False, small) == (Shrunk(HitRate(2, 2), False), [1, 2, 3, 4])


async def test_what_never_shows_again_is_not_shrunk(signatures: Signatures) -> None:
    reproducer = Pretended(case_of(FOUND, SEEN), lambda program: False)
    done, numbers = await shrunk(reproducer, signatures)
    assert (done, done.showed_again, numbers) == (Shrunk(HitRate(1, 10), None), False, [1, 2, 3, 4])


@pytest.mark.parametrize("one_in", [2, 3])
async def test_what_leaks_now_and_then_is_run_twenty_times_at_the_end(signatures: Signatures, one_in: int) -> None:
    turns: Iterator[bool] = cycle([True] + [False] * (one_in - 1))

    def now_and_then(program: Program) -> bool:
        return len(program.bursts[-1].calls) == 2 and program.bursts[-1].schedule is None and next(turns)

    done, numbers = await shrunk(Pretended(case_of(TOGETHER, SEEN), now_and_then), signatures)
    assert done.hit_rate.runs == 20
    assert abs(done.hit_rate.seen - 20 / one_in) <= 1
    assert {3, 4} < set(numbers)
