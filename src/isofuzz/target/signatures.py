"""From a target's signatures to its vocabulary. Every mistake is found here, before the first program runs."""

import collections.abc
import inspect
import math
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from typing_extensions import TypeAliasType

from isofuzz.errors import TargetMistake
from isofuzz.program.vocabulary import (
    GUARDED,
    Draw,
    Effect,
    Kind,
    Operation,
    Parameter,
    SecretSpec,
    Shows,
    ThingSpec,
    Vocabulary,
)
from isofuzz.target.base import Options, Target
from isofuzz.target.things import All, Key, Name, News, Query, Secret, Some, Subscription, Thing

_SHOWS: Mapping[TypeAliasType, Shows] = {All: Shows.ALL, Some: Shows.SOME, News: Shows.NEWS}
_DRAWN: Mapping[object, Draw] = {Name: Draw.NAME, Key: Draw.KEY, Query: Draw.QUERY}
_FOR_USERS = (Effect.GRANTS, Effect.INVITES, Effect.REVOKES, Effect.AUDIENCE)


@dataclass(frozen=True)
class Signatures:
    """A target class as isofuzz understands it: its vocabulary, and the Python types behind the words.

    `values` holds the annotation of each parameter whose argument is drawn as a plain value, by operation and name.
    """

    vocabulary: Vocabulary
    things: Mapping[str, type[Thing]]
    secrets: Mapping[str, type[Secret]]
    values: Mapping[tuple[str, str], object]
    identifiers: Mapping[str, object]


@dataclass
class _Found:
    things: dict[str, type[Thing]] = field(default_factory=dict)
    secrets: dict[str, type[Secret]] = field(default_factory=dict)
    values: dict[tuple[str, str], object] = field(default_factory=dict)


@dataclass(frozen=True)
class _Returned:
    creates: tuple[str, ...] = ()
    shows: Shows | None = None
    shown: str | None = None


def read_signatures(target: type[Target]) -> Signatures:
    """Understand a target class; raises TargetMistake that says what to write instead."""
    found = _Found()
    operations = tuple(_operation(target, name, method, found) for name, method in _operations_of(target))
    if not operations:
        raise TargetMistake(f"{target.__name__} has no operation: mark what users can do with @operation")
    for thing in list(found.things.values()):
        if thing.options.within:
            _note_thing(thing.options.within, found, f"class {thing.__name__}")
    _check_lifespan(target)
    _check_seconds(target, "grace", "that a right may still show")
    _check_seconds(target, "lag", "that a write may take to show")
    vocabulary = Vocabulary(
        things=tuple(_thing_spec(thing, found) for thing in found.things.values()),
        secrets=tuple(SecretSpec(secret.__name__, private=secret.private) for secret in found.secrets.values()),
        operations=operations,
        restarts=target.restart is not Target.restart,
    )
    _check_whole(target, vocabulary)
    identifiers = {name: hints["id"] for name, thing in found.things.items() if "id" in (hints := _hints(thing))}
    return Signatures(vocabulary, found.things, found.secrets, found.values, identifiers)


def _operations_of(target: type[Target]) -> Iterator[tuple[str, Any]]:
    """The marked methods in the order in which they are written, bases first."""
    names = dict.fromkeys(name for base in reversed(target.__mro__) for name in vars(base))
    for name in names:
        method = getattr(target, name)
        if _options(method):
            yield name, method


def _operation(target: type[Target], name: str, method: Any, found: _Found) -> Operation:
    where = f"{target.__name__}.{name}"
    if not inspect.iscoroutinefunction(method):
        raise TargetMistake(f"{where} is not asynchronous: write `async def {name}(...)`")
    hints = _hints(method)
    parameters = []
    for parameter in list(inspect.signature(method).parameters.values())[1:]:
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise TargetMistake(f"{where}: *{parameter.name} cannot be drawn; name each parameter and annotate it")
        if parameter.name not in hints:
            raise TargetMistake(
                f"{where}: parameter {parameter.name!r} has no annotation; write what is drawn, for example "
                f"`{parameter.name}: Name` or one of your things"
            )
        parameters.append(_parameter(where, name, parameter.name, hints[parameter.name], found))
    if "return" not in hints:
        raise TargetMistake(f"{where} has no return annotation; write `-> None` if it creates and shows nothing")
    returned = _returned(where, hints["return"], found)
    options = _options(method) or Options()
    return Operation(
        name=name,
        parameters=tuple(parameters),
        creates=returned.creates,
        shows=returned.shows,
        shown=returned.shown,
        budget_ms=_budget(where, options),
        compare=_flag(f"{where}: compare", options.compare, "`compare=False`, or leave it out"),
    )


