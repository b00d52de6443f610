"""A way past a gate for who would wait for ever: a synchronous driver on the loop that the gate itself runs on.

It connects and blocks, and with it the loop on which its connection would be let in. So a thread looks whether the loop
still answers when somebody knocks, and if it does not, lets them in itself: byte by byte, with nothing held.
"""

import select
import socket
import threading
from asyncio import AbstractEventLoop
from contextlib import suppress

from isofuzz.gate.place import Place

_PATIENCE = 0.3
"""Seconds that a loop may take to answer before it counts as blocked."""
_READ = 64 * 1024


class Bypass:
    """Watches over a listening socket of the loop's; `connections` counts those that were let past the gate."""

    def __init__(self, loop: AbstractEventLoop, listening: socket.socket, place: Place) -> None:
        self.connections = 0
        self._loop = loop
        self._listening = listening.dup()  # the loop closes its own when it likes
        self._place = place
        self._waker, self._wakened = socket.socketpair()
        self._open: list[socket.socket] = []
        self._thread = threading.Thread(target=self._watch, name="isofuzz bypass", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def close(self) -> None:
        """Hang up on everybody and stop watching."""
        self._waker.close()
        self._thread.join()
        for sock in self._open:
            with suppress(OSError):  # it may be over already
                sock.shutdown(socket.SHUT_RDWR)
        for sock in (*self._open, self._listening, self._wakened):
            sock.close()

    def _watch(self) -> None:
        while True:
            ready, _, _ = select.select([self._listening, self._wakened], [], [])
            if self._wakened in ready:
                return
            if not self._loop_answers():
                self._let_in()

    def _loop_answers(self) -> bool:
        answered = threading.Event()
        try:
            self._loop.call_soon_threadsafe(answered.set)
        except RuntimeError:  # it is closed
            return True
        return answered.wait(_PATIENCE)

    def _let_in(self) -> None:
        try:
            client, _ = self._listening.accept()
        except OSError:  # the loop was quicker, or they have gone
            return
        client.setblocking(True)
        server = socket.socket(socket.AF_UNIX if self._place.path else socket.AF_INET)
        self._open += [client, server]
        try:
            server.connect(str(self._place.path) if self._place.path else (self._place.host, self._place.port))
        except OSError:
            client.close()
            return
        self.connections += 1
        for one, other in ((client, server), (server, client)):
            threading.Thread(target=_pass_on, args=(one, other), name="isofuzz bypass", daemon=True).start()


def _pass_on(one: socket.socket, other: socket.socket) -> None:
    """Whatever one side says, until it says no more."""
    with suppress(OSError):  # either side may be gone at any time
        while data := one.recv(_READ):
            other.sendall(data)
    with suppress(OSError):
        other.shutdown(socket.SHUT_WR)
