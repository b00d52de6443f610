"""The scene of a violation: the world in which it happened, who observed it, and what bears on it."""

from collections.abc import Sequence

from isofuzz.history.acts import Act
from isofuzz.history.entries import Entry
from isofuzz.history.model import model_of
from isofuzz.history.world import Canary, Thing
from isofuzz.oracles.exhibits import probed
from isofuzz.oracles.rights import what_gave, what_took
from isofuzz.oracles.violation import Breach, Violation
from isofuzz.program.vocabulary import Vocabulary


class Scene:
    """A violation, and the history in which the oracles found it with what the model knows at the end of it."""

    def __init__(self, history: Sequence[Entry], violation: Violation, vocabulary: Vocabulary) -> None:
        self.history = history
        self.violation = violation
        self.model = model_of(history, vocabulary)

    @property
    def observer(self) -> Thing:
        """The user of the violation: who saw, or lacked, what it is about."""
        return self.model.things[self.violation.user]

    @property
    def canary(self) -> Canary | None:
        """What was or was not seen, if it is a text of this program."""
        serial = self.violation.serial
        return None if serial is None else self.model.canaries.get(serial)

    def about(self) -> Thing | None:
        """Where the text lives, else what the refused read or the probe was about."""
        if self.canary or self.violation.step is None:
            return self.canary.home if self.canary else None
        if self.violation.breach is Breach.TOLD:
            return probed(self.model, self.violation)
        return self.model.deeds[self.violation.step].innermost()

    def subscriptions(self) -> list[Thing]:
        """What was subscribed to, for this kind of text, on the socket where it was or was not seen."""
        violation = self.violation
        line = self.model.things[violation.socket].stream if violation.socket else None
        return [
            subscription
            for subscription in self.model.subscriptions
            if subscription.socket
            and subscription.socket.stream is line
            and subscription.spec.pushes == violation.secret
            and subscription.births[0].invoked < violation.at
        ]

    def acts_on_the_right(self) -> list[Act]:
        """What gave or took the observer's right before the observation, or ended what was seen."""
        thing, user = self.about(), self.observer
        if thing is None:
            return []
        ends = self.canary.ends if self.canary else ()
        acts = [*what_gave(thing, user), *what_took(thing, user), *thing.ended_by(), *ends]
        return [act for act in acts if act.possible and act.invoked < self.violation.at]