def _options(method: Any) -> Options | None:
    """What `@operation` was given; None if the method is not marked."""
    options: Options | None = getattr(method, "__isofuzz_operation__", None)
    return options


def _budget(where: str, options: Options) -> float | None:
    budget: object = options.budget_ms
    if budget is None:
        return None
    if isinstance(budget, bool) or not isinstance(budget, int | float):
        raise TargetMistake(f"{where}: budget_ms={budget!r} is no number; write milliseconds: `budget_ms=10`")
    if not (math.isfinite(budget) and budget > 0):
        raise TargetMistake(
            f"{where}: budget_ms={budget} is no limit; write milliseconds above 0, `budget_ms=10`, or leave it out"
        )
    return float(budget)


def _parameter(where: str, operation: str, name: str, hint: object, found: _Found) -> Parameter:
    kind, effect, several = _unwrapped(hint)
    place = f"{where}: parameter {name!r}"
    if isinstance(kind, type) and issubclass(kind, Thing):
        _note_thing(kind, found, place)
        if effect in _FOR_USERS and kind.kind not in (Kind.USER, Kind.SESSION):
            raise TargetMistake(f"{place}: {effect.title()}[...] is about a user; {kind.__name__} is a {kind.kind}")
        return Parameter(name, Draw.THING, kind.__name__, effect, several)
    if effect is not None:
        raise TargetMistake(f"{place}: {effect.title()}[...] takes a thing, a User for example")
    if isinstance(kind, type) and issubclass(kind, Secret):
        if kind is Secret:
            raise TargetMistake(f"{place}: subclass Secret, once for each kind of text: `class Body(Secret): ...`")
        _note(kind, found.secrets, place)
        return Parameter(name, Draw.SECRET, kind.__name__)
    if isinstance(kind, type) and kind in _DRAWN:
        return Parameter(name, _DRAWN[kind], kind.__name__)
    found.values[operation, name] = hint
    return Parameter(name, Draw.VALUE, getattr(hint, "__name__", str(hint)))


def _returned(where: str, hint: object, found: _Found) -> _Returned:
    creates: list[str] = []
    shown: list[tuple[Shows, str]] = []
    for part in typing.get_args(hint) if typing.get_origin(hint) is tuple else (hint,):
        alias = typing.get_origin(part)
        if isinstance(part, TypeAliasType) and part in _SHOWS:
            raise TargetMistake(f"{where} returns {part} of what? Write the kind of text: `{part}[Body]`")
        if isinstance(alias, TypeAliasType) and alias in _SHOWS:
            (secret,) = typing.get_args(part)
            if not (isinstance(secret, type) and issubclass(secret, Secret)):
                raise TargetMistake(f"{where} returns {alias}[{secret}], which is no kind of Secret")
            _note(secret, found.secrets, where)
            shown.append((_SHOWS[alias], secret.__name__))
        elif isinstance(part, type) and issubclass(part, Thing):
            _note_thing(part, found, where)
            creates.append(part.__name__)
    if len(shown) > 1:
        raise TargetMistake(f"{where} shows two kinds of text; one operation can promise one: split it")
    shows, secret_name = shown[0] if shown else (None, None)
    return _Returned(tuple(creates), shows, secret_name)


def _unwrapped(hint: object) -> tuple[object, Effect | None, bool]:
    """The type inside `Sequence[...]` and the marks, the mark, and whether it is a sequence."""
    effect, several = None, False
    while True:
        origin = typing.get_origin(hint)
        if origin is Annotated:
            marks = [mark for mark in hint.__metadata__ if isinstance(mark, Effect)]  # type: ignore[attr-defined]  # of Annotated
            if not marks:
                return hint, effect, several
            hint, effect = typing.get_args(hint)[0], marks[0]
        elif origin in (collections.abc.Sequence, list, tuple) and _holds_thing(hint):
            hint, several = typing.get_args(hint)[0], True
        else:
            return hint, effect, several


def _holds_thing(hint: object) -> bool:
    inner = typing.get_args(hint)[0] if typing.get_args(hint) else None
    while typing.get_origin(inner) is Annotated:
        inner = typing.get_args(inner)[0]
    return isinstance(inner, type) and issubclass(inner, Thing)


def _note_thing(thing: type[Thing], found: _Found, where: str) -> None:
    if Thing in thing.__bases__ or thing is Thing:
        name = thing.__name__
        raise TargetMistake(f"{where}: subclass {name} and say what identifies one: `class My{name}({name})`")
    _note(thing, found.things, where)


def _note(kind: type, known: dict[str, Any], where: str) -> None:
    if known.setdefault(kind.__name__, kind) is not kind:
        raise TargetMistake(f"{where}: two classes are named {kind.__name__}; rename one")


