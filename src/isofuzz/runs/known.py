"""What is known of a target: its kept cases, to be executed before anything else."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from isofuzz.cases.store import SUFFIX, Finding, read_case
from isofuzz.errors import CaseUnreadable
from isofuzz.program.vocabulary import Vocabulary
from isofuzz.runs.replay import check_fits


@dataclass(frozen=True)
class Known:
    """The kept cases of one target; `lost` says of each that can no longer be executed why not."""

    findings: tuple[Finding, ...]
    lost: tuple[str, ...]


def known_cases(folder: Path, *, targets: Collection[str], defect: str | None, vocabulary: Vocabulary) -> Known:
    """The cases in this folder of the target with one of these names, and of this defect, in the order of their files.

    A file that cannot be read counts as lost: it may be a case of this target.
    """
    findings: list[Finding] = []
    lost: list[str] = []
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        try:
            case = read_case(path)
            if case.target in targets and case.defect == defect:
                check_fits(case, vocabulary)
                findings.append(Finding(case, path))
        except CaseUnreadable as problem:
            lost.append(f"{problem}; find it anew, or remove {path}")
    return Known(tuple(findings), tuple(lost))
