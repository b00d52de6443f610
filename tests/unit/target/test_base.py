"""A target that overrides nothing starts, resets and quiesces without doing anything."""

from typing import cast

from isofuzz.target.base import Services, Target, operation


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
