"""Which operation the running code works for."""

from contextvars import Context, ContextVar, copy_context
from dataclasses import dataclass


@dataclass(eq=False)
class Operation:
    """One operation in flight; `number` is that of its step."""

    number: int
    ended: bool = False


CURRENT: ContextVar[Operation | None] = ContextVar("isofuzz_operation", default=None)
"""Whom the running code works for at the moment, as far as anybody knows."""

OWN: ContextVar[Operation | None] = ContextVar("isofuzz_own_operation", default=None)
"""Whose own code it is: that of the operation's task and of the tasks that this one has started."""

OUTSIDE = Operation(-1)
"""Owns what works for no operation at all, and is never held back: isofuzz's own tasks."""


def at_large() -> Context:
    """A copy of the running context in which what is started is the system's, and works for whoever wakes it."""
    context = copy_context()
    context.run(OWN.set, None)
    context.run(CURRENT.set, None)
    return context


def outside() -> Context:
    """A copy of the running context in which nothing works for any operation."""
    context = copy_context()
    context.run(OWN.set, OUTSIDE)
    context.run(CURRENT.set, None)
    return context
