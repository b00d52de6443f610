"""What the command line, the environment and pyproject.toml say to isolation tests and fixtures."""

import os
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from isofuzz.errors import UsageError

if TYPE_CHECKING:
    from isofuzz.runs.configuration import Configuration
    from isofuzz.services import Sources

PREFIX = "isofuzz-"
DEV = "dev"

_DATABASE = ("--isofuzz-database-url", "ISOFUZZ_DATABASE_URL")
_VALKEY = ("--isofuzz-valkey-url", "ISOFUZZ_VALKEY_URL")
_OFF = "off"
_EMBEDDED = "embedded"
_MALFORMED = "which is malformed"


def add_options(parser: pytest.Parser) -> None:
    """Declare every option."""
    group = parser.getgroup("isofuzz", "isolation of users and threads")
    group.addoption(
        "--isofuzz-profile",
        metavar="NAME",
        help="how much isolation tests do: dev, ci, nightly or replay (default: ci where CI is set, else what "
        "pyproject.toml says, else dev)",
    )
    group.addoption(
        _DATABASE[0],
        metavar="URL",
        help="an adopted Postgres database, `embedded` or `off` (default: ISOFUZZ_DATABASE_URL, else the compose "
        "services of the project, else embedded)",
    )
    group.addoption(_VALKEY[0], metavar="URL", help="likewise for Valkey or Redis (ISOFUZZ_VALKEY_URL)")
    group.addoption(
        "--isofuzz-allow-host",
        metavar="HOST",
        action="append",
        default=[],
        help="a host other than this machine that these URLs may name; may be repeated",
    )
    group.addoption(
        "--isofuzz-seed", metavar="N", type=int, help="draw the same programs in every run with this number"
    )
    group.addoption(
        "--isofuzz-sessions", metavar="N", type=int, help="so many sessions act at the same time in each program"
    )
    group.addoption(
        "--isofuzz-strict", action="store_true", help="hazards fail an isolation test too, and what cannot be judged"
    )
    group.addoption(
        "--isofuzz-cases", metavar="DIR", help="where cases are kept (default: .isofuzz/cases in the root folder)"
    )
    group.addoption(
        "--isofuzz-replay", metavar="DIR", help="replay the cases of this folder, each as a test, before all others"
    )


def replayed_folder(config: pytest.Config) -> Path | None:
    """The folder of cases each of which is to be a test; raises pytest's own UsageError if there is none."""
    chosen: str | None = config.getoption("--isofuzz-replay")
    if chosen is None:
        return None
    folder: Path = config.invocation_params.dir / chosen
    if not (chosen and folder.is_dir()):
        raise pytest.UsageError(
            f"--isofuzz-replay: there is no folder {chosen!r}; write the name of one that holds cases"
        )
    return folder


def profile_name(config: pytest.Config, configuration: "Configuration") -> str:
    """Which profile is asked for: by option, as Hypothesis's profile, by CI, by pyproject.toml, or by nobody."""
    chosen: str | None = config.getoption("--isofuzz-profile")
    hypothesis = hypothesis_profile(config) or ""
    if chosen:
        return chosen.removeprefix(PREFIX)
    if hypothesis.startswith(PREFIX):
        return hypothesis.removeprefix(PREFIX)
    if os.environ.get("CI"):
        return "ci"
    return configuration.profile or DEV


def require_known_profile(config: pytest.Config) -> None:
    """Raise pytest's own UsageError if the command line names a profile that there is not: nothing is run then."""
    chosen: str | None = config.getoption("--isofuzz-profile")
    if not chosen:
        return
    from isofuzz.runs.profiles import profile_named

    try:
        profile_named(chosen)
    except UsageError as problem:
        raise pytest.UsageError(f"--isofuzz-profile: {problem}") from None


def hypothesis_profile(config: pytest.Config) -> str | None:
    """The profile that Hypothesis is told to load."""
    chosen: str | None = config.getoption("--hypothesis-profile", None)
    return chosen


def configuration_of(config: pytest.Config) -> "Configuration":
    """What the project's pyproject.toml says; raises UsageError."""
    from isofuzz.runs.configuration import read_configuration

    return read_configuration(config.rootpath)


def sources_of(config: pytest.Config) -> "Sources":
    """Where services may come from."""
    from isofuzz.services import Sources

    return Sources(
        database_url=_given(config, _DATABASE)[0],
        valkey_url=_given(config, _VALKEY)[0],
        allow_hosts=tuple(config.getoption("--isofuzz-allow-host")),
        project=config.rootpath,
    )


def switched_off(config: pytest.Config, *, database: bool) -> str | None:
    """By what the user has switched this service off, in words; None if they have not."""
    url, by = _given(config, _DATABASE if database else _VALKEY)
    return by if url == _OFF else None


def cases_of(config: pytest.Config) -> Path:
    """The folder of cases; a relative one is looked for where pytest was started, as paths on a command line are."""
    chosen: str | None = config.getoption("--isofuzz-cases")
    return config.invocation_params.dir / chosen if chosen else config.rootpath / ".isofuzz" / "cases"


def header(config: pytest.Config) -> str:
    """One line for the top of every pytest run, from configuration alone: nothing is started or asked for it."""
    try:
        profile = profile_name(config, configuration_of(config))
    except UsageError as problem:
        profile = f"unknown ({problem})"
    services = f"Postgres {_source(config, _DATABASE)}, Valkey {_source(config, _VALKEY)}"
    return f"isofuzz: {version('isofuzz')}, profile {profile}, services: {services}"


def _given(config: pytest.Config, names: tuple[str, str]) -> tuple[str | None, str]:
    """The URL and what gave it: the option outranks the variable."""
    option, variable = names
    url: str | None = config.getoption(option)
    if url:
        return url, option
    return os.environ.get(variable) or None, variable


def _source(config: pytest.Config, names: tuple[str, str]) -> str:
    url, by = _given(config, names)
    if url is None:
        return "from compose or embedded"
    if url in (_EMBEDDED, _OFF):
        return f"{url} ({by})"
    return f"given by {by} ({place_of(url)})"


def place_of(url: str) -> str:
    """Host, port and database of a URL, and nothing of its credentials, even if it is malformed."""
    try:
        parts = urlsplit(url)
        host = parse_qs(parts.query).get("host", [parts.hostname or ""])[0]
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return _MALFORMED
    place = f"{host}{port}{parts.path}"
    if "@" in parts.path or not (parts.scheme and place.strip("/") and "://" in url):
        return _MALFORMED  # a password with a slash in it looks like a path
    return place
