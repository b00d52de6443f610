"""The last word on a finding: a fresh process, on fresh services. Run as a module, this is that process."""

import json
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from isofuzz.cases.case import Case, HitRate
from isofuzz.cases.codec import from_json, to_json
from isofuzz.program.steps import Program
from isofuzz.runs.again import Conclusion, ReplayVerdict
from isofuzz.runs.replay import run_again
from isofuzz.runs.reproduction import Reproducer, tries_for
from isofuzz.services.sources import EMBEDDED, Sources

_SECONDS = 120


@dataclass(frozen=True)
class Answer:
    """What a process of its own says of a case: the case as it showed there, if so, and what it concludes."""

    shown: Case | None
    concluded: Conclusion


def confirmed_cold(case: Case, hit_rate: HitRate, sources: Sources) -> bool | None:
    """Does the case show its violation in a process of its own? None: that process could not tell."""
    answer = answered_cold(case, tries_for(hit_rate), sources)
    return None if answer.concluded.verdict is ReplayVerdict.CANNOT_RUN else answer.shown is not None


@dataclass
class Cold(Reproducer):
    """Runs programs each time in a process of its own: the system remembers nothing of any other."""

    sources: Sources
    first_tries: ClassVar[int] = 2  # each takes seconds
    final_tries: ClassVar[int] = 2

    async def shows(self, program: Program) -> Case | None:
        """The case as it showed there; what could not be told there did not show."""
        return answered_cold(replace(self.case, program=program), 1, self.sources).shown


def answered_cold(case: Case, tries: int, sources: Sources) -> Answer:
    """What a process of its own says of the case, having tried it so often; CANNOT RUN if it says nothing."""
    request = {
        "case": to_json(case),
        "path": sys.path,
        "tries": tries,
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
    again = run_again(from_json(request["case"], "what the run asks"), sources, request["tries"])
    concluded = again.concluded()
    answer = {"verdict": concluded.verdict.value, "reason": concluded.reason}
    sys.stdout.write(json.dumps({"shown": again.shown and to_json(again.shown), **answer}) + "\n")


if __name__ == "__main__":
    main()
