"""A gate before each Valkey or Redis that the system asks for."""

from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from pathlib import Path

from isofuzz.errors import UsageError
from isofuzz.gate.gates import Gates
from isofuzz.gate.uncontrolled import Uncontrolled
from isofuzz.gate.valkey import ValkeyGate, ValkeyPlace
from isofuzz.services.valkey.connecting import valkey_connected
from isofuzz.services.valkey.url import ValkeyUrl


class ValkeyDoors:
    """Puts a gate before a Valkey that the system asks for. `stack` closes what that opens."""

    def __init__(self, folder: Path, gates: Gates, uncontrolled: Uncontrolled, stack: AsyncExitStack) -> None:
        self._folder = folder
        self._gates = gates
        self._uncontrolled = uncontrolled
        self._stack = stack
        self._doors = 0

    async def __call__(self, url: ValkeyUrl) -> ValkeyUrl:
        """What the system is to connect to; the server itself if that is spoken to with TLS.

        Raises ServicesUnavailable when the server cannot be reached.
        """
        if url.tls:
            self._uncontrolled.always("what is said to Valkey: it is spoken to with TLS")
            return url
        client, _ = await self._stack.enter_async_context(valkey_connected(url))
        gate = ValkeyGate(ValkeyPlace(url.host, url.port or 0), client.ping)
        self._stack.push_async_callback(gate.close)
        door = await self._listen(gate, url)
        self._gates.add(gate)
        return door

    async def _listen(self, gate: ValkeyGate, url: ValkeyUrl) -> ValkeyUrl:
        if not url.is_socket:
            with suppress(UsageError):  # the server lets in whoever comes; the gate must not
                return replace(url, host="127.0.0.1", port=await gate.listen_tcp())
        self._doors += 1
        path = self._folder / f"valkey.{self._doors}"
        await gate.listen_unix(path)
        return replace(url, host=str(path), port=None)
