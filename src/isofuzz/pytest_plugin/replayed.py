"""Kept cases as tests: each file of the folder of `--isofuzz-replay` passes once its finding shows no longer."""

import signal
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from isofuzz.pytest_plugin.background import let_go_of_valkey
from isofuzz.pytest_plugin.isolation_tests import InconclusiveWarning
from isofuzz.pytest_plugin.options import DEV, cases_of, configuration_of, profile_name, replayed_folder, sources_of

if TYPE_CHECKING:
    from isofuzz.runs.replay import Replayed

_SUFFIX = ".json"
"""Of case files; `isofuzz.cases.store` has the word, and takes long to import."""


def collect_first(config: pytest.Config) -> None:
    """Have the folder collected before whatever else is. Raises pytest.UsageError if there is no such folder."""
    if folder := replayed_folder(config):
        config.args.insert(0, str(folder))


def collect_case(path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """A case file of that folder as what pytest collects; None for any other file."""
    folder = replayed_folder(parent.config)
    if folder is None or path.suffix != _SUFFIX or path.parent.resolve() != folder.resolve():
        return None
    return CaseFile.from_parent(parent, path=path)


class CaseFile(pytest.File):
    """A case file: it holds one test."""

    def collect(self) -> Iterator[pytest.Item]:
        """The test."""
        yield ReplayTest.from_parent(self, name="replay")


class ReplayTest(pytest.Item):
    """Replays the case, on services of its own."""

    def runtest(self) -> None:
        """Passes if it leaks no longer. What is undecided only warns in the profile `dev`."""
        from isofuzz.runs.again import ReplayVerdict

        replayed = self._replayed()
        if replayed.interrupted:
            raise KeyboardInterrupt  # Ctrl-C was meant for pytest too
        if replayed.verdict is ReplayVerdict.NO_LONGER and not replayed.besides:
            return
        text = _told(replayed)
        if (
            not replayed.besides
            and replayed.verdict is ReplayVerdict.UNDECIDED
            and profile_name(self.config, configuration_of(self.config)) == DEV
        ):
            warnings.warn(InconclusiveWarning(text), stacklevel=2)
        else:
            pytest.fail(text, pytrace=False)

    def reportinfo(self) -> tuple[Path, None, str]:
        """The file, and what pytest calls the test."""
        return self.path, None, f"{self.path.name}: {self.name}"

    def _replayed(self) -> "Replayed":

        from isofuzz.cli.importing import import_from_here
        from isofuzz.cli.interrupts import interrupted_by
        from isofuzz.runs.replay import replay

        import_from_here()
        let_go_of_valkey()
        with interrupted_by(signal.SIGINT):
            accept = configuration_of(self.config).accepted_today()
            [replayed] = replay(
                [self.path], sources=sources_of(self.config), cases=cases_of(self.config), accept=accept
            )
        return replayed


def _told(replayed: "Replayed") -> str:
    """The verdict, and what it showed if it did; then what else leaked."""
    from isofuzz.report.as_text import story_text
    from isofuzz.report.finding import sighting
    from isofuzz.report.printable import printable
    from isofuzz.runs.targets import find_target
    from isofuzz.target.signatures import read_signatures

    told = [printable(f"{replayed.verdict.value}: {replayed.reason}")]
    told += [f"besides, {sighting(finding)}" for finding in replayed.besides]
    for shown in filter(None, (replayed.shown, *(finding.case for finding in replayed.besides))):
        told.append(story_text(shown, read_signatures(find_target(shown.target)).vocabulary))
    return "\n\n".join(told)
