"""All gates of one system, seen as one: what moves at any of them matters to whoever decides who moves."""

from collections.abc import Collection, Sequence
from typing import Protocol

from isofuzz.gate.operation import Operation


class Parked(Protocol):
    """What a client sent: it waits, or the server got it last."""

    @property
    def text(self) -> str:
        """What it says, for people."""

    @property
    def operation(self) -> Operation | None:
        """For whom it was written, as far as that is known."""


class Connection(Protocol):
    """A connection of the system to one of its services, at a gate."""

    @property
    def number(self) -> int:
        """Connections of a gate are counted from 1."""

    @property
    def client_pid(self) -> int | None:
        """The process that connected, where that is known."""

    @property
    def pid(self) -> int:
        """The server's process; 0 if there is none for each connection."""

    @property
    def batch(self) -> Parked | None:
        """What the server got last."""

    @property
    def parked(self) -> Parked | None:
        """What waits to be released."""

    @property
    def transaction(self) -> str:
        """I idle, T in a transaction, E in one that has failed."""

    @property
    def owes(self) -> bool:
        """Is a reply of the server's still to come?"""

    @property
    def is_awaited_by_nobody_known(self) -> bool:
        """Does somebody wait for a reply, of whom it is not known for which operation they work?"""

    @property
    def reply_held(self) -> bool:
        """Do bytes wait for the client?"""

    def release(self) -> None:
        """Let the server have what is parked."""

    def hold_reply(self) -> None:
        """Let a reply that comes from now on wait for the client."""

    def deliver(self) -> None:
        """Let the client have the reply."""

    def drop_before(self) -> None:
        """Hang up on both sides: the server never got what is parked."""

    def drop_after(self) -> None:
        """Hang up on both sides once the server is done with what it was sent, what is parked too."""


class AnyGate(Protocol):
    """A gate, as far as it matters here."""

    holding: bool

    @property
    def connections(self) -> Collection[Connection]:
        """The connections, in the order in which they were asked for."""

    @property
    def activity(self) -> int:
        """Grows with all that passes."""

    @property
    def busy(self) -> bool:
        """Is a connection being made, or something about to come?"""

    @property
    def faults(self) -> list[str]:
        """What went wrong at the gate itself."""

    @property
    def problems(self) -> list[str]:
        """That, and what went wrong behind it."""

    @property
    def bypassed(self) -> int:
        """How many connections passed it by, for they kept the loop waiting that it runs on."""


class Gates:
    """Several gates, to which more may come."""

    def __init__(self, *gates: AnyGate) -> None:
        self._gates = list(gates)
        self._holding = False

    def add(self, gate: AnyGate) -> None:
        """From now on it is one of them, and holds as they do."""
        gate.holding = self._holding
        self._gates.append(gate)

    @property
    def holding(self) -> bool:
        """Whether clients are held. Setting it to False lets everything pass that waits."""
        return self._holding

    @holding.setter
    def holding(self, holding: bool) -> None:
        self._holding = holding
        for gate in self._gates:
            gate.holding = holding

    @property
    def connections(self) -> Sequence[Connection]:
        """The connections of each gate, in the order in which they were asked for."""
        return [connection for gate in self._gates for connection in gate.connections]

    @property
    def activity(self) -> int:
        """Grows with all that passes."""
        return sum(gate.activity for gate in self._gates)

    @property
    def busy(self) -> bool:
        """Is a connection being made, or something about to come?"""
        return any(gate.busy for gate in self._gates)

    @property
    def bypassed(self) -> int:
        """How many connections passed them by."""
        return sum(gate.bypassed for gate in self._gates)

    @property
    def problems(self) -> list[str]:
        """What went wrong at the gates or behind them."""
        return [problem for gate in self._gates for problem in gate.problems]

    @property
    def faults(self) -> list[str]:
        """What went wrong at the gates themselves."""
        return [fault for gate in self._gates for fault in gate.faults]
