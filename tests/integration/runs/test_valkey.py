"""A system with a cache in Valkey: what leaks through it is found, and nothing else is."""

from pathlib import Path

import pytest

from isofuzz.errors import UsageError
from isofuzz.oracles.verdict import Verdict
from isofuzz.oracles.violation import Breach, Oracle
from isofuzz.runs.events import Event, Started
from isofuzz.runs.profiles import Profile
from isofuzz.runs.request import RunRequest
from isofuzz.runs.run import run
from isofuzz.runs.summary import Summary
from isofuzz.runs.targets import find_target
from isofuzz.services import Sources
from isofuzz.services.sources import OFF
from isofuzz.services.valkey.for_run import RunValkey

SHORT = Profile("short", programs=5, steps=8, seconds=10, findings=1, shrink_seconds=10)


def run_cached(tmp_path: Path, defect: str | None = None, valkey_url: str | None = None) -> tuple[Summary, list[Event]]:
    target = f"{Path(__file__).with_name('cached.py')}:Cached"
    events: list[Event] = []
    request = RunRequest(
        target=target,
        target_class=find_target(target),
        profile=SHORT,
        defect=defect,
        seed=0,
        cases=tmp_path / "cases",
        sources=Sources(database_url=OFF, valkey_url=valkey_url),
    )
    return run(request, events.append), events


def test_the_healthy_one_is_isolated_and_its_valkey_is_told(tmp_path: Path) -> None:
    summary, events = run_cached(tmp_path)

    assert summary.verdict is Verdict.ISOLATED, summary.missing
    [started] = [event for event in events if isinstance(event, Started)]
    version = summary.versions["valkey"]
    told = f"no Postgres (as asked for); Valkey {version}, embedded (no URL given)"
    assert (started.services, summary.services) == (told, told)


def test_a_leak_through_the_cache_is_found_and_shown_cold(tmp_path: Path) -> None:
    summary, _ = run_cached(tmp_path, "cache-before-check")

    [finding] = summary.findings
    assert finding.case.violation.breach is Breach.FOREIGN
    assert finding.case.violation.oracle is Oracle.CROSSING
    assert [call.operation for call in finding.case.program.calls][-2:] == ["read", "read"]
    assert finding.case.cold is True
    assert "Valkey" in finding.case.services


def test_a_cache_that_is_not_emptied_leaks_from_program_to_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is the emptying between programs that makes the healthy one isolated."""

    async def forget_to_empty(self: RunValkey) -> None:
        pass

    monkeypatch.setattr(RunValkey, "reset", forget_to_empty)

    summary, _ = run_cached(tmp_path)

    assert summary.verdict is Verdict.LEAKED


def test_without_valkey_the_target_is_told_what_it_asked_for(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"asks for Valkey, which is switched off \(--valkey-url off\)"):
        run_cached(tmp_path, valkey_url=OFF)
