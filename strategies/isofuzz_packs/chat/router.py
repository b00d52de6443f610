"""Who is connected, who listens to what, and the pushing of events to them."""

import asyncio
from collections.abc import Sequence, Set
from uuid import UUID, uuid4
from weakref import WeakValueDictionary

from websockets.asyncio.server import ServerConnection, broadcast
from websockets.protocol import State

from isofuzz_packs.chat.defects import Defect
from isofuzz_packs.chat.refusals import AlreadySignedIn, NotFound, NotSignedIn
from isofuzz_packs.chat.transactions import Session


class Connection:
    """One WebSocket, which belongs to at most one session for as long as it lives, and what it missed once closed.

    `handle` is what its client calls it by, to have another one go on in its place.
    """

    def __init__(self, websocket: ServerConnection) -> None:
        self.websocket = websocket
        self.handle = uuid4()
        self._session: Session | None = None
        self._ended = False
        self._subscriptions: set[UUID] = set()
        self._missed: list[tuple[UUID, str]] = []

    @property
    def is_open(self) -> bool:
        """Whether what is pushed now goes out before the answer to a farewell."""
        return self.websocket.state is State.OPEN

    @property
    def is_resumable(self) -> bool:
        """Whether it belongs to a session that has not ended."""
        return self._session is not None and not self._ended

    @property
    def subscriptions(self) -> Set[UUID]:
        """The threads that are listened to."""
        return self._subscriptions

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

    def is_of(self, session: Session) -> bool:
        """Whether it belongs to that session, be it over or not."""
        return self._session == session

    def end(self) -> None:
        """Give up every right."""
        self._ended = True
        self._subscriptions.clear()
        self._missed.clear()

    def subscribe(self, thread: UUID) -> None:
        """Listen to a thread; raises NotSignedIn if the session ended while that was being asked for."""
        if self._ended:
            raise NotSignedIn
        self._subscriptions.add(thread)

    def listens_to(self, thread: UUID) -> bool:
        """Whether the thread's events are wanted here, which is no right to get them."""
        return thread in self._subscriptions

    def miss(self, thread: UUID, event: str) -> None:
        """Keep an event for the connection that goes on in the place of this one."""
        self._missed.append((thread, event))

    def take_over(self, old: "Connection") -> list[tuple[UUID, str]]:
        """Listen to what `old` listened to; the events that it missed, each with its thread. Raises NotSignedIn."""
        if self._ended:
            raise NotSignedIn
        missed = list(old._missed)
        self._subscriptions |= old._subscriptions
        old._subscriptions.clear()
        old._missed.clear()
        return missed

    def drop_subscription(self, thread: UUID) -> None:
        """Stop listening to a thread."""
        self._subscriptions.discard(thread)


class Router:
    """All connections, in the order in which they were made, with those that are closed and can be resumed."""

    def __init__(self, defect: Defect | None) -> None:
        self._connections: dict[Connection, None] = {}
        self._locks: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()
        self._defect = defect
        self._audiences: dict[UUID, Set[UUID]] = {}

    def add(self, connection: Connection) -> None:
        """Know of a new connection."""
        self._connections[connection] = None

    def remove(self, connection: Connection) -> None:
        """Forget a connection that is closed, unless another one of its session may yet go on in its place."""
        if not connection.is_resumable:
            self._connections.pop(connection, None)

    def remove_closed(self) -> None:
        """Forget all that are closed."""
        self._connections = {connection: None for connection in self._connections if connection.is_open}

    def find(self, session: Session, handle: UUID) -> Connection:
        """The connection of the session that is called so; raises NotFound."""
        for connection in self._connections:
            if connection.handle == handle and connection.is_of(session):
                return connection
        raise NotFound

    def replace(self, old: Connection, new: Connection, seen: Set[UUID]) -> None:
        """Let `new` go on in the place of `old`, and push what that missed in the threads that its user may see.

        Raises NotFound if another one does already, NotSignedIn if the session has ended meanwhile.
        """
        if old not in self._connections:
            raise NotFound
        for thread, event in new.take_over(old):
            if thread in seen:
                _send([new], thread, event)
        if not old.is_open:
            del self._connections[old]

    def in_turn(self, thread: UUID) -> asyncio.Lock:
        """The lock under which what happens in a thread is stored and pushed, and its audience changes.

        It is held beyond the commit until the event is pushed: once a kick has been answered, nothing that was
        stored before it is still to come. Take it before a database connection, never the other way round.
        """
        return self._locks.setdefault(thread, asyncio.Lock())

    def has_listeners(self, thread: UUID) -> bool:
        """Whether any connection listens to the thread."""
        return any(connection.listens_to(thread) for connection in self._connections)

    def remember_audience(self, thread: UUID, audience: Set[UUID]) -> None:
        """Take these for who is in the thread until that is changed."""
        self._audiences[thread] = audience

    def change_audience(self, thread: UUID) -> None:
        """Know that others may be in the thread now."""
        self._audiences.pop(thread, None)

    def push(self, thread: UUID, audience: Set[UUID], event: str) -> None:
        """Send an event to every connection that listens to the thread and whose user is in the audience.

        For a connection that is closed it is kept, and whoever resumes that must still be in the thread to get it.
        """
        audience = self._audiences.get(thread, audience)
        listening = [connection for connection in self._connections if connection.listens_to(thread)]
        if self._defect is not Defect.SUBSCRIPTION_OUTLIVES_KICK:
            listening = [connection for connection in listening if connection.session.user in audience]
        _send(listening, thread, event)

    def notify(self, thread: UUID, audience: Set[UUID], event: str) -> None:
        """Push an event that holds no text."""
        if self._defect is Defect.PRESENCE_TO_ALL:
            broadcast([connection.websocket for connection in self._connections], event)
        else:
            self.push(thread, audience, event)

    def end_session(self, session: Session) -> None:
        """Take every right from the connections of a session that has ended."""
        for connection in [each for each in self._connections if each.is_of(session)]:
            connection.end()
            if not connection.is_open:
                self.remove(connection)

    def end_thread(self, thread: UUID) -> None:
        """Forget who listened to a thread that is deleted."""
        self.change_audience(thread)
        for connection in self._connections:
            connection.drop_subscription(thread)


def _send(connections: Sequence[Connection], thread: UUID, event: str) -> None:
    """Write to all at once, without waiting for slow readers: those run into the keepalive time-out."""
    broadcast([connection.websocket for connection in connections if connection.is_open], event)
    for connection in connections:
        if not connection.is_open:
            connection.miss(thread, event)