def _thing_spec(thing: type[Thing], found: _Found) -> ThingSpec:
    return ThingSpec(
        name=thing.__name__,
        kind=thing.kind,
        within=thing.options.within.__name__ if thing.options.within else None,
        public=thing.options.public,
        keeps_past=thing.options.keeps_past,
        exclusive=thing.options.exclusive,
        issued="id" in _hints(thing),
        hidden=_hidden(thing),
        pushes=_pushed(thing, found) if issubclass(thing, Subscription) else None,
        echo=_declared(thing, "echo"),
        once=_declared(thing, "once"),
        order=_declared(thing, "in_order"),
        replay=_declared(thing, "replay"),
    )


def _declared(thing: type[Thing], name: str) -> bool | None:
    """What a subscription says of its events; None: nothing."""
    value = getattr(thing.options, name)
    where, instead = f"class {thing.__name__}: {name}", "True or False, or leave it out if it may be so or not"
    return None if value is None else _flag(where, value, instead)


def _flag(where: str, value: object, instead: str) -> bool:
    if not isinstance(value, bool):
        raise TargetMistake(f"{where}={value!r} is neither true nor false; write {instead}")
    return value


def _hidden(thing: type[Thing]) -> bool:
    existence: str = thing.options.existence
    if existence not in ("hidden", "public"):
        raise TargetMistake(f'class {thing.__name__}: existence={existence!r}; write "public", or leave it out')
    return existence == "hidden"


def _pushed(thing: type[Thing], found: _Found) -> str:
    for base in getattr(thing, "__orig_bases__", ()):
        if typing.get_origin(base) is Subscription:
            (secret,) = typing.get_args(base)
            if isinstance(secret, type) and issubclass(secret, Secret):
                _note(secret, found.secrets, f"class {thing.__name__}")
                return secret.__name__
    raise TargetMistake(f"class {thing.__name__} announces what? Write `class {thing.__name__}(Subscription[Body])`")


def _hints(thing: Any) -> dict[str, Any]:
    try:
        return typing.get_type_hints(thing, include_extras=True)
    except NameError as problem:
        raise TargetMistake(
            f"{thing.__qualname__}: annotation {problem.name!r} is not known there; define it at the top of its module"
        ) from None


def _check_lifespan(target: type[Target]) -> None:
    if not inspect.isasyncgenfunction(target.lifespan):
        raise TargetMistake(
            f"{target.__name__}.lifespan does not yield: write `async def lifespan(self, services)`, start the system, "
            "`yield` once while it is up, stop it"
        )


def _check_seconds(target: type[Target], name: str, meaning: str) -> None:
    seconds: object = getattr(target, name)
    if isinstance(seconds, bool) or not (isinstance(seconds, int | float) and math.isfinite(seconds) and seconds >= 0):
        raise TargetMistake(
            f"{target.__name__}.{name}={seconds!r} is no time {meaning}; write seconds, 0 or more: `{name} = 0.5`"
        )


def _check_whole(target: type[Target], vocabulary: Vocabulary) -> None:
    """What only shows in the whole: nobody creates what others take, nothing writes what others read."""
    name = target.__name__
    for operation in vocabulary.operations:
        subscribes = any(vocabulary.thing(thing).kind is Kind.SUBSCRIPTION for thing in operation.creates)
        if subscribes and any(p.several and vocabulary.kind_of(p) in GUARDED for p in operation.parameters):
            raise TargetMistake(f"{name}.{operation.name} subscribes to several things at once; let it take one")
    created = {thing for operation in vocabulary.operations for thing in operation.creates}
    written = {p.type for operation in vocabulary.operations for p in operation.drawn(Draw.SECRET)}
    for operation in vocabulary.operations:
        for parameter in operation.drawn(Draw.THING):
            if parameter.type not in created:
                raise TargetMistake(
                    f"{name}.{operation.name} takes a {parameter.type}, but no operation creates one: "
                    f"let one return it, `-> {parameter.type}`"
                )
        if operation.shown and operation.shown not in written:
            raise TargetMistake(
                f"{name}.{operation.name} shows {operation.shown}, but no operation writes one: "
                f"give a writing one a parameter `{operation.shown.lower()}: {operation.shown}`"
            )
    for thing in vocabulary.things:
        if thing.pushes and thing.pushes not in written:
            raise TargetMistake(f"{name}: {thing.name} announces {thing.pushes}, but no operation writes one")
    if not any(vocabulary.thing(thing).kind is Kind.USER for thing in created):
        raise TargetMistake(
            f"{name}: no operation creates a User; isolation is between users, so let one return it: "
            "`async def sign_up(self, name: Name) -> tuple[Who, Me]`"
        )
    if not written:
        raise TargetMistake(
            f"{name}: no operation writes a secret, so no leak could be seen; add a parameter of a Secret class"
        )
