"""Who is connected, who listens to what, and the pushing of messages to them."""

import asyncio
from collections.abc import Set
from uuid import UUID
from weakref import WeakValueDictionary

from websockets.asyncio.server import ServerConnection, broadcast

from isofuzz_packs.chat.defects import Defect
from isofuzz_packs.chat.refusals import AlreadySignedIn, NotSignedIn
from isofuzz_packs.chat.transactions import Session


class Connection:
    """One WebSocket, which belongs to at most one session for as long as it lives."""

    def __init__(self, websocket: ServerConnection) -> None:
        self.websocket = websocket
        self._session: Session | None = None
        self._ended = False
        self._subscriptions: set[UUID] = set()

    @property
    def session(self) -> Session:
        """The session of this connection; raises NotSignedIn if it has none, or it has ended."""
        if self._session is None or self._ended:
            raise NotSignedIn
        return self._session

    def check_vacant(self) -> None:
        """Raise AlreadySignedIn if this connection has ever belonged to a session."""
        if self._session is not None:
            raise AlreadySignedIn

    def belong_to(self, session: Session) -> None:
        """Be a connection of this session from now on."""
        self.check_vacant()
        self._session = session

    def end_if_of(self, session: Session) -> None:
        """Give up every right, if this is a connection of that session."""
        if self._session == session:
            self._ended = True
            self._subscriptions.clear()

    def subscribe(self, thread: UUID) -> None:
        """Listen to a thread; raises NotSignedIn if the session ended while that was being asked for."""
        if self._ended:
            raise NotSignedIn
        self._subscriptions.add(thread)

    def listens_to(self, thread: UUID) -> bool:
        """Whether the thread's messages are wanted here, which is no right to get them."""
        return thread in self._subscriptions

    def drop_subscription(self, thread: UUID) -> None:
        """Stop listening to a thread."""
        self._subscriptions.discard(thread)


class Router:
    """All connections, in the order in which they were made."""

    def __init__(self, defect: Defect | None) -> None:
        self._connections: dict[Connection, None] = {}
        self._locks: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()
        self._defect = defect

    def add(self, connection: Connection) -> None:
        """Know of a new connection."""
        self._connections[connection] = None

    def remove(self, connection: Connection) -> None:
        """Forget a connection that is closed, and what it listened to."""
        del self._connections[connection]

    def in_turn(self, thread: UUID) -> asyncio.Lock:
        """The lock under which a thread's messages are stored and pushed, and its audience changes.

        It is held beyond the commit until the message is pushed: once a kick has been answered, nothing that was
        stored before it is still to come. Take it before a database connection, never the other way round.
        """
        return self._locks.setdefault(thread, asyncio.Lock())

    def has_listeners(self, thread: UUID) -> bool:
        """Whether any connection listens to the thread."""
        return any(connection.listens_to(thread) for connection in self._connections)

    def push(self, thread: UUID, audience: Set[UUID], event: str) -> None:
        """Send an event to every connection that listens to the thread and whose user is in the audience.

        All are written to at once, without waiting for slow readers: those run into the keepalive time-out.
        """
        listening = [connection for connection in self._connections if connection.listens_to(thread)]
        if self._defect is not Defect.SUBSCRIPTION_OUTLIVES_KICK:
            listening = [connection for connection in listening if connection.session.user in audience]
        broadcast([connection.websocket for connection in listening], event)

    def end_session(self, session: Session) -> None:
        """Take every right from the connections of a session that has ended."""
        for connection in self._connections:
            connection.end_if_of(session)

    def end_thread(self, thread: UUID) -> None:
        """Forget who listened to a thread that is deleted."""
        for connection in self._connections:
            connection.drop_subscription(thread)
