"""What goes over the wire: JSON requests with an id of the client's choice, their replies, and events.

{"id": 7, "do": "post", "thread": "…", "body": "hello"}  →  {"id": 7, "ok": {"message": 12}}
{"id": 8, "do": "post", "thread": "…", "body": "hello"}  →  {"id": 8, "error": "not found"}
without being asked                                      →  {"event": "message", "thread": "…", …}
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
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


def open_envelope(frame: str | bytes) -> tuple[ClientId, Mapping[str, object]]:
    """The client's id of a request and the rest of it; raises BadRequest if it has no id to answer to."""
    try:
        envelope = json.loads(frame)
    except (ValueError, RecursionError) as unreadable:
        raise BadRequest from unreadable
    if not isinstance(envelope, dict):
        raise BadRequest
    client_id = envelope.pop("id", None)
    if not isinstance(client_id, str | int) or isinstance(client_id, bool):
        raise BadRequest
    return client_id, envelope


def read_request(envelope: Mapping[str, object]) -> Request:
    """The request in an envelope; raises BadRequest."""
    given = dict(envelope)
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
