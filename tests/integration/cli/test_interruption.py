"""Ctrl-C and SIGTERM while a run goes on."""

import signal
from typing import Any

import psutil
import pytest

Started = Any

SIGNALS = [signal.SIGINT, signal.SIGTERM]


@pytest.mark.parametrize("signum", SIGNALS)
@pytest.mark.parametrize("target", ["chat", "notes:Stuck"])
def test_services_are_stopped_and_the_verdict_is_told(started: Started, signum: signal.Signals, target: str) -> None:
    process = started("run", target, until="sweep")
    helpers = psutil.Process(process.pid).children(recursive=True)
    assert helpers

    process.send_signal(signum)
    stdout, stderr = process.communicate(timeout=30)

    assert process.returncode == 3, stderr
    assert stdout.startswith("INCONCLUSIVE: ")
    assert "interrupted: " in stdout
    assert "Traceback" not in stdout + stderr
    _, alive = psutil.wait_procs(helpers, timeout=10)
    assert alive == []


@pytest.mark.parametrize("signum", SIGNALS)
def test_what_has_no_verdict_ends_as_a_shell_expects(started: Started, signum: signal.Signals) -> None:
    process = started("demo", until="sweep")
    process.send_signal(signum)

    _, stderr = process.communicate(timeout=30)

    assert process.returncode == 130, stderr
    assert "Traceback" not in stderr
