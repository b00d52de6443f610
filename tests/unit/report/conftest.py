"""Cases to report: stories of the common chat, as a run would keep them."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import pytest

from isofuzz.cases.case import Case, HitRate
from isofuzz.history.entries import Entry
from isofuzz.oracles.explanation import explain
from isofuzz.program.steps import Burst, Program

Story: TypeAlias = Any
"""A story of the unit tests' chat."""

CaseOf: TypeAlias = Callable[..., Case]


@pytest.fixture
def case_of(story: Story) -> CaseOf:
    """The case of the story's first violation; `together` lists the steps that were started together."""

    def make(together: Sequence[int] = (), history: Sequence[Entry] | None = None, **fields: Any) -> Case:
        bursts = [Burst((call,)) for call in story.calls if call.number not in together]
        if together:
            overlapping = Burst(tuple(call for call in story.calls if call.number in together))
            bursts.insert(min(together) - 1, overlapping)
        program = Program(tuple(bursts))
        entries = tuple(story.history if history is None else history)
        violation = fields.pop("violation", None) or story.violations[0]
        explanation = explain(program, entries, violation, story.vocabulary)
        return Case(
            **{
                "target": "chat",
                "defect": None,
                "violation": violation,
                "explanation": explanation,
                "program": program,
                "history": entries,
                "found": "2026-01-01T00:00:00+00:00",
                "services": "Postgres 18",
                "steps_found": 42,
                "hit_rate": HitRate(2, 2),
                "shrunk": True,
                "cold": True,
            }
            | fields
        )

    return make
