"""The state of a campaign on disk: SQLite in write-ahead mode, of which each result is one transaction.

So whoever kills the campaign at any moment loses what was under way and nothing that is in the books, and nothing is in
them twice: a result is entered under the number of its order, once. Campaigns on the same folder are its *nights*:
coverage, corpus and findings are those of all nights, and what was exercised is counted for each.
"""

import fcntl
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Executable, create_engine, delete, event, func, select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import DatabaseError

from isofuzz.campaign.orders import Discovery, Order, Result, Task
from isofuzz.campaign.outlook import Outlook
from isofuzz.campaign.tables import (
    ABOUT,
    CORPUS,
    COVERAGE,
    EVENTS,
    FINDINGS,
    HAZARDS,
    NIGHTS,
    ORDERS,
    SUSPECTS,
    TABLES,
    TALLIES,
)
from isofuzz.campaign.tallies import Tallies
from isofuzz.cases.case import Case
from isofuzz.cases.codec import from_json, to_json
from isofuzz.errors import UsageError
from isofuzz.oracles.hazard import Hazard, HazardKind
from isofuzz.runs.coverage import Point

FILE = "campaign.sqlite"
_LOCK = "campaign.lock"
_VERSION = "1"
_MOST_UNEXPECTED = 200
"""Ways in which operations ended unexpectedly that are told apart in a night: texts may hold whatever varies."""

OPEN, GONE, BOUNDED, ACCEPTED = "open", "gone", "bounded", "accepted"
"""What may be the matter with a finding: it leaks; it no longer does; it is within the target's grace; it may be."""


@dataclass(frozen=True)
class Circumstances:
    """What a night rests on, and what of it is no count; see `Done` for what is not explained here.

    `passed_over` are the fingerprints of what was seen and is in no book of this campaign, for it was known before.
    """

    services: str = "none: they were not available"
    versions: Mapping[str, str] = field(default_factory=dict)
    unjudged: tuple[str, ...] = ()
    uncontrolled: Mapping[str, int] = field(default_factory=dict)
    cut: tuple[str, ...] = ()
    trouble: str | None = None
    interrupted: bool = True
    passed_over: tuple[str, ...] = ()


@dataclass(frozen=True)
class Night:
    """One campaign on the folder: `seconds` of it are spent; `assignment` is what it was asked to do."""

    id: int
    began: str
    seconds: float
    for_seconds: float | None
    for_programs: int | None
    assignment: Mapping[str, Any]
    circumstances: Circumstances = Circumstances()
    ended: bool = False


@dataclass(frozen=True)
class Known:
    """A finding in the books. `worked`: it is shrunk, or turned out to need none. Times are UTC, in ISO 8601."""

    case: Case
    state: str
    worked: bool
    first_seen: str
    last_seen: str
    night: int


@dataclass(frozen=True)
class Suspect:
    """A program that a worker was executing when it was lost, and why it was; None: nobody knows which."""

    at: str
    reason: str
    program: str | None


