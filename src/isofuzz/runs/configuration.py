"""What a project says once for all its runs: the table `[tool.isofuzz]` of its pyproject.toml.

Every mistake in it is a UsageError with the file, the key, what is wrong and what to write. An unknown key is one,
for a misspelt key would otherwise be ignored in silence.
"""

import math
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final, NoReturn

from isofuzz.errors import UsageError
from isofuzz.runs.accepting import Acceptance, AcceptList
from isofuzz.runs.misspelt import meant
from isofuzz.runs.profiles import PROFILES, Profile, profile_named

FILE: Final = "pyproject.toml"
TABLE: Final = "tool.isofuzz"
REPLAYED_FIRST: Final = Path("tests", "isolation_cases")
"""Where the cases are that every run replays first, if pyproject.toml does not say: in the folder of the project."""

_KEYS: Final = ("target", "profile", "replay", "accept", "budgets")
_BUDGET: Final = ("programs", "steps", "seconds", "findings", "shrink_seconds")
_WHOLE: Final = ("programs", "steps", "findings")
_ACCEPT_EXAMPLE: Final = (
    '{fingerprint = "crossing:foreign:Room:history:post:Body", reason = "why it may be", until = 2027-01-31}'
)


@dataclass(frozen=True)
class Configuration:
    """What pyproject.toml says; None and empty where it says nothing.

    `file` is what was read, if there is one; `replay` the folder of cases that every run replays first; `budgets`
    holds, by profile, the fields that differ from it.
    """

    file: Path | None = None
    target: str | None = None
    profile: str | None = None
    replay: Path | None = None
    accept: tuple[Acceptance, ...] = ()
    budgets: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    @property
    def folder(self) -> Path | None:
        """The folder of the file: the project's."""
        return self.file.parent if self.file else None

    def replayed_first(self, root: Path) -> Path:
        """The folder of cases that every run replays first; it need not be there. `root` is where there is no file."""
        return self.replay or (self.folder or root) / REPLAYED_FIRST

    def profile_named(self, name: str) -> Profile:
        """The profile with the project's budget; raises UsageError if there is none of this name."""
        profile = profile_named(name)
        changes: Mapping[str, Any] = self.budgets.get(profile.name, {})
        return replace(profile, **changes)

    def accepted(self, today: date) -> AcceptList:
        """What is accepted, as of this day."""
        return AcceptList(self.accept, today)

    def accepted_today(self) -> AcceptList:
        """What is accepted now, by this machine's calendar."""
        return self.accepted(datetime.now().astimezone().date())


def find_pyproject(folder: Path) -> Path | None:
    """The pyproject.toml of this folder, or of the nearest above it that has one."""
    return next((file for above in (folder, *folder.parents) if (file := above / FILE).is_file()), None)


def read_configuration(folder: Path) -> Configuration:
    """What the nearest pyproject.toml says, from this folder upwards; raises UsageError."""
    file = find_pyproject(folder.absolute())
    if file is None:
        return Configuration()
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as problem:
        raise UsageError(f"{file} cannot be read: {problem.strerror}") from problem
    except UnicodeDecodeError as problem:
        raise UsageError(f"{file} is no UTF-8 text, as TOML must be: save it as UTF-8") from problem
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        last = f"at line {text.count(chr(10)) + 1}, the end"
        reason = str(problem).replace("at end of document", last)
        raise UsageError(f"{file} is not valid TOML: {reason}; mend that line") from problem
    tool = document.get("tool")
    return _Reader(file).configuration(tool.get("isofuzz", {}) if isinstance(tool, dict) else {})


