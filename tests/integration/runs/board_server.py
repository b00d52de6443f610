"""A board of notes behind HTTP: `board_server.py PORT`. With DIES_AT=n it ends at the n-th note."""

import json
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

people: dict[str, str] = {}
rooms: list[tuple[str, list[str]]] = []
written = 0


class Handler(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """Read a room, or nothing."""
        match self.parts():
            case ["rooms", room]:
                self.with_room(room, lambda notes: notes)
            case _:
                self.answer(404, None)

    def do_POST(self) -> None:
        """Do something."""
        global written
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", "0"))) or "null")
        match self.parts():
            case ["forget"]:
                people.clear()
                rooms.clear()
                self.answer(200, None)
            case ["people", name]:
                self.answer(200, None, f"person={people.setdefault(name, str(len(people)))}; Path=/")
            case ["rooms"]:
                rooms.append((self.person(), []))
                self.answer(201, {"id": len(rooms) - 1})
            case ["rooms", room]:
                written += 1
                if str(written) == os.environ.get("DIES_AT"):
                    sys.stderr.write(f"no memory left for {os.environ['DATABASE_URL']}\n")
                    os._exit(9)
                self.with_room(room, lambda notes: notes.append(body))

    def parts(self) -> list[str]:
        """The path."""
        return [unquote(part) for part in self.path.split("/")[1:]]

    def person(self) -> str:
        """Who asks."""
        return self.headers.get("Cookie", "").removeprefix("person=")

    def with_room(self, room: str, act: Any) -> None:
        """Let its owner at the notes of a room."""
        if room.isdecimal() and int(room) < len(rooms) and rooms[int(room)][0] == self.person():
            self.answer(200, act(rooms[int(room)][1]))
        else:
            self.answer(404, {"detail": "no such room"})

    def answer(self, status: int, body: object, cookie: str | None = None) -> None:
        """Send it."""
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        if cookie:
            self.send_header("Set-Cookie", cookie)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments: object) -> None:
        """Say nothing of requests."""


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
