"""How users, places and steps are called in words.

Users are called by letters in the order in which they appear in the program, in every report alike.
"""

from collections.abc import Mapping

from isofuzz.history.acts import Act
from isofuzz.history.entries import Completion, Entry, Invocation, Outcome
from isofuzz.history.model import Model, model_of
from isofuzz.history.world import Thing
from isofuzz.program.steps import Program, Ref
from isofuzz.program.vocabulary import Kind, Vocabulary

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def cast(program: Program, vocabulary: Vocabulary) -> Mapping[Ref, str]:
    """What to call each user ("A"), session ("A/1") and socket ("A socket 1") of a program.

    Two sign-ups of the same user have the same letter. Sessions and sockets of the operator's own have no name.
    """
    letters: dict[Thing, str] = {}
    counts: dict[tuple[Thing, Kind], int] = {}
    names: dict[Ref, str] = {}
    for ref, thing in as_if_all_went_well(program, vocabulary).things.items():
        user = thing.owner
        if user is None or thing.kind not in (Kind.USER, Kind.SESSION, Kind.SOCKET):
            continue
        letter = letters.setdefault(user, _letter(len(letters)))
        number = counts[user, thing.kind] = counts.get((user, thing.kind), 0) + 1
        names[ref] = {Kind.SESSION: f"{letter}/{number}", Kind.SOCKET: f"{letter} socket {number}"}.get(
            thing.kind, letter
        )
    return names


class Names:
    """How one paragraph calls users and places, by what they are called in the `cast`."""

    def __init__(self, names: Mapping[Ref, str]) -> None:
        self._names = names
        self._introduced: set[Thing] = set()

    def user(self, user: Thing) -> str:
        """`user B`, with the name that it signed up under where it is first spoken of."""
        letter = self.short(user)
        if user in self._introduced or not user.label:
            return f"user {letter}"
        self._introduced.add(user)
        return f"user {letter} (named {user.label!r})"

    def short(self, user: Thing) -> str:
        """Just `B`."""
        return self._names.get(user.ref, "?")

    def socket(self, ref: Ref) -> str:
        """`B socket 1`."""
        return self._names.get(ref, "their socket")

    def place(self, home: Thing) -> str:
        """`B's Room (step 3)`, where a text of this home is; for a record that is where the record lives."""
        if home.kind is Kind.USER:
            return f"{self.short(home)}'s own space"
        if home.kind is Kind.RECORD and home.container:
            return self.place(home.container)
        return self.owned(home)

    def owned(self, thing: Thing) -> str:
        """`B's Message (step 4)`."""
        owner = f"{self.short(thing.owner)}'s" if thing.owner else "the operator's"
        return f"{owner} {thing.spec.name} (step {thing.ref.step})"


def by(act: Act) -> str:
    """The operation that it was."""
    return f"`{act.operation}`"


def as_if_all_went_well(program: Program, vocabulary: Vocabulary) -> Model:
    """The model of a serial run in which every step succeeds: it knows who makes what."""
    entries: list[Entry] = []
    for call in program.calls:
        entries += (Invocation.of(call, {}), Completion(call.number, Outcome.OK))
    return model_of(entries, vocabulary)


def _letter(number: int) -> str:
    """A to Z, then AA, AB and so on."""
    more, last = divmod(number, len(_ALPHABET))
    return (_letter(more - 1) if more else "") + _ALPHABET[last]
