"""What chance decides without control: who has to give way in a deadlock, and who of several waiters is next."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import product

from benchmarks.control.contended import Contended
from benchmarks.control.stage import FIRST, Stage, box_refs, me, stage
from isofuzz.history.entries import Completion, Outcome
from isofuzz.program.steps import Argument, Burst, Call, Literal

WAITERS = 3


@dataclass
class Outcomes:
    """How often each outcome came about, by the situation that it is one of."""

    seen: dict[str, Counter[tuple[int, ...]]] = field(default_factory=dict)

    def add(self, situation: str, outcome: tuple[int, ...]) -> None:
        """Count an outcome."""
        self.seen.setdefault(situation, Counter())[outcome] += 1

    @property
    def trials(self) -> int:
        """All that were counted."""
        return sum(counts.total() for counts in self.seen.values())

    @property
    def same(self) -> int:
        """Those that came out as most of their situation did."""
        return sum(max(counts.values()) for counts in self.seen.values())

    @property
    def others(self) -> list[str]:
        """The situations that did not always come out the same, in words."""
        return [f"{situation}: {dict(counts)}" for situation, counts in self.seen.items() if len(counts) > 1]


class _AllBegin:
    """Has all steps begin, each with its first statement, and then goes on as decided."""

    name = "the benchmark"

    def __init__(self, steps: Sequence[int]) -> None:
        self._begins = [step for step in steps for _ in range(2)]

    def choose(self, place: int, movers: Sequence[int]) -> int:
        """Whoever is to begin, and then whoever can go on."""
        return movers.index(self._begins[place]) if place < len(self._begins) else 0


async def victims(trials: int) -> Outcomes:
    """Who is refused when two steps write to two boxes, each in its own order; or read one and then write to it."""
    outcomes = Outcomes()
    async with stage(Contended) as on:
        one, other = box_refs()
        rings: dict[str, list[tuple[str, dict[str, Argument]]]] = {
            "two rows": [("swap", {"one": one, "other": other}), ("swap", {"one": other, "other": one})],
            "a row read and written": [("upgrade", {"box": one})] * 2,
            "three": [
                ("swap", {"one": one, "other": other}),
                ("swap", {"one": other, "other": one}),
                ("upgrade", {"box": one}),
            ],
        }
        for trial in range(trials):
            name, calls = list(rings.items())[trial % len(rings)]
            outcomes.add(name, await _refused(on, calls))
    return outcomes


async def _refused(on: Stage, deeds: Sequence[tuple[str, dict[str, Argument]]]) -> tuple[int, ...]:
    """Which of the steps were refused: the first one is number 0."""
    calls = tuple(Call(FIRST + place, name, {"me": me(place), **of}) for place, (name, of) in enumerate(deeds))
    execution = await on.begun()
    await execution.run(Burst(calls), _AllBegin([call.number for call in calls]))
    await on.ended(execution)
    assert not execution.turns.uncontrolled, execution.turns.uncontrolled
    ends = [entry for entry in execution.history if isinstance(entry, Completion)]
    return tuple(end.step - FIRST for end in ends if end.outcome is not Outcome.OK)


async def orders(trials: int) -> Outcomes:
    """In which order three who wait for one holder get what they wait for, once it commits or rolls back."""
    outcomes = Outcomes()
    async with stage(Contended) as on:
        ways = list(product(("row", "for update", "unique", "advisory"), (True, False)))
        for trial in range(trials):
            how, keep = ways[trial % len(ways)]
            outcomes.add(f"{how}, {'committed' if keep else 'rolled back'}", await _served(on, how, keep=keep))
    return outcomes


async def _served(on: Stage, how: str, *, keep: bool) -> tuple[int, ...]:
    """Who got the lock after whom, as the order of their visits says: they are numbered when they were made."""
    box = box_refs()[0]
    taking = [keep, *[True] * WAITERS]
    calls = tuple(
        Call(FIRST + place, "take", {"me": me(place), "box": box, "how": Literal(how), "keep": Literal(kept)})
        for place, kept in enumerate(taking)
    )
    execution = await on.begun()
    await execution.run(Burst(calls), _AllBegin([call.number for call in calls]))
    assert not execution.turns.uncontrolled, execution.turns.uncontrolled
    rows = await on.system.services.observer.fetch("SELECT person FROM visit ORDER BY number")
    await on.ended(execution)
    people = await on.system.services.observer.fetch("SELECT id FROM person ORDER BY id")
    places = {row["id"]: place for place, row in enumerate(people)}
    return tuple(places[row["person"]] for row in rows)
