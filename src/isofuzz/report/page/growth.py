"""How coverage grew, as a line with what it takes to read it."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from isofuzz.runs.coverage import Point

_WIDTH, _HEIGHT = 640, 160
_MARGIN = 48
"""On each side of the line, for what is written beside it."""
_TICKS = 4
"""So many parts an axis has, or a few more."""
_UNITS = ((3600, "h"), (60, "min"), (1, "s"))


@dataclass(frozen=True)
class Tick:
    """What is written beside the line, and at which distance from the left or from the top."""

    at: str
    label: str


@dataclass(frozen=True)
class Growth:
    """The points of the line as SVG wants them, and the ticks of its two axes."""

    line: str
    covered: tuple[Tick, ...]
    seconds: tuple[Tick, ...]
    width: int = _WIDTH
    height: int = _HEIGHT

    @property
    def view(self) -> str:
        """The part of the plane that is shown."""
        return f"{-_MARGIN} -8 {_WIDTH + 2 * _MARGIN} {_HEIGHT + 32}"

    @classmethod
    def of(cls, points: Sequence[Point]) -> "Growth | None":
        """The line through the points; None if there is nothing to draw."""
        if len(points) < 2:
            return None
        seconds = points[-1].seconds or 1
        most = max(point.covered for point in points) or 1

        def x(at: float) -> str:
            return f"{_WIDTH * at / seconds:.0f}"

        def y(covered: float) -> str:
            return f"{_HEIGHT * (1 - covered / most):.1f}"

        # A night has a point for each order; of those that share a place only the last can be seen.
        seen = {x(point.seconds): y(point.covered) for point in points}
        unit, name = next((size, name) for size, name in _UNITS if seconds >= size or size == 1)
        return cls(
            line=" ".join(f"{at},{height}" for at, height in seen.items()),
            covered=tuple(Tick(y(count), f"{count:g}") for count in _round_steps(most)),
            seconds=tuple(Tick(x(count * unit), f"{count:g} {name}") for count in _round_steps(seconds / unit)),
        )


def _round_steps(most: float) -> Iterator[float]:
    """Numbers from 0 up to `most`, apart by 1, 2 or 5 times a power of ten."""
    size = 10 ** math.floor(math.log10(most / _TICKS))
    step = next(factor * size for factor in (1, 2, 5, 10) if most / (factor * size) <= _TICKS + 1)
    yield from (round(count * step, 9) for count in range(int(most / step) + 1))
