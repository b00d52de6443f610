"""Environment variables for one test: whatever it or the code under test does to them is undone."""

import os
from collections.abc import Iterator
from contextlib import contextmanager


class Environment:
    """The environment of this process, as long as one test lasts."""

    def set(self, name: str, value: str) -> None:
        """Set a variable."""
        os.environ[name] = value

    def delete(self, name: str) -> None:
        """Delete a variable, if it is set."""
        os.environ.pop(name, None)

    def keep_only(self, *names: str) -> None:
        """Delete every variable but these: `keep_only("PATH", "HOME")` is a clean slate."""
        for name in set(os.environ) - set(names):
            del os.environ[name]


@contextmanager
def restored_environment() -> Iterator[Environment]:
    """Put every variable back at the end, whoever changed, added or deleted it."""
    before = dict(os.environ)
    try:
        yield Environment()
    finally:
        for name in set(os.environ) - set(before):
            del os.environ[name]
        os.environ.update(before)
