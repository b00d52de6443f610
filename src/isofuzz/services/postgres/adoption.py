"""A database server that isofuzz was given: the consent to use it, and the runs that do.

Adopting a database writes a *marker* into it and is consent to use its *server*: each run creates a database and
roles of its own beside it and leaves everything else alone. The marker names the server, the database's object id and
its name, so that neither a dump nor a copy of the database carries the consent.
"""

import os
import platform
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg

from isofuzz.errors import ServicesUnavailable, UsageError
from isofuzz.services.postgres.connecting import Connection, connected, quoted, require_postgres, server_version
from isofuzz.services.postgres.roles import drop_run
from isofuzz.services.postgres.url import DatabaseUrl
from isofuzz.services.watchdog import start_identity

_HERE = """
    SELECT system_identifier, (SELECT oid FROM pg_database WHERE datname = current_database()),
           current_database()::text
    FROM pg_control_system()
"""
_ADOPT = f"""
    BEGIN;
    CREATE SCHEMA IF NOT EXISTS isofuzz;
    CREATE TABLE IF NOT EXISTS isofuzz.marker (system_identifier bigint, database_oid oid, database_name text);
    CREATE TABLE IF NOT EXISTS isofuzz.runs (suffix text PRIMARY KEY, made_by text NOT NULL);
    DELETE FROM isofuzz.marker;
    INSERT INTO isofuzz.marker {_HERE};
    COMMIT;
"""  # noqa: S608 - of constants
_LOCK_OF_RUN = "hashtextextended('isofuzz run ' || $1, 0)"
_HOLDER = f"""
    SELECT application_name FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE locktype = 'advisory' AND granted AND objsubid = 1
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND classid::bigint << 32 | objid::bigint = {_LOCK_OF_RUN}
"""  # noqa: S608 - of constants
_LONGEST_NAME = 63
"""Bytes of a client's name that the server keeps."""
_SECONDS_TO_NOTICE = 10
"""How long a start waits for the server to notice that a client has died."""


@dataclass(frozen=True)
class Table:
    """A table of a described database; `rows` is None where this login may not look."""

    name: str
    rows: int | None


@dataclass(frozen=True)
class Description:
    """What is in a database that somebody may be about to adopt."""

    place: str
    version: str
    adopted: bool
    tables: tuple[Table, ...]
    obstacle: str | None = None
    """What keeps a run from using the server even when it is adopted, and what mends that."""


async def describe(database_url: str, *, allow_hosts: Collection[str] = ()) -> Description:
    """What is in the database, changing nothing; raises UsageError and ServicesUnavailable as `adopt` does."""
    url = await _adoptable(database_url, allow_hosts)
    async with connected(url) as connection:
        tables = await connection.fetch(
            """
            SELECT format('%I.%I', n.nspname, c.relname) AS name, has_table_privilege(c.oid, 'SELECT') AS readable
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname <> 'isofuzz'
              AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_toast'
            ORDER BY 1
            """
        )
        counted = [
            Table(name, await connection.fetchval(f"SELECT count(*) FROM ONLY {name}") if readable else None)  # noqa: S608 - quoted by the server
            for name, readable in tables
        ]
        problem = await _problem_with_marker(connection)
        lacking = await _lacking_rights(connection, url)
        return Description(url.place, server_version(connection), problem is None, tuple(counted), lacking)


async def adopt(database_url: str, confirm_name: str, *, allow_hosts: Collection[str] = ()) -> None:
    """Mark the database as isofuzz's own, which is consent to use its server.

    `confirm_name` must be the database's name, typed by a person. Raises UsageError when it is not, or when the
    database is one that must stay neutral (postgres, template*), ServicesUnavailable when it cannot be marked.
    """
    url = await _adoptable(database_url, allow_hosts)
    if confirm_name != url.database:
        raise UsageError(f"The URL's database is {url.database!r}, confirmed was {confirm_name!r}: nothing was changed")
    async with connected(url) as connection:
        await _require_rights(connection, url)
        try:
            await connection.execute(_ADOPT)
        except asyncpg.InsufficientPrivilegeError as error:
            raise ServicesUnavailable(
                f"user {url.user!r} may not create the schema isofuzz in {url.place}:"
                f" GRANT CREATE ON DATABASE {quoted(url.database)} TO {quoted(url.user)}"
            ) from error


