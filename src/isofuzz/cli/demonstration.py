"""The demonstration, as it is told. Imported by the command that shows it, for what it needs is slow to load."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from rich.console import Console
from rich.text import Text

from isofuzz.cases.store import Finding
from isofuzz.cli.replay import print_replayed
from isofuzz.oracles.verdict import Verdict
from isofuzz.program.vocabulary import Vocabulary
from isofuzz.report.finding import finding_lines
from isofuzz.report.progress import ProgressReporter
from isofuzz.report.terminal import print_lines, verdict_lines
from isofuzz.runs.again import ReplayVerdict
from isofuzz.runs.profiles import profile_named
from isofuzz.runs.replay import replay
from isofuzz.runs.request import RunRequest
from isofuzz.runs.run import INTERRUPTED, run
from isofuzz.runs.summary import Summary
from isofuzz.runs.targets import find_target
from isofuzz.target.signatures import read_signatures

_TARGET: Final = "chat"
_DEFECT: Final = "subscription-outlives-kick"
_PROFILE: Final = "dev"


class Demonstration:
    """Tells on standard output what it does, and remembers what did not happen as it should."""

    def __init__(self) -> None:
        self._console = Console()
        self._target_class = find_target(_TARGET)
        self._failures: list[str] = []

    def show(self) -> int:
        """All of it; returns the exit code, 0 when everything happened. Raises KeyboardInterrupt on Ctrl-C."""
        with TemporaryDirectory(prefix="isofuzz-demo-") as folder:
            cases = Path(folder)
            self._chapter("A leak is planted in a small chat", self._target_class.defects[_DEFECT])
            leaky = self._run(_DEFECT, cases)
            found = leaky.findings[:1]  # what was seen besides, while this was shrunk, is the same leak once more
            self._tell_findings(found)
            self._chapter("Its case is replayed", "A finding is a file: it shows again until the bug is mended.")
            self._replay([finding.path for finding in found], cases)
            self._chapter("The healthy chat", "Without the planted leak, nothing may be found.")
            healthy = self._run(None, cases)
            self._check(healthy.verdict is Verdict.ISOLATED, f"the healthy chat was {healthy.verdict.value}")
        self._tell_end()
        return 1 if self._failures else 0

    def _run(self, defect: str | None, cases: Path) -> Summary:
        request = RunRequest(_TARGET, self._target_class, profile_named(_PROFILE), defect=defect, cases=cases)
        with ProgressReporter(Console(stderr=True)) as progress:
            summary = run(request, progress)
        if summary.trouble == INTERRUPTED:
            raise KeyboardInterrupt  # a run tells of it, but a demonstration has nothing to tell then
        print_lines(self._console, [*verdict_lines(summary), Text()])
        if summary.trouble:
            self._failures.append(summary.trouble)
        return summary

    def _tell_findings(self, findings: Sequence[Finding]) -> None:
        self._check(bool(findings), "the planted leak was not found")
        vocabulary: Vocabulary = read_signatures(self._target_class).vocabulary
        for finding in findings:
            case = finding.case
            print_lines(self._console, finding_lines(finding, vocabulary, self._console.width))
            self._check(len(case.program) < case.steps_found, "the program that shows the leak was not shrunk")
            self._check(bool(case.explanation), "the leak was not explained")

    def _replay(self, paths: Sequence[Path], cases: Path) -> None:
        for replayed in replay(paths, cases=cases):
            if replayed.interrupted:
                raise KeyboardInterrupt  # as above
            print_replayed(replayed)
            leaks = replayed.verdict is ReplayVerdict.STILL_LEAKS
            self._check(leaks, f"replaying its case said {replayed.verdict.value}: {replayed.reason}")

    def _tell_end(self) -> None:
        self._console.print()
        if self._failures:
            lines = [Text(f"NOT as it should be: {failure}", style="bold red") for failure in self._failures]
        else:
            lines = [
                Text("Found, shrunk, explained and replayed; and the healthy chat is isolated.", style="bold green"),
                Text(f"Next: isofuzz run {_TARGET} --defect {_DEFECT} (which keeps its case), then a target of yours."),
            ]
        print_lines(self._console, lines)

    def _chapter(self, title: str, sentence: str) -> None:
        self._console.print()
        self._console.rule(Text(title, style="bold"), align="left")
        print_lines(self._console, [Text(sentence), Text()])

    def _check(self, happened: bool, failure: str) -> None:
        if not happened:
            self._failures.append(failure)
