"""The sink of violations: each new one is on disk before the next step of the run."""

import platform
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from isofuzz.cases.case import Case, HitRate
from isofuzz.cases.store import CaseStore, Finding
from isofuzz.engine.interpreter import Execution
from isofuzz.oracles.explanation import explain
from isofuzz.oracles.violation import Violation
from isofuzz.program.vocabulary import Vocabulary
from isofuzz.runs.accepting import Acceptance, AcceptedFinding, AcceptList
from isofuzz.runs.events import Kept, LeakSeen, Listener


class Keeper:
    """Keeps one case for each fingerprint.

    `unworked` are those that were seen and not yet shrunk. What is `accepted` is neither: it stops and counts nothing.
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
    ) -> None:
        self.findings: dict[str, Finding] = {}
        self.accepted: dict[str, AcceptedFinding] = {}
        self.unworked: list[str] = []
        self._target = target
        self._defect = defect
        self._vocabulary = vocabulary
        self._services = services
        self._versions = {**versions, "isofuzz": version("isofuzz"), "python": platform.python_version()}
        self._store = CaseStore(folder)
        self._accept = accept
        self._listener = listener

    def see(self, execution: Execution, violation: Violation) -> None:
        """Keep the violation, unless its like is kept already."""
        if violation.fingerprint in self.findings or violation.fingerprint in self.accepted:
            return
        case = Case(
            target=self._target,
            defect=self._defect,
            violation=violation,
            explanation=explain(execution.program, execution.history, violation, self._vocabulary),
            program=execution.program,
            history=tuple(execution.history),
            found=datetime.now(UTC).isoformat(timespec="seconds"),
            services=self._services,
            versions=self._versions,
            steps_found=len(execution.program),
        )
        if acceptance := self._accept.silences(case.fingerprint):
            self._keep_accepted(case, acceptance)
            return
        finding = self.findings[case.fingerprint] = self._store.keep(case)
        self.unworked.append(case.fingerprint)
        self._listener(LeakSeen(finding))

    def improve(self, fingerprint: str, execution: Execution) -> None:
        """The same bug was shown by a smaller program."""
        violation = next(v for v in execution.judge.violations if v.fingerprint == fingerprint)
        self._update(
            fingerprint,
            violation=violation,
            explanation=explain(execution.program, execution.history, violation, self._vocabulary),
            program=execution.program,
            history=tuple(execution.history),
        )

    def conclude(self, fingerprint: str, *, hit_rate: HitRate, cold: bool | None) -> None:
        """The finding is final."""
        self._update(fingerprint, hit_rate=hit_rate, cold=cold)
        self.unworked.remove(fingerprint)
        self._listener(Kept(self.findings[fingerprint]))

    def _keep_accepted(self, case: Case, acceptance: Acceptance) -> None:
        """A case that is there already was shrunk before it was accepted, so it stays."""
        path = self._store.path_of(case)
        finding = Finding(case, path) if path.exists() else self._store.keep(case)
        self.accepted[case.fingerprint] = AcceptedFinding(finding, acceptance)

    def _update(self, fingerprint: str, **changes: object) -> None:
        case = replace(self.findings[fingerprint].case, **changes)  # type: ignore[arg-type]  # fields of Case, by name
        self.findings[fingerprint] = self._store.keep(case)
