"""The operating system user that Postgres runs as: it refuses root, so root lends it an unprivileged one."""

import os
import pwd
from dataclasses import dataclass
from typing import TypedDict

from isofuzz.errors import ServicesUnavailable

_UNPRIVILEGED = ("isofuzz", "postgres", "nobody")


class _RunAs(TypedDict, total=False):
    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True)
class ServerUser:
    """Who runs Postgres, and whether that is somebody else than who runs isofuzz."""

    name: str
    uid: int
    gid: int

    @property
    def is_other(self) -> bool:
        return self.uid != os.geteuid()

    @property
    def owner(self) -> tuple[int, int] | None:
        """What a folder must be given to so that the server owns it; None when it does already."""
        return (self.uid, self.gid) if self.is_other else None

    @property
    def run_as(self) -> _RunAs:
        """Arguments of `subprocess` that start a process as this user."""
        return _RunAs(user=self.uid, group=self.gid, extra_groups=[]) if self.is_other else _RunAs()


def current_user() -> str:
    """The name of the user who runs isofuzz; raises ServicesUnavailable when the user id has none."""
    uid = os.geteuid()
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        raise ServicesUnavailable(
            f"user id {uid} has no name on this machine, and Postgres does not start without one: add it to /etc/passwd"
        ) from None


def server_user() -> ServerUser:
    """The current user, or for root the first existing of isofuzz, postgres, nobody."""
    if os.geteuid() != 0:
        return ServerUser(current_user(), os.geteuid(), os.getegid())
    for name in _UNPRIVILEGED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return ServerUser(entry.pw_name, entry.pw_uid, entry.pw_gid)
    raise ServicesUnavailable(
        "isofuzz runs as root, Postgres refuses root, and there is no user isofuzz, postgres or nobody to run it as:"
        " add one (useradd --system isofuzz) or run isofuzz as another user"
    )
