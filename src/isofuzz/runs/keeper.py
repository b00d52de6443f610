"""The sink of violations: each new one is on disk before the next step of the run."""

import platform
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from isofuzz.cases.case import Case, HitRate
from isofuzz.cases.store import CaseStore
from isofuzz.engine.interpreter import Execution
from isofuzz.oracles.explanation import explain
from isofuzz.oracles.violation import Violation
from isofuzz.program.vocabulary import Vocabulary
from isofuzz.runs.events import Kept, LeakSeen, Listener
from isofuzz.runs.summary import Finding


class Keeper:
    """Keeps one case for each fingerprint. `unworked` are those that were seen and not yet shrunk."""

    def __init__(
        self,
        *,
        target: str,
        defect: str | None,
        vocabulary: Vocabulary,
        services: str,
        versions: Mapping[str, str],
        folder: Path,
        listener: Listener,
    ) -> None:
        self.findings: dict[str, Finding] = {}
        self.unworked: list[str] = []
        self._target = target
        self._defect = defect
        self._vocabulary = vocabulary
        self._services = services
        self._versions = {**versions, "isofuzz": version("isofuzz"), "python": platform.python_version()}
        self._store = CaseStore(folder)
        self._listener = listener

    def see(self, execution: Execution, violation: Violation) -> None:
        """Keep the violation, unless its like is kept already."""
        if violation.fingerprint in self.findings:
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
        path = self._store.keep(case)
        self.findings[case.fingerprint] = Finding(case, path)
        self.unworked.append(case.fingerprint)
        self._listener(LeakSeen(case, path))

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
        finding = self.findings[fingerprint]
        self._listener(Kept(finding.case, finding.path))

    def _update(self, fingerprint: str, **changes: object) -> None:
        case = replace(self.findings[fingerprint].case, **changes)  # type: ignore[arg-type]  # fields of Case, by name
        self.findings[fingerprint] = Finding(case, self._store.keep(case))
