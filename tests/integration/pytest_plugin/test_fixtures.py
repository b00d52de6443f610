"""The fixtures for tests written by hand, in a project whose warnings are errors."""

from pathlib import Path
from typing import Any

import pytest
from tests.integration.pytest_plugin.conftest import processes_in

Pytest = Any

DATABASE = """
import pytest
from sqlalchemy import text

@pytest.mark.asyncio
@pytest.mark.parametrize("turn", [1, 2])
async def test_each_finds_the_database_as_it_was(isofuzz_database, turn):
    await isofuzz_database.execute(text("CREATE TABLE room (name text)"))
    await isofuzz_database.execute(text("INSERT INTO room VALUES ('plans')"))
    await isofuzz_database.commit()
    await isofuzz_database.execute(text("INSERT INTO room VALUES ('more')"))
    await isofuzz_database.rollback()
    assert (await isofuzz_database.scalars(text("SELECT name FROM room"))).all() == ["plans"]

@pytest.mark.asyncio
async def test_after_a_failed_statement(isofuzz_database):
    with pytest.raises(Exception, match="does not exist"):
        await isofuzz_database.execute(text("SELECT * FROM nowhere"))
"""
SERVICES = """
import asyncio, os, sys
from urllib.error import URLError
from urllib.request import urlopen
import asyncpg, pytest, valkey

@pytest.fixture(scope="session")
def url(isofuzz_services):
    return isofuzz_services.database_url

async def one(url):
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval("SELECT 1")
    finally:
        await connection.close()

def test_synchronous(isofuzz_services, url):
    assert asyncio.run(one(url)) == 1
    assert isofuzz_services.origin.startswith("Postgres ")
    assert set(isofuzz_services.versions) == {"postgres"}, "nobody has asked for Valkey"
    assert isofuzz_services.database_available and isofuzz_services.valkey_available
    assert isofuzz_services.folder.is_dir()
    print(repr(isofuzz_services))
    assert url not in repr(isofuzz_services)

@pytest.mark.asyncio
async def test_pytest_asyncio(url):
    assert await one(url) == 1

@pytest.mark.anyio
async def test_anyio(url):
    assert await one(url) == 1

@pytest.fixture
def anyio_backend():
    return "asyncio"

def test_valkey(isofuzz_services):
    client = valkey.from_url(isofuzz_services.valkey_url)
    assert client.ping()
    client.close()
    assert set(isofuzz_services.versions) == {"postgres", "valkey"}

def test_a_role(isofuzz_services):
    assert asyncio.run(one(isofuzz_services.create_role("app").url)) == 1

def test_a_process(isofuzz_services):
    command = (sys.executable, "-m", "http.server", "--bind", "127.0.0.1", "{port}")
    web = isofuzz_services.process(*command, ready="http://127.0.0.1:{port}/", cwd=isofuzz_services.folder)
    url, pid = f"http://127.0.0.1:{web.port}/", web.pid
    with urlopen(url) as page:
        assert page.status == 200
    web.restart()
    assert web.pid != pid
    with urlopen(url) as page:
        assert page.status == 200
    web.stop()
    with pytest.raises(URLError):
        urlopen(url)

def test_a_process_that_does_not_come_up(isofuzz_services):
    with pytest.raises(pytest.fail.Exception, match="made of glass"):
        isofuzz_services.process(sys.executable, "-c", "exit('made of glass')", ready="http://127.0.0.1:{port}/")
"""
SOCKETS = """
import asyncio, pytest, pytest_asyncio
from websockets.asyncio.server import serve

@pytest.fixture
def all_sent():
    return asyncio.Event()

@pytest_asyncio.fixture
async def url(all_sent):
    async def answer(connection):
        await connection.send('{"n": 1}')
        await connection.send('{"n": 2, "user": "%s"}' % connection.request.headers["X-User"])
        async for message in connection:
            if message == '"end"':
                return
            await connection.send(message)
            if message == '{"n": 4}':
                for n in range(5, 50):
                    await connection.send('{"n": %d}' % n)
                all_sent.set()
    async with serve(answer, "127.0.0.1", 0) as server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        assert not server.connections

@pytest.mark.asyncio
async def test_events(url, all_sent, isofuzz_sockets):
    client = await isofuzz_sockets(url, **{"X-User": "ann"})
    assert await client.event(lambda event: event["n"] == 2) == {"n": 2, "user": "ann"}
    assert await client.event() == {"n": 1}, "the first that was recorded"
    await client.send({"n": 3})
    assert await client.event(lambda event: event["n"] == 3) == {"n": 3}
    await client.send({"n": 4})
    await all_sent.wait()
    await client.barrier()
    assert [event["n"] for event in client.events] == list(range(1, 50))
    assert await client.ask({"n": 50}, until=lambda frame: frame["n"] == 50) == {"n": 50}
    assert {"n": 50} not in client.events
    other = await isofuzz_sockets(url, **{"X-User": "eve"})
    await other.close()

@pytest.mark.asyncio
async def test_it_ends(url, isofuzz_sockets):
    client = await isofuzz_sockets(url, **{"X-User": "ann"})
    await client.send("end")
    await client.event(lambda event: event["n"] == 9)

@pytest.mark.asyncio
async def test_it_never_comes(url, isofuzz_sockets):
    client = await isofuzz_sockets(url, **{"X-User": "ann"})
    await client.event(lambda event: event["n"] == 2)
    await client.event(lambda event: event["n"] == 9, within=0.01)
"""
ENVIRONMENT = """
import os

def test_it_is_changed(isofuzz_environment):
    os.environ["KEPT"] = "changed by the code under test"
    isofuzz_environment.set("ADDED", "1")
    isofuzz_environment.delete("HOME")
    isofuzz_environment.delete("NEVER_SET")
    assert os.environ["ADDED"] == "1"
    isofuzz_environment.keep_only("PATH")
    assert set(os.environ) == {"PATH"}

def test_it_is_as_it_was():
    assert os.environ["KEPT"] == "as it was"
    assert "ADDED" not in os.environ
    assert "HOME" in os.environ
"""


