"""What a client says before it is heard is not lost, however it is cut."""

import asyncio
import itertools
import os
import sys

import pytest
from tests.integration.gate.conftest import Gated
from tests.integration.gate.raw import STARTUP, query, raw

from isofuzz.gate.connection import GatedConnection
from isofuzz.gate.doors import ClientDoor, Host
from isofuzz.gate.ledger import Ledger
from isofuzz.gate.upstream import Upstream
from isofuzz.services.folders import RunFolder
from isofuzz.services.postgres.url import DatabaseUrl


class Cutting(ClientDoor):
    """A door to which a loop hands out one byte after the other of what it has read at once."""

    def data_received(self, data: bytes) -> None:
        for at in range(len(data)):
            super().data_received(data[at : at + 1])


@pytest.mark.parametrize("door", [ClientDoor, Cutting])
async def test_a_client_that_does_not_wait_for_its_session(
    login: DatabaseUrl, folder: RunFolder, door: type[ClientDoor]
) -> None:
    ledger: Ledger[GatedConnection] = Ledger()
    path = folder.path / "socket"
    host = Host(ledger, Upstream.at(login.host, login.port), 10, itertools.count(1))
    async with await asyncio.get_running_loop().create_unix_server(lambda: door(host, needs_password=False), str(path)):
        async with raw(path) as client:
            client.send(STARTUP + query("SELECT 1"))
            await client.until(b"Z")
            assert [kind for kind, _ in await client.until(b"Z")] == [b"T", b"D", b"C", b"Z"]
            (connection,) = ledger.connections.values()
            assert not connection.owes
        while ledger.open:
            ledger.all_closed.clear()
            await ledger.all_closed.wait()
    assert ledger.problems == []


async def test_a_client_that_goes_while_the_server_is_dialled(gated: Gated) -> None:
    async with raw(gated.socket) as client:
        client.send(STARTUP)
        await gated.until(lambda: gated.gate.connections)
        assert gated.gate.busy
    await gated.until(lambda: not gated.gate.connections)
    assert not gated.gate.busy


async def test_who_comes_through_a_socket_is_known(gated: Gated) -> None:
    script = f"""
import socket
with socket.socket(socket.AF_UNIX) as client:
    client.connect({str(gated.socket)!r})
    client.send({STARTUP!r})
    client.recv(1)
"""
    other = await asyncio.create_subprocess_exec(sys.executable, "-ISc", script)
    await gated.until(lambda: gated.gate.connections)
    (theirs,) = gated.gate.connections
    assert theirs.client_pid == other.pid
    await other.wait()
    await gated.until(lambda: not gated.gate.connections)
    async with raw(gated.socket) as client:
        client.send(STARTUP)
        await client.until(b"Z")
        (ours,) = gated.gate.connections
        assert ours.client_pid == os.getpid()
