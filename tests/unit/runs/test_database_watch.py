"""The catalogue is read until the system was seen connected; what could not be told is said."""

from types import SimpleNamespace
from typing import Any

import pytest

from isofuzz.history.entries import Invocation, Pooled
from isofuzz.oracles.posture import Posture, Role, Table
from isofuzz.runs.database_watch import DatabaseWatch

TABLE = Table("note", "owner")
APP = Role("app", superuser=True)


class Catalogue:
    """Answers with one posture after the other, and with the last one for good."""

    def __init__(self, *answers: Posture) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def posture(self) -> Posture:
        self.asked += 1
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def watch(catalogue: Catalogue, **pool: object) -> DatabaseWatch:
    known: dict[str, object] = {"looks": 0, "shown": 0, "failed": 0, "last_problem": "", "is_lent_by_target": True}
    lent: Any = SimpleNamespace(**known | pool)
    services: Any = catalogue
    return DatabaseWatch(services, lent)


@pytest.mark.parametrize(
    ("answers", "asked", "subjects"),
    [
        ([Posture()], 1, []),
        ([Posture((TABLE,), ("app",), (APP,))], 1, ["app"]),
        ([Posture((TABLE,)), Posture((TABLE,)), Posture((TABLE,), ("app",), (APP,))], 3, ["app"]),
    ],
)
async def test_the_catalogue_is_read_until_somebody_is_connected(
    answers: list[Posture], asked: int, subjects: list[str]
) -> None:
    catalogue = Catalogue(*answers)
    database = watch(catalogue)
    for _ in range(5):
        await database.look()
    assert catalogue.asked == asked
    assert [hazard.subject for hazard in database.hazards()] == subjects
    assert list(database.unjudged()) == []


async def test_nobody_is_connected() -> None:
    database = watch(Catalogue(Posture((TABLE,))))
    await database.look()
    [reason] = database.unjudged()
    assert reason.startswith(
        "posture not judged: there are policies, but between programs the system was never connected"
    )


@pytest.mark.parametrize(
    ("pool", "reasons"),
    [
        ({}, []),
        ({"looks": 8, "shown": 4}, []),
        ({"looks": 8}, ["residue not judged: `pooled` never showed a connection"]),
        (
            {"looks": 8, "shown": 4, "failed": 2, "last_problem": "OSError: shut"},
            ["residue not judged in 2 of 8 looks: `pooled` failed with OSError: shut"],
        ),
    ],
)
def test_what_a_pool_did_not_show_is_said(pool: dict[str, object], reasons: list[str]) -> None:
    database = watch(Catalogue(Posture()), **pool)
    assert list(database.unjudged()) == reasons


def test_what_is_left_in_any_program_is_a_hazard() -> None:
    database = watch(Catalogue(Posture()))
    for _ in range(2):
        database.add([Pooled("1"), Invocation(0, "post", {}), Pooled("1", {"role": "admin"})])
    [hazard] = database.hazards()
    assert hazard.sentence.endswith("after post; 2 times")


def test_a_target_that_lends_no_pool_has_promised_nothing() -> None:
    assert list(watch(Catalogue(Posture()), looks=3, is_lent_by_target=False).unjudged()) == []
