"""Campaigns of small systems, with few and short orders, and nothing left of them."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from isofuzz.campaign.campaign import campaign
from isofuzz.campaign.outcome import Outcome
from isofuzz.campaign.request import CampaignRequest
from isofuzz.oracles.violation import Oracle
from isofuzz.runs.events import Event
from isofuzz.runs.profiles import Profile
from isofuzz.runs.request import RunRequest
from isofuzz.runs.targets import find_target

SYSTEMS = Path(__file__).parents[1] / "runs" / "systems.py"
BOARDS = Path(__file__).with_name("boards.py")
SHORT = Profile("short", programs=1, steps=8, seconds=1, findings=1, shrink_seconds=10, compare_one_in=None)

Campaign = Callable[..., Outcome]


@pytest.fixture
def marker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that a system of `boards.py` makes or looks for."""
    path = tmp_path / "marker"
    monkeypatch.setenv("ISOFUZZ_TEST_MARKER", str(path))
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the campaign is."""
    return tmp_path / "campaign"


def request_for(
    target: str, folder: Path, *, only: frozenset[Oracle] = frozenset(Oracle), **options: Any
) -> CampaignRequest:
    """A short campaign."""
    run = RunRequest(target=target, target_class=find_target(target), profile=SHORT, only=only)
    request = CampaignRequest(
        run=run, folder=folder, for_seconds=None, for_programs=8, workers=2, seed="seed", order_seconds=5
    )
    return replace(request, **options)


@pytest.fixture
def campaign_of(folder: Path) -> Campaign:
    """A campaign of the small system of this name, to its end."""

    def to_the_end(
        name: str,
        listener: Callable[[Event], None] = lambda event: None,
        *,
        place: Path = SYSTEMS,
        resume: bool = False,
        **options: Any,
    ) -> Outcome:
        return campaign(request_for(f"{place}:{name}", folder, **options), listener, resume=resume)

    return to_the_end


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    """However a campaign ends, no process of it lives on."""
    before = set(psutil.Process().children(recursive=True))
    yield
    left = set(psutil.Process().children(recursive=True)) - before
    # What multiprocessing keeps for as long as this process lives is none of a campaign's.
    _, alive = psutil.wait_procs([each for each in left if "resource_tracker" not in _command(each)], timeout=10)
    assert not alive


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return ""
