"""The folder of cases: one file for each fingerprint of a target, readable by its owner alone."""

import os
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2s
from pathlib import Path

from isofuzz.cases.case import Case
from isofuzz.cases.codec import from_json, to_json
from isofuzz.errors import CaseUnreadable, UsageError

SUFFIX = ".json"
_BEGUN = ".case-"
"""How the names of files begin that are being written."""
_SECONDS_TO_WRITE = 600.0
"""What is being written for longer, nobody writes any more."""
_OWN_FOLDER = ".isofuzz"
_LONGEST = 150
"""Characters of a file's name before its digest: no file system takes more than 255 bytes."""


@dataclass(frozen=True)
class Finding:
    """A case and where it is kept; `unkept` says why it is not, if it could not be written there."""

    case: Case
    path: Path
    unkept: str | None = None


class CaseStore:
    """Where a run keeps its cases."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def open(self) -> None:
        """Make the folder; raises UsageError if nothing can be written there: better before a run than in it."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.folder) as probe:
                probe.write(b"room for a case")
            self._tidy()
        except OSError as problem:
            raise UsageError(
                f"cases cannot be kept in {self.folder} ({problem.strerror}); name another folder with --out"
            ) from problem

    def keep(self, case: Case) -> Finding:
        """Write the case in the place of an older one of the same bug; whole or not at all.

        A disk that has filled up in the meantime costs the file, not the finding.
        """
        path = self.path_of(case)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_whole(path, to_json(case))
        except OSError as problem:
            return Finding(case, path, unkept=f"it could not be written to {path}: {problem.strerror}")
        return Finding(case, path)

    def _tidy(self) -> None:
        """Remove what killed runs began to write, and keep isofuzz's own folder out of version control."""
        for begun in self.folder.glob(f"{_BEGUN}*"):
            with suppress(FileNotFoundError):  # another run has just finished writing it
                if time.time() - begun.stat().st_mtime > _SECONDS_TO_WRITE:
                    begun.unlink()
        own = next((each for each in (self.folder, *self.folder.parents) if each.name == _OWN_FOLDER), None)
        if own and not (own / ".gitignore").exists():
            (own / ".gitignore").write_text("*\n", encoding="utf-8")

    def path_of(self, case: Case) -> Path:
        """The file of this bug of this target: the same in every run."""
        subject = "-".join(part for part in (case.target, case.defect) if part)
        words = re.sub(r"[^a-z0-9]+", "-", f"{subject}-{case.violation.oracle}-{case.violation.observer}".lower())
        digest = blake2s(f"{subject}\n{case.fingerprint}".encode(), digest_size=4).hexdigest()
        return self.folder / f"{words.strip('-')[-_LONGEST:]}-{digest}{SUFFIX}"


def read_case(path: Path) -> Case:
    """The case in a file; raises CaseUnreadable."""
    try:
        return from_json(path.read_text(encoding="utf-8"), str(path))
    except OSError as problem:
        raise CaseUnreadable(f"{path} cannot be read: {problem.strerror}") from problem
    except UnicodeDecodeError:
        raise CaseUnreadable(f"{path} is not an isofuzz case: it is no UTF-8 text") from None


def cases_in(folder: Path) -> list[Path]:
    """The case files in a folder, by name; none if it is not there."""
    return sorted(folder.glob(f"*{SUFFIX}"))


def case_files(path: Path) -> Iterator[Path]:
    """The file itself, or every case file in the folder, by name; raises CaseUnreadable if there is none."""
    if not path.is_dir():
        yield path
        return
    files = cases_in(path)
    if not files:
        raise CaseUnreadable(f"{path} holds no case: there is no {SUFFIX} file in it")
    yield from files


def write_whole(path: Path, text: str) -> None:
    """Write a file, readable by its owner alone, in the place of an old one; a crash leaves one of the two, whole."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=_BEGUN)  # 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
