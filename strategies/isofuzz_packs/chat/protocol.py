"""What goes over the wire: JSON requests with an id of the client's choice, their replies, and events.

{"id": 7, "do": "post", "thread": "…", "body": "hello"}  →  {"id": 7, "ok": {"message": 12}}
{"id": 8, "do": "post", "thread": "…", "body": "hello"}  →  {"id": 8, "error": "not found"}
{"id": 9, "do": "search", "text": "hello"}, {"cancel": 9}  →  {"id": 9, "error": "cancelled"}
without being asked                                      →  {"event": "message", "thread": "…", …}

A request that cannot be cancelled any more is answered as if nobody had asked for that.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any, Literal, TypeAlias, get_args, get_type_hints
from uuid import UUID

from isofuzz_packs.chat.refusals import BadRequest
from isofuzz_packs.chat.requests import Request

ClientId: TypeAlias = str | int | None
"""The id that a reply carries; none when the request's own could not be read."""


def _wire_name(request: type) -> str:
    """`OpenThread` is asked for as `open_thread`."""
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in request.__name__).lstrip("_")


def _checks_of(request: type) -> dict[str, Callable[[object], Any]]:
    hints = get_type_hints(request, include_extras=True)
    return {name: annotation.__metadata__[0] for name, annotation in hints.items()}


_REQUESTS: dict[str, type[Request]] = {_wire_name(request): request for request in get_args(Request)}
_CHECKS = {request: _checks_of(request) for request in _REQUESTS.values()}
_REQUIRED = {
    request: {field.name for field in fields(request) if field.default is MISSING} for request in _REQUESTS.values()
}


@dataclass(frozen=True)
class Envelope:
    """A request that has not been read yet, and the client's id of it."""

    client_id: ClientId
    fields: Mapping[str, object]


@dataclass(frozen=True)
class Cancellation:
    """The client's wish not to have the request of that id done any more."""

    client_id: ClientId


def open_frame(frame: str | bytes) -> Envelope | Cancellation:
    """What a client sent; raises BadRequest if it has no id to answer to."""
    try:
        fields = json.loads(frame)
    except (ValueError, RecursionError) as unreadable:
        raise BadRequest from unreadable
    if not isinstance(fields, dict):
        raise BadRequest
    if fields.keys() == {"cancel"}:
        return Cancellation(_client_id(fields["cancel"]))
    return Envelope(_client_id(fields.pop("id", None)), fields)


def _client_id(value: object) -> ClientId:
    if not isinstance(value, str | int) or isinstance(value, bool):
        raise BadRequest
    return value


def read_request(envelope: Envelope) -> Request:
    """The request in an envelope; raises BadRequest."""
    given = dict(envelope.fields)
    do = given.pop("do", None)
    request = _REQUESTS.get(do) if isinstance(do, str) else None
    if request is None:
        raise BadRequest
    checks = _CHECKS[request]
    if not _REQUIRED[request] <= given.keys() <= checks.keys():
        raise BadRequest
    return request(**{name: checks[name](value) for name, value in given.items()})


def reply(client_id: ClientId, ok: Mapping[str, object]) -> str:
    """The frame that says what was done."""
    return json.dumps({"id": client_id, "ok": ok})


def error_reply(client_id: ClientId, error: str) -> str:
    """The frame that says why nothing was done."""
    return json.dumps({"id": client_id, "error": error})


def event(kind: Literal["message", "edit", "deleted", "joined", "renamed"], thread: UUID, **told: object) -> str:
    """The frame that is pushed when something happens in a thread."""
    return json.dumps({"event": kind, "thread": str(thread), **told})
