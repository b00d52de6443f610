"""Ports of loopback for servers that are yet to start, and whether somebody listens at one."""

import asyncio
import socket

LOOPBACK = "127.0.0.1"


def reserved_port() -> int:
    """A free port that the kernel gives to nobody who does not name it, for about a minute.

    A connection over it was closed from its side, so the port rests (TIME_WAIT). Who asks for any free port gets
    another one, and no outgoing connection begins at it; a server that sets SO_REUSEADDR, as nearly all do, may have
    it all the same.
    """
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((LOOPBACK, 0))
        listener.listen(1)
        with socket.create_connection(listener.getsockname()) as client:
            listener.accept()[0].close()
            client.recv(1)  # it has closed first: the side that does is the one that rests
        port: int = listener.getsockname()[1]
        return port


def free_port() -> int:
    """A free port for a server that does not set SO_REUSEADDR: nothing keeps it from being given to somebody else."""
    with socket.socket() as chosen:
        chosen.bind((LOOPBACK, 0))
        port: int = chosen.getsockname()[1]
        return port


async def accepts(host: str, port: int) -> bool:
    """Whether a server accepts connections there."""
    try:
        _, writer = await asyncio.open_connection(host, port)
    except OSError:
        return False
    itself: bool = writer.get_extra_info("sockname") == writer.get_extra_info("peername")
    writer.transport.abort()
    # Where nobody listens, the kernel may begin the connection at the very port that it goes to.
    return not itself
