"""Programs: what is called, in which order, and what overlaps.

Arguments are symbolic, so a program means the same in every run: a reference names the step that created a thing and
not the identifier that the system gave it, and a secret is a text with a slot in which each run puts its own canary.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from isofuzz.program.faults import FaultKind
from isofuzz.program.schedule import Schedule

CANARY_SLOT = "{canary}"

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


@dataclass(frozen=True, order=True)
class Ref:
    """The thing that is the `output`-th (from 0) to be created by step number `step`."""

    step: int
    output: int = 0


@dataclass(frozen=True)
class NeverIssued:
    """A plausible reference to a thing that the system never issued; `variant` tells several apart."""

    thing: str
    variant: int = 0


@dataclass(frozen=True)
class SecretText:
    """A text to store; it contains CANARY_SLOT once."""

    template: str

    def __post_init__(self) -> None:
        if self.template.count(CANARY_SLOT) != 1:
            raise ValueError(f"a secret text needs {CANARY_SLOT} once: {self.template!r}")

    def with_canary(self, canary: str) -> str:
        """The secret. Plain replacement, for templates are full of other braces."""
        return self.template.replace(CANARY_SLOT, canary)


@dataclass(frozen=True)
class Literal:
    """A name, key, query or plain value, as it is."""

    value: Json


@dataclass(frozen=True)
class Several:
    """The argument of a parameter that takes a sequence of things."""

    items: tuple[Ref | NeverIssued, ...] = ()


Argument = Ref | NeverIssued | SecretText | Literal | Several


def references_in(arguments: Mapping[str, Argument]) -> Iterator[Ref]:
    """Every thing that the arguments refer to, in their order."""
    for argument in arguments.values():
        if isinstance(argument, Ref):
            yield argument
        elif isinstance(argument, Several):
            yield from (item for item in argument.items if isinstance(item, Ref))


@dataclass(frozen=True)
class Call:
    """One step: an operation with its arguments. `number` is its name within the program and survives pruning."""

    number: int
    operation: str
    arguments: Mapping[str, Argument] = field(default_factory=dict)

    def references(self) -> Iterator[Ref]:
        """Every thing that this step refers to."""
        return references_in(self.arguments)


@dataclass(frozen=True)
class Fault:
    """One step: something goes wrong. `of` is the socket that it happens to, or what the operation makes that it hits.

    It happens at any time while the burst that it is a part of is executed, and not at all if it no longer can.
    """

    number: int
    kind: FaultKind
    of: Ref


@dataclass(frozen=True)
class Burst:
    """Steps that overlap: started together, in this order, and awaited together; one step alone runs to its end.

    `schedule` says who moves when. None: nobody controls that. `faults` are what goes wrong meanwhile.
    """

    calls: tuple[Call, ...]
    schedule: Schedule | None = None
    faults: tuple[Fault, ...] = ()

    @property
    def numbers(self) -> tuple[int, ...]:
        """The numbers of its steps."""
        return (*(call.number for call in self.calls), *(fault.number for fault in self.faults))

    @property
    def overlaps(self) -> bool:
        """Is there more than one step, so that they overlap?"""
        return len(self.calls) + len(self.faults) > 1

    @property
    def restarts(self) -> bool:
        """Is the system to be restarted meanwhile?"""
        return any(fault.kind is FaultKind.RESTART for fault in self.faults)

    @property
    def is_left_to_chance(self) -> bool:
        """Do its steps overlap in an order that nobody controls?"""
        return self.overlaps and self.schedule is None

    def with_calls(self, calls: Iterable[Call], faults: Iterable[Fault] | None = None) -> "Burst":
        """The same with other steps; one that is left alone has nobody to take turns with."""
        kept = tuple(calls)
        goes_wrong = self.faults if faults is None else tuple(faults)
        return Burst(kept, self.schedule if len(kept) + len(goes_wrong) > 1 else None, goes_wrong)


@dataclass(frozen=True)
class Program:
    """What a run does: bursts, one after the other."""

    bursts: tuple[Burst, ...] = ()

    @classmethod
    def serial(cls, *calls: Call) -> "Program":
        """A program in which nothing overlaps."""
        return cls(tuple(Burst((call,)) for call in calls))

    @property
    def calls(self) -> tuple[Call, ...]:
        """All steps, in the order in which they are started."""
        return tuple(call for burst in self.bursts for call in burst.calls)

    @property
    def faults(self) -> tuple[Fault, ...]:
        """All that goes wrong."""
        return tuple(fault for burst in self.bursts for fault in burst.faults)

    @property
    def overlaps(self) -> bool:
        """Do any of its steps overlap?"""
        return any(burst.overlaps for burst in self.bursts)

    @property
    def is_left_to_chance(self) -> bool:
        """Do any of its steps overlap in an order that nobody controls?"""
        return any(burst.is_left_to_chance for burst in self.bursts)

    @property
    def numbers(self) -> tuple[int, ...]:
        """The numbers of all steps, those of faults after those of the calls that they go with."""
        return tuple(number for burst in self.bursts for number in burst.numbers)

    def __len__(self) -> int:
        return len(self.numbers)
