"""What goes wrong while programs are drawn is told, and does not end the drawing as if all had been done."""

import gc
import weakref
from collections.abc import Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import pytest

from isofuzz.engine.machine import build_machine
from isofuzz.runs import drawing
from isofuzz.runs.drawing import Drawing
from isofuzz.runs.profiles import PROFILES
from isofuzz.target.signatures import Signatures

T = TypeVar("T")


@dataclass
class Run:
    """A run in which every program shows something, if it has work, and comparing fails, if it has a problem."""

    problem: Exception | None = None
    interrupted: bool = False
    has_work: bool = False
    compared: list[object] = field(default_factory=list)

    def count(self, execution: Any) -> int:
        return 10

    def repeat(self, execution: Any) -> float:
        return 0

    def compare(self, program: Any) -> None:
        self.compared.append(program)
        if self.problem:
            raise self.problem


class Down(Run):
    """A run whose system cannot be reached."""

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        work.close()
        raise ConnectionError("nobody there")

    async def begin(self) -> NoReturn:
        raise NotImplementedError


class Program:
    program = "a program"


@pytest.fixture
def seeds(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Hypothesis, with one program in each round; the seeds of the rounds."""
    used: list[object] = []

    def one_program(maker: Any, settings: object) -> None:
        maker().session.ended(Program())

    def seeded(number: object) -> Any:
        used.append(number)
        return lambda maker: maker

    monkeypatch.setattr(drawing, "run_state_machine_as_test", one_program)
    monkeypatch.setattr(drawing, "hypothesis_seed", seeded)
    return used


def drawing_of(run: Run, signatures: Signatures, folder: Path) -> Drawing:
    profile = PROFILES["dev"]
    some_run: Any = run
    machine = build_machine(signatures)
    return Drawing(some_run, machine, profile, name="Pages", examples=folder, seed=7)


def test_a_failure_while_comparing_is_raised(seeds: list[object], signatures: Signatures, tmp_path: Path) -> None:
    run = Run(problem=RuntimeError("it went down"))
    with pytest.raises(RuntimeError, match="it went down"):
        drawing_of(run, signatures, tmp_path).draw()
    assert run.compared == ["a program"]


def test_an_interruption_is_raised(seeds: list[object], signatures: Signatures, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        drawing_of(Run(interrupted=True), signatures, tmp_path).draw()


def test_what_hypothesis_remembers_of_a_drawing_holds_nothing_of_it(signatures: Signatures, tmp_path: Path) -> None:
    """With the real Hypothesis, which remembers machines."""
    drawing = drawing_of(Down(), signatures, tmp_path)
    with pytest.raises(ConnectionError):
        drawing.draw()
    left = weakref.ref(drawing)
    del drawing
    gc.collect()
    assert left() is None


def test_each_round_draws_other_programs(seeds: list[object], signatures: Signatures, tmp_path: Path) -> None:
    rounds = drawing_of(Run(has_work=True), signatures, tmp_path)
    assert rounds.draw()
    assert rounds.draw()
    assert seeds == [7, "7:1"]
