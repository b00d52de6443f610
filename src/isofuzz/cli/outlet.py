"""Standard output as something that may go away while a verdict is being told."""

import os
import sys
from io import TextIOWrapper

import typer


class Outlet(TextIOWrapper):
    """Standard output that drops what cannot be written, for the exit code still is the verdict.

    A reader that has left, as `head` does, is no failure. Anything else, a full disk for example, is told on stderr.
    """

    failed: bool = False

    def write(self, text: str, /) -> int:
        try:
            return super().write(text)
        except OSError as problem:
            self._drop(problem)
            return len(text)

    def flush(self) -> None:
        try:
            super().flush()
        except OSError as problem:
            self._drop(problem)

    def _drop(self, problem: OSError) -> None:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.fileno())  # what is still buffered goes there too
        os.close(nowhere)
        if not isinstance(problem, BrokenPipeError):
            self.failed = True
            typer.echo(f"isofuzz: standard output cannot be written: {problem.strerror}", err=True)


def drop_what_nobody_reads() -> None:
    """Make standard output an `Outlet`. A terminal without UTF-8 does not cost the report either."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    out = sys.stdout
    if isinstance(out, TextIOWrapper):
        by_line, encoding = out.line_buffering, out.encoding
        sys.stdout = Outlet(out.detach(), encoding=encoding, errors="backslashreplace", line_buffering=by_line)


def output_failed() -> bool:
    """Was something to be told that could not be written?"""
    out = sys.stdout
    if not isinstance(out, Outlet):
        return False
    out.flush()
    return out.failed
