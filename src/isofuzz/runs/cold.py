"""The last word on a finding: a fresh process, on fresh services. Run as a module, this is that process."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

from isofuzz.cases.case import Case
from isofuzz.cases.codec import from_json, to_json
from isofuzz.cases.store import cases_in, read_case
from isofuzz.program.steps import Program
from isofuzz.runs.again import Conclusion, ReplayVerdict
from isofuzz.runs.replay import run_again
from isofuzz.runs.reproduction import Reproducer
from isofuzz.services.sources import EMBEDDED, Sources

_SECONDS = 120


@dataclass(frozen=True)
class Answer:
    """What a process of its own says of a case: the case as it showed there, if so, and what it concludes.

    `besides` is whatever else showed there.
    """

    shown: Case | None
    concluded: Conclusion
    besides: tuple[Case, ...] = ()


@dataclass
class Cold(Reproducer):
    """Runs programs each time in a process of its own: the system remembers nothing of any other.

    `take` is given whatever else shows, and `folder` is where those processes keep that until then.
    """

    sources: Sources
    take: Callable[[Case], None]
    folder: Path
    first_tries: ClassVar[int] = 2  # each takes seconds
    final_tries: ClassVar[int] = 2

    async def shows(self, program: Program) -> Case | None:
        """The case as it showed there; what could not be told there did not show."""
        answer = answered_cold(replace(self.case, program=program), 1, self.sources, self.folder)
        for case in answer.besides:
            self.take(case)
        return answer.shown


def answered_cold(case: Case, tries: int, sources: Sources, folder: Path) -> Answer:
    """What a process of its own says of the case, having tried it so often; CANNOT RUN if it says nothing.

    Whatever else it sees it keeps within the folder: there it stays if this process is killed meanwhile.
    """
    with TemporaryDirectory(dir=folder, prefix="besides-") as besides:
        answer = _asked(case, tries, sources, besides)
        return replace(answer, besides=tuple(map(read_case, cases_in(Path(besides)))))


def _asked(case: Case, tries: int, sources: Sources, besides: str) -> Answer:
    """What it says itself; whatever else it sees it leaves in the folder `besides`, also if it is then killed."""
    request = {
        "case": to_json(case),
        "path": sys.path,
        "tries": tries,
        "besides": besides,
        "database_url": sources.database_url,
        "allow_hosts": sources.allow_hosts,
        "lent": sources.lent,
        "project": str(sources.project) if sources.project else None,
    }
    try:
        answered = subprocess.run(
            [sys.executable, "-m", "isofuzz.runs.cold"],
            input=json.dumps(request),  # not in its arguments: the URL may hold a password
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=True,
        )
        answer = json.loads(answered.stdout.splitlines()[-1])
        shown = from_json(answer["shown"], "what a fresh process said") if answer["shown"] else None
        return Answer(shown, Conclusion(ReplayVerdict(answer["verdict"]), answer["reason"]))
    except (OSError, subprocess.SubprocessError, ValueError, LookupError) as problem:
        reason = f"a process of its own could not run it ({type(problem).__name__})"
        return Answer(None, Conclusion(ReplayVerdict.CANNOT_RUN, reason))


def main() -> None:
    """Run the case that standard input holds; answer on standard output."""
    request = json.loads(sys.stdin.read())
    sys.path[:] = request["path"]  # the target is found where the run found it
    sources = Sources(
        database_url=request["database_url"],
        valkey_url=EMBEDDED,  # the run that waits for this answer still holds the other one
        allow_hosts=tuple(request["allow_hosts"]),
        project=Path(request["project"]) if request["project"] else None,
        lent=request["lent"],
    )
    case = from_json(request["case"], "what the run asks")
    again = run_again(case, sources, request["tries"], Path(request["besides"]))
    concluded = again.concluded()
    answer = {"verdict": concluded.verdict.value, "reason": concluded.reason}
    sys.stdout.write(json.dumps({"shown": again.shown and to_json(again.shown), **answer}) + "\n")


if __name__ == "__main__":
    main()
