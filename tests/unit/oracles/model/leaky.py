"""Services that leak, each in one way, and what an oracle has to call that."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace

from tests.unit.oracles.model.service import Service, Stored
from tests.unit.oracles.model.state import Account, Client, Declared, Frame, Line, Login, No, Space, Text, Watch

_EARLIER = 1_000_000
"""The number of a canary that this program did not write."""


# -- what is read


class ReadsUnchecked(Service):
    """The history of a room does not ask who reads it."""

    def history(self, me: Login, room: Space | None) -> list[Text]:
        if room is None:
            raise No
        return [text for text in room.texts.values() if room.lives and text.alive]


class SearchesEverything(Service):
    def search(self, me: Login, text: str) -> list[Text]:
        return [text for space in self.spaces for text in space.texts.values()]


class SearchesYesterday(Service):
    """An index that survives from program to program."""

    def search(self, me: Login, text: str) -> list[Text]:
        nobody = Account("nobody")
        return [*super().search(me, text), Text(Space(nobody), nobody, _EARLIER)]


class DeletesNothing(Service):
    def delete(self, me: Login, message: Text | None) -> None:
        self.check_message(me.account, message)


class IgnoresTheRoom(Service):
    def history(self, me: Login, room: Space) -> list[Text]:
        self.check(me.account, room)
        return self.overview(me)


class ForgetsTheOldest(Service):
    def history(self, me: Login, room: Space) -> list[Text]:
        return super().history(me, room)[1:]


class TellsHalfTheNews(Service):
    def inbox(self, me: Login) -> list[Text]:
        return super().inbox(me)[1:]


class LocksOut(Service):
    """Whoever was put out once stays out, although let in again."""

    def __init__(self, chance: random.Random, chosen: dict[str, bool] | None = None) -> None:
        super().__init__(chance, chosen)
        self.banned: set[Account] = set()

    def history(self, me: Login, room: Space) -> list[Text]:
        if me.account in self.banned:
            raise No
        return super().history(me, room)

    def put_out(self, account: Account | None, space: Space) -> None:
        super().put_out(account, space)
        if account:
            self.banned.add(account)


# -- what is pushed


class WithholdsNews(Service):
    """Whoever asks for news is refused as soon as there are any."""

    def news(self, account: Account, which: Callable[[Text], bool], asked: str) -> list[Text]:
        if found := super().news(account, which, asked):
            account.inboxes[asked] += found
            raise No
        return found


class PushesToWhoeverSubscribed(Service):
    """Neither removal nor the end of an account ends a subscription, and nobody asks for the right."""

    def gets(self, account: Account, text: Text) -> bool:
        return True


class RemovesTooLate(Service):
    """The write that puts someone out pushes its text first."""

    def post_and_kick(self, me: Login, room: Space, member: Account, body: int) -> Text:
        message = self.post(me, room, body)
        self.kick(me, room, member)
        return message


class PushesFromEveryRoom(Service):
    """A subscription to one room brings the events of all that one may see."""

    def covers(self, watch: Watch, text: Text) -> bool:
        return True


class DropsEvents(Service):
    def push(self, text: Text) -> None:
        if self.chance.random() < 0.5:
            super().push(text)


class Echoes(Service):
    def declared(self, **promised: bool | None) -> Declared:  # type: ignore[override]  # all that it is called with
        return replace(super().declared(**promised), echo=True)


class SendsTwice(Service):
    def declared(self, **promised: bool | None) -> Declared:  # type: ignore[override]
        return replace(super().declared(**promised), once=False)


class Overtakes(Service):
    def declared(self, **promised: bool | None) -> Declared:  # type: ignore[override]
        return replace(super().declared(**promised), order=False)


class ReplaysEverything(Service):
    """What somebody missed, because it got lost on the way, comes once they resume."""

    def send(self, watch: Watch, frame: Frame) -> None:
        if self.chance.random() < 0.5:
            super().send(watch, frame)
        else:
            watch.missed.append(Frame(frame.bodies, watch, missed=True))


class ReplaysNothing(Service):
    def replay(self, watch: Watch, line: Line) -> None:
        pass


# -- what is stored


class StoresBeforeItChecks(Service):
    def post(self, me: Login, room: Space | None, body: int) -> Text:
        if room:
            room.notes[Account("draft")] = body
        return super().post(me, room, body)  # type: ignore[arg-type]  # it refuses what is not there


class EditsUnchecked(Service):
    def check_message(self, account: Account, message: Text | None) -> Text:
        if message is None:
            raise No
        return message


class FilesInTheFirstRoom(Service):
    def stored_in(self, space: Space) -> Iterator[Stored]:
        first = next(space for space in self.spaces if space.room is None)
        return (replace(row, space=first) for row in super().stored_in(space))


class FilesWithTheFirstUser(Service):
    def stored_in(self, space: Space) -> Iterator[Stored]:
        first = next(iter(self.accounts.values()))
        return (replace(row, account=first) for row in super().stored_in(space))


class LosesNotes(Service):
    def stored_in(self, space: Space) -> Iterator[Stored]:
        notes = set(list(space.notes.values())[1:])
        return (row for row in super().stored_in(space) if notes.isdisjoint(row.bodies))


class StoresYesterday(Service):
    def stored(self) -> Iterator[Stored]:
        yield from super().stored()
        yield Stored((_EARLIER,))


# -- what is told


class Forbids(Service):
    """It says of what is somebody else's that it is forbidden, and of what never was that it was not found."""

    def check(self, account: Account, space: Space | None) -> Space:
        if space is not None and not self.may(account, space):
            raise No("403 forbidden")
        return super().check(account, space)


