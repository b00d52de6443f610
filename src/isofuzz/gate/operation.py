"""Which operation the running code works for."""

from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(eq=False)
class Operation:
    """One operation in flight; `number` is that of its step."""

    number: int
    ended: bool = False


CURRENT: ContextVar[Operation | None] = ContextVar("isofuzz_operation", default=None)
