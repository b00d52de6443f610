"""The pytest plugin: targets become tests, and tests written by hand get real services and the oracles.

Every pytest run of everyone who has installed isofuzz imports this package, so what running a target takes (Hypothesis,
a database driver, rich) is imported when the first isolation test or fixture needs it.
"""

from collections.abc import Generator
from pathlib import Path

import pytest

from isofuzz.pytest_plugin import background, handwritten, options, replayed
from isofuzz.pytest_plugin.below import tell_below
from isofuzz.pytest_plugin.fixtures import isofuzz_database, isofuzz_environment, isofuzz_services, isofuzz_sockets
from isofuzz.pytest_plugin.handwritten import assert_isolated, by_hand, isolation_story
from isofuzz.pytest_plugin.isolation_tests import (
    InconclusiveWarning,
    IsolationTest,
    isolation_test,
    shorten_captured,
)

__all__ = [
    "InconclusiveWarning",
    "IsolationTest",
    "assert_isolated",
    "by_hand",
    "isofuzz_database",
    "isofuzz_environment",
    "isofuzz_services",
    "isofuzz_sockets",
    "isolation_story",
    "isolation_test",
]


def pytest_addoption(parser: pytest.Parser) -> None:
    """What isolation tests and fixtures can be told."""
    options.add_options(parser)


@pytest.hookimpl(tryfirst=True)  # before Hypothesis's own plugin loads the profile that it is told to
def pytest_configure(config: pytest.Config) -> None:
    """Register the profiles with Hypothesis, if one of them is asked for: it takes a while to import.

    Raises pytest.UsageError for a profile, or a folder of cases, that there is not.
    """
    options.require_known_profile(config)
    replayed.collect_first(config)
    handwritten.configs.append(config)
    if (options.hypothesis_profile(config) or "").startswith(options.PREFIX):
        from isofuzz.runs.profiles import register_profiles

        register_profiles()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Forget this pytest."""
    if config in handwritten.configs:
        handwritten.configs.remove(config)


def pytest_report_header(config: pytest.Config) -> str:
    """Which isofuzz, how much it does, and which services it would use."""
    return options.header(config)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How each isolation test ended and on which services, and what the project accepts and was seen."""
    tell_below(terminalreporter)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """The cases of the folder that is to be replayed."""
    return replayed.collect_case(file_path, parent)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol() -> Generator[None, object, object]:
    """What a test has of the shared services ends with it."""
    try:
        return (yield)
    finally:
        background.forget_test()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep the end of what an isolation test printed."""
    report = yield
    shorten_captured(item, report)
    return report
