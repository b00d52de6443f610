"""The database and roles of one run: made for it alone, named by its suffix, dropped with it."""

import base64
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, field

from isofuzz.errors import UsageError
from isofuzz.services.postgres.connecting import Connection, literal, quoted
from isofuzz.services.postgres.url import DatabaseUrl

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_SCRAM_ITERATIONS = 4096
"""What Postgres uses; some clients refuse fewer. A random password would not need any."""


@dataclass(frozen=True)
class Role:
    """A login of the run: a plain role without any right but those that it is granted."""

    name: str
    url: str = field(repr=False)
    """A postgresql:// URL of the run's database, with the role's password."""


def new_suffix() -> str:
    """What tells this run's database and roles from those of every other run on the server."""
    return secrets.token_hex(5)


def database_name(suffix: str) -> str:
    """The name of the run's database."""
    return f"isofuzz_{suffix}"


def owner_name(suffix: str) -> str:
    """The name of the role that owns the run's database."""
    return f"isofuzz_{suffix}_owner"


def role_name(name: str, suffix: str) -> str:
    """The server-wide name of the run's role `name`; raises UsageError when that cannot be a name."""
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name!r} cannot name a role: use a to z, 0 to 9 and _, 40 at most, a letter first")
    return f"{name}_{suffix}"


def plain_name(full_name: str, suffix: str) -> str:
    """A role as a person calls it: the same in every run. Roles that are not the run's own keep their names."""
    return full_name.replace(f"_{suffix}", "")


async def create_database(admin: Connection, suffix: str, server: DatabaseUrl, spare: str | None) -> Role:
    """Make the run's database and the role that owns it.

    It is the database `spare`, which is empty, or a copy of the server's `template1`.
    """
    name = quoted(database_name(suffix))
    owner = await create_login(admin, owner_name(suffix), server.with_database(database_name(suffix)))
    if spare is None:
        await admin.execute(f"CREATE DATABASE {name} OWNER {quoted(owner.name)}")
    else:
        await admin.execute(f"ALTER DATABASE {quoted(spare)} RENAME TO {name}")
        await admin.execute(f"ALTER DATABASE {name} OWNER TO {quoted(owner.name)}")
    return owner


async def create_login(admin: Connection, name: str, database: DatabaseUrl) -> Role:
    """Create a plain login role with a random password; the administrator becomes a member of it.

    Membership is what lets an administrator who is no superuser reset the tables that the role makes.
    """
    password = secrets.token_urlsafe(24)
    # The verifier, not the password: a statement may end up in the server's log.
    await admin.execute(f"CREATE ROLE {quoted(name)} LOGIN PASSWORD {literal(_scram_verifier(password))}")
    await admin.execute(f"GRANT {quoted(name)} TO CURRENT_USER")
    return Role(name, str(database.with_login(name, password)))


async def let_act_as(admin: Connection, member: str, role: Role) -> None:
    """Let the role `member` take `role` on with SET ROLE; until it does, it has none of that role's rights."""
    await admin.execute(f"ALTER ROLE {quoted(member)} NOINHERIT")
    await admin.execute(f"GRANT {quoted(role.name)} TO {quoted(member)}")


async def drop_run(admin: Connection, suffix: str) -> None:
    """Drop a run's database, whoever is connected to it, and its roles; what is not there is passed over."""
    await admin.execute(f"DROP DATABASE IF EXISTS {quoted(database_name(suffix))} WITH (FORCE)")
    roles = await admin.fetch(
        "SELECT rolname FROM pg_roles WHERE rolname = $1 OR right(rolname, length($2)) = $2",
        owner_name(suffix),
        f"_{suffix}",
    )
    for (role,) in roles:
        await admin.execute(f"DROP ROLE IF EXISTS {quoted(role)}")


def _scram_verifier(password: str) -> str:
    """What Postgres stores for `password` (RFC 5803)."""
    salt = secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, _SCRAM_ITERATIONS)
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    stored_key = hashlib.sha256(client_key).digest()
    server_key = hmac.digest(salted, b"Server Key", "sha256")
    shown = [base64.b64encode(part).decode() for part in (salt, stored_key, server_key)]
    return f"SCRAM-SHA-256${_SCRAM_ITERATIONS}:{shown[0]}${shown[1]}:{shown[2]}"
