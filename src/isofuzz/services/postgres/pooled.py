"""What is asked of a connection in the system's pool: what on it is not as its login made it."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import asyncpg

from isofuzz.errors import InfrastructureError
from isofuzz.services.postgres.connecting import Connection, literal

_CUSTOM_NAME = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+", re.ASCII)
_READS_A_SETTING = r"(?:current_setting|set_config)\s*\(\s*''([^'']+)''"

# No colon, percent sign or question mark is in it: some drivers take these for their own.
_QUESTION = """
SELECT cast(pg_catalog.jsonb_build_object(
  'pid', pg_catalog.pg_backend_pid(),
  'began', cast(extract(epoch FROM pg_catalog.now()) * 1000000 AS bigint),
  'role', current_user,
  'login', (SELECT rolname FROM pg_catalog.pg_roles WHERE oid = (
              SELECT usesysid FROM pg_catalog.pg_stat_get_activity(pg_catalog.pg_backend_pid()))),
  'settings', (SELECT pg_catalog.jsonb_object_agg(name, setting) FROM pg_catalog.pg_settings
               WHERE source = 'session' AND setting IS DISTINCT FROM reset_val
                 AND name <> 'application_name' AND pg_catalog.left(name, 12) <> 'transaction_'),
  'custom', (SELECT pg_catalog.jsonb_object_agg(name, pg_catalog.current_setting(name, true))
             FROM pg_catalog.unnest(cast(ARRAY[{names}] AS text[])) AS named (name)
             WHERE pg_catalog.current_setting(name, true) <> ''),
  'tables', (SELECT pg_catalog.jsonb_agg(relname) FROM pg_catalog.pg_class
             WHERE relnamespace = pg_catalog.pg_my_temp_schema() AND relkind IN ('r', 'p', 'v')),
  'locks', (SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_array(
              cast(classid AS bigint), cast(objid AS bigint), objsubid))
            FROM pg_catalog.pg_locks WHERE locktype = 'advisory' AND granted AND pid = pg_catalog.pg_backend_pid())
) AS text)
"""

_CUSTOM_SETTINGS = f"""
    WITH source (text) AS (
        SELECT prosrc FROM pg_proc
        UNION ALL SELECT pg_get_function_sqlbody(oid) FROM pg_proc WHERE prosqlbody IS NOT NULL
        UNION ALL SELECT pg_get_expr(polqual, polrelid) FROM pg_policy
        UNION ALL SELECT pg_get_expr(polwithcheck, polrelid) FROM pg_policy
        UNION ALL SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef
        UNION ALL SELECT pg_get_viewdef(oid) FROM pg_class WHERE relkind IN ('v', 'm') AND oid >= 16384
    )
    SELECT DISTINCT lower(found[1]) AS name
    FROM source, regexp_matches(source.text, '{_READS_A_SETTING}', 'gi') AS found
    WHERE source.text IS NOT NULL AND lower(found[1]) NOT IN (SELECT lower(name) FROM pg_settings)
    ORDER BY name
"""  # noqa: S608 - it is all written here


async def custom_settings(observer: Connection) -> list[str]:
    """The settings of the application's own that policies, functions, views and defaults of the database read.

    The server has no list of them. Raises InfrastructureError if the database cannot be read.
    """
    with looking_on():
        rows = await observer.fetch(_CUSTOM_SETTINGS)
    return [name for (name,) in rows if _CUSTOM_NAME.fullmatch(name)]


async def server_clock(observer: Connection) -> int:
    """The time of the server in microseconds; raises InfrastructureError if it cannot be asked."""
    with looking_on():
        [row] = await observer.fetch("SELECT cast(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint)")
    return int(row[0])


def question(settings: Sequence[str]) -> str:
    """A query that returns the state of the connection that it is run on, as JSON in one text; see `_QUESTION`.

    `began` is when the transaction began in which it runs, in microseconds; `custom` has those of `settings` that are
    neither unset nor empty, for a setting that held until the end of a transaction stays behind empty. Left out is what
    kind of transaction the query itself runs in, and how the application calls itself: that changes nothing for others.
    """
    return _QUESTION.strip().format(names=", ".join(map(literal, settings)))


@contextmanager
def looking_on() -> Iterator[None]:
    """Raises InfrastructureError in place of what a connection raises that only looks on."""
    try:
        yield
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        raise InfrastructureError(f"The run's database could not be looked into: {error}") from error
