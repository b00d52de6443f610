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
from isofuzz.target.base import Database, Process, Role, Services, Stored, Target, operation
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

if TYPE_CHECKING:
    from isofuzz.pytest_plugin import assert_isolated, by_hand, isolation_story, isolation_test
    from isofuzz.runs.by_hand import HistoryByHand
    from isofuzz.target.http import Http, HttpAnswer, HttpRefused, HttpUnexpected
    from isofuzz.target.websocket import WebSocket

__all__ = [
    "All",
    "Audience",
    "CaseUnreadable",
    "Database",
    "Ends",
    "Grants",
    "HistoryByHand",
    "Http",
    "HttpAnswer",
    "HttpRefused",
    "HttpUnexpected",
    "InfrastructureError",
    "Invites",
    "IsofuzzError",
    "Key",
    "Name",
    "News",
    "Own",
    "Process",
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
    "Stored",
    "Subscription",
    "SystemDown",
    "Target",
    "TargetMistake",
    "Thing",
    "Thread",
    "UsageError",
    "User",
    "WebSocket",
    "assert_isolated",
    "by_hand",
    "isolation_story",
    "isolation_test",
    "operation",
]


def __getattr__(name: str) -> object:
    """What belongs to the pytest plugin or to a client, when it is asked for: most imports need none of these."""
    if name in ("assert_isolated", "by_hand", "isolation_story", "isolation_test"):
        from isofuzz import pytest_plugin

        return getattr(pytest_plugin, name)
    if name == "HistoryByHand":
        from isofuzz.runs.by_hand import HistoryByHand

        return HistoryByHand
    if name in ("Http", "HttpAnswer", "HttpRefused", "HttpUnexpected"):
        from isofuzz.target import http

        return getattr(http, name)
    if name == "WebSocket":
        from isofuzz.target.websocket import WebSocket

        return WebSocket
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
