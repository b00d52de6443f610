"""isofuzz: property-based isolation fuzzing. What is exported here is the public API; everything else may change."""

from typing import TYPE_CHECKING

from isofuzz.errors import (
    CaseUnreadable,
    InfrastructureError,
    IsofuzzError,
    ServicesUnavailable,
    SystemDown,
    TargetMistake,
    UsageError,
)
from isofuzz.target.base import Role, Services, Target, operation
from isofuzz.target.things import (
    All,
    Audience,
    Ends,
    Grants,
    Invites,
    Key,
    Name,
    News,
    Own,
    Query,
    Record,
    Refused,
    Reply,
    Revokes,
    Secret,
    Session,
    Socket,
    Some,
    Subscription,
    Thing,
    Thread,
    User,
)
from isofuzz.target.websocket import WebSocket

if TYPE_CHECKING:
    from isofuzz.pytest_plugin import isolation_test

__all__ = [
    "All",
    "Audience",
    "CaseUnreadable",
    "Ends",
    "Grants",
    "InfrastructureError",
    "Invites",
    "IsofuzzError",
    "Key",
    "Name",
    "News",
    "Own",
    "Query",
    "Record",
    "Refused",
    "Reply",
    "Revokes",
    "Role",
    "Secret",
    "Services",
    "ServicesUnavailable",
    "Session",
    "Socket",
    "Some",
    "Subscription",
    "SystemDown",
    "Target",
    "TargetMistake",
    "Thing",
    "Thread",
    "UsageError",
    "User",
    "WebSocket",
    "isolation_test",
    "operation",
]


def __getattr__(name: str) -> object:
    """`isolation_test`, when it is asked for: it belongs to the pytest plugin, and most imports need no pytest."""
    if name == "isolation_test":
        from isofuzz.pytest_plugin import isolation_test

        return isolation_test
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
