"""A project of its own with a system in memory, and pytest run in it from outside."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import psutil
import pytest

Pytest: TypeAlias = Callable[..., "subprocess.CompletedProcess[str]"]

SETTINGS = """
[pytest]
filterwarnings = error
xfail_strict = true
markers = slow
asyncio_default_fixture_loop_scope = function
"""
MEMORY = """
from itertools import count

from isofuzz import All, Name, Record, Refused, Secret, Session, Target, Thread, User, operation

class Text(Secret): ...
class Who(User):
    id: str
class Me(Session):
    who: str
class Book(Thread):
    id: int

class Notes(Target):
    async def reset(self):
        self.books, self.ids = {}, count(1)
    @operation
    async def sign_in(self, name: Name) -> tuple[Who, Me]:
        return Who(name), Me(name)
    @operation
    async def new_book(self, me: Me) -> Book:
        book = next(self.ids)
        self.books[book] = (me.who, [])
        return Book(book)
    @operation
    async def write(self, me: Me, book: Book, text: Text) -> None:
        self.own(me, book)[:] = [text]
    @operation
    async def read(self, me: Me, book: Book) -> All[Text]:
        return list(self.own(me, book))
    def own(self, me, book):
        owner, texts = self.books.get(book.id, (None, []))
        if owner != me.who:
            raise Refused("not found")
        return texts

class Open(Notes):
    @operation
    async def read(self, me: Me, book: Book) -> All[Text]:
        return list(self.books.get(book.id, ("", []))[1])

class Slow(Notes):
    @operation(budget_ms=0.0001)
    async def read(self, me: Me, book: Book) -> All[Text]:
        return await super().read(me, book)

class Broken(Notes):
    @operation
    async def fail(self, me: Me) -> None:
        raise RuntimeError("always")

class Down(Notes):
    async def lifespan(self, services):
        raise RuntimeError("no port is free")
        yield
"""


def clean_environment() -> dict[str, str]:
    """Our own, without what tells pytest or isofuzz anything."""
    return {
        name: value
        for name, value in os.environ.items()
        if name != "CI" and not name.startswith(("PYTEST_", "ISOFUZZ_"))
    }


@pytest.fixture
def run_pytest(tmp_path: Path) -> Pytest:
    """Write the test file and run it."""
    (tmp_path / "pytest.ini").write_text(SETTINGS)
    (tmp_path / "memory.py").write_text(MEMORY)

    def run(source: str, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        (tmp_path / "test_project.py").write_text(f"from isofuzz.pytest_plugin import isolation_test\n{source}")
        return subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments],
            cwd=tmp_path,
            env=clean_environment() | variables,
            text=True,
            capture_output=True,
            timeout=100,
            check=False,
        )

    return run


@pytest.fixture
def temporary() -> Iterator[Path]:
    """For TMPDIR: what pytest leaves behind can be seen there. Its path is short, and a server's user may enter it."""
    with tempfile.TemporaryDirectory(prefix="t", dir="/tmp") as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)


def processes_in(folder: Path) -> list[str]:
    """The command lines of all processes that name the folder, after those that are ending have had time to."""
    named = [process for process in psutil.process_iter() if str(folder) in _command(process)]
    _, alive = psutil.wait_procs(named, timeout=10)
    return [_command(process) for process in alive]


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:  # it has ended meanwhile
        return ""
