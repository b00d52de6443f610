"""The SQL of a reset: one function in the run's database, written for the tables that are there.

A function, because its statements are planned once and it takes one round trip.
"""

# ruff: noqa: S608 - the names in these statements come from the catalog, quoted by the server

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from isofuzz.services.postgres.connecting import Connection, literal

FIRST_USER_OID = 16384  # everything below came with the server

_RELATIONS = f"""
    oid >= {FIRST_USER_OID} AND relkind IN ('r', 'm') AND relpersistence <> 't'
    AND relnamespace <> 'isofuzz'::regnamespace
"""
OPEN_TRANSACTIONS = """
    FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
      AND xact_start IS NOT NULL
"""


@dataclass(frozen=True)
class Relation:
    """A table (or a partition, which holds the rows of its parent) or a materialized view of the user's."""

    oid: int
    name: str
    """With its schema, quoted."""
    columns: tuple[str, ...]
    """Quoted; without generated columns, which nobody can write."""
    triggers: tuple[tuple[str, bool], ...]
    """Those that would run on a change: quoted name, and whether it is an ALWAYS trigger."""
    is_view: bool
    is_populated: bool

    @property
    def kept(self) -> str:
        """The name of the table that keeps its baseline rows."""
        return f"isofuzz.kept_{self.oid}"


async def user_relations(connection: Connection) -> list[Relation]:
    """All user tables and materialized views, in the order of their creation."""
    rows = await connection.fetch(
        f"""
        SELECT oid, format('%I.%I', (SELECT nspname FROM pg_namespace n WHERE n.oid = relnamespace), relname) AS name,
               ARRAY(SELECT format('%I', attname) FROM pg_attribute
                     WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
                     ORDER BY attnum) AS columns,
               ARRAY(SELECT format('%I', tgname) FROM pg_trigger
                     WHERE tgrelid = c.oid AND NOT tgisinternal AND tgenabled = 'O') AS triggers,
               ARRAY(SELECT format('%I', tgname) FROM pg_trigger
                     WHERE tgrelid = c.oid AND NOT tgisinternal AND tgenabled = 'A') AS always_triggers,
               relkind = 'm' AS is_view, relispopulated AS is_populated
        FROM pg_class c WHERE {_RELATIONS} ORDER BY oid
        """
    )
    return [
        Relation(
            row["oid"],
            row["name"],
            tuple(row["columns"]),
            (*((name, False) for name in row["triggers"]), *((name, True) for name in row["always_triggers"])),
            row["is_view"],
            row["is_populated"],
        )
        for row in rows
    ]


async def keep_rows(connection: Connection, table: Relation) -> int:
    """Copy the rows of `table` aside; returns how many there are."""
    columns = ", ".join(table.columns)
    status = await connection.execute(f"CREATE TABLE {table.kept} AS SELECT {columns} FROM ONLY {table.name}")
    return int(status.split()[-1])  # SELECT 3


def restoring_function(relations: Sequence[Relation], kept: Mapping[int, int], *, replica: bool) -> str:
    """`isofuzz.restore(thorough, alone)`, which empties all tables and puts the kept rows back.

    `kept` says how many rows of which table (by oid) are kept. The function answers `done`; or `busy` without doing
    anything, if it was to run `alone` and some other transaction is open; or `changed` without doing anything, if
    there are other tables now; or `dirty`, if the tables are not as they should be afterwards. Without `replica`,
    triggers are switched off one by one, and `thorough` is the only way, because deleting would check foreign keys.
    """
    tables = [relation for relation in relations if not relation.is_view]
    restored = [table for table in tables if kept.get(table.oid)]
    views = [relation for relation in relations if relation.is_view]
    truncate = _truncate(tables)
    empty = ["IF thorough THEN", *truncate, "ELSE", *map(_delete, tables), "END IF;"] if replica else truncate
    changes = [*empty, *_insert(restored), "SET CONSTRAINTS ALL IMMEDIATE;"]
    if not replica:
        changes = [*_triggers(tables, on=False), *changes, *_triggers(tables, on=True)]
    body = [
        f"IF alone AND EXISTS (SELECT {OPEN_TRANSACTIONS}) THEN RETURN 'busy'; END IF;",
        f"IF ARRAY(SELECT oid FROM pg_class WHERE {_RELATIONS} ORDER BY oid) <> {_oids(relations)} THEN",
        "RETURN 'changed'; END IF;",
        *changes,
        *map(_refresh, views),
        f"IF {_differs(tables, kept)} THEN RETURN 'dirty'; END IF;",
        "RETURN 'done';",
    ]
    text = literal("\n".join(["BEGIN", *body, "END"]))
    return (
        "CREATE OR REPLACE FUNCTION isofuzz.restore(thorough boolean, alone boolean) RETURNS text"
        f" LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS {text}"
    )


def differing(relations: Sequence[Relation], kept: Mapping[int, int]) -> str:
    """A query for the names of the tables that do not have as many rows as were kept of them."""
    return " UNION ALL ".join(
        f"SELECT {literal(table.name)} WHERE {_differs([table], kept)}" for table in relations if not table.is_view
    )


def _oids(relations: Sequence[Relation]) -> str:
    return "'{" + ",".join(str(relation.oid) for relation in relations) + "}'::oid[]"


def _truncate(tables: Sequence[Relation]) -> list[str]:
    return [f"TRUNCATE {', '.join(f'ONLY {table.name}' for table in tables)};"] if tables else []


def _delete(table: Relation) -> str:
    return f"DELETE FROM ONLY {table.name};"


def _insert(tables: Sequence[Relation]) -> list[str]:
    """Put the kept rows back in one statement, after which foreign keys between them hold, even in a circle."""
    inserts = []
    for table in tables:
        columns = ", ".join(table.columns)
        target = f"{table.name} ({columns})" if columns else table.name
        inserts.append(f"INSERT INTO {target} OVERRIDING SYSTEM VALUE SELECT {columns} FROM {table.kept}")
    if not inserts:
        return []
    *others, last = inserts
    common = ", ".join(f"part_{number} AS ({insert})" for number, insert in enumerate(others))
    return [f"WITH {common} {last};" if common else f"{last};"]


def _triggers(tables: Sequence[Relation], *, on: bool) -> list[str]:
    return [
        f"ALTER TABLE {table.name} {_switch(on=on, always=always)} TRIGGER {trigger};"
        for table in tables
        for trigger, always in table.triggers
    ]


def _switch(*, on: bool, always: bool) -> str:
    if not on:
        return "DISABLE"
    return "ENABLE ALWAYS" if always else "ENABLE"


def _refresh(view: Relation) -> str:
    return f"REFRESH MATERIALIZED VIEW {view.name}{'' if view.is_populated else ' WITH NO DATA'};"


def _differs(tables: Sequence[Relation], kept: Mapping[int, int]) -> str:
    checks = [
        f"(SELECT count(*) FROM ONLY {table.name}) <> {rows}"
        if (rows := kept.get(table.oid))
        else f"EXISTS (SELECT FROM ONLY {table.name})"
        for table in tables
    ]
    return " OR ".join(checks) or "false"
