"""Which identifiers the system gave to what, as far as the completions of a history tell."""

from collections import defaultdict

from isofuzz.history.entries import Completion, Entry, Outcome
from isofuzz.history.model import Model
from isofuzz.history.world import Thing
from isofuzz.program.steps import Ref

Written = tuple[str, ...]
"""How an identifier is written, in its parts."""


class Issued:
    """Fed entry by entry after the model."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._first: dict[str, Thing] = {}
        self._things: defaultdict[tuple[str, Written], set[Thing]] = defaultdict(set)
        self._told: defaultdict[Thing, set[int]] = defaultdict(set)
        self._untold: set[str] = set()

    def feed(self, entry: Entry) -> None:
        """Learn which identifiers this entry tells, and of what it ought to and does not."""
        if not isinstance(entry, Completion) or entry.outcome is Outcome.REFUSED:
            return
        for index, name in enumerate(self._model.deeds[entry.step].operation.creates):
            if index not in entry.ids:
                self._untold.add(name)
                continue
            thing = self._model.things[Ref(entry.step, index)]
            self._first.setdefault(name, thing)
            self._things[name, entry.ids[index]].add(thing)
            self._told[thing].add(entry.step)

    def first(self, name: str) -> Thing | None:
        """The first thing of this class of which an identifier is known."""
        return self._first.get(name)

    def means(self, name: str, written: Written, thing: Thing | None) -> bool:
        """Is the identifier certainly that of this one thing of the class, or of none (None)?"""
        return name not in self._untold and self._things.get((name, written), set()) == ({thing} if thing else set())

    def knows(self, thing: Thing) -> bool:
        """Is every identifier known under which the system may know the thing?"""
        return all(act.step in self._told[thing] for act in thing.births if act.possible)