@pytest.mark.parametrize("mode", ["strict", "auto"])
def test_a_database_session_that_leaves_nothing(run_pytest: Pytest, mode: str) -> None:
    done = run_pytest(DATABASE, "-o", f"asyncio_mode={mode}")

    assert "3 passed" in done.stdout, done.stdout + done.stderr


def test_services_for_tests_of_every_kind(run_pytest: Pytest) -> None:
    done = run_pytest(SERVICES, "-s")

    assert "7 passed" in done.stdout, done.stdout + done.stderr
    assert "<isofuzz_services: Postgres " in done.stdout


def test_one_set_of_services_for_each_worker_and_nothing_is_left(
    run_pytest: Pytest, tmp_path: Path, temporary: Path
) -> None:
    (tmp_path / "seen").mkdir()
    done = run_pytest(
        """
import os, pathlib
import pytest
from memory import Notes

@pytest.mark.parametrize("turn", range(6))
def test_services(isofuzz_services, turn):
    pathlib.Path("seen", os.environ["PYTEST_XDIST_WORKER"] + "-" + isofuzz_services.suffix).touch()

TestNotes = isolation_test(Notes)
TestAgain = isolation_test(Notes)
""",
        "-n",
        "2",
        TMPDIR=str(temporary),
    )

    assert "8 passed" in done.stdout, done.stdout + done.stderr
    seen = [path.name.split("-") for path in (tmp_path / "seen").iterdir()]
    assert len({suffix for _, suffix in seen}) == len({worker for worker, _ in seen}) == len(seen) == 2
    assert not list(temporary.glob("isofuzz-*"))
    assert not processes_in(temporary)


def test_sockets_record_what_they_get(run_pytest: Pytest) -> None:
    done = run_pytest(SOCKETS)

    assert "2 failed, 1 passed" in done.stdout, done.stdout + done.stderr
    assert "no such event came before the connection ended. Received, in order:" in done.stdout
    assert "no such event came within 0.01 s. Received, in order:" in done.stdout
    assert "  1. {'n': 1}\n" in done.stdout
    assert "  2. {'n': 2, 'user': 'ann'}\n" in done.stdout


def test_environment_variables_are_put_back(run_pytest: Pytest) -> None:
    done = run_pytest(ENVIRONMENT, KEPT="as it was")

    assert "2 passed" in done.stdout, done.stdout + done.stderr


class TestMissing:
    """Only what was switched off by name is skipped."""

    SOURCE = (
        DATABASE
        + """
def test_database(isofuzz_services):
    assert not isofuzz_services.database_available
    isofuzz_services.database_url
def test_valkey(isofuzz_services):
    isofuzz_services.valkey_url
"""
    )

    def test_what_is_switched_off_is_skipped_and_the_reason_says_by_what(self, run_pytest: Pytest) -> None:
        done = run_pytest(self.SOURCE, "-rs", "--isofuzz-database-url", "off", ISOFUZZ_VALKEY_URL="off")

        assert "5 skipped" in done.stdout, done.stdout + done.stderr
        assert "Postgres is switched off by --isofuzz-database-url" in done.stdout
        assert "Valkey is switched off by ISOFUZZ_VALKEY_URL" in done.stdout

    def test_the_other_one_still_works(self, run_pytest: Pytest) -> None:
        done = run_pytest(self.SOURCE, "-k", "test_valkey", "--isofuzz-database-url", "off")

        assert "1 passed" in done.stdout, done.stdout + done.stderr

    def test_anything_else_that_is_missing_is_an_error(self, run_pytest: Pytest) -> None:
        done = run_pytest(DATABASE, "--isofuzz-database-url", "postgresql://ann:hunter2@127.0.0.1:1/team")

        assert "3 errors" in done.stdout, done.stdout + done.stderr
        assert "Cannot connect to database 'team' at 127.0.0.1:1: nothing listens there" in done.stdout
        assert "hunter2" not in done.stdout

    def test_pytest_asyncio_is_asked_for_by_name(self, run_pytest: Pytest, tmp_path: Path) -> None:
        (tmp_path / "pytest_asyncio.py").write_text("raise ImportError('as if it were not there')")
        done = run_pytest(
            "def test_it(isofuzz_database): ...\ndef test_that(isofuzz_sockets): ...\ndef test_other(): ...",
            "-o",
            "addopts=-p no:asyncio",
            "-W",
            "ignore",
            PYTHONPATH=str(tmp_path),
        )

        assert "1 passed, 2 errors" in done.stdout, done.stdout + done.stderr
        assert "the fixture isofuzz_database needs pytest-asyncio: pip install pytest-asyncio" in done.stdout
