"""The token of a session stands in the statements of a system, and in no history."""

# mypy: disable-error-code="misc"
# The things below are made into dataclasses by their base class.

import asyncio
import secrets
from collections.abc import AsyncIterator
from dataclasses import replace

import asyncpg
from tests.unit.report.page.pages import read_kept_cases

from isofuzz import Name, Secret, Services, Session, Target, User, operation
from isofuzz.cases.codec import to_json
from isofuzz.engine.control import controlled
from isofuzz.engine.interpreter import Execution, execute
from isofuzz.engine.system import running
from isofuzz.gate.loop import ControlledLoop
from isofuzz.history.entries import Moved
from isofuzz.oracles.judge import Judge
from isofuzz.program.schedule import Schedule
from isofuzz.program.steps import Burst, Call, Literal, Program, Ref, SecretText
from isofuzz.runs.planting import new_mint
from isofuzz.services import open_services
from isofuzz.target.signatures import read_signatures

SCHEMA = (
    "CREATE TABLE session (token text PRIMARY KEY, person text NOT NULL); CREATE TABLE about (person text, line text)"
)


class Line(Secret):
    pass


class Person(User):
    id: str


class Me(Session):
    token: str


class Abouts(Target):
    """Everybody says something about themselves; who asks is looked up by their token, a text in the statement."""

    def __init__(self) -> None:
        self.given_out: list[str] = []

    async def lifespan(self, services: Services) -> AsyncIterator[None]:
        self.connection = await asyncpg.connect(services.database_url)
        await self.connection.execute(SCHEMA)
        yield
        await self.connection.close()

    @operation
    async def enter(self, name: Name) -> tuple[Person, Me]:
        token = secrets.token_urlsafe()
        self.given_out.append(token)
        await self.connection.execute(f"INSERT INTO session VALUES ('{token}', '{name}')")
        return Person(f"person-of-{name}"), Me(token)

    @operation
    async def tell(self, me: Me, line: Line) -> None:
        who = f"(SELECT person FROM session WHERE token = '{me.token}')"
        await self.connection.execute(f"INSERT INTO about SELECT person, '{line}' FROM {who} AS who")

    @operation
    async def fail(self, me: Me) -> None:
        await self.connection.execute(f"SELECT nothing WHERE '{me.token}' = 'a'")


ALICE, BOB = Ref(0, 1), Ref(1, 1)
PROGRAM = Program(
    (
        Burst(tuple(Call(number, "enter", {"name": Literal(name)}) for number, name in enumerate("ab")), Schedule()),
        Burst(
            (Call(2, "tell", {"me": ALICE, "line": SecretText("{canary}")}), Call(3, "fail", {"me": BOB})), Schedule()
        ),
    )
)


async def executed(target: Abouts) -> Execution:
    signatures = read_signatures(Abouts)
    async with (
        open_services() as services,
        controlled(services) as control,
        running(target, signatures, services, new_mint(), control) as system,
    ):
        return await execute(system, PROGRAM, Judge(signatures.vocabulary))


def test_no_token_is_in_a_case() -> None:
    target = Abouts()
    with asyncio.Runner(loop_factory=ControlledLoop) as runner:
        execution = runner.run(executed(target))
    statements = [entry.text for entry in execution.history if isinstance(entry, Moved)]
    assert "INSERT INTO session VALUES ('***', 'a')" in " ".join(statements)
    assert "WHERE token = '***'" in " ".join(statements)
    kept = to_json(replace(read_kept_cases()[0], program=execution.program, history=tuple(execution.history)))
    assert "person-of-a" in kept
    assert len(target.given_out) == 2
    assert not [token for token in target.given_out if token[:12] in kept]
