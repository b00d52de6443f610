"""SQLAlchemy on both drivers and psql, unchanged, through a gate that holds nothing and one that holds for a moment."""

import asyncio
import os

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import create_async_engine
from tests.integration.gate.conftest import Gated

from isofuzz.services.postgres.binaries import find_postgres
from isofuzz.services.server_user import server_user


@pytest.mark.parametrize("driver", ["asyncpg", "psycopg"])
async def test_sqlalchemy(either: Gated, driver: str) -> None:
    url = str(either.url).replace("postgresql:", f"postgresql+{driver}:")
    engine = create_async_engine(url, pool_size=2, pool_pre_ping=True)

    async def use(number: int) -> int:
        async with engine.begin() as connection:
            found: int = (await connection.execute(text("SELECT CAST(:n AS int)"), {"n": number})).scalar_one()
            return found

    try:
        assert await asyncio.gather(*(use(number) for number in range(10))) == list(range(10))
        async with engine.connect() as connection:
            await connection.execute(text("CREATE TEMP TABLE note (id int PRIMARY KEY)"))
            await connection.commit()
            await connection.execute(text("INSERT INTO note VALUES (:id)"), [{"id": 1}, {"id": 2}])
            with pytest.raises(IntegrityError):
                await connection.execute(text("INSERT INTO note VALUES (1)"))
            await connection.rollback()
            assert (await connection.execute(text("SELECT count(*) FROM note"))).scalar_one() == 0
    finally:
        await engine.dispose()
    assert not [text for text in either.released if "version" in text or "schema" in text or "ROLLBACK" in text]


SCRIPT = r"""
\set ON_ERROR_STOP on
CREATE TEMP TABLE note (id int, body text);
\copy note FROM PROGRAM 'printf "1\tone\n2\ttwo\n"'
\d note
BEGIN; UPDATE note SET body = 'three' WHERE id = 2; COMMIT;
\copy (SELECT * FROM note ORDER BY id) TO STDOUT
SELECT 1 \; SELECT 2;
SELECT $1::int + 1 AS sum \bind 41 \g
"""


@pytest.mark.parametrize("encryption", ["sslmode=prefer", "gssencmode=prefer"])
async def test_psql(either: Gated, encryption: str) -> None:
    psql = find_postgres(server_user()).programs / "psql"
    process = await asyncio.create_subprocess_exec(
        *(psql, f"{either.url}&{encryption}", "--no-psqlrc", "--quiet", "--file=-"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
    )
    output, _ = await process.communicate(SCRIPT.encode())
    assert process.returncode == 0, output.decode()
    assert b"1\tone\n2\tthree\n" in output
    assert b" sum \n-----\n  42\n" in output
    assert b'Table "pg_temp' in output
