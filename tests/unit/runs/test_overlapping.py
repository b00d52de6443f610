"""What a test may write for a fault is what faults there are."""

from typing import get_args

from isofuzz.program.faults import FaultKind
from isofuzz.runs.overlapping import FaultName


def test_every_fault_has_its_name() -> None:
    assert get_args(FaultName) == tuple(kind.value for kind in FaultKind)
