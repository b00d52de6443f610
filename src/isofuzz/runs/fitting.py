"""Does a case still fit its target? If the target has changed: what has, and what is left of the case without that."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from isofuzz.cases.case import Case
from isofuzz.errors import CaseUnreadable, UsageError
from isofuzz.program.prune import with_arguments, with_call, without
from isofuzz.program.steps import Argument, Call, Literal, NeverIssued, Program, Ref, SecretText
from isofuzz.program.vocabulary import Draw, Kind, Operation, Parameter, Vocabulary

_SHOWN = 5
"""So many misfits are told: with another target altogether there may be hundreds."""

_NO_CLASS = frozenset({"", "program", Kind.USER})
"""What the boundary of a violation may be, apart from a class of things."""


@dataclass(frozen=True)
class Changes:
    """What somebody says of a target that has changed since its cases were found.

    `renamed`: from the names in a case to those of today, of operations, things and kinds of text; of a parameter from
    `operation.parameter`, both as the case has them. `drop_gone`: leave out what the target no longer has.
    """

    renamed: Mapping[str, str] = field(default_factory=dict)
    drop_gone: bool = False


@dataclass(frozen=True)
class Fitted:
    """A case as its target can execute it; `left_out` says what that leaves out, in words."""

    case: Case
    left_out: tuple[str, ...] = ()


def read_renames(texts: Sequence[str]) -> dict[str, str]:
    """Old and new names from `OLD=NEW`; raises UsageError."""
    renamed = {}
    for text in texts:
        old, _, new = (part.strip() for part in text.partition("="))
        if not (old and new):
            raise UsageError(f"{text!r} renames nothing; write OLD=NEW, for example post=send or post.text=post.body")
        renamed[old] = new
    return renamed


def check_fits(case: Case, vocabulary: Vocabulary) -> None:
    """Raises CaseUnreadable that says what of the case the target no longer has."""
    fitted(case, vocabulary)


def misfit(case: Case, vocabulary: Vocabulary) -> str:
    """What of the case the target no longer has, in words; empty if it fits."""
    try:
        check_fits(case, vocabulary)
    except CaseUnreadable as problem:
        return str(problem)
    return ""


def does_fit(program: Program, vocabulary: Vocabulary) -> bool:
    """Can the target execute the program?"""
    return not any(_Fitting(program, "", vocabulary).misfits())


def fitted(case: Case, vocabulary: Vocabulary, changes: Changes = Changes()) -> Fitted:
    """The case with these changes; raises CaseUnreadable that says what of it the target still does not have."""
    now = _renamed(case, changes.renamed) if changes.renamed else case
    _check_classes(now, vocabulary)
    misfits = [misfit for program, of in programs(now) for misfit in _Fitting(program, of, vocabulary).misfits()]
    if not misfits:
        return Fitted(now)
    told = list(dict.fromkeys(f"{misfit.words} ({misfit.where})" for misfit in misfits))
    more = f"; and {len(told) - _SHOWN} more" if len(told) > _SHOWN else ""
    words = f"{case.target} has changed: {'; '.join(told[:_SHOWN])}{more}"
    if not changes.drop_gone:
        raise CaseUnreadable(words)
    return Fitted(_without_gone(now, vocabulary, words), tuple(told))


def programs(case: Case) -> Iterator[tuple[Program, str]]:
    """The programs of a case in their order, each with what tells its steps from those of its own program."""
    for number, program in enumerate(case.earlier, start=1):
        yield program, f" of earlier program {number}"
    yield case.program, ""


# -- what does not fit


@dataclass(frozen=True)
class _Misfit:
    """What the target no longer has; `argument`: leaving out this one mends it, else the whole step has to go."""

    step: int
    where: str
    words: str
    argument: str | None = None


class _Fitting:
    """One program held against the vocabulary."""

    def __init__(self, program: Program, of: str, vocabulary: Vocabulary) -> None:
        self._program = program
        self._of = of
        self._vocabulary = vocabulary
        self._operations = {operation.name: operation for operation in vocabulary.operations}
        self._things = {thing.name: thing for thing in vocabulary.things}
        self._calls = {call.number: call for call in program.calls}

    def misfits(self) -> Iterator[_Misfit]:
        for call in self._program.calls:
            operation = self._operations.get(call.operation)
            if operation is None:
                yield self._misfit(call, f"there is no operation {call.operation!r} any more")
            else:
                yield from self._in_arguments(call, operation)

    def _in_arguments(self, call: Call, operation: Operation) -> Iterator[_Misfit]:
        parameters = {parameter.name: parameter for parameter in operation.parameters}
        for name, argument in call.arguments.items():
            if name not in parameters:
                yield self._misfit(call, f"{operation.name} no longer takes {name!r}", argument=name)
            elif not self._takes(parameters[name], argument):
                yield self._misfit(call, f"{operation.name} takes something else as {name!r} now")
        for name in parameters.keys() - call.arguments.keys():
            yield self._misfit(call, f"{operation.name} takes {name!r} now, of which the case knows nothing")

    def _takes(self, parameter: Parameter, argument: Argument) -> bool:
        match argument:
            case SecretText():
                return parameter.draws is Draw.SECRET
            case Literal():
                return parameter.draws not in (Draw.SECRET, Draw.THING)
            case Ref() | NeverIssued():
                return parameter.draws is Draw.THING and not parameter.several and self._is_a(parameter, argument)
        several = parameter.draws is Draw.THING and parameter.several
        return several and all(self._is_a(parameter, item) for item in argument.items)

    def _is_a(self, parameter: Parameter, thing: Ref | NeverIssued) -> bool:
        if isinstance(thing, NeverIssued):
            return thing.thing == parameter.type and self._things[parameter.type].issued
        maker = self._operations.get(self._calls[thing.step].operation)
        if maker is None:
            return True  # that it is gone is said of the step which made the thing
        return thing.output < len(maker.creates) and maker.creates[thing.output] == parameter.type

    def _misfit(self, call: Call, words: str, *, argument: str | None = None) -> _Misfit:
        return _Misfit(call.number, f"step {call.number}{self._of}", words, argument)


def _check_classes(case: Case, vocabulary: Vocabulary) -> None:
    """What was crossed has to be known, or what shows it today would be taken for another finding."""
    violation = case.violation
    known = {thing.name for thing in vocabulary.things} | {secret.name for secret in vocabulary.secrets}
    for name in (violation.boundary, violation.secret):
        if name not in known | _NO_CLASS:
            raise CaseUnreadable(
                f"{case.target} has changed: there is no class {name!r} any more, of which the case is"
            )
    if violation.user.step not in case.program.numbers:
        raise CaseUnreadable(f"its violation is of a user that step {violation.user.step} made, which is not there")


# -- what is made of it


def _renamed(case: Case, names: Mapping[str, str]) -> Case:
    """The case in the names of today. Its histories are of another target, so it has none."""
    violation, origin = case.violation, case.origin

    def new(name: str) -> str:
        return names.get(name, name)

    return replace(
        case,
        program=_renamed_in(case.program, names),
        earlier=tuple(_renamed_in(program, names) for program in case.earlier),
        violation=replace(
            violation,
            boundary=new(violation.boundary),
            observer=new(violation.observer),
            writer=new(violation.writer),
            secret=new(violation.secret),
        ),
        origin=origin and replace(origin, operation=new(origin.operation), secret=new(origin.secret)),
        history=(),
        counterpart=(),
    )


def _renamed_in(program: Program, names: Mapping[str, str]) -> Program:
    def renamed_item(_name: str, argument: Argument) -> Argument:
        match argument:
            case NeverIssued(thing, variant):
                return NeverIssued(names.get(thing, thing), variant)
        return argument

    def renamed(call: Call) -> Call:
        arguments = {
            names.get(f"{call.operation}.{name}", name).rpartition(".")[2]: argument
            for name, argument in with_arguments(call, renamed_item).arguments.items()
        }
        return Call(call.number, names.get(call.operation, call.operation), arguments)

    return Program(tuple(burst.with_calls(map(renamed, burst.calls)) for burst in program.bursts))


def _without_gone(case: Case, vocabulary: Vocabulary, words: str) -> Case:
    """The case less what the target no longer has; raises CaseUnreadable if that leaves nothing to show."""
    program = _fitting_part(case.program, vocabulary)
    earlier = tuple(_fitting_part(each, vocabulary) for each in case.earlier)
    left = {call.operation for call in program.calls}
    observers = {call.operation for call in case.program.calls} & {case.violation.observer}
    if not observers <= left or case.violation.user.step not in program.numbers or not all(p.bursts for p in earlier):
        raise CaseUnreadable(f"{words}; without that nothing is left that could show it: find it anew")
    return replace(case, program=program, earlier=earlier, history=(), counterpart=())


def _fitting_part(program: Program, vocabulary: Vocabulary) -> Program:
    while misfits := list(_Fitting(program, "", vocabulary).misfits()):
        gone = {misfit.step for misfit in misfits if misfit.argument is None}
        for misfit in misfits:
            if misfit.argument is not None and misfit.step not in gone:
                program = _without_argument(program, misfit.step, misfit.argument)
        program = without(program, gone)
    return program


def _without_argument(program: Program, step: int, name: str) -> Program:
    call = next(call for call in program.calls if call.number == step)
    arguments = {parameter: argument for parameter, argument in call.arguments.items() if parameter != name}
    return with_call(program, replace(call, arguments=arguments))
