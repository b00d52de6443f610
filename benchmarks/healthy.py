"""Does isofuzz raise an alarm on a system that isolates?

The healthy reference chat is run under each profile, again and again and each time with other programs, until so many
operations of that profile were executed. An alarm is a finding, a hazard, or a verdict other than isolated. Only what
programs executed is counted: the sweep's and the drawn ones, not what comparing them executes on top.

    python -m benchmarks.healthy [--operations N] [--profile NAME]...

A line a run, each alarm in full, and last a JSON object: by profile, `operations` and `programs` executed in `runs`,
`compared` how many of the programs noninterference has looked at, `alarms`, and `inconclusive` how many runs were.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from isofuzz.oracles.verdict import Verdict
from isofuzz.program.vocabulary import Vocabulary
from isofuzz.report.as_text import summary_text
from isofuzz.runs.profiles import PROFILES, Profile
from isofuzz.runs.request import RunRequest
from isofuzz.runs.run import INTERRUPTED, run
from isofuzz.runs.summary import Summary
from isofuzz.target.signatures import read_signatures
from isofuzz_packs.chat import Chat

OPERATIONS = 20_000
"""Of each profile, at the least."""

BUDGETS = {
    name: replace(PROFILES[name], programs=programs, seconds=3600)
    for name, programs in (
        ("dev", PROFILES["dev"].programs),
        ("ci", PROFILES["ci"].programs),
        ("nightly", 100),  # each is as long as on a night and compared, but a night has 20,000
    )
}
"""What a run does is limited by its programs alone: a busy machine is to make it slower, and not inconclusive."""


@dataclass
class Tally:
    """What the runs of one profile came to."""

    operations: int = 0
    programs: int = 0
    runs: int = 0
    compared: int = 0
    alarms: int = 0
    inconclusive: int = 0

    def add(self, summary: Summary) -> None:
        """Count one run."""
        self.operations += summary.exercised.operations
        self.programs += summary.exercised.programs
        self.runs += 1
        self.compared += summary.compared.programs
        self.alarms += _alarms(summary)
        self.inconclusive += summary.verdict is Verdict.INCONCLUSIVE


def _alarms(summary: Summary) -> int:
    """How many: a verdict that no finding and no hazard explains is one as well."""
    told = len(summary.findings) + len(summary.hazards)
    return told or int(summary.verdict is not Verdict.ISOLATED)


def measure(profile: Profile, operations: int, vocabulary: Vocabulary) -> Tally:
    """Run until so many operations were executed; raises KeyboardInterrupt if a run was interrupted."""
    tally = Tally()
    while tally.operations < operations:
        with tempfile.TemporaryDirectory() as folder:
            summary = run(RunRequest("chat", Chat, profile, cases=Path(folder)))
        if summary.trouble == INTERRUPTED:
            raise KeyboardInterrupt
        tally.add(summary)
        print(_line(tally, summary), flush=True)
        if _alarms(summary):
            print(summary_text(summary, vocabulary), flush=True)
        if not summary.exercised.operations:
            break  # what does not start now will not start the next time either
    return tally


def _line(tally: Tally, summary: Summary) -> str:
    return (
        f"{summary.profile} run {tally.runs}: {summary.verdict.value} after {summary.exercised.operations} operations"
        f" in {summary.exercised.programs} programs, {summary.compared.programs} compared,"
        f" {summary.seconds:.0f} s; {tally.operations} operations so far, {tally.alarms} alarms"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.healthy", description=__doc__.splitlines()[0])
    parser.add_argument("--operations", type=int, default=OPERATIONS, metavar="N", help="of each profile, at the least")
    parser.add_argument("--profile", action="append", choices=BUDGETS, help="one of them; else all")
    chosen = parser.parse_args(arguments)
    vocabulary = read_signatures(Chat).vocabulary
    tallies = {name: measure(BUDGETS[name], chosen.operations, vocabulary) for name in chosen.profile or BUDGETS}
    print(json.dumps({name: asdict(tally) for name, tally in tallies.items()}))
    return 1 if any(tally.alarms for tally in tallies.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
