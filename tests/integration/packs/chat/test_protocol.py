import json

import pytest
from tests.integration.packs.chat.conftest import Connect

pytestmark = pytest.mark.asyncio(loop_scope="session")

UNREADABLE = [
    "",
    "{",
    "null",
    "[]",
    "7",
    '"ping"',
    "{}",
    '{"do": "ping"}',
    '{"id": null, "do": "ping"}',
    '{"id": true, "do": "ping"}',
    '{"id": 1.5, "do": "ping"}',
    '{"id": {}, "do": "ping"}',
    "[" * 100_000,
    "1" * 5_000,
    b"\xff\xfe",
]
MALFORMED: list[dict[str, object]] = [
    {},
    {"do": None},
    {"do": ["ping"]},
    {"do": "sudo"},
    {"do": "Ping"},
    {"do": "__class__"},
    {"do": "ping", "more": 1},
    {"do": "post"},
    {"do": "post", "thread": 7, "body": "x"},
    {"do": "post", "thread": None, "body": "x"},
    {"do": "post", "thread": "none", "body": 7},
    {"do": "post", "body": "x\0y", "thread": "7d1f0c5e-9d0a-4c53-9e0b-0a3f6f1f2b11"},
    {"do": "post", "body": "\ud800", "thread": "7d1f0c5e-9d0a-4c53-9e0b-0a3f6f1f2b11"},
    {"do": "post", "body": "x" * 8001, "thread": "7d1f0c5e-9d0a-4c53-9e0b-0a3f6f1f2b11"},
    {"do": "history", "thread": ["7d1f0c5e-9d0a-4c53-9e0b-0a3f6f1f2b11"]},
    {"do": "edit_message", "thread": "none", "message": "1", "body": "x"},
    {"do": "edit_message", "thread": "none", "message": True, "body": "x"},
    {"do": "edit_message", "thread": "none", "message": 1.0, "body": "x"},
    {"do": "edit_message", "message": 1, "body": "x"},
    {"do": "history", "thread": "none", "after": "1"},
    {"do": "share", "thread": "none", "members": "none", "title": "x"},
    {"do": "share", "thread": "none", "members": [7], "title": "x"},
    {"do": "share", "thread": "none", "members": ["none"] * 101, "title": "x"},
    {"do": "share", "thread": "none", "members": [], "title": None},
    {"do": "quote", "thread": "none", "message": 1, "author": None, "body": "x"},
    {"do": "open_thread", "slug": ""},
    {"do": "open_thread", "slug": "\0"},
    {"do": "open_thread", "slug": "x" * 201},
    {"do": "open_thread", "slug": "x", "title": None},
    {"do": "open_thread", "slug": "x", "owner": "someone"},
    {"do": "search", "text": "\0"},
    {"do": "set_about", "about": {}},
    {"do": "sign_in", "name": ""},
    {"do": "sign_in", "name": "a\0"},
    {"do": "resume", "token": 7},
]


@pytest.mark.parametrize("frame", UNREADABLE)
async def test_a_frame_that_is_no_request_is_answered(connect: Connect, frame: str | bytes) -> None:
    ann = await connect("ann")
    assert await ann.raw(frame) == {"id": None, "error": "bad request"}
    assert await ann.ok("ping") == {}


@pytest.mark.parametrize("fields", MALFORMED)
async def test_a_malformed_request_is_answered_by_its_id(connect: Connect, fields: dict[str, object]) -> None:
    ann = await connect("ann")
    assert await ann.raw(json.dumps({"id": "mine", **fields})) == {"id": "mine", "error": "bad request"}
    assert await ann.ok("ping") == {}


@pytest.mark.parametrize("client_id", [0, -1, 2**70, "", "é\0\ud800", "x" * 1000])
async def test_a_reply_carries_the_id_of_its_request(connect: Connect, client_id: str | int) -> None:
    ann = await connect("ann")
    assert await ann.raw(json.dumps({"id": client_id, "do": "ping"})) == {"id": client_id, "ok": {}}


@pytest.mark.parametrize(
    "text", ["", " ", "x" * 8000, "\U0001f600" * 2000, "\r\n\t\x01\x7f", "\u202e\ufeff", "é\u0301"]
)
async def test_texts_come_back_as_they_were_sent(connect: Connect, text: str) -> None:
    ann = await connect("ann")
    thread = await ann.open_thread("plans")
    await ann.ok("subscribe", thread=thread)
    await ann.post(thread, text)
    assert await ann.history(thread) == await ann.events() == [text]
