"""Smaller programs stay well-formed: nothing refers to a step that is gone."""

from isofuzz.program.faults import FaultKind
from isofuzz.program.prune import (
    apart,
    merged,
    one_by_one,
    only,
    scheduled,
    up_to,
    with_argument,
    with_arguments,
    with_call,
    without,
)
from isofuzz.program.schedule import Schedule
from isofuzz.program.steps import Burst, Call, Fault, Literal, NeverIssued, Program, Ref, Several

SIGN_UP = Call(1, "sign_up", {"name": Literal("a")})
OTHER = Call(2, "sign_up", {"name": Literal("b")})
ROOM = Call(3, "new_room", {"me": Ref(1, 1)})
INVITE = Call(4, "invite_all", {"me": Ref(1, 1), "room": Ref(3), "members": Several((Ref(1), Ref(2)))})
READ = Call(5, "history", {"me": Ref(2, 1), "room": Ref(3)})
PROGRAM = Program((Burst((SIGN_UP, OTHER)), Burst((ROOM,)), Burst((INVITE, READ))))


def test_what_needs_a_step_goes_with_it() -> None:
    assert without(PROGRAM, [3]) == Program((Burst((SIGN_UP, OTHER)),))


def test_what_needs_what_needs_a_step_goes_too() -> None:
    assert without(PROGRAM, [1]) == Program((Burst((OTHER,)),))


def test_a_sequence_only_loses_the_items_that_are_gone() -> None:
    shorter = Call(4, "invite_all", {"me": Ref(1, 1), "room": Ref(3), "members": Several((Ref(1),))})
    assert without(PROGRAM, [2]) == Program((Burst((SIGN_UP,)), Burst((ROOM,)), Burst((shorter,))))


def test_never_issued_items_stay() -> None:
    call = Call(6, "invite_all", {"members": Several((NeverIssued("Who"), Ref(2)))})
    kept = Call(6, "invite_all", {"members": Several((NeverIssued("Who"),))})
    assert without(Program.serial(OTHER, call), [2]) == Program.serial(kept)


def test_without_nothing_is_the_same() -> None:
    assert without(PROGRAM, []) == PROGRAM


def test_merged_has_what_one_step_made_take_the_place_of_what_another_one_did() -> None:
    invite = Call(4, "invite_all", {"me": Ref(1, 1), "room": Ref(3), "members": Several((Ref(1),))})
    read = Call(5, "history", {"me": Ref(1, 1), "room": Ref(3)})
    assert merged(PROGRAM, 2, 1) == Program((Burst((SIGN_UP,)), Burst((ROOM,)), Burst((invite, read))))


def test_merged_has_a_fault_happen_to_the_socket_that_stays_and_no_fault_to_a_step_that_is_gone() -> None:
    lost = Fault(6, FaultKind.ABORT, Ref(2, 2))
    given_up = Fault(7, FaultKind.CANCEL, Ref(2))
    program = Program((Burst((SIGN_UP,)), Burst((OTHER, ROOM), faults=(given_up,)), Burst((READ,), faults=(lost,))))
    assert merged(program, 2, 1).faults == (Fault(6, FaultKind.ABORT, Ref(1, 2)),)


def test_with_argument_changes_one_of_one_step() -> None:
    changed = with_argument(PROGRAM, 2, "name", Literal("c"))
    assert changed.bursts[0] == Burst((SIGN_UP, Call(2, "sign_up", {"name": Literal("c")})))


def test_up_to_a_step_keeps_what_overlaps_it() -> None:
    assert up_to(PROGRAM, 3) == Program(PROGRAM.bursts[:2])
    assert up_to(PROGRAM, 4) == PROGRAM
    assert up_to(PROGRAM, 99) == PROGRAM


def test_apart_runs_one_burst_serially() -> None:
    assert apart(PROGRAM, 2) == Program((*PROGRAM.bursts[:2], Burst((INVITE,)), Burst((READ,))))


def test_with_call_puts_a_step_in_the_place_of_its_number() -> None:
    changed = Call(5, "search", {"me": Ref(2, 1)})
    assert with_call(PROGRAM, changed).bursts[2] == Burst((INVITE, changed))


def test_with_arguments_changes_each_by_its_name() -> None:
    changed = with_arguments(ROOM, lambda name, value: Literal(name) if name == "me" else value)
    assert changed == Call(3, "new_room", {"me": Literal("me")})


def test_who_is_left_alone_has_nobody_to_take_turns_with() -> None:
    taking_turns = scheduled(PROGRAM, 2, Schedule.of([0, 1]))
    assert without(taking_turns, [5]).bursts[2] == Burst((INVITE,))
    assert without(taking_turns, [2]).bursts[0].schedule is None


def test_steps_go_on_taking_turns_when_others_are_left_out() -> None:
    taking_turns = scheduled(PROGRAM, 2, Schedule.of([0, 1]))
    assert with_call(taking_turns, Call(5, "search", {"me": Ref(2, 1)})).bursts[2].schedule == Schedule.of([0, 1])


def test_scheduled_says_how_steps_take_turns() -> None:
    taking_turns = scheduled(PROGRAM, 0, Schedule.of([1]))
    assert taking_turns.bursts[0] == Burst((SIGN_UP, OTHER), Schedule.of([1]))
    assert scheduled(taking_turns, 0, None) == PROGRAM


def test_a_fault_goes_with_what_it_hits() -> None:
    fault = Fault(9, FaultKind.CANCEL, Ref(4))
    struck = Program((*PROGRAM.bursts[:2], Burst((INVITE, READ), Schedule.of([0, 2]), (fault,))))
    assert struck.numbers == (1, 2, 3, 4, 5, 9)
    assert without(struck, [9]).bursts[2] == Burst((INVITE, READ), Schedule.of([0, 2]))
    assert without(struck, [4]).bursts[2] == Burst((READ,))
    assert without(struck, [5]).bursts[2] == Burst((INVITE,), Schedule.of([0, 2]), (fault,))


def test_only_keeps_what_a_step_cannot_do_without() -> None:
    assert only(PROGRAM, [5]) == Program((Burst((SIGN_UP, OTHER)), Burst((ROOM,)), Burst((READ,))))
    assert only(PROGRAM, [3]) == Program((Burst((SIGN_UP,)), Burst((ROOM,))))


def test_only_counts_what_a_sequence_names_as_needed() -> None:
    assert only(PROGRAM, [4]) == Program((Burst((SIGN_UP, OTHER)), Burst((ROOM,)), Burst((INVITE,))))


def test_only_passes_over_numbers_that_the_program_does_not_have() -> None:
    assert only(PROGRAM, [1, 99]) == Program((Burst((SIGN_UP,)),))
    assert only(PROGRAM, []) == Program()


def test_only_all_of_it_is_the_same() -> None:
    assert only(PROGRAM, [1, 2, 3, 4, 5]) == PROGRAM


def test_one_by_one_nothing_overlaps_and_all_is_done_in_the_same_order() -> None:
    assert one_by_one(PROGRAM) == Program.serial(SIGN_UP, OTHER, ROOM, INVITE, READ)
    assert one_by_one(Program()) == Program()
