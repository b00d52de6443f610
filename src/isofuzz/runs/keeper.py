"""The sink of violations: each new one is on disk before the next step of the run."""

import platform
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from isofuzz.cases.case import Case, HitRate
from isofuzz.cases.store import CaseStore, Finding
from isofuzz.engine.interpreter import Execution
from isofuzz.engine.system import Past
from isofuzz.oracles.explanation import explain
from isofuzz.oracles.violation import Violation
from isofuzz.program.steps import Program
from isofuzz.program.vocabulary import Vocabulary
from isofuzz.runs.accepting import Acceptance, AcceptedFinding, AcceptList
from isofuzz.runs.events import Kept, LeakSeen, Listener


BOUNDED = "bounded-staleness"
"""The folder of the evidence for what was not gone at once and gone within the grace."""

_MOST_EARLIER = 10
"""Earlier programs that a case begins with; of more, only the one that wrote what shows."""


def earlier_programs(execution: Execution, violation: Violation) -> tuple[Program, ...]:
    """The programs from the one that wrote the canary to the one before this; none if it was written in this."""
    since = _programs_since(execution, violation)
    return tuple(past.program for past in (since if len(since) <= _MOST_EARLIER else since[:1]))


def origin_of(execution: Execution, violation: Violation) -> str:
    """Where in an earlier program a canary was written, as a sentence; nothing if it is of this one."""
    since = _programs_since(execution, violation)
    written = since[0].writer_of(execution.first_canary + (violation.serial or 0)) if since else None
    return f"It was written by step {written.step} (`{written.operation}`) of the earlier program." if written else ""


def _programs_since(execution: Execution, violation: Violation) -> list[Past]:
    if violation.serial is None or violation.serial >= 0:
        return []
    number = execution.first_canary + violation.serial
    before = [past for past in execution.system.past if past.first_canary < execution.first_canary]
    writers = [index for index, past in enumerate(before) if past.first_canary <= number]
    # Of programs with the same first canary, the last is the one that minted it.
    return before[writers[-1] :] if writers and before[writers[-1]].writer_of(number) else []


class Keeper:
    """Keeps one case for each fingerprint.

    `unworked` are those that were seen and not yet shrunk. What is `accepted` is neither: it stops and counts nothing.
    Nor is what is `bounded`, which showed no longer once the target's grace was over.
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
        self.bounded: dict[str, Finding] = {}
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
        if any(violation.fingerprint in known for known in (self.findings, self.accepted, self.bounded)):
            return
        case = Case(
            target=self._target,
            defect=self._defect,
            **self._evidence(execution, violation),
            earlier=earlier_programs(execution, violation),
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

    def improve(self, fingerprint: str, execution: Execution, earlier: tuple[Program, ...] | None = None) -> None:
        """The same bug was shown by a smaller program, or after smaller ones."""
        violation = next(v for v in execution.judge.violations if v.fingerprint == fingerprint)
        changes = self._evidence(execution, violation)
        self._update(fingerprint, **(changes if earlier is None else {**changes, "earlier": earlier}))

    def bound(self, fingerprint: str) -> None:
        """It is no leak: what showed was within the grace. The evidence moves to a folder beside the cases."""
        finding = self.findings.pop(fingerprint)
        self.unworked.remove(fingerprint)
        self.bounded[fingerprint] = CaseStore(self._store.folder / BOUNDED).keep(finding.case)
        finding.path.unlink(missing_ok=True)

    def _evidence(self, execution: Execution, violation: Violation) -> dict[str, Any]:
        """The fields of a case that say what happened."""
        explanation = explain(execution.program, execution.history, violation, self._vocabulary)
        return {
            "violation": violation,
            "explanation": " ".join(filter(None, (explanation, origin_of(execution, violation)))),
            "program": execution.program,
            "history": tuple(execution.history),
            "counterpart": tuple(execution.counterpart),
        }

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
