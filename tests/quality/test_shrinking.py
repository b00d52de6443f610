"""The smallest story is reached in few executions; a few of the trials of `benchmarks.shrink`, which counts many."""

import asyncio
import json
from pathlib import Path

import pytest
from benchmarks.shrink import LEAKS, main
from benchmarks.shrinking.ways import by_isofuzz


@pytest.mark.parametrize(("leak", "seed"), [("four_step", 0), ("four_step", 1), ("seven_step", 1)])
def test_what_is_found_among_noise_becomes_as_small_as_it_gets(leak: str, seed: int, tmp_path: Path) -> None:
    leaky, steps, executions = LEAKS[leak]
    with asyncio.Runner() as runner:
        reached = by_isofuzz(runner.get_loop(), leaky(), seed, tmp_path)
    assert reached.found > reached.steps == steps
    assert reached.executions <= executions


def test_the_benchmark_tells_its_figures(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--seeds", "1", "--leak", "four_step"]) == 0
    figures = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert figures["minimal"] == "1 of 1"
    assert figures["four_step"]["executions"] < figures["four_step"]["hypothesis"]["executions"]
