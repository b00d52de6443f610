"""What a process of the system under test writes: kept in a file of the run, its end shown when something is wrong."""

import os
import re
from pathlib import Path

from isofuzz.services.redaction import redact

_LINES = 20
_LONGEST_LINE = 400
_READ_FOR_TAIL = 64 * 1024
_LARGEST = 64 * 1024 * 1024
_COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class ProcessOutput:
    """The file, 0600, that a process writes its standard output and standard error to."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._start = 0

    def open(self) -> int:
        """A file descriptor for a process that starts now to write to; what others wrote before is not its own."""
        # Appending: each write goes to the end, also after `trim`, and whichever child it comes from.
        opened = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        self._start = os.fstat(opened).st_size
        return opened

    def shows(self, wanted: re.Pattern[str]) -> bool:
        """Whether what the process wrote so far contains this."""
        return wanted.search(self._read(self._start)) is not None

    def tail(self) -> str:
        """The last lines, redacted, each on a line of its own that begins with `|`; empty if there are none."""
        size = self._path.stat().st_size
        text = self._read(max(self._start, size - _READ_FOR_TAIL))
        if size - _READ_FOR_TAIL > self._start:
            text = text.partition("\n")[2]  # half a line may hold half a credential that nothing recognises
        lines = redact(text).splitlines()[-_LINES:]
        return "".join(f"\n  | {line[:_LONGEST_LINE]}{'…' if len(line) > _LONGEST_LINE else ''}" for line in lines)

    def trim(self) -> None:
        """Keep no more than the end of a file that has grown too large: a run may take a night."""
        size = self._path.stat().st_size
        if size > _LARGEST:
            kept = self._read_bytes(size - _READ_FOR_TAIL)
            with self._path.open("r+b") as output:
                output.truncate(0)
                output.write(kept)
            self._start = 0

    def _read(self, begin: int) -> str:
        return _COLOURS.sub("", self._read_bytes(begin).decode(errors="replace"))

    def _read_bytes(self, begin: int) -> bytes:
        with self._path.open("rb") as output:
            output.seek(begin)
            return output.read()
