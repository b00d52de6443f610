"""The judge feeds a history to the model and to every oracle, entry by entry."""

from collections.abc import Collection, Iterable

from isofuzz.history.entries import Entry
from isofuzz.history.model import Model
from isofuzz.oracles.crossing import Crossing
from isofuzz.oracles.delivery import DeliveryOracle
from isofuzz.oracles.existence import Existence
from isofuzz.oracles.integrity import Integrity
from isofuzz.oracles.issued import Issued
from isofuzz.oracles.violation import Oracle, Violation
from isofuzz.oracles.visibility import Visibility
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
        integrity = Integrity(self.model, self._issued)
        self._oracles = (Crossing(self.model), Visibility(self.model), self.delivery, self.existence, integrity)
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


def judge(vocabulary: Vocabulary, history: Iterable[Entry]) -> list[Violation]:
    """Every violation in a finished history, in the order in which they show."""
    court = Judge(vocabulary)
    for entry in history:
        court.feed(entry)
    return court.violations
