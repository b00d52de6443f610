"""What the catalogue says of the database's policies, and of what could lead around them."""

from collections.abc import Callable, Collection, Sequence

from isofuzz.oracles.posture import Definer, Kin, Posture, Role, Sibling, Table, View
from isofuzz.services.postgres.connecting import Connection
from isofuzz.services.postgres.pooled import looking_on
from isofuzz.services.postgres.reset_sql import FIRST_USER_OID

# ruff: noqa: S608 - these statements are written here, all of them

_OF_THE_USER = """
    NOT EXISTS (SELECT FROM pg_namespace n WHERE n.oid = {schema}
                AND (n.nspname IN ('pg_catalog', 'information_schema', 'isofuzz') OR n.nspname ~ '^pg_(toast|temp)'))
    AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.objid = {oid} AND e.classid = '{catalogue}'::regclass
                    AND e.deptype = 'e')
"""
_RELATION_OF_THE_USER = _OF_THE_USER.format(schema="c.relnamespace", oid="c.oid", catalogue="pg_class")
_FUNCTION_OF_THE_USER = _OF_THE_USER.format(schema="p.pronamespace", oid="p.oid", catalogue="pg_proc")

_COMMON = f"""
WITH RECURSIVE connected AS (
    SELECT oid, rolname FROM pg_roles WHERE oid IN (
        SELECT usesysid FROM pg_stat_activity
        -- Of other roles' connections an administrator who is no superuser may not be told the type.
        WHERE datname = current_database() AND coalesce(backend_type, 'client backend') = 'client backend'
          AND NOT pid = ANY ($1::int[]))
),
relation AS (
    SELECT c.oid, c.oid::regclass::text AS name, c.relkind AS kind, c.relrowsecurity AS enabled,
           c.relforcerowsecurity AS forced, c.relowner AS owner, c.reloptions AS options,
           c.relrowsecurity OR EXISTS (SELECT FROM pg_policy WHERE polrelid = c.oid) AS protected,
           ARRAY(SELECT r.rolname FROM connected r
                 WHERE has_schema_privilege(r.oid, c.relnamespace, 'USAGE')
                   AND has_any_column_privilege(r.oid, c.oid, 'SELECT') ORDER BY 1)::text[] AS read_by
    FROM pg_class c
    WHERE c.oid >= {FIRST_USER_OID} AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND {_RELATION_OF_THE_USER}
),
shows (view, shown) AS (
    SELECT DISTINCT w.ev_class, d.refobjid FROM pg_rewrite w
    JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid
    WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid <> w.ev_class
)
"""

