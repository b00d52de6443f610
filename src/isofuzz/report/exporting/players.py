"""What the things of a program are called in an exported test: `owner`, `owner_session`, `room`, `room_2`."""

from collections.abc import Iterator, Mapping
from typing import Final

from isofuzz.history.model import Model
from isofuzz.history.world import Thing
from isofuzz.oracles.naming import as_if_all_went_well, cast
from isofuzz.program.steps import Call, Program, Ref
from isofuzz.program.vocabulary import GUARDED, Kind, Vocabulary
from isofuzz.report.exporting.names import LocalNames, snake

OWNER: Final = "owner"
GUEST: Final = "guest"


class Players:
    """The names of one program's things. The owner is who wrote the text in question, else who made something first.

    `guests_only`: the owner is in an earlier program. `letters` are what reports call users and their sessions.
    """

    def __init__(
        self,
        program: Program,
        vocabulary: Vocabulary,
        names: LocalNames,
        *,
        written_by: int | None = None,
        guests_only: bool = False,
    ) -> None:
        self.model: Model = as_if_all_went_well(program, vocabulary)
        self.letters: Mapping[Ref, str] = cast(program, vocabulary)
        self.used = {*_used(program)}
        self._names = names
        self._owner = None if guests_only else self._user_of(written_by) or self._first_to_make()
        self._roles: dict[Thing, str] = {}
        self._known: dict[Ref, str] = {}

    def name(self, ref: Ref) -> str:
        """The variable that holds what the reference names."""
        if ref not in self._known:
            thing = self.model.things[ref]
            role = self.role(thing.owner) if thing.owner else ""
            if thing.kind is Kind.USER:
                first = role not in self._known.values()
                self._known[ref] = role if first else self._names.new(role)
            elif thing.kind in (Kind.SESSION, Kind.SOCKET) and role:
                self._known[ref] = self._names.new(f"{role}_{snake(thing.spec.name)}")
            else:
                self._known[ref] = self._names.new(snake(thing.spec.name))
        return self._known[ref]

    def role(self, user: Thing) -> str:
        """What the user is to the story."""
        if user not in self._roles:
            self._roles[user] = self._names.new(OWNER if user is self._owner else GUEST)
        return self._roles[user]

    def actor(self, call: Call) -> str | None:
        """What the user is to the story who does this; None for the operator."""
        user = self.model.deeds[call.number].user
        return self.role(user) if user else None

    def _user_of(self, step: int | None) -> Thing | None:
        deed = self.model.deeds.get(step) if step is not None else None
        return deed.user if deed else None

    def _first_to_make(self) -> Thing | None:
        makers = (deed.user for deed in self.model.deeds.values() if any(t.kind in GUARDED for t in deed.created))
        return next(filter(None, makers), None)


def _used(program: Program) -> Iterator[Ref]:
    """What later steps and faults name."""
    for call in program.calls:
        yield from call.references()
    yield from (fault.of for fault in program.faults if fault.kind.is_of_a_socket)