@contextmanager
def opened(folder: Path) -> Iterator["State"]:
    """The state in the folder, made if there is none, and nobody else's meanwhile; raises UsageError."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = (folder / _LOCK).open("w")
    except OSError as problem:
        raise UsageError(
            f"no campaign can be kept in {folder} ({problem.strerror}); name another folder with --out"
        ) from problem
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(
                f"another campaign is under way in {folder}; wait for its end, or name another folder with --out"
            ) from None
        with _engine(folder / FILE) as engine:
            yield State(engine)


@contextmanager
def read_only(folder: Path) -> Iterator["State"]:
    """The state in the folder, also while a campaign is under way there; raises UsageError if there is none."""
    if not (folder / FILE).is_file():
        raise UsageError(f"{folder} holds no campaign: there is no {FILE} in it; write the folder that --out named")
    with _engine(folder / FILE) as engine:
        yield State(engine)


@contextmanager
def _engine(path: Path) -> Iterator[Engine]:
    fresh = not path.exists()
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": 30})
    event.listen(engine, "connect", _prepare)
    try:
        with engine.begin() as connection:
            if fresh:
                path.chmod(0o600)
            TABLES.create_all(connection)
            connection.execute(insert(ABOUT).values(name="version", value=_VERSION).on_conflict_do_nothing())
            version = connection.scalar(select(ABOUT.c.value).where(ABOUT.c.name == "version"))
        if version != _VERSION:
            raise UsageError(
                f"{path} is of version {version} and this isofuzz reads {_VERSION}: use the isofuzz that wrote it"
            )
        yield engine
    except DatabaseError as problem:
        raise UsageError(f"{path} is no campaign that can be read ({problem.orig}); name another folder") from problem
    finally:
        engine.dispose()


def _prepare(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")  # a power cut may cost the last results, and never the rest


class State:
    """The books of a campaign."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    # -- nights

    def latest_night(self) -> Night | None:
        """The night that was begun last."""
        with self.engine.connect() as connection:
            row = connection.execute(select(NIGHTS).order_by(NIGHTS.c.id.desc())).first()
        if row is None:
            return None
        return Night(
            row.id,
            row.began,
            row.seconds,
            row.for_seconds,
            row.for_programs,
            json.loads(row.assignment),
            _circumstances(row.circumstances),
            ended=row.ended is not None,
        )

    def begin_night(self, assignment: Mapping[str, Any], for_seconds: float | None, for_programs: int | None) -> Night:
        """Another night."""
        with self.engine.begin() as connection:
            connection.execute(
                insert(NIGHTS).values(
                    began=now(),
                    seconds=0.0,
                    for_seconds=for_seconds,
                    for_programs=for_programs,
                    assignment=json.dumps(assignment),
                    circumstances=json.dumps(asdict(Circumstances())),
                )
            )
        night = self.latest_night()
        assert night
        return night

    def spend(self, night: int, seconds: float, circumstances: Circumstances) -> None:
        """So much of the night is over, and this is what it rests on."""
        changed = {"seconds": seconds, "circumstances": json.dumps(asdict(circumstances))}
        with self.engine.begin() as connection:
            connection.execute(update(NIGHTS).where(NIGHTS.c.id == night).values(**changed))

    def forget_if_empty(self, night: int) -> None:
        """Nothing was done in it, or else it is kept as it is: as one that was interrupted."""
        done = select(ORDERS.c.id).where(ORDERS.c.night == night).exists()
        with self.engine.begin() as connection:
            connection.execute(delete(NIGHTS).where(NIGHTS.c.id == night, ~done))

    def end_night(self, night: int) -> None:
        """Nothing is left to do in it."""
        with self.engine.begin() as connection:
            connection.execute(update(NIGHTS).where(NIGHTS.c.id == night).values(ended=now()))

    # -- results

    def next_number(self) -> int:
        """A number that no order has that is in the books."""
        with self.engine.connect() as connection:
            return 1 + (connection.scalar(select(func.max(ORDERS.c.id))) or 0)

    def enter(self, night: int, order: Order, result: Result, at: float) -> int:
        """Enter a result, `at` seconds of the night; returns how much was covered for the first time."""
        with self.engine.begin() as connection:
            new = self._cover(connection, order, result)
            connection.execute(
                insert(ORDERS).values(
                    id=order.number,
                    night=night,
                    task=order.task.value,
                    part=order.part,
                    worker=result.worker,
                    at=at,
                    programs=result.programs,
                    operations=result.operations,
                    new=len(new),
                )
            )
            self._tally(connection, night, result.tallies)
            self._learn(connection, order, result.discoveries, new)
            hazards = [
                {"night": night, "kind": each.kind.value, "subject": each.subject, "sentence": each.sentence}
                for each in result.hazards
            ]
            _execute_each(connection, insert(HAZARDS).on_conflict_do_nothing(), hazards)
        return len(new)

    def _cover(self, connection: Connection, order: Order, result: Result) -> set[str]:
        known = set(connection.scalars(select(COVERAGE.c.key).where(COVERAGE.c.key.in_(result.covered))))
        drawn = order.task is Task.SEARCH
        row = insert(COVERAGE)
        added = row.on_conflict_do_update(
            index_elements=[COVERAGE.c.key],
            set_={
                "programs": COVERAGE.c.programs + row.excluded.programs,
                "swept": func.max(COVERAGE.c.swept, row.excluded.swept),
            },
        )
        rows = [
            {"key": key, "programs": programs * drawn, "swept": int(not drawn)}
            for key, programs in result.covered.items()
        ]
        _execute_each(connection, added, rows)
        return result.covered.keys() - known

    def _tally(self, connection: Connection, night: int, tallies: Tallies) -> None:
        unexpected = select(TALLIES.c.key).where(TALLIES.c.night == night, TALLIES.c.name == "unexpected")
        ways = set(connection.scalars(unexpected))
        row = insert(TALLIES)
        added = row.on_conflict_do_update(
            index_elements=[TALLIES.c.night, TALLIES.c.name, TALLIES.c.key],
            set_={"count": TALLIES.c.count + row.excluded["count"]},
        )
        rows = [
            {"night": night, "name": name, "key": key, "count": count}
            for (name, key), count in tallies.items()
            if count and (name != "unexpected" or key in ways or len(ways) < _MOST_UNEXPECTED)
        ]
        _execute_each(connection, added, rows)

    def _learn(self, connection: Connection, order: Order, discoveries: Sequence[Discovery], new: set[str]) -> None:
        """Programs that showed something that nobody had seen enter the corpus."""
        if order.task is not Task.SEARCH:
            return
        left = set(new)
        for discovery in discoveries:
            if discovery.covered & left:
                left -= discovery.covered
                connection.execute(insert(CORPUS).values(program=discovery.program))

    # -- findings

    def keep_finding(self, night: int, case: Case, *, state: str, worked: bool) -> None:
        """Enter a finding, or what came of one that is there; when it was first seen stays."""
        seen = now()
        row = insert(FINDINGS).values(
            fingerprint=case.fingerprint,
            observer=case.violation.observer,
            state=state,
            worked=int(worked),
            first_seen=seen,
            last_seen=seen,
            night=night,
            case=to_json(case),
        )
        changed = {"state": state, "worked": int(worked), "last_seen": seen, "case": row.excluded.case}
        with self.engine.begin() as connection:
            connection.execute(row.on_conflict_do_update(index_elements=[FINDINGS.c.fingerprint], set_=changed))

    def seen_again(self, fingerprints: Sequence[str]) -> None:
        """What is in the books was seen once more; what was thought to be gone is not."""
        if not fingerprints:
            return
        chosen = FINDINGS.c.fingerprint.in_(fingerprints)
        with self.engine.begin() as connection:
            connection.execute(update(FINDINGS).where(chosen).values(last_seen=now()))
            connection.execute(update(FINDINGS).where(chosen, FINDINGS.c.state == GONE).values(state=OPEN))

    def gone(self, fingerprint: str) -> None:
        """It no longer leaks."""
        with self.engine.begin() as connection:
            connection.execute(update(FINDINGS).where(FINDINGS.c.fingerprint == fingerprint).values(state=GONE))

    def findings(self) -> list[Known]:
        """All of them, in the order in which they were found."""
        with self.engine.connect() as connection:
            rows = connection.execute(select(FINDINGS).order_by(FINDINGS.c.first_seen, FINDINGS.c.fingerprint)).all()
        return [
            Known(
                from_json(row.case, f"the finding {row.fingerprint}"),
                row.state,
                bool(row.worked),
                row.first_seen,
                row.last_seen,
                row.night,
            )
            for row in rows
        ]

    def count_findings(self, state: str) -> int:
        """How many there are of which this is the matter."""
        with self.engine.connect() as connection:
            chosen = select(func.count()).select_from(FINDINGS).where(FINDINGS.c.state == state)
            return connection.scalar(chosen) or 0

    def observers(self) -> dict[str, str]:
        """Who observed what is in the books, by its fingerprint."""
        with self.engine.connect() as connection:
            rows = connection.execute(select(FINDINGS.c.fingerprint, FINDINGS.c.observer)).all()
        return {row.fingerprint: row.observer for row in rows}

    # -- what went wrong

    def note(self, night: int, worker: str, what: str) -> None:
        """Something happened to a worker."""
        with self.engine.begin() as connection:
            connection.execute(insert(EVENTS).values(night=night, at=now(), worker=worker, what=what))

    def suspect(self, night: int, reason: str, program: str | None) -> None:
        """A worker was lost over this program."""
        with self.engine.begin() as connection:
            connection.execute(insert(SUSPECTS).values(night=night, at=now(), reason=reason, program=program))

    # -- what it came to

    def tallies(self, night: int) -> Mapping[tuple[str, str], int]:
        """What was exercised in a night, by name."""
        with self.engine.connect() as connection:
            rows = connection.execute(select(TALLIES).where(TALLIES.c.night == night)).all()
        return {(row.name, row.key): row._mapping[TALLIES.c.count] for row in rows}

    def outlook(self) -> Outlook:
        """What all that was drawn says of what comes next."""
        once = select(func.count()).select_from(COVERAGE).where(COVERAGE.c.programs == 1, COVERAGE.c.swept == 0)
        with self.engine.connect() as connection:
            drawn = select(func.sum(ORDERS.c.programs)).where(ORDERS.c.task == Task.SEARCH.value)
            return Outlook(
                programs=connection.scalar(drawn) or 0,
                covered=connection.scalar(select(func.count()).select_from(COVERAGE)) or 0,
                once=connection.scalar(once) or 0,
            )

    def growth(self, night: int) -> list[Point]:
        """How much was covered, in the course of a night; what earlier nights covered counts from the beginning."""
        with self.engine.connect() as connection:
            before = connection.scalar(select(func.sum(ORDERS.c.new)).where(ORDERS.c.night < night)) or 0
            rows = connection.execute(select(ORDERS).where(ORDERS.c.night == night).order_by(ORDERS.c.at)).all()
        points, programs, covered = [Point(0.0, 0, before)], 0, before
        for row in rows:
            programs, covered = programs + row.programs, covered + row.new
            points.append(Point(row.at, programs, covered))
        return points

    def programs(self, night: int) -> dict[Task, int]:
        """How many programs were executed in a night, by what for."""
        with self.engine.connect() as connection:
            chosen = select(ORDERS.c.task, func.sum(ORDERS.c.programs)).where(ORDERS.c.night == night)
            return {Task(task): count for task, count in connection.execute(chosen.group_by(ORDERS.c.task))}

    def operations(self, night: int) -> int:
        """How many operations were executed in a night."""
        with self.engine.connect() as connection:
            return connection.scalar(select(func.sum(ORDERS.c.operations)).where(ORDERS.c.night == night)) or 0

    def done(self, night: int, task: Task) -> set[str]:
        """What of a task is in the books of a night: see `Order.part`."""
        with self.engine.connect() as connection:
            chosen = select(ORDERS.c.part).where(ORDERS.c.night == night, ORDERS.c.task == task.value)
            return set(connection.scalars(chosen))

    def corpus(self, most: int) -> list[str]:
        """Programs to vary: those that came last, for what they show is least explored."""
        with self.engine.connect() as connection:
            return list(connection.scalars(select(CORPUS.c.program).order_by(CORPUS.c.id.desc()).limit(most)))

    def hazards(self, night: int) -> list[Hazard]:
        """What is amiss."""
        with self.engine.connect() as connection:
            rows = connection.execute(select(HAZARDS).where(HAZARDS.c.night == night)).all()
        return [Hazard(HazardKind(row.kind), row.subject, row.sentence) for row in rows]

    def suspects(self, night: int) -> list[Suspect]:
        """The programs over which workers were lost in a night."""
        with self.engine.connect() as connection:
            rows = connection.execute(select(SUSPECTS).where(SUSPECTS.c.night == night).order_by(SUSPECTS.c.id)).all()
        return [Suspect(row.at, row.reason, row.program) for row in rows]

    def events(self, night: int) -> Counter[str]:
        """What happened to workers in a night, with how often."""
        with self.engine.connect() as connection:
            return Counter(connection.scalars(select(EVENTS.c.what).where(EVENTS.c.night == night)))


def _execute_each(connection: Connection, statement: Executable, rows: Sequence[Mapping[str, Any]]) -> None:
    """Execute it with each row; without any there is nothing to execute."""
    if rows:
        connection.execute(statement, rows)


def _circumstances(text: str) -> Circumstances:
    kept: Any = {name: tuple(held) if isinstance(held, list) else held for name, held in json.loads(text).items()}
    return Circumstances(**kept)


def now() -> str:
    """The time, as it stands in the books."""
    return datetime.now(UTC).isoformat(timespec="seconds")
