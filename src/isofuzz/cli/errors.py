"""Whatever ends a command early, as one clear message and an exit code."""

import sys
import traceback as tracebacks
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import typer

from isofuzz.errors import IsofuzzError, UsageError

FAILED = 2
"""The exit code for an error in use, configuration or services, and in isofuzz itself."""
INTERRUPTED = 130
"""The exit code of what Ctrl-C or SIGTERM ended without a verdict, as shells have it."""


@contextmanager
def explained(*, traceback: bool) -> Iterator[None]:
    """Turns what goes wrong in a command into a message on stderr and an exit code; with a `traceback` if asked for."""
    try:
        _require_folder()
        yield
    except typer.Exit:
        raise
    except IsofuzzError as problem:
        _fail(f"isofuzz: {problem}", traceback=traceback)
    except KeyboardInterrupt:
        _fail("isofuzz: interrupted", traceback=traceback, code=INTERRUPTED)
    except SystemExit as left:  # somebody else's: it is no verdict, whatever its code
        _fail(f"isofuzz: ended by sys.exit({left.code!r}), which isofuzz does not call", traceback=traceback)
    except Exception as problem:  # noqa: BLE001  # the last resort: it is told, and is no verdict
        advice = "" if traceback else "; run it again with --traceback"
        _fail(f"isofuzz: a bug in isofuzz itself: {type(problem).__name__}: {problem}{advice}", traceback=traceback)


def _require_folder() -> None:
    """Targets, cases and the configuration are looked for from the current folder, which may have been deleted."""
    try:
        Path.cwd()
    except FileNotFoundError:
        raise UsageError("the current folder does not exist any more; change to one that does") from None


def _fail(message: str, *, traceback: bool, code: int = FAILED) -> NoReturn:
    from isofuzz.services import redact  # it loads a database driver, which commands that succeed may not need

    if traceback:
        message = f"{tracebacks.format_exc()}\n{message}"
    print(redact(message), file=sys.stderr)  # noqa: T201  # the command line's own output
    raise typer.Exit(code) from None
