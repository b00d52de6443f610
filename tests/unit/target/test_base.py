"""A target that overrides nothing starts, resets and quiesces without doing anything."""

from typing import Any, cast

import pytest

from isofuzz.errors import TargetMistake
from isofuzz.target.base import Options, Services, Target, operation


async def test_the_default_lifespan_yields_once() -> None:
    async for _ in Target().lifespan(cast("Services", None)):
        pass


async def test_the_defaults_do_nothing() -> None:
    target = Target()
    await target.reset()
    await target.quiesce()
    assert (target.refusals, target.defects, target.defect) == ((), {}, None)


async def test_operation_marks_and_leaves_the_method_as_it_is() -> None:
    async def method() -> int:
        return 3

    assert operation(method) is method
    assert await method() == 3


async def test_operation_with_options_leaves_the_method_as_it_is_too() -> None:
    async def method() -> int:
        return 3

    marked = operation(budget_ms=10)(method)
    number: int = await marked()  # a type checker sees the method as it was written
    assert (marked, number) == (method, 3)
    assert cast("Any", method).__isofuzz_operation__ == Options(budget_ms=10)


@pytest.mark.parametrize("marks", [operation, operation()])
def test_what_is_no_method_cannot_be_marked(marks: Any) -> None:
    with pytest.raises(TargetMistake, match=r"^@operation\(10\) marks no method; name the option: `@operation\(budget"):
        marks(10)
