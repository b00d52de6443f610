"""Smaller programs from larger ones, always well-formed: nothing refers to a step that is gone."""

from collections.abc import Callable, Collection
from dataclasses import replace

from isofuzz.program.schedule import Schedule
from isofuzz.program.steps import Argument, Burst, Call, Program, Ref, Several


def without(program: Program, numbers: Collection[int]) -> Program:
    """The program less these steps and all steps that cannot do without them.

    A sequence argument only loses the items that are gone: the step itself stays.
    """
    gone = set(numbers)
    bursts = []
    for burst in program.bursts:
        kept = []
        for call in burst.calls:
            pruned = _without_items(call, gone)
            if call.number in gone or any(ref.step in gone for ref in pruned.references()):
                gone.add(call.number)
            else:
                kept.append(pruned)
        faults = (fault for fault in burst.faults if fault.number not in gone and fault.of.step not in gone)
        bursts.append(burst.with_calls(kept, faults))
    return Program(tuple(burst for burst in bursts if burst.calls))


def up_to(program: Program, number: int) -> Program:
    """The program up to the burst that holds this step, which is the last."""
    for index, burst in enumerate(program.bursts):
        if any(call.number == number for call in burst.calls):
            return Program(program.bursts[: index + 1])
    return program


def only(program: Program, numbers: Collection[int]) -> Program:
    """The program of just these steps and of what they cannot do without."""
    calls = {call.number: call for call in program.calls}
    kept: set[int] = set()
    pending = [number for number in numbers if number in calls]
    while pending:
        number = pending.pop()
        if number not in kept:
            kept.add(number)
            pending += [ref.step for ref in calls[number].references()]
    return without(program, calls.keys() - kept)


def one_by_one(program: Program) -> Program:
    """The program in which nothing overlaps."""
    return Program.serial(*program.calls)


def apart(program: Program, index: int) -> Program:
    """The program with the steps of one burst run one after the other."""
    split = tuple(Burst((call,)) for call in program.bursts[index].calls)
    return Program(program.bursts[:index] + split + program.bursts[index + 1 :])


def taken_out(program: Program, number: int, *, before: bool) -> Program:
    """The program in which this step of a burst is done before the others of it, or after them."""
    bursts: list[Burst] = []
    for burst in program.bursts:
        alone = [call for call in burst.calls if call.number == number]
        others = [call for call in burst.calls if call.number != number]
        if not alone or not others:
            bursts.append(burst)
            continue
        rest = burst.with_calls(others, (fault for fault in burst.faults if fault.of.step != number))
        bursts += (Burst(tuple(alone)), rest) if before else (rest, Burst(tuple(alone)))
    return Program(tuple(bursts))


def bypassing(program: Program, made: Ref, taken: Ref) -> Program:
    """The program less the step that made this thing; what took it takes the other one in its place."""

    def rewired(_name: str, argument: Argument) -> Argument:
        return taken if argument == made else argument

    bursts = (burst.with_calls(with_arguments(call, rewired) for call in burst.calls) for burst in program.bursts)
    return without(Program(tuple(bursts)), [made.step])


def merged(program: Program, gone: int, stays: int) -> Program:
    """The program less one step; what took a thing that it made takes the one that the other step made."""

    def instead(ref: Ref) -> Ref:
        return Ref(stays, ref.output) if ref.step == gone else ref

    def rewired(_name: str, argument: Argument) -> Argument:
        match argument:
            case Ref():
                return instead(argument)
            case Several(items):
                return Several(tuple(dict.fromkeys(instead(each) if isinstance(each, Ref) else each for each in items)))
        return argument

    bursts = (
        burst.with_calls(
            (with_arguments(call, rewired) for call in burst.calls),
            (replace(fault, of=instead(fault.of)) if fault.kind.is_of_a_socket else fault for fault in burst.faults),
        )
        for burst in program.bursts
    )
    return without(Program(tuple(bursts)), [gone])


def scheduled(program: Program, index: int, schedule: Schedule | None) -> Program:
    """The program in which the steps of one burst take turns as this schedule says."""
    burst = replace(program.bursts[index], schedule=schedule)
    return Program((*program.bursts[:index], burst, *program.bursts[index + 1 :]))


def with_call(program: Program, call: Call) -> Program:
    """The program in which this step stands in the place of the one of the same number."""
    return Program(
        tuple(
            burst.with_calls(call if old.number == call.number else old for old in burst.calls)
            for burst in program.bursts
        )
    )


def with_argument(program: Program, number: int, name: str, argument: Argument) -> Program:
    """The program in which this step takes this argument for the parameter of this name."""
    call = next(call for call in program.calls if call.number == number)
    return with_call(program, replace(call, arguments={**call.arguments, name: argument}))


def with_arguments(call: Call, change: Callable[[str, Argument], Argument]) -> Call:
    """The step with each argument replaced by what `change` makes of it and its parameter's name."""
    return replace(call, arguments={name: change(name, value) for name, value in call.arguments.items()})


def _without_items(call: Call, gone: set[int]) -> Call:
    def shorten(_name: str, argument: Argument) -> Argument:
        if not isinstance(argument, Several):
            return argument
        return Several(tuple(item for item in argument.items if not (isinstance(item, Ref) and item.step in gone)))

    return with_arguments(call, shorten)
