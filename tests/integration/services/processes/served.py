"""A server to be started as a process: `served.py PORT [--plain]`. What it does, it is told by the paths it is asked.

It does not use SO_REUSEADDR if it is `--plain`.
"""

import json
import os
import signal
import socket
import sys
from pathlib import Path

asked: list[str] = []


def answer(path: str) -> tuple[int, object]:
    """The status and what is in the body."""
    asked.append(path)
    match path.strip("/").split("/"):
        case ["warming"]:
            return (200 if asked.count(path) > 2 else 503), "warm"
        case ["status", status]:
            return int(status), "as told"
        case ["about"]:
            return 200, {
                "pid": os.getpid(),
                "cwd": str(Path.cwd()),
                "arguments": sys.argv[1:],
                "environment": dict(os.environ),
                "session": os.getsid(0),
                "input": sys.stdin.read(),
            }
        case ["exit", code]:
            sys.stdout.write("connected to postgresql://app:hunter2@localhost/app\nthe last words\n")
            os._exit(int(code))
        case ["end", name]:
            os.kill(os.getpid(), signal.Signals[name])
    return 404, "not here"


def main() -> None:
    """Serve one request after the other."""
    listener = socket.socket()
    if "--plain" not in sys.argv:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", int(sys.argv[1])))
    listener.listen()
    sys.stdout.write(f"listening on {sys.argv[1]}\n")
    while True:
        connection, _ = listener.accept()
        with connection:
            request = connection.recv(65536).decode()
            if request:
                status, body = answer(request.split()[1])
                content = json.dumps(body)
                head = f"HTTP/1.1 {status} Told\r\nContent-Length: {len(content)}\r\nConnection: close\r\n\r\n"
                connection.sendall((head + content).encode())


if __name__ == "__main__":
    main()
