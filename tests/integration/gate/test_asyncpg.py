"""asyncpg, unchanged, through a gate that holds nothing and one that holds everything for a moment."""

from collections.abc import AsyncIterator

import asyncpg
import pytest
from tests.integration.gate.conftest import Gated

from isofuzz.services.postgres.connecting import Connection


@pytest.fixture
async def client(either: Gated) -> AsyncIterator[Connection]:
    connection = await asyncpg.connect(str(either.url))
    try:
        yield connection
    finally:
        await connection.close()


async def test_queries_with_and_without_parameters(client: Connection) -> None:
    assert await client.fetchval("SELECT 1") == 1
    for number in range(3):
        assert await client.fetchval("SELECT $1::int + 1", number) == number + 1
    assert await client.execute("SELECT 1; SELECT 2") == "SELECT 1"
