"""Runs of small systems, each with services of its own, and nothing left of it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from isofuzz.oracles.violation import Oracle
from isofuzz.runs.events import Event, LeakSeen
from isofuzz.runs.profiles import Profile
from isofuzz.runs.request import RunRequest
from isofuzz.runs.run import run
from isofuzz.runs.summary import Summary
from isofuzz.runs.targets import find_target

SYSTEMS = Path(__file__).with_name("systems.py")
SHORT = Profile("short", programs=5, steps=8, seconds=10, findings=1, shrink_seconds=10)


@dataclass
class Run:
    """A run in the making: of which system, and what it tells; it begins with `to_the_end`."""

    target: str
    cases: Path
    events: list[Event] = field(default_factory=list)

    def request(self, profile: Profile = SHORT, **options: object) -> RunRequest:
        return RunRequest(
            target=self.target,
            target_class=find_target(self.target),
            profile=profile,
            seed=0,
            cases=self.cases,
            **options,  # type: ignore[arg-type]  # fields of RunRequest, by name
        )

    def to_the_end(
        self,
        *,
        profile: Profile = SHORT,
        only: frozenset[Oracle] = frozenset(Oracle),
        listener: Callable[[Event], None] = lambda event: None,
        sessions: int | None = None,
        strict: bool = False,
    ) -> Summary:
        def hear(event: Event) -> None:
            self.events.append(event)
            listener(event)

        return run(self.request(profile, only=only, sessions=sessions, strict=strict), hear)

    @property
    def seen(self) -> list[LeakSeen]:
        return [event for event in self.events if isinstance(event, LeakSeen)]


@pytest.fixture
def run_of(tmp_path: Path) -> Callable[[str], Run]:
    """A run of one of the small systems, by the name of its class."""
    return lambda name: Run(f"{SYSTEMS}:{name}", tmp_path / "cases")


@pytest.fixture(scope="module")
def run_of_board(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Summary]:
    """A run of the healthy system, once for all tests that only look at what came of it."""
    run = Run(f"{SYSTEMS}:Board", tmp_path_factory.mktemp("board") / "cases")
    return run, run.to_the_end()


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    """However a run ends, no process of it lives on."""
    before = set(psutil.Process().children(recursive=True))
    yield
    left = set(psutil.Process().children(recursive=True)) - before
    _, alive = psutil.wait_procs(left, timeout=10)
    assert not alive
