"""What another tool needs for the same races: frontrun, which explores the interleavings of coroutines systematically.

It is not asked what isofuzz is asked. It gets the requests that meet, already prepared, with what must hold of their
answers; it sees what each line of Python reads and writes, and which rows a statement does.
"""

import importlib
import importlib.util
from collections.abc import Callable
from typing import Any

import psycopg

from benchmarks.interleaving.racy import Racy
from isofuzz.engine.interpreter import Execution
from isofuzz.engine.system import running
from isofuzz.oracles.judge import Judge
from isofuzz.program.steps import Call, Literal, Ref
from isofuzz.runs.planting import new_mint
from isofuzz.services import open_services
from isofuzz.target.signatures import read_signatures

NAME = "frontrun"
NOT_INSTALLED = "not installed"

_SECONDS = 30.0

Answers = dict[int, object]
"""What each request was answered, by its number."""


async def executions_until_found(system: type[Racy]) -> int | str:
    """How many executions frontrun explores until two requests get the same answer; or why there is no number."""
    if importlib.util.find_spec(NAME) is None:
        return NOT_INSTALLED
    frontrun = importlib.import_module(NAME)
    signatures = read_signatures(system)
    async with open_services() as services, running(system(), signatures, services, new_mint()) as up:
        answers: dict[Ref, object] = {}
        execution = Execution(up, Judge(signatures.vocabulary), on_answer=_noted_in(answers))
        for burst in system.before:
            await execution.run(burst)
        await execution.finish()
        found = await frontrun.explore(
            setup=lambda: _afresh(services.database_url, system),
            workers=[_request(up.target, call, answers) for call in system.meeting.calls],
            invariant=lambda given: len({repr(answer) for answer in given.values()}) == len(given),
            reproduce_on_failure=0,
            warn_nondeterministic_sql=False,
            total_timeout=_SECONDS,
        )
    return "not found" if found.property_holds else int(found.num_explored)


def _noted_in(answers: dict[Ref, object]) -> Callable[[Call, object], None]:
    def note(call: Call, answer: object) -> None:
        for output, thing in enumerate(answer if isinstance(answer, tuple) else (answer,)):
            answers[Ref(call.number, output)] = thing

    return note


def _request(target: Any, call: Call, known: dict[Ref, object]) -> Callable[[Answers], Any]:
    given = {
        name: known[argument] if isinstance(argument, Ref) else argument.value
        for name, argument in call.arguments.items()
        if isinstance(argument, Ref | Literal)
    }

    async def request(answers: Answers) -> None:
        answers[call.number] = await getattr(target, call.operation)(**given)

    return request


def _afresh(url: str, system: type[Racy]) -> Answers:
    """No answers yet, and nobody has entered whom the requests would have enter."""
    if not system.before:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("TRUNCATE person")
    return {}
