"""The gate: the system under test connects to it as to Postgres, unchanged, in any language."""

import asyncio
import itertools

from isofuzz.gate.connection import GatedConnection
from isofuzz.gate.doors import ClientDoor, Host
from isofuzz.gate.listening import Listening
from isofuzz.gate.place import Place
from isofuzz.gate.upstream import Upstream

_SECONDS_TO_START = 10.0


class Gate(Listening[GatedConnection]):
    """Stands before a server of Postgres and holds what its clients send, one batch at a time for each connection.

    On a port, a session is refused whose server asks for no password.
    """

    def __init__(self, upstream: Upstream, *, patience: float = _SECONDS_TO_START) -> None:
        """`patience` is how many seconds a client and the server have to start a session."""
        super().__init__()
        self._host = Host(self._ledger, upstream, patience, itertools.count(1))

    def _beyond(self, *, needs_password: bool) -> Place | None:
        return None if needs_password else self._host.upstream

    def _door(self, *, needs_password: bool) -> asyncio.Protocol:
        return ClientDoor(self._host, needs_password=needs_password)
