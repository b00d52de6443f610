"""Posture: whom the database's policies do not bind, and what leads around them.

Judged from the catalogue alone, so it is known before anything leaks. Where no table has a policy there is nothing to
go around.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from isofuzz.oracles.hazard import Hazard, HazardKind

_NAMED = 3
"""So many names are written out where there are more."""


@dataclass(frozen=True)
class Role:
    """A role of the server; `rights_of` are the owners of protected tables whose rights it has, itself among them."""

    name: str
    superuser: bool = False
    bypasses: bool = False
    rights_of: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Table:
    """A table that has policies: `enabled` says whether they apply, `forced` whether also to its owner.

    `read_by` are the roles, of those as which the system is connected, that may read it.
    """

    name: str
    owner: str
    enabled: bool = True
    forced: bool = True
    read_by: tuple[str, ...] = ()


@dataclass(frozen=True)
class View:
    """A view, `shows` the protected tables that it reads itself; `read_by` also counts who reads it through others."""

    name: str
    owner: str
    shows: tuple[str, ...]
    invoker: bool = False
    read_by: tuple[str, ...] = ()


@dataclass(frozen=True)
class Definer:
    """A function that runs with the rights of its owner, whoever calls it; policies do not call it themselves."""

    name: str
    owner: str
    called_by: tuple[str, ...] = ()


class Kin(Enum):
    """How a relation without row security is related to a table that has policies. The value says it in words."""

    PART = "holds rows of `{table}`, the policies of which do not apply to it"
    WHOLE = "shows the rows of `{table}` without its policies"
    COPY = "is a materialised view with rows of `{table}`, and no policy can apply to it"
    REFERRING = "refers to `{table}`, which has policies, and has none itself"
    ALIKE = "has `{column}`, by which the policies of `{table}` tell whose a row is, and has no policies itself"


@dataclass(frozen=True)
class Sibling:
    """A relation without row security that holds what belongs to the rows of a protected `table`."""

    name: str
    kin: Kin
    table: str
    column: str = ""
    read_by: tuple[str, ...] = ()


@dataclass(frozen=True)
class Posture:
    """What the catalogue says: the tables with policies, and all that could lead around these.

    `connected` names the roles as which the system is connected; `roles` holds these and every owner.
    """

    tables: tuple[Table, ...] = ()
    connected: tuple[str, ...] = ()
    roles: tuple[Role, ...] = ()
    views: tuple[View, ...] = ()
    definers: tuple[Definer, ...] = ()
    siblings: tuple[Sibling, ...] = ()


def posture_hazards(posture: Posture) -> Iterator[Hazard]:
    """Each role that policies do not bind, and each thing that leads around them; nothing without a policy."""
    return (Hazard(HazardKind.POSTURE, subject, sentence) for subject, sentence in _Judged(posture).all())


class _Judged:
    """One posture; what is found is a subject and a sentence on it."""

    def __init__(self, posture: Posture) -> None:
        self._posture = posture
        self._roles = {role.name: role for role in posture.roles}
        self._applying = [table for table in posture.tables if table.enabled]

    def all(self) -> Iterator[tuple[str, str]]:
        if not self._posture.tables:
            return
        for name in self._posture.connected:
            yield from self._role(self._roles[name])
        for table in self._posture.tables:
            yield from self._table(table)
        for view in self._posture.views:
            yield from self._view(view)
        for definer in self._posture.definers:
            yield from self._definer(definer)
        yield from self._siblings()

    def _role(self, role: Role) -> Iterator[tuple[str, str]]:
        if role.superuser:
            yield role.name, f"`{role.name}` is a superuser, so no policy binds it: connect the system as a plain role"
        elif role.bypasses:
            yield role.name, f"no policy binds `{role.name}`: ALTER ROLE {role.name} NOBYPASSRLS"
        elif free := self._not_binding(role, self._applying):
            owns = "owns" if any(table.owner == role.name for table in free) else "has the rights of the owner of"
            sentence = (
                f"`{role.name}` {owns} {_named([table.name for table in free])}, so the policies there do not bind"
            )
            mend = "ALTER TABLE … FORCE ROW LEVEL SECURITY, or connect the system as another role"
            yield role.name, f"{sentence} it: {mend}"

    def _table(self, table: Table) -> Iterator[tuple[str, str]]:
        if not table.enabled and (readers := self._ordinary(table.read_by)):
            sentence = f"the policies of `{table.name}` do not apply, and {_named(readers)} may read all of it"
            yield table.name, f"{sentence}: ALTER TABLE {table.name} ENABLE ROW LEVEL SECURITY"

    def _view(self, view: View) -> Iterator[tuple[str, str]]:
        shown = [table for table in self._applying if table.name in view.shows]
        free = self._not_binding(self._roles[view.owner], shown)
        readers = self._ordinary(view.read_by)
        if free and readers and not view.invoker:
            tables = _named([table.name for table in free])
            sentence = f"`{view.name}` shows {tables} to {_named(readers)} with the rights of `{view.owner}`"
            mend = f"ALTER VIEW {view.name} SET (security_invoker = true)"
            yield view.name, f"{sentence}, whom the policies there do not bind: {mend}"

    def _definer(self, definer: Definer) -> Iterator[tuple[str, str]]:
        free = self._not_binding(self._roles[definer.owner], self._applying)
        callers = self._ordinary(definer.called_by)
        if free and callers:
            sentence = f"`{definer.name}` runs for {_named(callers)} with the rights of `{definer.owner}`"
            whom = f"whom the policies of {_named([table.name for table in free])} do not bind"
            yield definer.name, f"{sentence}, {whom}: make it SECURITY INVOKER, or revoke EXECUTE on it"

    def _siblings(self) -> Iterator[tuple[str, str]]:
        told: set[str] = set()
        for sibling in self._posture.siblings:
            readers = self._ordinary(sibling.read_by)
            if readers and sibling.name not in told:
                told.add(sibling.name)
                what = sibling.kin.value.format(table=sibling.table, column=sibling.column)
                copy = sibling.kin is Kin.COPY
                mend = "revoke SELECT on it" if copy else "ENABLE ROW LEVEL SECURITY on it, or revoke SELECT"
                yield sibling.name, f"`{sibling.name}` {what}; {_named(readers)} may read all of it: {mend}"

    def _not_binding(self, role: Role, tables: Collection[Table]) -> list[Table]:
        """The tables whose policies do not apply to the role."""
        anyway = role.superuser or role.bypasses
        return [table for table in tables if anyway or (not table.forced and table.owner in role.rights_of)]

    def _ordinary(self, roles: Collection[str]) -> list[str]:
        """The roles less superusers: of these it is said already that nothing binds them."""
        return [name for name in roles if not self._roles[name].superuser]


def _named(names: Sequence[str]) -> str:
    """The names as in a sentence: the first few, and how many more there are."""
    more = len(names) - _NAMED
    return ", ".join(f"`{name}`" for name in names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
