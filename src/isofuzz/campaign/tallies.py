"""What runs exercised as counts by name, which can be kept in a table and added up over workers and nights."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import astuple, fields
from typing import Any, TypeAlias

from isofuzz.history.entries import Outcome
from isofuzz.history.relations import Relation
from isofuzz.program.faults import FaultKind
from isofuzz.runs.comparing import Comparisons
from isofuzz.runs.exercised import Cell, Exercised, Reached
from isofuzz.runs.latency import Latency

Tallies: TypeAlias = Counter[tuple[str, str]]
"""Counts by the name of what they count, and by which of that, as JSON."""

_COMPARED = "compared."
_LATENCY = "latency"

_KEYS: Mapping[str, Callable[..., Any]] = {
    "outcomes": lambda operation, outcome: (operation, Outcome(outcome)),
    "cells": lambda operation, parameter, relation: Cell(operation, parameter, Relation(relation)),
    "reached": lambda operation, relation, outcome: Reached(operation, relation, Outcome(outcome)),
    "alike": lambda *probe: probe,
    "told": lambda *probe: probe,
    "unexpected": lambda *how: how,
    "faults": FaultKind,
}
"""From the parts of a written key to the key; those of the others are a single text."""


def tallied(exercised: Exercised, compared: Comparisons) -> Tallies:
    """The counts of both."""
    tallies: Tallies = Counter()
    for field in fields(Exercised):
        if field.name != _LATENCY:
            tallies.update(dict(_counts(field.name, getattr(exercised, field.name))))
    for name, latency in exercised.latency.items():
        for bucket, count in latency.buckets.items():
            tallies[_LATENCY, json.dumps([name, bucket])] += count
    for field in fields(Comparisons):
        tallies.update(dict(_counts(_COMPARED + field.name, getattr(compared, field.name))))
    return tallies


def untallied(tallies: Mapping[tuple[str, str], int]) -> tuple[Exercised, Comparisons]:
    """What the counts say was exercised and compared."""
    exercised, compared = Exercised(), Comparisons()
    for (name, key), count in tallies.items():
        if name == _LATENCY:
            operation, bucket = json.loads(key)
            exercised.latency[operation].merge(Latency.of_bucket(bucket, count))
            continue
        of: Exercised | Comparisons = compared if name.startswith(_COMPARED) else exercised
        _add(of, name.removeprefix(_COMPARED), json.loads(key), count)
    return exercised, compared


def _counts(name: str, value: Any) -> Iterator[tuple[tuple[str, str], int]]:
    if isinstance(value, Counter):
        for key, count in value.items():
            yield (name, json.dumps(_parts(key))), count
    elif isinstance(value, float):
        yield (name, "[]"), round(value * 1000)  # whole milliseconds: all else here is counted
    else:
        yield (name, "[]"), value


def _text(text: str) -> str:
    return text


def _parts(key: Any) -> list[Any]:
    if isinstance(key, Cell | Reached):
        return list(astuple(key))
    return list(key) if isinstance(key, tuple) else [key]


def _add(of: Exercised | Comparisons, name: str, parts: list[Any], count: int) -> None:
    held = getattr(of, name)
    if isinstance(held, Counter):
        held[_KEYS.get(name, _text)(*parts)] += count
    elif isinstance(held, float):
        setattr(of, name, held + count / 1000)
    else:
        setattr(of, name, held + count)