class _Reader:
    """Reads the parts of the table, so that whatever is wrong is said with its file and key."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def configuration(self, table: object) -> Configuration:
        fields = self._table(TABLE, table)
        self._check_keys(TABLE, fields, _KEYS)
        return Configuration(
            file=self._file,
            target=self._target(fields["target"]) if "target" in fields else None,
            profile=self._profile(fields["profile"]) if "profile" in fields else None,
            replay=self._replay(fields["replay"]) if "replay" in fields else None,
            accept=self._accept(fields.get("accept", [])),
            budgets=self._budgets(fields.get("budgets", {})),
        )

    def _target(self, value: object) -> str:
        key = f"{TABLE}.target"
        target = self._text(key, value, 'the name of your target, for example target = "tests.chat:Chat"')
        place, _, _ = target.rpartition(":")
        if place.endswith(".py") and not Path(place).is_absolute() and self._file.parent != Path.cwd():
            return str(self._file.parent / target)  # it is meant from the file's folder, wherever the run begins
        return target

    def _profile(self, value: object) -> str:
        key = f"{TABLE}.profile"
        name = self._text(key, value, f"one of {', '.join(PROFILES)}").removeprefix("isofuzz-")
        if name not in PROFILES:
            self._refuse(
                key, f"there is no profile {name!r}{meant(name, PROFILES)}; write one of {', '.join(PROFILES)}"
            )
        return name

    def _replay(self, value: object) -> Path:
        key = f"{TABLE}.replay"
        name = self._text(key, value, f'a folder of cases, for example replay = "{REPLAYED_FIRST.as_posix()}"')
        folder = self._file.parent / name
        if not folder.is_dir():
            self._refuse(key, f"there is no folder {folder}; write the name of one that holds cases, or make it")
        return folder

    def _accept(self, value: object) -> tuple[Acceptance, ...]:
        key = f"{TABLE}.accept"
        if not isinstance(value, list):
            self._refuse(key, f"it is no list; write accept = [{_ACCEPT_EXAMPLE}]")
        entries = tuple(self._acceptance(f"{key}[{number}]", entry) for number, entry in enumerate(value))
        for number, entry in enumerate(entries):
            if any(entry.fingerprint == other.fingerprint for other in entries[:number]):
                self._refuse(f"{key}[{number}]", f"{entry.fingerprint} is accepted twice; delete one of the two")
        return entries

    def _acceptance(self, key: str, value: object) -> Acceptance:
        names = ("fingerprint", "reason", "until")
        fields = self._table(key, value, _ACCEPT_EXAMPLE)
        self._check_keys(key, fields, names)
        if missing := [name for name in names if name not in fields]:
            self._refuse(key, f"it has no {' and no '.join(missing)}; write all three, {_ACCEPT_EXAMPLE}")
        where = "the fingerprint as reports show it below a finding's title, crossing:foreign:Room:history:post:Body"
        fingerprint = self._text(f"{key}.fingerprint", fields["fingerprint"], where)
        if ":" not in fingerprint:
            self._refuse(f"{key}.fingerprint", f"{fingerprint!r} is none; write {where}")
        reason = self._text(f"{key}.reason", fields["reason"], "in a sentence why this may be")
        return Acceptance(fingerprint, reason, self._date(f"{key}.until", fields["until"]))

    def _date(self, key: str, value: object) -> date:
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        try:
            return date.fromisoformat(value)  # type: ignore[arg-type]  # anything else than text raises TypeError
        except (TypeError, ValueError):
            self._refuse(key, f"{_shown(value)} is no date; write the last day, until = 2027-01-31")

    def _budgets(self, value: object) -> dict[str, dict[str, float]]:
        key = f"{TABLE}.budgets"
        budgets = self._table(key, value, "a table for each profile, [tool.isofuzz.budgets.dev]")
        self._check_keys(key, budgets, PROFILES, "profile")
        return {name: self._budget(f"{key}.{name}", budget) for name, budget in budgets.items()}

    def _budget(self, key: str, value: object) -> dict[str, float]:
        budget = self._table(key, value, "what differs from the profile, seconds = 60 for example")
        self._check_keys(key, budget, _BUDGET)
        for name, amount in budget.items():
            whole = name in _WHOLE
            right = isinstance(amount, int if whole else int | float) and not isinstance(amount, bool)
            if not (right and 0 < amount < math.inf):
                what = "a whole number of at least 1" if whole else "a number of seconds above 0"
                self._refuse(f"{key}.{name}", f"{_shown(amount)} is not {what}; write for example {name} = 60")
        return budget

    # -- small things

    def _table(self, key: str, value: object, advice: str = "[tool.isofuzz] and keys below it") -> dict[str, Any]:
        if not isinstance(value, dict):
            self._refuse(key, f"{_shown(value)} is no table; write {advice}")
        return value

    def _text(self, key: str, value: object, advice: str) -> str:
        if not isinstance(value, str) or not value.strip():
            self._refuse(key, f"{_shown(value)} is not a text that says something; write {advice}")
        return value

    def _check_keys(self, key: str, table: Mapping[str, object], known: Collection[str], what: str = "key") -> None:
        for name in table:
            if name not in known:
                self._refuse(
                    key, f"there is no {what} {name!r}{meant(name, known)}; the {what}s are {', '.join(known)}"
                )

    def _refuse(self, key: str, problem: str) -> NoReturn:
        raise UsageError(f"{self._file}: {key}: {problem}")


def _shown(value: object) -> str:
    """The value as it stands in the file, roughly, and cut short."""
    if isinstance(value, bool):
        return str(value).lower()
    text = repr(value) if isinstance(value, str | int | float | list | dict) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