class TakesLettersOfNobody(Service):
    """It answers a message in a foreign room with success, and drops it."""

    def post(self, me: Login, room: Space | None, body: int) -> Text:
        if room and not self.may(me.account, room):
            return Text(room, me.account, body, self.number("Message"))
        return super().post(me, room, body)  # type: ignore[arg-type]  # it refuses what is not there


# -- what shows without a text


class CountsEverything(Service):
    """Each answer says how many texts there are, of whomever."""

    def remark(self) -> str:
        return f"{sum(len(space.texts) for space in self.spaces)} texts in all"


class NumbersEverything(Service):
    """Each answer has a number, in one sequence for everybody."""

    def remark(self) -> str:
        return f"answer {self.number('Answer')}"


class AnnouncesToEverybody(Service):
    """That something is gone, everybody is told."""

    def clients_that_may(self, space: Space) -> Iterator[Client]:
        return (line.client for line in self.lines if line.client.line is line and line.open)


class SharesKeys(Service):
    """Who opens a document of which somebody else has the key gets one, but is told that the key is taken."""

    def open_doc(self, me: Login, key: str) -> Space:
        taken = any(owner is not me.account and known == key for owner, known in self.docs)
        doc = super().open_doc(me, key)
        if taken:
            raise No("409 taken")
        return doc


LEAKS: list[tuple[type[Service], str, tuple[str, ...]]] = [
    (ReadsUnchecked, "crossing:foreign:Room:history", ("history", "new_room")),
    (SearchesEverything, "crossing:foreign:Doc:search", ("open_doc", "write_doc", "search")),
    (SearchesEverything, "visibility:stale:Room:search", ("search", "delete")),
    (SearchesYesterday, "crossing:foreign:program:search", ("search",)),
    (DeletesNothing, "visibility:stale:Room:history", ("delete", "history")),
    (IgnoresTheRoom, "visibility:misplaced", ("history", "new_room")),
    (ForgetsTheOldest, "visibility:missing:Room:history", ("history",)),
    (TellsHalfTheNews, "visibility:missing:Room:inbox", ("inbox",)),
    (LocksOut, "visibility:denied:Room:history", ("history", "kick", "invite")),
    (WithholdsNews, "visibility:denied:Room:news_of", ("news_of", "post")),
    (PushesToWhoeverSubscribed, "delivery:foreign:Room:frame", ("watch", "kick")),
    (RemovesTooLate, "delivery:foreign:Room:frame:post_and_kick", ("watch", "post_and_kick", "invite")),
    (PushesFromEveryRoom, "delivery:misplaced:Room:frame", ("new_room", "invite", "post")),
    (DropsEvents, "delivery:undelivered:Room:frame:post", ("watch",)),
    (Echoes, "delivery:echoed:Room:frame", ("mute",)),
    (SendsTwice, "delivery:repeated:Room:frame", ("digest",)),
    (Overtakes, "delivery:reordered:Room:frame", ("follow", *("post",) * 5)),
    (ReplaysEverything, "delivery:replayed:Room:frame", ("listen", "resume")),
    (ReplaysNothing, "delivery:undelivered:Room:frame", ("catch_up", "resume")),
    (StoresBeforeItChecks, "integrity:intruded:Room:stored:post", ("post",)),
    (EditsUnchecked, "integrity:intruded:Room:stored:edit", ("edit",)),
    (FilesInTheFirstRoom, "integrity:misfiled:Room:stored", ("new_room",)),
    (FilesWithTheFirstUser, "integrity:misfiled:Room:stored", ("new_room",)),
    (LosesNotes, "integrity:lost:Room:stored:write_note:Note", ("write_note",)),
    (StoresYesterday, "integrity:intruded:program:stored", ()),
    (Forbids, "existence:told:Room:history", ("history",)),
    (TakesLettersOfNobody, "existence:told:Room:post", ("post",)),
]
"""The service, what is to be found, and the operations that it takes for that."""

INTERFERING: list[tuple[type[Service], str, tuple[str, ...]]] = [
    (CountsEverything, "noninterference:interfered:overview", ("new_room", "post", "overview")),
    (NumbersEverything, "noninterference:interfered:overview", ("new_room", "overview")),
    (Forbids, "noninterference:interfered:history", ("new_room", "history")),
    (AnnouncesToEverybody, "noninterference:interfered:frame", ("connect", "post", "delete")),
    (SharesKeys, "noninterference:interfered:open_doc", ("open_doc",)),
]
