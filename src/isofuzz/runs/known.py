"""What is known of a target: its kept cases, to be executed before anything else."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from isofuzz.cases.store import Finding, cases_in, read_case
from isofuzz.errors import CaseUnreadable
from isofuzz.program.vocabulary import Vocabulary
from isofuzz.runs.fitting import check_fits


@dataclass(frozen=True)
class Lost:
    """A kept case that can no longer be executed, and why not."""

    path: Path
    reason: str


def known_cases(
    folders: Iterable[Path], *, is_target: Callable[[str], bool], defect: str | None, vocabulary: Vocabulary
) -> Iterator[Finding | Lost]:
    """The cases in these folders of the target, whatever they call it, and of this defect, by their files' names.

    Each is read when it is its turn: there may be thousands. A file that cannot be read counts as lost: it may be a
    case of this target.
    """
    for path in (path for folder in folders for path in cases_in(folder)):
        try:
            case = read_case(path)
            if case.defect == defect and is_target(case.target):
                check_fits(case, vocabulary)
                yield Finding(case, path)
        except CaseUnreadable as problem:
            yield Lost(path, f"{problem}; find it anew, or remove {path}")
