"""What a worker is executing at this moment, on disk: if the worker dies of it, that program is known."""

import json
from pathlib import Path
from typing import IO

from isofuzz.cases.codec import program_to_json
from isofuzz.program.steps import Burst, Program


class Journal:
    """One program at a time, burst by burst. What is written survives the process, not the machine."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file: IO[str] = path.open("w", encoding="ascii")
        path.chmod(0o600)

    def begin(self) -> None:
        """Another program."""
        self._file.seek(0)
        self._file.truncate()

    def burst(self, burst: Burst) -> None:
        """The program goes on with this."""
        self._file.write(program_to_json(Program((burst,)))[1:-1] + "\n")
        self._file.flush()

    def close(self) -> None:
        """Nothing more is executed."""
        self._file.close()


def last_program(path: Path) -> str | None:
    """The program that a worker was executing when it last wrote, as a text; None if it was executing none."""
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except FileNotFoundError:
        return None
    bursts = [line for line in lines if _is_whole(line)]
    return f"[{', '.join(bursts)}]" if bursts else None


def _is_whole(line: str) -> bool:
    try:
        json.loads(line)
    except ValueError:  # it died while it wrote this
        return False
    return True
