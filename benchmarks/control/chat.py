"""How many moves an operation of the reference chat makes when steps overlap, in a run as people have it."""

import tempfile
from pathlib import Path

from isofuzz.runs.determinism import Determinism
from isofuzz.runs.profiles import Profile
from isofuzz.runs.request import RunRequest
from isofuzz.runs.run import run
from isofuzz_packs.chat import Chat


def run_twice(programs: int, seconds: float) -> Determinism:
    """A run in which each program is executed twice: the sweep, and so many that are drawn."""
    profile = Profile("control", programs=programs, steps=20, seconds=seconds, findings=1, shrink_seconds=5)
    with tempfile.TemporaryDirectory() as cases:
        request = RunRequest("chat", Chat, profile, seed=20, cases=Path(cases), check_determinism=True)
        summary = run(request, lambda event: None)
    assert summary.determinism
    return summary.determinism
