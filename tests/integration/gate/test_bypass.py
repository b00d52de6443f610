"""A synchronous driver on the gate's own loop: it would wait for ever for a gate that waits for it."""

import asyncpg
import psycopg
from tests.integration.gate.conftest import Gated


async def test_who_keeps_the_loop_waiting_is_let_past_the_gate(gated: Gated) -> None:
    with psycopg.connect(str(gated.url)) as blocking:
        assert blocking.execute("SELECT 7").fetchone() == (7,)
        assert blocking.execute("SELECT repeat('x', 1000000)").fetchone() == ("x" * 1_000_000,)
    assert gated.gate.bypassed == 1
    assert not gated.gate.connections


async def test_who_waits_as_one_should_is_not(gated: Gated) -> None:
    for _ in range(3):
        client = await asyncpg.connect(str(gated.url))
        assert await client.fetchval("SELECT 7") == 7
        await client.close()
    assert gated.gate.bypassed == 0


async def test_it_hangs_up_when_the_gate_closes(gated: Gated) -> None:
    blocking = psycopg.connect(str(gated.url))
    await gated.gate.close()
    try:
        blocking.execute("SELECT 7")
    except psycopg.OperationalError:
        return
    finally:
        blocking.close()
    raise AssertionError("the connection is still there")
