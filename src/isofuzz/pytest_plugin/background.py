"""The services of a pytest process, on an event loop of their own: any test may use them, whatever loop it runs on."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Mapping
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from isofuzz.errors import IsofuzzError

if TYPE_CHECKING:
    from isofuzz.services import Role, Services, Sources
    from isofuzz.services.processes.readiness import Ready
    from isofuzz.services.processes.running import Process

T = TypeVar("T")


class SharedProcess:
    """A process that a test has started through the fixture."""

    def __init__(self, process: "Process", do: Callable[[Coroutine[Any, Any, None]], None]) -> None:
        self._process = process
        self._do = do

    @property
    def port(self) -> int:
        """The port of 127.0.0.1 that `{port}` stands for; it stays the same through `restart`."""
        return self._process.port

    @property
    def pid(self) -> int:
        """The process id, which is also that of the process group; another one after `restart`."""
        return self._process.pid

    def restart(self) -> None:
        """Stop it, start the same command on the same port, and return when it is ready."""
        self._do(self._process.restart())

    def stop(self) -> None:
        """End the process group."""
        self._do(self._process.stop())


class SharedServices:
    """What the fixture `isofuzz_services` gives: real services, up until the last test of this process is done."""

    def __init__(
        self, services: "Services", loop: asyncio.AbstractEventLoop, *, no_database: str | None, no_valkey: str | None
    ) -> None:
        self._services = services
        self._loop = loop
        self._no_database = no_database
        self._no_valkey = no_valkey
        self._kept: ExitStack | None = None

    def __repr__(self) -> str:
        return f"<isofuzz_services: {self.origin}>"

    @property
    def database_available(self) -> bool:
        """False only if the database was switched off by name."""
        return self._no_database is None

    @property
    def valkey_available(self) -> bool:
        """False only if Valkey was switched off by name."""
        return self._no_valkey is None

    @property
    def database_url(self) -> str:
        """A postgresql:// URL of a database of this process's own, as its owner. Skips the test if it is off."""
        if self._no_database:
            pytest.skip(f"Postgres is switched off by {self._no_database}")
        return self._services.database_url

    @property
    def valkey_url(self) -> str:
        """A redis:// URL of a Valkey database of this process's own, started when first asked for.

        It is the same each time, but a server that is not isofuzz's own is left to an isolation test or `by_hand` that
        comes after this test: ask in each test, not once for all. Skips the test if Valkey is off.
        """
        if self._no_valkey:
            pytest.skip(f"Valkey is switched off by {self._no_valkey}")
        url = self._do(self._services.valkey())
        self._keep_valkey()
        return url

    @property
    def origin(self) -> str:
        """One line for people: which services these are, and why."""
        return self._services.origin

    @property
    def versions(self) -> Mapping[str, str]:
        """The version of each service."""
        return self._services.versions

    @property
    def suffix(self) -> str:
        """Unique to this process: append it to whatever is shared by a whole server."""
        return self._services.suffix

    @property
    def folder(self) -> Path:
        """A folder of this process's own, readable by its user alone and deleted at the end."""
        return self._services.folder

    def create_role(self, name: str) -> "Role":
        """Make another login role that has no rights yet: `name`, `url`."""
        return self._do(self._services.create_role(name))

    def process(
        self,
        program: str | Path,
        *arguments: str | Path,
        ready: "Ready",
        within: float = 30,
        env: Mapping[str, str] | None = None,
        cwd: str | Path | None = None,
    ) -> SharedProcess:
        """Start a process and return when it is ready, as `services.process` of a target does.

        It ends with the last test of this process, or when it is stopped: `port`, `pid`, `restart()`, `stop()`.
        """
        work = self._services.process(program, *arguments, ready=ready, within=within, env=env, cwd=cwd)
        return SharedProcess(self._do(work), self._do)

    def forget_test(self) -> None:
        """The test that may have asked for Valkey is over."""
        if self._kept:
            self._kept.close()
            self._kept = None

    def let_go_of_valkey(self) -> None:
        """Leave a Valkey that is not isofuzz's own to whoever comes, unless the test that is running uses it."""
        if self._kept is None:
            self._do(self._services.let_go_of_valkey())

    def _keep_valkey(self) -> None:
        from isofuzz.services.valkey.lease import kept_to_the_end

        if self._kept is None:
            self._kept = ExitStack()
            self._kept.enter_context(kept_to_the_end(self.suffix))

    def _do(self, work: Coroutine[Any, Any, T]) -> T:
        """Do this on the loop that the services belong to, which is never that of a test."""
        with told_without_traceback():
            return asyncio.run_coroutine_threadsafe(work, self._loop).result()


shared: list[SharedServices] = []
"""Of the pytest that is running, and of those that it was started from, as far as they were opened."""


def let_go_of_valkey() -> None:
    """Before services are opened beside those of the fixture: a Valkey server serves one run at a time."""
    for services in shared:
        services.let_go_of_valkey()


def forget_test() -> None:
    """A test is over, and with it what it did with the services of the fixture."""
    for services in shared:
        services.forget_test()


@contextmanager
def told_without_traceback() -> Iterator[None]:
    """A message for people becomes the whole of a failure."""
    try:
        yield
    except IsofuzzError as problem:
        failure = pytest.fail.Exception(str(problem), pytrace=False)
        raise failure from None


@contextmanager
def shared_services(sources: "Sources", *, no_database: str | None, no_valkey: str | None) -> Iterator[SharedServices]:
    """Open services on a loop in the background, and close them. Raises what opening them raises."""
    opened: Future[SharedServices] = Future()
    closing: Future[None] = Future()

    async def live() -> None:
        from isofuzz.services import open_services

        async with open_services(sources) as services:
            loop = asyncio.get_running_loop()
            opened.set_result(SharedServices(services, loop, no_database=no_database, no_valkey=no_valkey))
            await asyncio.wrap_future(closing)

    def run() -> None:
        try:
            with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
                runner.run(live())
        except BaseException as problem:
            if opened.done():
                raise
            opened.set_exception(problem)

    thread = Thread(target=run, name="isofuzz services", daemon=True)
    thread.start()
    try:
        services = opened.result()
        shared.append(services)
        try:
            yield services
        finally:
            services.forget_test()
            shared.remove(services)
    finally:
        closing.set_result(None)  # also if Ctrl-C came while they were being opened
        thread.join()
