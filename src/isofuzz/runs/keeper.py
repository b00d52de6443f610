"""The sink of violations: each new one is on disk before the next step of the run."""

import platform
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType

from isofuzz.cases.case import Case, HitRate
from isofuzz.cases.store import CaseStore, Finding, read_case
from isofuzz.engine.interpreter import Execution
from isofuzz.errors import CaseUnreadable
from isofuzz.oracles.crossing import FRAME
from isofuzz.oracles.staleness import lost_by
from isofuzz.oracles.violation import Oracle, Violation
from isofuzz.program.vocabulary import Vocabulary
from isofuzz.runs.accepting import Acceptance, AcceptedFinding, AcceptList
from isofuzz.runs.events import Kept, LeakSeen, Listener
from isofuzz.runs.evidence import earlier_programs, evidence
from isofuzz.runs.fitting import does_fit

BOUNDED = "bounded-staleness"
"""The folder of the evidence for what was not gone at once and gone within the grace."""

SEEN = "seen"
"""The folder of what is worked on while there is an older case of the same bug."""

ENOUGH_SIGHTINGS = 3
"""So often is the same thing looked into, which may be bounded in one program and not in another."""


class Keeper:
    """Keeps one case for each fingerprint.

    `unworked` are those that were seen and not yet shrunk, and `pressing` those of them for which a program stops: not
    for what the target's `grace`, in seconds, may well explain. What is `accepted` is neither: it stops and counts
    nothing. Nor is what is `bounded`, which showed no longer once the grace was over.

    `known` is what others have found before, with who observed it: it is not kept, and only noted in `again`.
    """

    def __init__(
        self,
        *,
        target: str,
        defect: str | None,
        vocabulary: Vocabulary,
        services: str,
        versions: Mapping[str, str],
        folder: Path,
        accept: AcceptList,
        listener: Listener,
        grace: float = 0,
        known: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.findings: dict[str, Finding] = {}
        self.accepted: dict[str, AcceptedFinding] = {}
        self.bounded: dict[str, Finding] = {}
        self.again: set[str] = set()
        self.unworked: list[str] = []
        self.pressing: set[str] = set()
        self.older: dict[str, Case] = {}
        """What earlier runs kept of the same bugs: it stays until a finding is final."""
        self._sightings: Counter[tuple[str, str | None]] = Counter()
        self._target = target
        self._defect = defect
        self._vocabulary = vocabulary
        self._services = services
        self._versions = {**versions, "isofuzz": version("isofuzz"), "python": platform.python_version()}
        self._store = CaseStore(folder)
        self._accept = accept
        self._listener = listener
        self._grace = grace
        self._known = known

    @property
    def folder(self) -> Path:
        """Where the cases are kept."""
        return self._store.folder

    def see(self, execution: Execution, violation: Violation) -> None:
        """Keep the violation, unless its like is kept already."""
        fingerprint = violation.fingerprint
        if fingerprint in self._known:
            self.again.add(fingerprint)
            return
        if fingerprint in self.findings or fingerprint in self.accepted or self._is_settled(execution, violation):
            return
        case = Case(
            target=self._target,
            defect=self._defect,
            **evidence(execution, violation, earlier_programs(execution, violation)),
            found=datetime.now(UTC).isoformat(timespec="seconds"),
            services=self._services,
            versions=self._versions,
            steps_found=len(execution.program),
            found_by=execution.turns.decided_by,
        )
        self.take(case)

    def take(self, case: Case) -> None:
        """Keep a case, unless its like is kept already; it is to be worked on unless it is accepted."""
        if case.fingerprint in self._known:
            self.again.add(case.fingerprint)
            return
        if case.fingerprint in self.findings or case.fingerprint in self.accepted:
            return
        if acceptance := self._accept.silences(case.fingerprint):
            self._keep_accepted(case, acceptance)
            return
        if older := self._older(case):
            self.older[case.fingerprint] = older
        finding = self.findings[case.fingerprint] = self._at_work(case).keep(case)
        self.unworked.append(case.fingerprint)
        if not (self._grace and lost_by(case.history, case.violation, self._vocabulary)):
            self.pressing.add(case.fingerprint)
        if case.fingerprint not in self.bounded:  # or it may well be no leak here either
            self._listener(LeakSeen(finding))

    def knows(self, violation: Violation) -> bool:
        """Was it seen before: the same, or in one answer with others what a comparison shows of that answer now?"""
        if any(violation.fingerprint in each for each in (self.findings, self.accepted, self.bounded, self._known)):
            return True
        compared = violation.oracle is Oracle.NONINTERFERENCE and violation.observer != FRAME
        seen = (*self.findings.values(), *(accepted.finding for accepted in self.accepted.values()))
        observers = {*self._known.values(), *(finding.case.violation.observer for finding in seen)}
        return compared and violation.observer in observers

    def set_aside(self) -> None:
        """Leave it to others to work on what was found so far."""
        self.unworked.clear()
        self.pressing.clear()

    def improve(self, case: Case) -> None:
        """The same bug was shown by a smaller program, or after smaller ones."""
        self.findings[case.fingerprint] = self._at_work(case).keep(case)

    def bound(self, fingerprint: str) -> None:
        """It is no leak: what showed was within the grace. The evidence moves to a folder beside the cases."""
        finding = self.findings.pop(fingerprint)
        self.unworked.remove(fingerprint)
        by = lost_by(finding.case.history, finding.case.violation, self._vocabulary)
        self._sightings[fingerprint, by] += 1
        self.bounded[fingerprint] = CaseStore(self._store.folder / BOUNDED).keep(finding.case)
        finding.path.unlink(missing_ok=True)

    def conclude(self, fingerprint: str, *, hit_rate: HitRate, shrunk: bool | None, cold: bool | None) -> None:
        """The finding is final, whatever was bounded elsewhere."""
        finding = self.findings[fingerprint]
        found_by = finding.case.found_by if finding.case.program.overlaps else ""
        self.older.pop(fingerprint, None)
        self.improve(replace(finding.case, hit_rate=hit_rate, shrunk=shrunk, cold=cold, found_by=found_by))
        if finding.path != self.findings[fingerprint].path:
            finding.path.unlink(missing_ok=True)
        self.unworked.remove(fingerprint)
        self.pressing.discard(fingerprint)
        if bounded := self.bounded.pop(fingerprint, None):
            bounded.path.unlink(missing_ok=True)
        self._listener(Kept(self.findings[fingerprint]))

    def _at_work(self, case: Case) -> CaseStore:
        """Where the case goes while it is worked on: a file of an earlier run is not written over by what is larger."""
        return CaseStore(self._store.folder / SEEN) if case.fingerprint in self.older else self._store

    def _older(self, case: Case) -> Case | None:
        with suppress(CaseUnreadable):
            older = read_case(self._store.path_of(case))
            if older.fingerprint == case.fingerprint and does_fit(older.program, self._vocabulary):
                return older
        return None

    def _is_settled(self, execution: Execution, violation: Violation) -> bool:
        """Was its like found to be bounded often enough, each time with the right taken by the same operation?"""
        if violation.fingerprint not in self.bounded:
            return False
        by = lost_by(execution.history, violation, self._vocabulary)
        return self._sightings[violation.fingerprint, by] >= ENOUGH_SIGHTINGS

    def _keep_accepted(self, case: Case, acceptance: Acceptance) -> None:
        """A case that is there already was shrunk before it was accepted, so it stays."""
        path = self._store.path_of(case)
        finding = Finding(case, path) if path.exists() else self._store.keep(case)
        self.accepted[case.fingerprint] = AcceptedFinding(finding, acceptance)
