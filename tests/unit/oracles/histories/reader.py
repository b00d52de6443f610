"""Reads a history that was written by hand, and what the oracles have to say of it.

The first line says what is tricky, the last ones what is found; between them each line is one event. `#` begins a
comment. The operations are those of the chat in `tests/unit/conftest.py`, without who acts and without the text.

    ada signs up                                  a user and their session, both called ada
    ada signs up on phone                         one more session of hers, called phone
    ada: room = new_room                          she makes a room and gets it back
    ada: post(room) writes hello                  a text, called hello here, is stored
    bob: history(room) shows hello                he reads, and sees this text
    bob: whisper(room, [ada, cara]) is refused    or `is lost`: nobody knows whether it happens
    bob: history(unissued Room 99) is refused, says "no room 99"
    ada: room = new_room with id 7                otherwise things get numbers, each class its own, and users their name
    one begins: ada: edit(message) writes new     it overlaps whatever comes before `one ends`
    one ends is lost                              shows, with id, is, says: whatever is known once it ends
    line brings hello                             an event arrives on a socket
    line answers hello                            a frame does that an operation had asked for
    line closes                                   the system closes it
    barrier on line                               all that had been sent to it has arrived
    loose barrier on line                         the same, but events may be still on their way to it
    an earlier program wrote old
    stored: hello in room of ada; hello           the rows at rest: a text, the thread and the owner if the row says so
    => isolated
    => crossing:foreign:Room:history:post:Body by bob
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from isofuzz.history.entries import (
    Barrier,
    Closed,
    Completion,
    Delivery,
    History,
    Invocation,
    Outcome,
    Row,
    Storage,
)
from isofuzz.program.steps import CANARY_SLOT, Argument, Call, Literal, NeverIssued, Ref, SecretText, Several
from isofuzz.program.vocabulary import Draw, Kind, Operation, Parameter, Vocabulary

_Named = TypeVar("_Named")

ISOLATED = "isolated"

_END = (
    r"(?: with id (?P<id>\S+))?(?: shows (?P<shows>[\w, ]+?))?"
    r"(?: is (?P<ends>refused|lost))?(?:,? says \"(?P<says>.*)\")?"
)
_CALL = r"(?P<actor>\w+): (?:(?P<made>\w+) = )?(?P<operation>\w+)(?:\((?P<arguments>.*?)\))?(?: writes (?P<text>\w+))?"
_ITEM = re.compile(r'\s*(?:"[^"]*"|\[[^\]]*\]|[^,]+)')
_ROW = re.compile(r"(?P<texts>\w+(?: and \w+)*)(?: in (?P<thread>\w+))?(?: of (?P<owner>\w+))?")
_OUTCOMES = {None: Outcome.OK, "refused": Outcome.REFUSED, "lost": Outcome.INFO}
_EARLIER = 1_000_000
"""The serial numbers of texts that an earlier program wrote begin here."""


class Malformed(Exception):
    """A line cannot be read; says which and why."""


@dataclass(frozen=True)
class Written:
    """A history that was written by hand, and the violations expected in it: `fingerprint by user`."""

    tricky: str
    history: History
    expected: list[str]
    users: Mapping[Ref, str]


def read_history(path: Path, vocabulary: Vocabulary) -> Written:
    """Read the file; raises Malformed with its name and the number of the line."""
    return _Reader(path, vocabulary).read()


@dataclass
class _Begun:
    """An operation that has not ended yet, and what its result is to be called."""

    call: Call
    operation: Operation
    made: str | None


@dataclass
class _Names:
    """What the names in a file stand for."""

    users: dict[str, Ref] = field(default_factory=dict)
    sessions: dict[str, Ref] = field(default_factory=dict)
    things: dict[str, Ref] = field(default_factory=dict)
    texts: dict[str, int] = field(default_factory=dict)
    begun: dict[str, _Begun] = field(default_factory=dict)


class _Reader:
    def __init__(self, path: Path, vocabulary: Vocabulary) -> None:
        self._path = path
        self._vocabulary = vocabulary
        self._names = _Names()
        self._history: History = []
        self._expected: list[str] | None = None
        self._users: dict[Ref, str] = {}
        self._ids: dict[Ref, str] = {}
        self._kinds: dict[Ref, Kind] = {}
        self._issued: dict[str, int] = {}
        self._steps = 0

    def read(self) -> Written:
        tricky, *lines = self._path.read_text().splitlines()
        if not re.fullmatch(r"[A-Z].*\.", tricky):
            raise Malformed(f"{self._path.name}:1: says in one sentence what is tricky")
        for number, line in enumerate(lines, start=2):
            event = line.partition("#")[0].strip()
            try:
                if event:
                    self._read(event)
            except Malformed as problem:
                raise Malformed(f"{self._path.name}:{number}: {problem}: {event}") from None
        if self._expected is None:
            raise Malformed(f"{self._path.name}:{len(lines) + 1}: ends with what is found, or with => {ISOLATED}")
        return Written(tricky, self._history, self._expected, self._users)

    def _read(self, event: str) -> None:
        for pattern, read in self._LINES:
            if match := re.fullmatch(pattern, event):
                if self._expected is not None and read is not _Reader._expect:
                    raise Malformed("nothing happens after what is found")
                read(self, **match.groupdict())
                return
        raise Malformed("nobody can read this")

    # -- events

    def _expect(self, found: str) -> None:
        self._expected = self._expected or []
        if found != ISOLATED:
            self._expected.append(found)

    def _sign_up(self, name: str, session: str | None) -> None:
        call = self._call("sign_up", {"name": Literal(name)})
        user, signed_in = Ref(call.number, 0), Ref(call.number, 1)
        self._names.users[name], self._names.sessions[session or name] = user, signed_in
        self._users[user], self._ids[user], self._kinds[user] = name, name, Kind.USER
        self._history.append(Invocation.of(call, {}))
        self._history.append(Completion(call.number, Outcome.OK, ids={0: (name,)}))

    def _at_once(self, **parts: str | None) -> None:
        ends = {name: parts.pop(name) for name in ("id", "shows", "ends", "says")}
        self._complete(self._invoke(**parts), **ends)

    def _begin(self, label: str, **parts: str | None) -> None:
        self._names.begun[label] = self._invoke(**parts)

    def _end(self, label: str, **ends: str | None) -> None:
        if label not in self._names.begun:
            raise Malformed(f"{label} has not begun")
        self._complete(self._names.begun.pop(label), **ends)

    def _bring(self, socket: str, how: str, texts: str) -> None:
        self._history.append(Delivery(self._thing(socket), self._texts(texts), reply=how == "answers"))

    def _close(self, socket: str) -> None:
        self._history.append(Closed(self._thing(socket)))

    def _bar(self, loose: str | None, socket: str) -> None:
        self._history.append(Barrier(self._thing(socket), len(self._history), orders=not loose))

    def _inherit(self, text: str) -> None:
        self._names.texts[text] = _EARLIER + len(self._names.texts)

    def _store(self, rows: str) -> None:
        told = [] if rows == "nothing" else rows.split("; ")
        self._history.append(Storage(tuple(map(self._row, told))))

    _LINES = (
        (r"=> (?P<found>.+)", _expect),
        (r"(?P<name>\w+) signs up(?: on (?P<session>\w+))?", _sign_up),
        (_CALL + _END, _at_once),
        (r"(?P<label>\w+) begins: " + _CALL, _begin),
        (r"(?P<label>\w+) ends" + _END, _end),
        (r"(?P<socket>\w+) (?P<how>brings|answers) (?P<texts>[\w, ]+)", _bring),
        (r"(?P<socket>\w+) closes", _close),
        (r"(?P<loose>loose )?barrier on (?P<socket>\w+)", _bar),
        (r"an earlier program wrote (?P<text>\w+)", _inherit),
        (r"stored: (?P<rows>.+)", _store),
    )

    # -- operations

    def _call(self, operation: str, arguments: dict[str, Argument]) -> Call:
        self._steps += 1
        return Call(self._steps, operation, arguments)

    def _invoke(
        self, actor: str | None, made: str | None, operation: str | None, arguments: str | None, text: str | None
    ) -> _Begun:
        spec = next((each for each in self._vocabulary.operations if each.name == operation), None)
        if spec is None:
            raise Malformed(f"there is no operation {operation}")
        if made and not spec.creates:
            raise Malformed(f"{operation} makes nothing")
        items = _ITEM.finditer(arguments or "")
        given = self._arguments(spec, actor or "", (match[0].strip() for match in items))
        call = self._call(spec.name, dict(given))
        secrets = [parameter.name for parameter in spec.drawn(Draw.SECRET)]
        if bool(secrets) != bool(text):
            raise Malformed(f"{operation} writes {'a text' if secrets else 'nothing'}")
        if text:
            self._names.texts[text] = len(self._names.texts) + 1
        canaries = {name: self._names.texts[text] for name in secrets if text}
        self._history.append(Invocation.of(call, canaries, dict(self._written(call))))
        return _Begun(call, spec, made)

    def _complete(self, begun: _Begun, id: str | None, shows: str | None, ends: str | None, says: str | None) -> None:  # noqa: A002
        outcome = _OUTCOMES[ends]
        ids: dict[int, tuple[str, ...]] = {}
        if outcome is Outcome.OK:
            for output, name in enumerate(begun.operation.creates):
                if self._vocabulary.thing(name).issued:
                    ids[output] = (self._issue(Ref(begun.call.number, output), name, id),)
        seen = self._texts(shows) if shows else ()
        self._history.append(Completion(begun.call.number, outcome, seen, says or "", ids))
        if begun.made:
            self._names.things[begun.made] = Ref(begun.call.number)

    def _issue(self, ref: Ref, name: str, identifier: str | None) -> str:
        self._issued[name] = self._issued.get(name, 0) + 1
        self._ids[ref] = identifier or str(self._issued[name])
        self._kinds[ref] = self._vocabulary.thing(name).kind
        return self._ids[ref]

    # -- arguments

    def _arguments(self, operation: Operation, actor: str, items: Iterator[str]) -> Iterator[tuple[str, Argument]]:
        acting = self._vocabulary.actor(operation)
        for parameter in operation.parameters:
            if parameter.draws is Draw.SECRET:
                yield parameter.name, SecretText(CANARY_SLOT)
            elif parameter is acting:
                yield parameter.name, self._of_kind(parameter, actor)
            elif (item := next(items, None)) is None:
                raise Malformed(f"{operation.name} needs {parameter.name} as well")
            else:
                yield parameter.name, self._argument(parameter, item)
        if rest := next(items, None):
            raise Malformed(f"{operation.name} does not take {rest}")

    def _argument(self, parameter: Parameter, item: str) -> Argument:
        if parameter.draws is not Draw.THING:
            return Literal(item.strip('"'))
        if parameter.several:
            return Several(tuple(self._of_kind(parameter, each) for each in re.findall(r"\w+", item)))
        if unissued := re.fullmatch(rf"unissued {parameter.type} (\w+)", item):
            return self._never_issued(parameter.type, unissued[1])
        return self._of_kind(parameter, item)

    def _never_issued(self, name: str, identifier: str) -> NeverIssued:
        """The identifier is the variant, so that equal ones mean the same."""
        return NeverIssued(name, int(identifier))

    def _of_kind(self, parameter: Parameter, name: str) -> Ref:
        kind = self._vocabulary.kind_of(parameter)
        if kind is Kind.USER:
            return _known(self._names.users, name)
        return _known(self._names.sessions, name) if kind is Kind.SESSION else self._thing(name)

    def _written(self, call: Call) -> Iterator[tuple[str, tuple[str, ...]]]:
        """How the identifiers in the arguments are written."""
        for name, argument in call.arguments.items():
            if isinstance(argument, NeverIssued):
                yield name, (str(argument.variant),)
            elif isinstance(argument, Ref) and argument in self._ids:
                yield name, (self._ids[argument],)

    def _thing(self, name: str) -> Ref:
        return _known(self._names.things, name)

    def _texts(self, names: str) -> tuple[int, ...]:
        return tuple(_known(self._names.texts, name) for name in re.split(", | and ", names))

    def _row(self, told: str) -> Row:
        match = _ROW.fullmatch(told)
        if match is None:
            raise Malformed(f"a row is: text in thread of owner, not {told}")
        thread, owner = match["thread"], match["owner"]
        return Row(
            self._texts(match["texts"]),
            threads=self._alike(self._thing(thread)) if thread else None,
            owners=self._alike(_known(self._names.users, owner)) if owner else None,
        )

    def _alike(self, thing: Ref) -> tuple[Ref, ...]:
        """Whatever of its kind has the same identifier: a row says no more than that."""
        kind = self._kinds[thing]
        return tuple(ref for ref, each in self._ids.items() if each == self._ids[thing] and self._kinds[ref] is kind)


def _known(names: Mapping[str, _Named], name: str) -> _Named:
    if name not in names:
        raise Malformed(f"nothing of this kind is called {name} yet")
    return names[name]
