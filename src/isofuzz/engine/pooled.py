"""The connections of the system's pool: what is left on them between two uses.

The target lends them. If it does not, the gate asks on each of the system's connections, which is the same but for what
else the system keeps connections for.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

from isofuzz.engine.evidence import excerpt
from isofuzz.errors import IsofuzzError
from isofuzz.history.entries import Pooled
from isofuzz.oracles.residue import ADVISORY_LOCK, OPEN_TRANSACTION, ROLE, SEARCH_PATH, SETTING, TEMPORARY_TABLE
from isofuzz.program.canary import Mint
from isofuzz.services.postgres.pooled import custom_settings, question, server_clock
from isofuzz.services.postgres.roles import plain_name
from isofuzz.services.redaction import redact
from isofuzz.target.base import Database, Target

_PATIENCE = 3
"""After so many looks in a row that failed the target is not asked again."""

_LENGTH = 80
_HIDDEN = "***"
_NEVER_NEW = (TEMPORARY_TABLE, ADVISORY_LOCK, OPEN_TRANSACTION)
"""What no pool puts on its new connections."""


@dataclass(frozen=True)
class _Answer:
    """What a connection says of itself: its server process, and what on it is not as its login made it."""

    pid: int
    state: Mapping[str, str]


AskEach = Callable[[str], Awaitable[Sequence[str]]]
"""Returns the one text that a query returns on each connection."""


class Pool:
    """The idle connections of one system's pool, told apart for as long as a program runs.

    A pool may itself set its new connections up: what all had in common when they were first looked at is as in a new
    one, and so is no residue. Nobody can say of the very first look of a pool that was still empty when the run began
    which part of it was left by an operation: that shows once it changes.
    """

    def __init__(self, target: Target, mint: Mint, suffix: str, ask_each: AskEach | None = None) -> None:
        """`suffix` is what the names of the run's roles have, and a person need not see.

        `ask_each` is there if the gate can ask.
        """
        self.looks = 0
        self.shown = 0
        self.failed = 0
        self.last_problem = ""
        self._target = target
        self._mint = mint
        self._suffix = suffix
        self._ask_each = ask_each
        self._question = ""
        self._names: dict[int, str] = {}
        self._new: Mapping[str, str] | None = None
        self._failed_in_a_row = 0

    @property
    def lent(self) -> bool:
        """Can the connections of the pool be looked at?"""
        return self.is_lent_by_target or self._ask_each is not None

    @property
    def is_lent_by_target(self) -> bool:
        """Is it the target that shows them?"""
        return type(self._target).pooled is not Target.pooled

    async def look(self, observer: Database, *, begins: bool = False) -> list[Pooled]:
        """The connections that are idle now; none if the target shows none, or cannot.

        `begins`: a program does. Connections are numbered anew then, in the order in which the pool will hand them out:
        so the same program tells of the same ones, wherever in its turns the pool was.

        Raises InfrastructureError if `observer`, which only looks on, cannot ask the server.
        """
        if not self.lent or self._failed_in_a_row == _PATIENCE:
            return []
        if not self._question:
            self._question = question(await custom_settings(observer))
        self.looks += 1
        if begins:
            self._names.clear()
        answers = await self._ask(await server_clock(observer))
        if answers and self._new is None:
            self._new = _in_common([answer.state for answer in answers])
        self.shown += len(answers)
        return [Pooled(self._name(answer.pid), self._deviation(answer.state)) for answer in answers]

    async def _ask(self, began: int) -> list[_Answer]:
        """What the target's connections say, each once: a pool may well hand out the same one twice."""
        try:
            async with asyncio.timeout(self._target.answer_within):
                asking = self._target.pooled if self.is_lent_by_target else self._ask_each
                assert asking, "somebody can be asked"
                texts = await asking(self._question)
            answers = [_answer(text, began) for text in texts]
        except IsofuzzError:
            raise
        except (Exception, SystemExit) as problem:  # noqa: BLE001  # the target's own: of residue nobody knows then
            self.failed += 1
            self._failed_in_a_row += 1
            self.last_problem = excerpt([problem]).rstrip(": ")  # some errors say nothing but their names
            return []
        self._failed_in_a_row = 0
        once: dict[int, _Answer] = {}
        for answer in answers:
            once.setdefault(answer.pid, answer)
        return list(once.values())

    def _name(self, pid: int) -> str:
        return self._names.setdefault(pid, str(len(self._names) + 1))

    def _deviation(self, state: Mapping[str, str]) -> dict[str, str]:
        """What is not as in a new connection; what a new one has and this one has not is empty."""
        new = self._new or {}
        gone = {name: "" for name in new if name not in state}
        return {name: self._told(name, value) for name, value in state.items() if new.get(name) != value} | gone

    def _told(self, name: str, value: str) -> str:
        """The value as a person may read it: without credentials, and without the texts that users wrote."""
        if name == ROLE:
            return plain_name(value, self._suffix)
        said = f"{name.removeprefix(SETTING)}={value}"
        if self._mint.scan(value) or redact(said) != said:
            return _HIDDEN
        return value if len(value) <= _LENGTH else value[:_LENGTH] + "…"


def _in_common(states: list[Mapping[str, str]]) -> dict[str, str]:
    common = reduce(lambda items, state: items & state.items(), states[1:], set(states[0].items()))
    return {name: value for name, value in common if not name.startswith(_NEVER_NEW)}


def _answer(text: str, asked: int) -> _Answer:
    told = json.loads(text)
    return _Answer(told["pid"], dict(_items(told, asked)))


def _items(told: Mapping[str, object], asked: int) -> Iterator[tuple[str, str]]:
    """What an answer tells, by name; in a transaction is who began it before the question was `asked`."""
    if told["role"] != told["login"]:
        yield ROLE, str(told["role"])
    settings, custom, tables, locks = (told[name] for name in ("settings", "custom", "tables", "locks"))
    if isinstance(settings, dict):
        yield from ((name if name == SEARCH_PATH else SETTING + name, value) for name, value in settings.items())
    if isinstance(custom, dict):
        yield from ((SETTING + name, value) for name, value in custom.items())
    if isinstance(tables, list):
        yield from ((TEMPORARY_TABLE + name, "left") for name in sorted(tables))
    if isinstance(locks, list):
        yield from ((ADVISORY_LOCK + _key(*lock), "held") for lock in locks)
    if isinstance(told["began"], int) and told["began"] < asked:
        yield OPEN_TRANSACTION, "open"


def _key(upper: int, lower: int, halves: int) -> str:
    """The key of an advisory lock as it was given: one number, or two."""
    if halves == 1:
        return str(_signed(upper << 32 | lower, 64))
    return f"{_signed(upper, 32)}, {_signed(lower, 32)}"


def _signed(number: int, bits: int) -> int:
    return number - (1 << bits) if number >> (bits - 1) else number
