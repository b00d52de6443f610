"""What an oracle reports."""

from dataclasses import dataclass
from enum import StrEnum

from isofuzz.program.steps import Ref


class Oracle(StrEnum):
    """What finds violations: all but noninterference check every history, which compares several."""

    CROSSING = "crossing"
    VISIBILITY = "visibility"
    DELIVERY = "delivery"
    INTEGRITY = "integrity"
    EXISTENCE = "existence"
    NONINTERFERENCE = "noninterference"


class Breach(StrEnum):
    """What was wrong."""

    FOREIGN = "foreign"
    """A user observed a canary that was never theirs."""
    STALE = "stale"
    """An old right or a deleted text still shows."""
    MISPLACED = "misplaced"
    """A text of one thread showed in another."""
    MISSING = "missing"
    """A complete view lacks something that it certainly had to show."""
    DENIED = "denied"
    """An entitled reader was refused."""
    UNDELIVERED = "undelivered"
    """A socket that was stably subscribed did not get an event."""
    ECHOED = "echoed"
    """An author got their own event back, where the target says that this does not happen."""
    REPEATED = "repeated"
    """An event came twice, where the target says that this does not happen."""
    REORDERED = "reordered"
    """Events came in another order than their writes, where the target says that this does not happen."""
    REPLAYED = "replayed"
    """What was missed came after all, where the target says that this does not happen."""
    INTRUDED = "intruded"
    """A row holds the text of an operation that was refused, or whose actor had no right to it."""
    MISFILED = "misfiled"
    """A row says that it belongs to another thread or owner than its text."""
    LOST = "lost"
    """A stored text is gone, and no operation of somebody entitled took it away."""
    TOLD = "told"
    """The answers tell a foreign thing from one that never existed."""
    INTERFERED = "interfered"
    """A user sees something else once the others have not done what is none of the user's business."""

    @property
    def is_lack(self) -> bool:
        """Was something not seen that had to be?"""
        return self in (Breach.MISSING, Breach.DENIED, Breach.UNDELIVERED)


@dataclass(frozen=True)
class Violation:
    """One breach of isolation, with what it takes to explain it.

    `at` is the logical time of the observation, `step` the step that made it and `socket` where it arrived, if it was
    pushed; `serial` is the canary, if one is involved; `writer` the operation that wrote it and `observer` the one
    (or the subscription's frame) that showed it; `kind` says what kind of event a frame is that shows no canary. `text`
    is an excerpt of what was seen.

    Of what two observations show together: `other` is an excerpt of the other one, made `without` the steps of these
    numbers, or by another step, `instead`.
    """

    oracle: Oracle
    breach: Breach
    at: int
    user: Ref
    boundary: str
    observer: str
    writer: str = ""
    secret: str = ""
    step: int | None = None
    written_by: int | None = None
    socket: Ref | None = None
    serial: int | None = None
    text: str = ""
    other: str = ""
    without: tuple[int, ...] = ()
    instead: int | None = None
    kind: str = ""

    @property
    def fingerprint(self) -> str:
        """Two violations with the same one are the same bug: no identifier and no text is in it."""
        parts = (self.oracle, self.breach, self.boundary, self.observer, self.kind, self.writer, self.secret)
        return ":".join(part for part in parts if part)
