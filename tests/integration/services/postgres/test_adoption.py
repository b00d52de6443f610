# ruff: noqa: ASYNC110, ASYNC220 - nothing else runs in the event loops of these tests; a server sends no event
import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import asyncpg
import pytest

from isofuzz.errors import IsofuzzError, ServicesUnavailable, UsageError
from isofuzz.services import Sources, Table, adopt, describe, open_services
from isofuzz.services.postgres import connecting
from isofuzz.services.postgres.url import DatabaseUrl


@pytest.fixture
async def adopted(given: Any) -> DatabaseUrl:
    url: DatabaseUrl = await given.database()
    await adopt(str(url), url.database)
    return url


async def reason(url: object, **options: Any) -> str:
    """Why services cannot be opened; never with the password in it."""
    with pytest.raises(IsofuzzError) as caught:
        async with open_services(Sources(database_url=str(url), **options)):
            pass
    assert "hunter2" not in str(caught.value)
    return str(caught.value)


async def test_a_run_makes_its_own_database_beside_the_adopted_one_and_drops_it(
    given: Any, adopted: DatabaseUrl
) -> None:
    before = await given.names()
    async with open_services(Sources(database_url=str(adopted))) as services:
        role = await services.create_role("app")
        assert services.origin == (
            f"Postgres {services.versions['postgres']}, database '{adopted.database}' at {adopted.host}:5432"
            " (URL given)"
        )
        url = DatabaseUrl.parse(role.url)
        assert url.database == f"isofuzz_{services.suffix}"
        connection = await asyncpg.connect(role.url)
        assert await given.names() - before == {url.database, role.name, f"isofuzz_{services.suffix}_owner"}
        assert services.folder.is_dir()

    assert await given.names() == before
    connection.terminate()


async def test_the_adopted_databases_content_is_never_touched(given: Any, adopted: DatabaseUrl) -> None:
    await given.execute(
        "CREATE TABLE public.precious (id int); INSERT INTO public.precious VALUES (1)", adopted.database
    )

    async with open_services(Sources(database_url=str(adopted))) as services:
        await services.baseline()
        await services.reset()

    assert (await describe(str(adopted))).tables == (Table("public.precious", 1),)


async def test_two_runs_on_one_server_do_not_meet(given: Any, adopted: DatabaseUrl) -> None:
    before = await given.names()
    async with (
        open_services(Sources(database_url=str(adopted))) as one,
        open_services(Sources(database_url=str(adopted))) as two,
    ):
        await one.create_role("app")
        await two.create_role("app")
        for services in (one, two):
            connection = await asyncpg.connect(services.database_url)
            await connection.execute("CREATE TABLE t ()")
            await connection.close()

    assert await given.names() == before


SCRIPT = """
import asyncio, sys
from isofuzz.services import Sources, open_services

async def main():
    async with open_services(Sources(database_url=sys.argv[1])) as services:
        await services.create_role("app")
        print(services.suffix, flush=True)
        await asyncio.to_thread(input)

asyncio.run(main())
"""


