"""Fixtures for tests written by hand: real services, a database session, recording sockets, a clean environment.

Those that are asynchronous need pytest-asyncio, in either of its modes; the others work in any test.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import pytest

from isofuzz.pytest_plugin.background import SharedServices, shared_services, told_without_traceback
from isofuzz.pytest_plugin.environment import Environment, restored_environment
from isofuzz.pytest_plugin.options import sources_of, switched_off

try:
    import pytest_asyncio
except ImportError:
    pytest_asyncio = None  # type: ignore[assignment]  # then what needs it says so

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from isofuzz.pytest_plugin.sockets import RecordingSocket

    Connect: TypeAlias = Callable[..., Awaitable[RecordingSocket]]

Function = TypeVar("Function", bound=Callable[..., Any])


def _asynchronous(function: Function) -> Any:
    """A fixture that pytest-asyncio runs; without it, one that fails when it is used and says so."""
    if pytest_asyncio is not None:
        return pytest_asyncio.fixture(function)

    def missing() -> None:
        pytest.fail(f"the fixture {function.__name__} needs pytest-asyncio: pip install pytest-asyncio", pytrace=False)

    return pytest.fixture(missing, name=function.__name__)


@pytest.fixture(scope="session")
def isofuzz_services(request: pytest.FixtureRequest) -> Iterator[SharedServices]:
    """Real services of this process: `database_url`, `valkey_url`, `origin`, `versions`, and whether each is there.

    A test is skipped only if it asks for a service that was switched off by name. That there is none for any other
    reason is an error.
    """
    config = request.config
    opening = shared_services(
        sources_of(config),
        no_database=switched_off(config, database=True),
        no_valkey=switched_off(config, database=False),
    )
    with ExitStack() as stack:
        with told_without_traceback():
            services = stack.enter_context(opening)
        yield services


@_asynchronous
async def isofuzz_database(isofuzz_services: SharedServices) -> "AsyncIterator[AsyncSession]":
    """An SQLAlchemy session on the real database; what the test does in it is undone at its end, committed or not."""
    import asyncpg
    from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
    from sqlalchemy.pool import NullPool

    url = isofuzz_services.database_url
    engine = create_async_engine(
        "postgresql+asyncpg://",
        async_creator=lambda: asyncpg.connect(url),  # it reads a URL with a Unix socket in it, SQLAlchemy does not
        poolclass=NullPool,
    )
    try:
        async with engine.connect() as connection:
            outermost = await connection.begin()
            async with AsyncSession(
                connection, join_transaction_mode="create_savepoint", expire_on_commit=False
            ) as session:
                yield session
            await outermost.rollback()
    finally:
        await engine.dispose()


@_asynchronous
async def isofuzz_sockets() -> "AsyncIterator[Connect]":
    """Opens WebSockets that record what they get: `client = await isofuzz_sockets(url, **headers)`."""
    from isofuzz.pytest_plugin.sockets import RecordingSocket

    async with AsyncExitStack() as stack:

        async def connect(url: str, *, unix: str | None = None, **headers: str) -> RecordingSocket:
            client = await RecordingSocket.open(url, unix=unix, **headers)
            client.record()
            stack.push_async_callback(client.close)
            return client

        yield connect


@pytest.fixture
def isofuzz_environment() -> Iterator[Environment]:
    """Environment variables for one test: `set`, `delete`, `keep_only`; all are put back, whoever changed them."""
    with restored_environment() as environment:
        yield environment
