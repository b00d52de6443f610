"""What a campaign knows so far: the findings with their files, and the counts of the night; all of it is in the state.

A worker leaves what it finds in a folder of its order before it goes on, so that it is there whatever happens next.
From there it is taken into the state and the folder of cases.
"""

import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from isofuzz.campaign.orders import Order, Result, Task
from isofuzz.campaign.state import ACCEPTED, BOUNDED, GONE, OPEN, Known, Night, State
from isofuzz.campaign.worker import SEEN
from isofuzz.cases.case import Case
from isofuzz.cases.codec import from_json, to_json
from isofuzz.cases.store import SUFFIX, CaseStore, Finding, cases_in, read_case
from isofuzz.errors import CaseUnreadable
from isofuzz.runs.again import ReplayVerdict
from isofuzz.runs.events import Kept, LeakSeen, Listener

CASES = "cases"
"""The folder of case files in that of a campaign."""
_SETTLED = (ACCEPTED, BOUNDED)
_UNKEPT = "it is no leak that counts"


class Books:
    """The books of one night.

    `programs` counts by task what was executed, and `observers` maps the fingerprints of all findings to who observed
    them.
    """

    def __init__(self, state: State, night: Night, folder: Path, listener: Listener = lambda event: None) -> None:
        self.programs: Counter[Task] = Counter(state.programs(night.id))
        self.operations = state.operations(night.id)
        self.covered = state.outlook().covered
        self.observers = state.observers()
        self.circumstances = night.circumstances
        self._state = state
        self._night = night.id
        self._seen = folder / SEEN
        self._cases = CaseStore(folder / CASES)
        self._listener = listener
        self._unworked = [
            (each.case.fingerprint, to_json(each.case))
            for each in state.findings()
            if each.state == OPEN and not each.worked
        ]

    # -- results

    def enter(self, order: Order, result: Result, at: float) -> None:
        """Enter all that came of an order, `at` seconds of the night."""
        self.take_findings(order, result)
        self.covered += self._state.enter(self._night, order, result, at)
        self.programs[order.task] += result.programs
        self.operations += result.operations
        uncontrolled = Counter(self.circumstances.uncontrolled)
        uncontrolled.update(result.uncontrolled)
        self.circumstances = replace(
            self.circumstances,
            services=result.services,
            versions=dict(result.versions),
            unjudged=result.unjudged,
            uncontrolled=dict(uncontrolled),
        )

    def take_findings(self, order: Order, result: Result) -> None:
        """Enter what was found, and what came of a finding that was worked on or looked for again."""
        worked = {order.part} if order.task is Task.SHRINK and not result.trouble else set()
        for text in result.found:
            self._keep(from_json(text, "what a worker found"), worked)
        for text in result.bounded:
            self._settle(from_json(text, "what a worker found"), BOUNDED)
        for text in result.accepted:
            self._settle(from_json(text, "what a worker found"), ACCEPTED)
        self._state.seen_again(sorted(result.again & self.observers.keys()))
        passed_over = {*self.circumstances.passed_over, *(result.again - self.observers.keys())}
        self.circumstances = replace(self.circumstances, passed_over=tuple(sorted(passed_over)))
        if order.task is Task.REPLAY and result.replayed is ReplayVerdict.NO_LONGER:
            self._state.gone(order.part)
        shutil.rmtree(self._seen / str(order.number), ignore_errors=True)

    def salvage(self, order: Order) -> None:
        """Take what a worker has found and could not report."""
        self._salvage(self._seen / str(order.number))

    def salvage_all(self) -> None:
        """Take what workers have found and could not report, now that none of them is at work."""
        for folder in sorted(self._seen.glob("*")):
            self._salvage(folder)

    def _salvage(self, folder: Path) -> None:
        for path in cases_in(folder):
            self._keep(read_case(path), set())
        shutil.rmtree(folder, ignore_errors=True)

    def _keep(self, case: Case, worked: set[str]) -> None:
        fingerprint = case.fingerprint
        known = fingerprint in self.observers
        if known and fingerprint not in worked:
            self._state.seen_again([fingerprint])
            return
        self._state.keep_finding(self._night, case, state=OPEN, worked=fingerprint in worked)
        self.observers[fingerprint] = case.violation.observer
        finding = self._cases.keep(case)
        if fingerprint in worked:
            self._listener(Kept(finding))
        else:
            self._unworked.append((fingerprint, to_json(case)))
            self._listener(LeakSeen(finding))

    def _settle(self, case: Case, state: str) -> None:
        """It is no leak that counts; its file goes with it."""
        self._state.keep_finding(self._night, case, state=state, worked=True)
        self.observers[case.fingerprint] = case.violation.observer
        self._cases.path_of(case).unlink(missing_ok=True)

    def restore(self) -> None:
        """Write the files anew that are not as the books have them: whoever was killed may have come only so far."""
        for known in self._state.findings():
            path, text = self._cases.path_of(known.case), to_json(known.case)
            if known.state not in _SETTLED and not (path.is_file() and path.read_bytes() == text.encode()):
                self._cases.keep(known.case)

    # -- findings

    def unworked(self) -> Iterator[tuple[str, str]]:
        """What nobody has worked on, by its fingerprint, and was not told here before."""
        while self._unworked:
            yield self._unworked.pop(0)

    def to_replay(self) -> Iterator[tuple[str, str]]:
        """What earlier nights found, and this one has not yet looked for again, by its fingerprint."""
        done = self._state.done(self._night, Task.REPLAY)
        for each in self._state.findings():
            if each.night < self._night and each.state in (OPEN, GONE) and each.case.fingerprint not in done:
                yield each.case.fingerprint, to_json(each.case)

    @property
    def open(self) -> int:
        """How many findings leak."""
        return self._state.count_findings(OPEN)

    def found(self) -> list[tuple[Known, Finding]]:
        """All findings, with their files; also those that a worker has seen, and that are not in the books yet."""
        pending = {known.case.fingerprint: (known, finding) for known, finding in self._pending()}
        entered = [
            (each, Finding(each.case, self._cases.path_of(each.case), self._unkept(each)))
            for each in self._state.findings()
            if each.state != GONE or each.case.fingerprint not in pending
        ]
        for known, _ in entered:
            pending.pop(known.case.fingerprint, None)
        return [*entered, *pending.values()]

    def _unkept(self, known: Known) -> str | None:
        if known.state in _SETTLED:
            return _UNKEPT
        path = self._cases.path_of(known.case)
        return None if path.is_file() else f"there is no file {path} any more, or it could not be written"

    def _pending(self) -> Iterator[tuple[Known, Finding]]:
        """Those that lie where workers leave them, unless they are being taken from there just now."""
        for path in sorted(self._seen.glob(f"*/*{SUFFIX}")):
            with suppress(CaseUnreadable, OSError):
                case, at = read_case(path), path.stat().st_mtime
                seen = datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
                yield Known(case, OPEN, False, seen, seen, self._night), Finding(case, path)