@asynccontextmanager
async def registered_run(
    database_url: str, suffix: str, *, allow_hosts: Collection[str] = ()
) -> AsyncIterator[tuple[DatabaseUrl, Connection]]:
    """The adopted database and a connection to it that holds the run `suffix`; what the run made is dropped at the end.

    Drops first what dead runs left. Raises UsageError and ServicesUnavailable.
    """
    url = await _usable(database_url, allow_hosts)
    async with connected(url, application_name=_client_name(os.getpid())) as connection:
        if problem := await _problem_with_marker(connection):
            raise ServicesUnavailable(
                f"{url.place} {problem}, so isofuzz does not use its server."
                " If the server is yours to test on: isofuzz services adopt URL"
            )
        await _require_rights(connection, url)
        await _drop_dead_runs(connection)
        # The lock comes before the row, so that no row of a living run is ever seen unlocked.
        await connection.execute(f"SELECT pg_advisory_lock({_LOCK_OF_RUN})", suffix)
        await connection.execute("INSERT INTO isofuzz.runs VALUES ($1, current_user)", suffix)
        try:
            yield url, connection
        finally:
            if not connection.is_closed():  # else the server went away; the next run drops what is left
                await _end(connection, suffix)


async def _adoptable(database_url: str, allow_hosts: Collection[str]) -> DatabaseUrl:
    url = await _usable(database_url, allow_hosts)
    if url.database == "postgres" or url.database.startswith("template"):
        raise UsageError(
            f"isofuzz does not adopt {url.database!r}, which every server has: create a database of its own for it"
            " (createdb isofuzz; in a compose file POSTGRES_DB: isofuzz) and adopt that"
        )
    return url


async def _usable(database_url: str, allow_hosts: Collection[str]) -> DatabaseUrl:
    url = DatabaseUrl.parse(database_url)
    url.require_near(allow_hosts)
    await require_postgres(url)
    return url


async def _problem_with_marker(connection: Connection) -> str | None:
    try:
        marker = await connection.fetchrow("SELECT * FROM isofuzz.marker")
    except (asyncpg.InvalidSchemaNameError, asyncpg.UndefinedTableError):
        return "was not adopted"
    except asyncpg.InsufficientPrivilegeError:
        return "was adopted by another user"
    if marker is None or marker != await connection.fetchrow(_HERE):
        return "carries the marker of another database, of which it seems to be a copy"
    return None


async def _require_rights(connection: Connection, url: DatabaseUrl) -> None:
    if lacking := await _lacking_rights(connection, url):
        raise ServicesUnavailable(lacking)


async def _lacking_rights(connection: Connection, url: DatabaseUrl) -> str | None:
    """What to grant to the login: a run creates a database and roles, and its reset must see every row."""
    role = await connection.fetchrow(
        "SELECT rolsuper, rolcreatedb, rolcreaterole, rolbypassrls FROM pg_roles WHERE rolname = current_user"
    )
    if role["rolsuper"]:
        return None
    needed = {"rolcreatedb": "CREATEDB", "rolcreaterole": "CREATEROLE", "rolbypassrls": "BYPASSRLS"}
    if missing := [attribute for column, attribute in needed.items() if not role[column]]:
        return (
            f"user {url.user!r} lacks rights that a run needs on its server. As a superuser:"
            f" ALTER ROLE {quoted(url.user)} {' '.join(missing)}"
        )
    return None


async def _drop_dead_runs(connection: Connection) -> None:
    """A run that nobody holds is dead: its lock went with its connection. Other users' runs are theirs to drop."""
    for (suffix,) in await connection.fetch("SELECT suffix FROM isofuzz.runs WHERE made_by = current_user"):
        if await _takes_over(connection, suffix):
            await _end(connection, suffix)


async def _takes_over(connection: Connection, suffix: str) -> bool:
    """Whether the run is dead, and its lock ours now.

    The server notices that a client has died only when it is done with its last statement: making the run's database,
    for example. That is waited for.
    """
    if await connection.fetchval(f"SELECT pg_try_advisory_lock({_LOCK_OF_RUN})", suffix):
        return True
    if not _is_dead(await connection.fetchval(_HOLDER, suffix)):
        return False
    await connection.execute(f"SET lock_timeout = '{_SECONDS_TO_NOTICE}s'")
    try:
        await connection.execute(f"SELECT pg_advisory_lock({_LOCK_OF_RUN})", suffix)
    except asyncpg.LockNotAvailableError:
        return False
    finally:
        await connection.execute("RESET lock_timeout")
    return True


def _client_name(pid: int) -> str:
    """What tells the process that holds a run from every other one, on this machine and elsewhere."""
    return f"{_on_this_machine(pid)}{start_identity(pid)}"[:_LONGEST_NAME]


def _on_this_machine(pid: int) -> str:
    return f"isofuzz {pid} {platform.node()[:20]} "


def _is_dead(holder: str | None) -> bool:
    """Whether the process that holds a run was one of this machine, and is gone."""
    words = (holder or "").split()
    if not holder or len(words) < 2 or not words[1].isdigit():
        return False
    pid = int(words[1])
    return holder.startswith(_on_this_machine(pid)) and holder != _client_name(pid)


async def _end(connection: Connection, suffix: str) -> None:
    await drop_run(connection, suffix)
    await connection.execute("DELETE FROM isofuzz.runs WHERE suffix = $1", suffix)
    await connection.execute(f"SELECT pg_advisory_unlock({_LOCK_OF_RUN})", suffix)
