"""Where a text of an earlier program comes from."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Origin:
    """It was written by this `step` of that one of the earlier `program`s, counted from 1; `secret` is its kind."""

    program: int
    step: int
    operation: str
    secret: str
