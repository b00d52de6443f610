"""What no canary shows: a noisy system that is well is isolated, and each leak is found, explained and replayed."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.integration.runs.desks import Desks

from isofuzz.cases.case import HitRate
from isofuzz.cases.store import CaseStore, Finding, read_case
from isofuzz.engine.comparison import compare
from isofuzz.engine.system import running
from isofuzz.oracles.judge import Judge
from isofuzz.oracles.verdict import Verdict
from isofuzz.oracles.violation import Oracle
from isofuzz.runs.again import ReplayVerdict
from isofuzz.runs.onlookers import looking_on
from isofuzz.runs.planting import new_mint
from isofuzz.runs.profiles import Profile
from isofuzz.runs.replay import replay
from isofuzz.runs.request import RunRequest
from isofuzz.runs.run import run
from isofuzz.runs.summary import Summary
from isofuzz.runs.targets import find_target
from isofuzz.services import Sources, open_services
from isofuzz.target.signatures import read_signatures

DESKS = f"{Path(__file__).with_name('desks.py')}:Desks"
HEALTHY = Profile("healthy", programs=4, steps=8, seconds=20, findings=1, shrink_seconds=10, compare_one_in=2)
LEAKING = Profile("leaking", programs=1, steps=8, seconds=20, findings=1, shrink_seconds=30)


def run_with(cases: Path, profile: Profile, defect: str | None = None) -> Summary:
    return run(RunRequest(DESKS, find_target(DESKS), profile, defect=defect, seed=0, cases=cases))


def test_a_noisy_system_that_is_well_is_isolated_and_all_of_it_was_compared(tmp_path: Path) -> None:
    summary = run_with(tmp_path, HEALTHY)
    assert (summary.verdict, summary.missing, summary.findings) == (Verdict.ISOLATED, (), ())
    assert summary.compared.programs > 1
    assert {"open", "file", "read", "listen", "share"} >= set(summary.compared.left_out) >= {"open", "file"}
    assert set(summary.compared.observed) == {"enter", "open", "share", "file", "read", "look", "listen"}
    assert summary.exercised.unexpected == {}


@pytest.fixture(scope="module", params=["count", "ringing"])
def leak(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Finding:
    """What a run finds of a leak."""
    [finding] = run_with(tmp_path_factory.mktemp(request.param), LEAKING, request.param).findings
    return finding


class TestLeak:
    def test_it_is_found_in_few_steps_with_both_observations(self, leak: Finding) -> None:
        case = leak.case
        operations, seen, alone = {
            "count": (["enter", "enter", "look", "open"], '"drawers": 1', '"drawers": 0'),
            "ringing": (["enter", "enter", "file", "open"], "ring", ""),
        }[str(case.defect)]
        assert case.violation.oracle is Oracle.NONINTERFERENCE
        assert sorted(call.operation for call in case.program.calls) == operations
        assert seen in case.violation.text
        assert alone in case.violation.other
        assert seen in case.explanation
        assert (alone or "it showed nothing") in case.explanation
        assert case.history
        assert case.counterpart
        assert (case.hit_rate, case.cold) == (HitRate(2, 2), True)

    def test_its_case_still_leaks_and_without_the_leak_no_longer(self, leak: Finding, tmp_path: Path) -> None:
        assert read_case(leak.path) == leak.case
        mended = CaseStore(tmp_path).keep(replace(leak.case, defect=None))
        still, no_longer = replay([leak.path, mended.path])
        assert still.verdict is ReplayVerdict.STILL_LEAKS
        assert (no_longer.verdict, no_longer.hit_rate) == (ReplayVerdict.NO_LONGER, HitRate(0, 2))


async def test_while_others_look_on_each_leak_shows_and_nothing_once_it_is_mended() -> None:
    signatures = read_signatures(Desks)
    desks, program = Desks(), looking_on(signatures).program
    leaks = {
        "place": ('"place": 3', '"place": 1'),
        "label": ("refused: Refused: there is such a label", 'ok: {"id": '),
    }
    async with open_services(Sources()) as services, running(desks, signatures, services, new_mint()) as system:
        for desks.defect, (seen, alone) in leaks.items():
            comparison = await compare(system, program, lambda: Judge(signatures.vocabulary))
            [violation] = comparison.complete.judge.violations
            assert violation.oracle is Oracle.NONINTERFERENCE
            assert seen in violation.text
            assert alone in violation.other
            assert comparison.complete.counterpart
        desks.defect = None
        comparison = await compare(system, program, lambda: Judge(signatures.vocabulary))
        assert comparison.complete.judge.violations == []
        assert comparison.users > 1
