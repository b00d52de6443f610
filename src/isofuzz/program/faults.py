"""Faults: what goes wrong on purpose while steps overlap."""

from enum import StrEnum


class FaultKind(StrEnum):
    """What goes wrong. What happens to an operation's connection needs a gate."""

    CANCEL = "cancel"
    """Whoever called an operation gives up."""
    DROP_BEFORE = "drop-before"
    """The database connection of an operation is lost before the server gets its next statement."""
    DROP_AFTER = "drop-after"
    """The database connection of an operation is lost once the server has executed its next statement."""
    TERMINATE = "terminate"
    """The server ends the database connection of an operation, as an administrator would."""
    HOLD_REPLY = "hold-reply"
    """The server executes an operation's next statement, and the reply comes later."""
    ABORT = "abort"
    """A socket is gone without a farewell."""
    HALF_CLOSE = "half-close"
    """The client of a socket sends nothing more."""
    RESTART = "restart"
    """The system is started anew while an operation is under way. Only where the target says how."""

    @property
    def is_of_a_socket(self) -> bool:
        """Does it happen to a socket, and not to an operation?"""
        return self in {FaultKind.ABORT, FaultKind.HALF_CLOSE}