_ROLES = (
    _COMMON
    + """
SELECT r.rolname::text AS name, r.rolsuper AS superuser, r.rolbypassrls AS bypasses,
       EXISTS (SELECT FROM connected c WHERE c.oid = r.oid) AS connected,
       ARRAY(SELECT o.rolname FROM pg_roles o WHERE o.oid IN (SELECT owner FROM relation WHERE protected)
             AND pg_has_role(r.oid, o.oid, 'USAGE'))::text[] AS rights_of
FROM pg_roles r
WHERE r.oid IN (SELECT oid FROM connected UNION SELECT owner FROM relation UNION SELECT proowner FROM pg_proc)
ORDER BY name
"""
)
_TABLES = (
    _COMMON
    + """
SELECT name, (SELECT rolname FROM pg_roles WHERE oid = owner)::text AS owner, enabled, forced, read_by
FROM relation WHERE protected ORDER BY name
"""
)
_VIEWS = (
    _COMMON
    + """,
above (view, top) AS (
    SELECT oid, oid FROM relation WHERE kind = 'v'
    UNION SELECT above.view, shows.view FROM above JOIN shows ON shown = top
)
SELECT v.name, (SELECT rolname FROM pg_roles WHERE oid = v.owner)::text AS owner,
       EXISTS (SELECT FROM pg_options_to_table(v.options)
               WHERE option_name = 'security_invoker' AND option_value::boolean) AS invoker,
       ARRAY(SELECT t.name FROM shows JOIN relation t ON t.oid = shown WHERE view = v.oid AND t.protected
             ORDER BY 1) AS shows,
       ARRAY(SELECT DISTINCT reader FROM above JOIN relation a ON a.oid = top, unnest(a.read_by) AS reader
             WHERE above.view = v.oid ORDER BY 1) AS read_by
FROM relation v
WHERE v.kind = 'v' AND EXISTS (SELECT FROM shows JOIN relation t ON t.oid = shown WHERE view = v.oid AND t.protected)
ORDER BY v.name
"""
)
_DEFINERS = (
    _COMMON
    + f"""
SELECT p.oid::regprocedure::text AS name, (SELECT rolname FROM pg_roles WHERE oid = p.proowner)::text AS owner,
       ARRAY(SELECT r.rolname FROM connected r WHERE has_schema_privilege(r.oid, p.pronamespace, 'USAGE')
             AND has_function_privilege(r.oid, p.oid, 'EXECUTE') ORDER BY 1)::text[] AS called_by
FROM pg_proc p
WHERE p.prosecdef AND p.prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype)
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_policy'::regclass
                  AND d.refclassid = 'pg_proc'::regclass AND d.refobjid = p.oid)
  AND {_FUNCTION_OF_THE_USER}
ORDER BY name
"""
)
# An owner's column is one that a policy compares with a function's value, and that is not unique: that would be the
# row's own name.
_SIBLINGS = (
    _COMMON
    + """,
part (relation, of) AS (
    SELECT i.inhrelid, i.inhparent FROM pg_inherits i JOIN relation t ON t.oid = i.inhparent WHERE t.protected
    UNION SELECT i.inhrelid, part.of FROM part JOIN pg_inherits i ON i.inhparent = part.relation
),
whole (relation, of) AS (
    SELECT i.inhparent, i.inhrelid FROM pg_inherits i JOIN relation t ON t.oid = i.inhrelid WHERE t.protected
    UNION SELECT i.inhparent, whole.of FROM whole JOIN pg_inherits i ON i.inhrelid = whole.relation
),
shown (relation, of) AS (
    SELECT s.view, s.shown FROM shows s JOIN relation t ON t.oid = s.shown WHERE t.protected
    UNION SELECT s.view, shown.of FROM shown JOIN shows s ON s.shown = shown.relation
),
owning (of, name, type) AS (
    SELECT DISTINCT p.polrelid, a.attname, a.atttypid
    FROM pg_policy p JOIN pg_attribute a ON a.attrelid = p.polrelid AND a.attnum > 0 AND NOT a.attisdropped,
         unnest(ARRAY[pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)]) AS said
    WHERE a.attname ~ '^\\w+$' AND a.atttypid <> 'boolean'::regtype
      AND said ~ ('(^|[^.\\w])"?' || a.attname
                  || '"?\\)?(::[a-z ]+)? = \\(*( SELECT )?\\(*("?[\\w".]+\\(|CURRENT_USER|SESSION_USER)')
      AND NOT EXISTS (SELECT FROM pg_index x WHERE x.indrelid = p.polrelid AND x.indisunique
                      AND x.indnkeyatts = 1 AND x.indkey[0] = a.attnum)
),
kin (relation, kind, of, named) AS (
    SELECT relation, 'PART', of, NULL FROM part
    UNION ALL SELECT relation, 'WHOLE', of, NULL FROM whole
    UNION ALL SELECT relation, 'COPY', of, NULL FROM shown JOIN relation c ON c.oid = relation AND c.kind = 'm'
    UNION ALL SELECT conrelid, 'REFERRING', confrelid, NULL FROM pg_constraint WHERE contype = 'f'
    UNION ALL SELECT a.attrelid, 'ALIKE', o.of, o.name FROM owning o
        JOIN pg_attribute a ON a.attname = o.name AND a.atttypid = o.type AND NOT a.attisdropped
)
SELECT r.name, k.kind, t.name AS table, coalesce(k.named, '')::text AS column, r.read_by
FROM kin k JOIN relation r ON r.oid = k.relation JOIN relation t ON t.oid = k.of
WHERE t.protected AND NOT r.protected AND r.kind IN ('r', 'p', 'm', 'f') AND cardinality(r.read_by) > 0
ORDER BY r.name, array_position(ARRAY['PART', 'WHOLE', 'COPY', 'REFERRING', 'ALIKE'], k.kind), t.name, 4
"""
)


async def read_posture(observer: Connection, own: Collection[int], plain: Callable[[str], str]) -> Posture:
    """The posture of the database, for the roles that are connected to it now other than by isofuzz's `own` backends.

    If none is, only the tables with policies are told. `plain` is what to call a role. Raises InfrastructureError if
    the database cannot be read.
    """

    def plainly(names: Sequence[str]) -> tuple[str, ...]:
        return tuple(map(plain, names))

    with looking_on():
        tables = tuple(
            Table(each["name"], plain(each["owner"]), each["enabled"], each["forced"], plainly(each["read_by"]))
            for each in await observer.fetch(_TABLES, own)
        )
        roles = await observer.fetch(_ROLES, own) if tables else []
        connected = plainly([each["name"] for each in roles if each["connected"]])
        if not connected:
            return Posture(tables)
        views, definers, siblings = [await observer.fetch(query, own) for query in (_VIEWS, _DEFINERS, _SIBLINGS)]
    return Posture(
        tables=tables,
        connected=connected,
        roles=tuple(
            Role(plain(each["name"]), each["superuser"], each["bypasses"], frozenset(plainly(each["rights_of"])))
            for each in roles
        ),
        views=tuple(
            View(each["name"], plain(each["owner"]), tuple(each["shows"]), each["invoker"], plainly(each["read_by"]))
            for each in views
        ),
        definers=tuple(Definer(each["name"], plain(each["owner"]), plainly(each["called_by"])) for each in definers),
        siblings=tuple(
            Sibling(each["name"], Kin[each["kind"]], each["table"], each["column"], plainly(each["read_by"]))
            for each in siblings
        ),
    )
