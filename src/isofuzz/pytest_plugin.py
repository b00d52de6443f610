"""The pytest plugin: a target becomes a test, and a finding becomes the message of its failure.

Every pytest run of everyone who has installed isofuzz imports this module, so what running a target takes (Hypothesis,
a database driver, rich) is imported when the first isolation test runs.
"""

import os
import signal
import warnings
from importlib.metadata import version
from typing import TYPE_CHECKING, ClassVar

import pytest

from isofuzz.target.base import Target

if TYPE_CHECKING:
    from isofuzz.runs.profiles import Profile
    from isofuzz.runs.summary import Summary

_PREFIX = "isofuzz-"
_DEV = "dev"


class InconclusiveWarning(UserWarning):
    """No leak was seen, but not everything was checked; in every profile but `dev` this fails the test."""


class IsolationTest:
    """What `isolation_test` returns a subclass of."""

    target_class: ClassVar[type[Target]]
    defect: ClassVar[str | None] = None
    profile: ClassVar[str | None] = None

    def test_isolation(self, request: pytest.FixtureRequest) -> None:
        """No record or event crosses a boundary, and every owner gets their own."""
        _require_isolation(self, request.config)


def isolation_test(
    target_class: type[Target], *, defect: str | None = None, profile: str | None = None
) -> type[IsolationTest]:
    """A test class for a target: `TestChat = isolation_test(Chat)`, collected by pytest as any other.

    `defect` plants a leak; `profile` is `dev`, `ci` or `nightly` and overrides what the command line says.
    """
    members = {
        "__doc__": f"Isolation of {target_class.__name__}.",
        "target_class": target_class,
        "defect": defect,
        "profile": profile,
    }
    return type(f"Test{target_class.__name__}", (IsolationTest,), members)


def pytest_addoption(parser: pytest.Parser) -> None:
    """The option that chooses how much isolation tests do."""
    parser.getgroup("isofuzz", "isolation of users and threads").addoption(
        "--isofuzz-profile",
        metavar="NAME",
        help="how much isolation tests do: dev, ci or nightly (default: ci where CI is set, else dev)",
    )


@pytest.hookimpl(tryfirst=True)  # before Hypothesis's own plugin loads the profile that it is told to
def pytest_configure(config: pytest.Config) -> None:
    """Register the profiles with Hypothesis, if one of them is asked for: it takes a while to import."""
    if (_hypothesis_profile(config) or "").startswith(_PREFIX):
        from isofuzz.runs.profiles import register_profiles

        register_profiles()


def pytest_report_header(config: pytest.Config) -> str:
    """Which isofuzz, and how much it does."""
    return f"isofuzz: {version('isofuzz')}, profile {_profile_name(config)}"


def _profile_name(config: pytest.Config) -> str:
    chosen: str | None = config.getoption("--isofuzz-profile")
    hypothesis = _hypothesis_profile(config) or ""
    if chosen:
        return chosen.removeprefix(_PREFIX)
    if hypothesis.startswith(_PREFIX):
        return hypothesis.removeprefix(_PREFIX)
    return "ci" if os.environ.get("CI") else _DEV


def _hypothesis_profile(config: pytest.Config) -> str | None:
    chosen: str | None = config.getoption("--hypothesis-profile", None)
    return chosen


def _require_isolation(test: IsolationTest, config: pytest.Config) -> None:
    from isofuzz.errors import UsageError
    from isofuzz.oracles.verdict import Verdict
    from isofuzz.report.as_text import summary_text
    from isofuzz.runs.profiles import profile_named
    from isofuzz.runs.run import INTERRUPTED
    from isofuzz.target.signatures import read_signatures

    try:
        profile = profile_named(test.profile or _profile_name(config))
        summary = _run(test, config, profile)
    except UsageError as problem:
        pytest.fail(str(problem), pytrace=False)
    if summary.trouble == INTERRUPTED:
        raise KeyboardInterrupt  # Ctrl-C was meant for pytest too
    if summary.verdict is Verdict.ISOLATED:
        return
    text = summary_text(summary, read_signatures(test.target_class).vocabulary)
    if summary.verdict is Verdict.INCONCLUSIVE and profile.name == _DEV:
        warnings.warn(InconclusiveWarning(text), stacklevel=2)
    else:
        pytest.fail(text, pytrace=False)


def _run(test: IsolationTest, config: pytest.Config, profile: "Profile") -> "Summary":
    from isofuzz.cli.interrupts import interrupted_by
    from isofuzz.runs.run import RunRequest, run
    from isofuzz.runs.targets import name_of
    from isofuzz.services import Sources

    request = RunRequest(
        target=name_of(test.target_class),
        target_class=test.target_class,
        profile=profile,
        defect=test.defect,
        cases=config.rootpath / ".isofuzz" / "cases",
        sources=Sources(database_url=os.environ.get("ISOFUZZ_DATABASE_URL") or None),
    )
    with interrupted_by(signal.SIGINT):
        return run(request)
