"""The judge feeds a history to the model and to every oracle, entry by entry."""

from collections.abc import Collection, Iterable, Sequence

from isofuzz.history.entries import Entry, Outcome, Row
from isofuzz.history.model import Model
from isofuzz.oracles.crossing import Crossing
from isofuzz.oracles.delivery import DeliveryOracle
from isofuzz.oracles.existence import Existence
from isofuzz.oracles.integrity import Integrity
from isofuzz.oracles.issued import Issued
from isofuzz.oracles.violation import Oracle, Violation
from isofuzz.oracles.visibility import Visibility
from isofuzz.program.steps import Ref
from isofuzz.program.vocabulary import Vocabulary


class Judge:
    """Judges one history while it grows; `only` restricts what is reported to some oracles."""

    def __init__(self, vocabulary: Vocabulary, *, only: Collection[Oracle] = tuple(Oracle)) -> None:
        self.model = Model(vocabulary)
        self._issued = Issued(self.model)
        self.delivery = DeliveryOracle(self.model)
        self.existence = Existence(self.model, self._issued)
        self.violations: list[Violation] = []
        self._only = frozenset(only)
        self._visibility = Visibility(self.model)
        self._integrity = Integrity(self.model, self._issued)
        self._oracles = (Crossing(self.model), self._visibility, self.delivery, self.existence, self._integrity)
        self._at = 0

    def feed(self, entry: Entry) -> list[Violation]:
        """Take the next entry of the history; return what it shows to be wrong."""
        self.model.feed(self._at, entry)
        self._issued.feed(entry)
        found = [
            violation
            for oracle in self._oracles
            for violation in oracle.feed(self._at, entry)
            if violation.oracle in self._only
        ]
        self._at += 1
        self.violations += found
        return found

    # -- what is missing, and might only be late: asked before the entry that would show it

    def lacks_texts(self, step: int, outcome: Outcome, seen: Collection[int]) -> bool:
        """Would it be wrong that the read of this step ends now, in this way, because that shows too little?"""
        return Oracle.VISIBILITY in self._only and self._visibility.lacks(self._at, step, outcome, seen)

    def lacks_events(self, sockets: Iterable[Ref]) -> bool:
        """Would barriers on these sockets now show that an event has not arrived which had to?"""
        return Oracle.DELIVERY in self._only and any(self.delivery.lacks(self._at, socket) for socket in sockets)

    def lacks_rows(self, rows: Sequence[Row]) -> bool:
        """Would it be wrong that no more than these rows is stored?"""
        return Oracle.INTEGRITY in self._only and self._integrity.lacks(self._at, rows)


def judge(vocabulary: Vocabulary, history: Iterable[Entry]) -> list[Violation]:
    """Every violation in a finished history, in the order in which they show."""
    court = Judge(vocabulary)
    for entry in history:
        court.feed(entry)
    return court.violations
