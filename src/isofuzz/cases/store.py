"""The folder of cases: one file for each fingerprint of a target, readable by its owner alone."""

import os
import re
import tempfile
from collections.abc import Iterator
from hashlib import blake2s
from pathlib import Path

from isofuzz.cases.case import Case
from isofuzz.cases.codec import from_json, to_json
from isofuzz.errors import CaseUnreadable, UsageError

SUFFIX = ".json"
_LONGEST = 150
"""Characters of a file's name before its digest: no file system takes more than 255 bytes."""


class CaseStore:
    """Where a run keeps its cases. The folder is made when the first is kept."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, case: Case) -> Path:
        """Write the case in the place of an older one of the same bug; whole or not at all. Returns where it is.

        Raises UsageError if the folder cannot be written.
        """
        path = self.path_of(case)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_whole(path, to_json(case))
        except OSError as problem:
            raise UsageError(
                f"the case cannot be written to {path} ({problem.strerror}); name another folder with --out"
            ) from problem
        return path

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


def case_files(path: Path) -> Iterator[Path]:
    """The file itself, or every case file in the folder, by name; raises CaseUnreadable if there is none."""
    if not path.is_dir():
        yield path
        return
    files = sorted(path.glob(f"*{SUFFIX}"))
    if not files:
        raise CaseUnreadable(f"{path} holds no case: there is no {SUFFIX} file in it")
    yield from files


def write_whole(path: Path, text: str) -> None:
    """Write a file, readable by its owner alone, in the place of an old one; a crash leaves one of the two, whole."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".case-")  # 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