async def test_what_a_killed_run_left_is_dropped_by_the_next(given: Any, adopted: DatabaseUrl) -> None:
    before = await given.names()
    command = [sys.executable, "-c", SCRIPT, str(adopted)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as script:
        assert script.stdout is not None
        suffix = script.stdout.readline().strip()
        async with open_services(Sources(database_url=str(adopted))):
            assert f"app_{suffix}" in await given.names()  # a living run is left alone
        script.kill()
    await nobody_is_connected_to(given, f"isofuzz_{suffix}")
    assert f"isofuzz_{suffix}" in await given.names()

    async with open_services(Sources(database_url=str(adopted))):
        pass

    assert await given.names() == before


BUSY = SCRIPT.replace("await asyncio.to_thread(input)", "await services._postgres.admin.execute('SELECT pg_sleep(2)')")


async def test_a_run_that_was_killed_in_the_middle_of_a_statement_is_dropped_too(
    given: Any, adopted: DatabaseUrl
) -> None:
    before = await given.names()
    with subprocess.Popen([sys.executable, "-c", BUSY, str(adopted)], stdout=subprocess.PIPE, text=True) as script:
        assert script.stdout is not None
        assert script.stdout.readline()
        await somebody_executes(given, "SELECT pg_sleep(2)")
        script.kill()

    async with open_services(Sources(database_url=str(adopted))):
        pass

    assert await given.names() == before


async def somebody_executes(given: Any, statement: str) -> None:
    query = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query = $1"
    async with connecting.connected(given.superuser_url) as connection, asyncio.timeout(10):
        while not await connection.fetchval(query, statement):
            await asyncio.sleep(0.005)


async def nobody_is_connected_to(given: Any, database: str) -> None:
    """The server notices the death of a client a moment later."""
    async with connecting.connected(given.superuser_url) as connection, asyncio.timeout(10):
        while await connection.fetchval("SELECT count(*) FROM pg_stat_activity WHERE datname = $1", database):
            await asyncio.sleep(0.005)


async def test_adopting_needs_the_databases_name(given: Any) -> None:
    url = await given.database()

    with pytest.raises(UsageError, match="nothing was changed"):
        await adopt(str(url), "fuzz")
    assert not (await describe(str(url))).adopted


@pytest.mark.parametrize("name", ["postgres", "template1", "template_of_ours"])
async def test_a_database_that_every_server_has_is_not_adopted(given: Any, name: str) -> None:
    url = replace(await given.database(), database=name)

    with pytest.raises(UsageError, match="does not adopt"):
        await adopt(str(url), name)


async def test_describing_lists_tables_and_rows(given: Any) -> None:
    url = await given.database("NOSUPERUSER")
    await given.execute(f"CREATE TABLE a (); ALTER TABLE a OWNER TO {url.user}; CREATE TABLE b ()", url.database)
    await given.execute("INSERT INTO a DEFAULT VALUES", url.database)

    description = await describe(str(url))

    assert not description.adopted
    assert description.tables == (Table("public.a", 1), Table("public.b", None))
    assert "hunter2" not in repr(description)


async def test_a_copy_does_not_carry_the_marker(given: Any, adopted: DatabaseUrl) -> None:
    copy = replace(adopted, database=f"{adopted.database}_copy")
    await given.execute(f"CREATE DATABASE {copy.database} TEMPLATE {adopted.database}")

    assert "seems to be a copy" in await reason(copy)
    assert "isofuzz services adopt URL" in await reason(copy)
    await adopt(str(copy), copy.database)
    assert (await describe(str(copy))).adopted
    assert (await describe(str(adopted))).adopted


async def test_a_database_of_the_same_name_made_anew_is_not_adopted(given: Any, adopted: DatabaseUrl) -> None:
    await given.execute(f"ALTER DATABASE {adopted.database} RENAME TO {adopted.database}_old")
    await given.execute(f"CREATE DATABASE {adopted.database} TEMPLATE {adopted.database}_old")

    assert "seems to be a copy" in await reason(adopted)


async def test_a_database_that_was_not_adopted_is_refused(given: Any) -> None:
    assert "was not adopted" in await reason(await given.database())


@pytest.mark.parametrize(
    ("attributes", "mend"),
    [
        ("NOSUPERUSER", "CREATEDB CREATEROLE BYPASSRLS"),
        ("CREATEDB CREATEROLE", "BYPASSRLS"),
        ("CREATEROLE BYPASSRLS", "CREATEDB"),
    ],
)
async def test_missing_rights_are_named_with_what_mends_them(given: Any, attributes: str, mend: str) -> None:
    url = await given.database(attributes)
    with pytest.raises(ServicesUnavailable, match=f'ALTER ROLE "{url.user}" {mend}$'):
        await adopt(str(url), url.database)

    await given.execute(f"ALTER ROLE {url.user} {mend}")
    await adopt(str(url), url.database)
    async with open_services(Sources(database_url=str(url))):
        pass
    await given.execute(f"ALTER ROLE {url.user} NOBYPASSRLS")
    assert f'ALTER ROLE "{url.user}" BYPASSRLS' in await reason(url)


async def test_a_wrong_password_is_said_without_showing_it(adopted: DatabaseUrl) -> None:
    assert f"refuses user '{adopted.user}'" in await reason(replace(adopted, password="hunter2-wrong"))


async def test_a_missing_database_is_said(adopted: DatabaseUrl) -> None:
    assert "'no_such' at" in await reason(replace(adopted, database="no_such"))
    assert "does not exist" in await reason(replace(adopted, database="no_such"))


async def test_a_missing_socket_is_said(adopted: DatabaseUrl) -> None:
    assert "nothing listens there" in await reason(replace(adopted, host="/tmp/no-such-folder"))


async def test_an_old_server_is_refused(adopted: DatabaseUrl, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connecting, "_OLDEST", 99)

    assert "needs 99 or newer" in await reason(adopted)


async def test_a_foreign_host_is_not_even_connected_to() -> None:
    assert "--allow-host db.example.org" in await reason("postgresql://ann:hunter2@db.example.org/fuzz")


async def test_an_unreachable_port_is_said() -> None:
    server = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()

    assert "nothing listens there" in await reason(f"postgresql://ann:hunter2@127.0.0.1:{port}/fuzz")


@asynccontextmanager
async def listening(answer: bytes | None) -> AsyncIterator[str]:
    """Something that is not Postgres: answers anything with `answer`, or never, or (empty) hangs up."""
    writers = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        await reader.read(1)
        if answer is not None:
            writer.write(answer)
            await writer.drain()
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"postgresql://ann:hunter2@127.0.0.1:{port}/fuzz"
    finally:
        for writer in writers:
            writer.close()
        server.close()
        await server.wait_closed()


@pytest.mark.parametrize("options", ["", "?sslmode=disable"])
@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"SSH-2.0-x\r\n", b"", b"\0" * 64])
async def test_what_does_not_speak_postgres_is_said(answer: bytes, options: str) -> None:
    async with listening(answer) as url:
        assert "does not speak Postgres" in await reason(url + options)


@pytest.mark.parametrize("options", ["", "?sslmode=disable"])
async def test_a_silent_listener_is_waited_for_only_so_long(options: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert connecting._SECONDS_TO_CONNECT <= 5
    monkeypatch.setattr(connecting, "_SECONDS_TO_CONNECT", 0.2)

    async with listening(None) as url:
        assert "answered within" in await reason(url + options)
