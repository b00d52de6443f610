"""A target as a test: collected like any other, and a finding is the message of its failure."""

import signal
import warnings
from typing import TYPE_CHECKING, ClassVar

import pytest

from isofuzz.pytest_plugin.background import let_go_of_valkey, told_without_traceback
from isofuzz.pytest_plugin.below import note_summary
from isofuzz.pytest_plugin.options import DEV, cases_of, configuration_of, profile_name, sources_of
from isofuzz.target.base import Target

if TYPE_CHECKING:
    from isofuzz.runs.request import RunRequest
    from isofuzz.runs.summary import Summary

_CAPTURED_LINES = 40
"""How much of what a system printed and logged follows its story: it is of thousands of programs, the story of one."""


class InconclusiveWarning(UserWarning):
    """No leak was seen, but not everything was checked; in every profile but `dev` this fails the test."""


class IsolationTest:
    """What `isolation_test` returns a subclass of."""

    target_class: ClassVar[type[Target]]
    defect: ClassVar[str | None] = None
    profile: ClassVar[str | None] = None

    def test_isolation(self, request: pytest.FixtureRequest) -> None:
        """No record or event crosses a boundary, and every owner gets their own."""
        _require_isolation(self, request.node)


def isolation_test(
    target_class: type[Target], *, defect: str | None = None, profile: str | None = None
) -> type[IsolationTest]:
    """A test class for a target: `TestChat = isolation_test(Chat)`, collected by pytest as any other.

    `defect` plants a leak; `profile` is `dev`, `ci`, `nightly` or `replay` and overrides what the command line says.
    """
    members = {
        "__doc__": f"Isolation of {target_class.__name__}.",
        "target_class": target_class,
        "defect": defect,
        "profile": profile,
    }
    return type(f"Test{target_class.__name__}", (IsolationTest,), members)


def shorten_captured(item: pytest.Item, report: pytest.TestReport) -> None:
    """Leave only the end of what an isolation test printed and logged, so that the story is not lost above it."""
    if isinstance(getattr(item, "cls", None), type) and issubclass(item.cls, IsolationTest):  # type: ignore[attr-defined]  # of pytest.Function
        report.sections = [(name, _end_of(text)) for name, text in report.sections]


def _end_of(text: str) -> str:
    lines = text.splitlines(keepends=True)
    left_out = len(lines) - _CAPTURED_LINES
    return text if left_out <= 0 else "".join([f"[{left_out} lines before]\n", *lines[-_CAPTURED_LINES:]])


def _require_isolation(test: IsolationTest, item: pytest.Item) -> None:
    from isofuzz.oracles.verdict import Verdict
    from isofuzz.report.as_text import summary_text
    from isofuzz.runs.run import INTERRUPTED
    from isofuzz.target.signatures import read_signatures

    with told_without_traceback():
        request = _request(test, item.config)
        summary = _run(request)
    if summary.trouble == INTERRUPTED:
        raise KeyboardInterrupt  # Ctrl-C was meant for pytest too
    note_summary(item, summary)
    if summary.verdict is Verdict.ISOLATED:
        return
    text = summary_text(summary, read_signatures(test.target_class).vocabulary)
    if summary.verdict is Verdict.INCONCLUSIVE and request.profile.name == DEV:
        warnings.warn(InconclusiveWarning(text), stacklevel=2)
    else:
        pytest.fail(text, pytrace=False)


def _request(test: IsolationTest, config: pytest.Config) -> "RunRequest":

    from isofuzz.runs.request import RunRequest
    from isofuzz.runs.targets import name_of

    configuration = configuration_of(config)
    return RunRequest(
        target=name_of(test.target_class),
        target_class=test.target_class,
        profile=configuration.profile_named(test.profile or profile_name(config, configuration)),
        defect=test.defect,
        seed=config.getoption("--isofuzz-seed"),
        cases=cases_of(config),
        replay=configuration.replayed_first(config.rootpath),
        sources=sources_of(config),
        sessions=config.getoption("--isofuzz-sessions"),
        strict=config.getoption("--isofuzz-strict"),
        accept=configuration.accepted_today(),
    )


def _run(request: "RunRequest") -> "Summary":
    from isofuzz.cli.interrupts import interrupted_by
    from isofuzz.runs.run import run

    let_go_of_valkey()
    with interrupted_by(signal.SIGINT):
        return run(request)
