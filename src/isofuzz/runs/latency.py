"""How long operations took, in a bounded space: the answers of a whole night are too many to keep each of them.

A duration is counted in the bucket that it falls into; each bucket begins 1 % after the one before. Buckets, unlike a
sample, lose no rare long answer, give the same figures for the same durations, and can be added up over workers.
"""

import math
from collections import Counter
from dataclasses import dataclass, field

_GROWTH = 1.01
"""By which factor a bucket's beginning lies after that of the one before: from 1 µs to 1 h there are some 2,200."""

_LEAST_MS = 1e-6
"""What is shorter counts as this long: a clock may say that nothing passed at all."""


def in_words(milliseconds: float) -> str:
    """With as many digits as mean something."""
    return f"{milliseconds:.{2 if milliseconds < 10 else 1 if milliseconds < 100 else 0}f}"


@dataclass
class Latency:
    """Durations of one operation, in milliseconds."""

    count: int = 0
    max_ms: float = 0
    buckets: Counter[int] = field(default_factory=Counter)
    """How many fell into each, by its number."""

    def add(self, seconds: float) -> None:
        """Count one duration."""
        milliseconds = max(seconds * 1000, _LEAST_MS)
        self.count += 1
        self.max_ms = max(self.max_ms, milliseconds)
        self.buckets[math.floor(math.log(milliseconds, _GROWTH))] += 1

    @classmethod
    def of_bucket(cls, bucket: int, count: int) -> "Latency":
        """So many durations that fell into one bucket; the longest is then known no better than the others."""
        return cls(count, _GROWTH**bucket, Counter({bucket: count}))

    def merge(self, other: "Latency") -> None:
        """Add the durations of another."""
        self.count += other.count
        self.max_ms = max(self.max_ms, other.max_ms)
        self.buckets += other.buckets

    def percentile_ms(self, percent: int) -> float:
        """The shortest duration that so many percent of all do not exceed (nearest rank); 0 if there is none.

        It is the beginning of the bucket, so at most 1 % too short and never too long: what is over a budget by this
        figure is over it.
        """
        rank = math.ceil(self.count * percent / 100)
        for bucket in sorted(self.buckets):
            rank -= self.buckets[bucket]
            if rank <= 0:
                return _GROWTH**bucket
        return 0
