"""What a run exercised, counted; and what it did not, in words. Green means checked."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from isofuzz.history.acts import Standing
from isofuzz.history.deeds import Deed
from isofuzz.history.entries import Completion, Delivery, History, Invocation, Moved, Outcome, Skipped, Storage, Struck
from isofuzz.history.relations import Relation, relation
from isofuzz.history.world import Thing, surely_uses
from isofuzz.oracles.judge import Judge
from isofuzz.program.faults import FaultKind
from isofuzz.program.probes import hiding
from isofuzz.program.vocabulary import Draw, Effect, Operation, Vocabulary
from isofuzz.runs.latency import Latency
from isofuzz.runs.sweep import enders, guarded

_NONE: Counter[str] = Counter()


@dataclass(frozen=True, order=True)
class Cell:
    """An operation, tried with something to which its actor stood so in one parameter."""

    operation: str
    parameter: str
    relation: Relation


@dataclass(frozen=True, order=True)
class Reached:
    """An operation that was answered so when its actor stood so to what it named.

    `relation` is that to the thing that is furthest from being the actor's own; empty if the operation names none.
    """

    operation: str
    relation: str
    outcome: Outcome


_FURTHEST = (Relation.FOREIGN, Relation.ENDED, Relation.NEVER, Relation.OWN)
"""Which of several relations says most of an operation: the first of these."""


@dataclass
class Exercised:
    """Counts over all programs of a run.

    `worked` counts operations that were `ok` for an entitled user, `showed` reads that showed a canary, `seen` whatever
    showed one to anybody, `taken` rights that were there until an operation took them away, `delivered` events that had
    to arrive and did, `unknown` absences that no barrier could prove; `alike` counts, for each operation and parameter,
    probes of what exists that were answered as if it did not, and `told` the others; `looked` how often what is stored
    was looked at, and `rows` the rows with a canary; `unexpected` holds one example of each way in which an operation
    ended unexpectedly, with its count, apart from what comes after a fault. `took_turns` counts steps that overlapped
    under control, `moves` what they did one after the other, `waited` those moves during which some step waited for a
    lock; `decided` counts bursts by what decided that; `faults` what went wrong on purpose. `reached` counts operations
    by whose things they named and how they were answered. `latency` holds how long the target took over each operation,
    by its name, but for steps that took turns: these wait for each other.
    """

    programs: int = 0
    operations: int = 0
    skipped: int = 0
    frames: int = 0
    seen: int = 0
    outcomes: Counter[tuple[str, Outcome]] = field(default_factory=Counter)
    worked: Counter[str] = field(default_factory=Counter)
    showed: Counter[str] = field(default_factory=Counter)
    cells: Counter[Cell] = field(default_factory=Counter)
    reached: Counter[Reached] = field(default_factory=Counter)
    taken: Counter[str] = field(default_factory=Counter)
    delivered: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)
    alike: Counter[tuple[str, str]] = field(default_factory=Counter)
    told: Counter[tuple[str, str]] = field(default_factory=Counter)
    looked: int = 0
    rows: int = 0
    unexpected: Counter[tuple[str, str]] = field(default_factory=Counter)
    took_turns: int = 0
    moves: int = 0
    waited: int = 0
    decided: Counter[str] = field(default_factory=Counter)
    faults: Counter[FaultKind] = field(default_factory=Counter)
    latency: defaultdict[str, Latency] = field(default_factory=lambda: defaultdict(Latency))

    def add(
        self,
        history: History,
        judge: Judge,
        durations: Mapping[int, float] = MappingProxyType({}),
        decided: Counter[str] = _NONE,
    ) -> None:
        """Count one program, in which each step took so many seconds, as far as that is known."""
        self.programs += 1
        self.decided += decided
        self.delivered += judge.delivery.asserted
        self.unknown += judge.delivery.unknown
        self.alike += judge.existence.alike
        self.told += judge.existence.told
        struck = False
        turns = {entry.step for entry in history if isinstance(entry, Moved)}
        self.took_turns += len(turns)
        for entry in history:
            match entry:
                case Moved():
                    self.moves += 1
                    self.waited += bool(entry.blocked)
                case Struck():
                    struck = True
                    self.faults[entry.kind] += 1
                case Invocation():
                    self.operations += 1
                case Skipped():
                    self.skipped += 1
                case Delivery():
                    self.frames += 1
                    self.seen += bool(entry.seen)
                case Storage():
                    self.looked += 1
                    self.rows += len(entry.rows)
                case Completion():
                    self.seen += bool(entry.seen)
                    deed = judge.model.deeds[entry.step]
                    self._complete(deed, entry, expected=struck)
                    if entry.step in durations and entry.step not in turns:
                        self.latency[deed.operation.name].add(durations[entry.step])

    def missing(self, vocabulary: Vocabulary) -> list[str]:
        """What the target could have been asked and was not, or never answered; each in words."""
        return [
            *(gap for operation in vocabulary.operations for gap in self._gaps(vocabulary, operation)),
            *self._blindness(vocabulary),
            *(
                f"no {thing.name} ever had to deliver an event and did"
                for thing in vocabulary.things
                if thing.pushes and not self.delivered[thing.name]
            ),
            *self._unhurt(vocabulary),
            *(
                f"{count} events of {name} were absent, but no barrier orders the system's fan-out: override "
                f"`quiesce` of the target or `barrier` of the socket"
                for name, count in sorted(self.unknown.items())
            ),
        ]

    def _blindness(self, vocabulary: Vocabulary) -> Iterator[str]:
        """That a target promises to show nothing, and showed nothing: it could not have shown a leak either."""
        promises = any(each.shows for each in vocabulary.operations) or any(each.pushes for each in vocabulary.things)
        if not promises and not self.seen:
            yield "nobody was ever shown a text that was written: let an operation return what the system answers"
        if self.looked and not self.rows:
            yield "`stored` of the target never returned a text that was written: let it return all that is stored"

    def _unhurt(self, vocabulary: Vocabulary) -> Iterator[str]:
        if vocabulary.restarts and not self.faults[FaultKind.RESTART]:
            yield "the system was never restarted in the middle of a step"

    def _complete(self, deed: Deed, entry: Completion, *, expected: bool) -> None:
        name = deed.operation.name
        self.outcomes[name, entry.outcome] += 1
        if entry.outcome is Outcome.INFO and not expected:
            self.unexpected[name, entry.text] += 1
        if entry.outcome is Outcome.OK and deed.act.standing is Standing.CERTAIN:
            self.worked[name] += 1
        if deed.operation.shows and entry.seen:
            self.showed[name] += 1
        self.taken[name] += sum(self._loses(deed, thing) for thing in self._losers(deed))
        stood = set()
        for parameter, things in deed.arguments.items():
            for thing in things:
                found = relation(deed.user, thing, deed.act.invoked, apart_from=deed.act)
                self.cells[Cell(name, parameter, found)] += 1
                stood.add(found)
        furthest = next((str(each) for each in _FURTHEST if each in stood), "")
        self.reached[Reached(name, furthest, entry.outcome)] += 1

    def _losers(self, deed: Deed) -> Iterator[Thing]:
        """Whom the operation is to take a right from: whoever gives up their own is not put out."""
        for parameter in deed.operation.drawn(Draw.THING):
            if parameter.effect is Effect.REVOKES:
                yield from (thing for thing in deed.arguments[parameter.name] if thing and thing.owner is not deed.user)

    def _loses(self, deed: Deed, person: Thing) -> bool:
        scope, at = deed.innermost(), deed.act.invoked
        held = scope is not None and surely_uses(person.owner, scope, at, at, apart_from=deed.act)
        return held and deed.act.certain

    def _gaps(self, vocabulary: Vocabulary, operation: Operation) -> Iterator[str]:
        name = operation.name
        if not self.worked[name]:
            yield f"{name} never succeeded for an entitled user"
        elif operation.shows and not self.showed[name]:
            yield f"{name} never showed any {operation.shown}"
        revokes = any(parameter.effect is Effect.REVOKES for parameter in operation.parameters)
        if revokes and self.worked[name] and not self.taken[name]:
            yield f"{name} never took away a right that was there"
        for cell in formable(vocabulary, operation):
            if not self.cells[cell]:
                article = "an" if cell.relation in (Relation.OWN, Relation.ENDED) else "a"
                yield f"{name} was never tried with {article} {cell.relation} {cell.parameter}"
        for parameter in hiding(vocabulary, operation):
            probe = name, parameter.name
            if self.worked[name] and not (self.alike[probe] or self.told[probe]):
                yield (
                    f"{name} was never asked about a foreign {parameter.name}, between two that never existed, with "
                    f"answers that can be compared"
                )


def formable(vocabulary: Vocabulary, operation: Operation) -> Iterator[Cell]:
    """The cells that programs can reach with what the target's operations offer."""
    for parameter in guarded(vocabulary, operation):
        yield Cell(operation.name, parameter.name, Relation.OWN)
        yield Cell(operation.name, parameter.name, Relation.FOREIGN)
        if enders(vocabulary, parameter.type):
            yield Cell(operation.name, parameter.name, Relation.ENDED)
        if vocabulary.thing(parameter.type).issued:
            yield Cell(operation.name, parameter.name, Relation.NEVER)
