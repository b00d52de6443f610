"""Texts: what is written into rooms, and what is read there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.unit.oracles.model.rooms import Rooms
from tests.unit.oracles.model.state import Account, Login, No, Space, Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

TITLE = "title"


class Texts(Rooms):
    # -- writing

    def put(self, key: object, text: Text) -> Text:
        text.space.texts[key] = text
        self.announce_to_members(text)
        return text

    def put_message(self, space: Space, author: Account, body: int, **more: Any) -> Text:
        return self.put(object(), Text(space, author, body, self.number("Message"), **more))

    def announce_to_members(self, text: Text) -> None:
        self.push(text)
        for account in self.accounts.values():
            own = account is text.author and not self.choice("news of oneself")
            if not own and self.may_read(account, text):
                for asked in ("inbox", "news_of"):
                    account.inboxes.setdefault(asked, []).append(text)

    def retitle(self, me: Login, room: Space, body: int) -> None:
        self.put(TITLE, Text(self.check(me.account, room), me.account, body))

    def write_topic(self, me: Login, topic: Space, body: int) -> None:
        self.retitle(me, topic, body)

    def write_plaza(self, me: Login, plaza: Space, body: int) -> None:
        self.retitle(me, plaza, body)

    def write_lobby(self, me: Login, lobby: Space, body: int) -> None:
        self.retitle(me, lobby, body)

    def write_archive(self, me: Login, archive: Space, body: int) -> None:
        self.retitle(me, archive, body)

    def write_doc(self, me: Login, doc: Space, body: int) -> None:
        self.retitle(me, doc, body)

    def new_room_for(self, me: Login, members: list[Account], body: int) -> Space:
        audience = {self.current(member) for member in members}
        space = self.new_space(me.account)
        space.members |= audience
        self.put(TITLE, Text(space, me.account, body))
        return space

    def post(self, me: Login, room: Space, body: int) -> Text:
        return self.put_message(self.check(me.account, room), me.account, body)

    def reply(self, me: Login, message: Text | None, body: int) -> Text:
        if message is None:
            raise No
        self.check(me.account, message.space)
        if not message.alive and self.choice("replies need their message"):
            raise No
        if (message.only is not None and me.account not in message.only) or me.account in message.shut_out:
            raise No
        return self.put_message(message.space, me.account, body, quotes=message)

    def whisper(self, me: Login, room: Space, only: list[Account], body: int) -> Text:
        room = self.check(me.account, room)
        audience = {self.current(account) for account in only}
        if self.choice("whispers need members") and not audience <= room.members:
            raise No
        own = {me.account} if self.choice("whispers are heard by oneself") else set()
        return self.put_message(room, me.account, body, only=frozenset(audience | own))

    def put_card(self, me: Login, room: Space, key: str, body: int) -> Text:
        room = self.check(me.account, room)
        card = room.texts.get(key)
        if card is None or not (card.alive or self.choice("cards by key")):
            return self.put(key, Text(room, me.account, body))
        card.alive = True
        self.change(card, me.account, body)
        return card

    def change(self, text: Text, author: Account, body: int) -> None:
        text.author, text.body = author, body
        self.announce_to_members(text)

    def drop_card(self, me: Login, card: Text) -> None:
        self.delete(me, card)

    def edit(self, me: Login, message: Text | None, body: int) -> None:
        self.change(self.check_message(me.account, message), me.account, body)

    def edit_in(self, me: Login, room: Space, message: Text | None, body: int) -> None:
        self.check(me.account, room)
        if message is None or message.space is not room or not self.may_read(me.account, message):
            if self.choice("updates of nothing are fine"):
                return
            raise No
        self.edit(me, message, body)

    def delete(self, me: Login, message: Text | None) -> None:
        message = self.check_message(me.account, message)
        message.alive = False
        if self.choice("deletions are announced"):
            self.tell_gone(message)

    def edit_and_kick(self, me: Login, message: Text, member: Account | None, body: int) -> None:
        message = self.check_message(me.account, message)
        if member and (message.only is not None or self.choice("rights on single messages")):
            message.shut_out.add(member)
        self.change(message, me.account, body)

    def post_and_kick(self, me: Login, room: Space, member: Account, body: int) -> Text:
        self.kick(me, room, member)
        return self.put_message(room, me.account, body)

    def retitle_and_invite(self, me: Login, room: Space, member: Account, body: int) -> None:
        self.invite(me, room, member)
        self.put(TITLE, Text(room, me.account, body))

    def announce(self, body: int) -> None:
        """The operator's text goes nowhere."""

    # -- reading

    def shown(self, account: Account, scope: Space | None = None) -> list[Text]:
        return list(self.visible(account, scope))

    def history(self, me: Login, room: Space) -> list[Text]:
        return self.shown(me.account, self.check(me.account, room))

    def read_doc(self, me: Login, doc: Space) -> list[Text]:
        return self.history(me, doc)

    def read_plaza(self, me: Login, plaza: Space) -> list[Text]:
        return self.history(me, plaza)

    def read_archive(self, me: Login, archive: Space | None) -> list[Text]:
        if archive and archive.lives and me.account in archive.past and self.choice("the past can be read"):
            return self.shown(me.account, archive)
        return self.history(me, archive)  # type: ignore[arg-type]  # it refuses what is not there

    def read_message(self, me: Login, room: Space, message: Text | None) -> list[Text]:
        self.check(me.account, room)
        if message is None or message.space is not room or not self.may_read(me.account, message):
            raise No
        return [message]

    def overview(self, me: Login) -> list[Text]:
        return self.shown(me.account)

    def page(self, me: Login, room: Space, size: str) -> list[Text]:
        return self.history(me, room)

    def search(self, me: Login, text: str) -> list[Text]:
        return self.some(self.shown(me.account))

    def glimpse(self, me: Login, room: Space) -> list[Text]:
        return self.some(self.history(me, room))

    def some(self, texts: Iterable[Text]) -> list[Text]:
        """A search need not find everything."""
        return [text for text in texts if self.choice("searches find all") or self.chance.random() < 0.7]

    def inbox(self, me: Login) -> list[Text]:
        return self.news(me.account, lambda text: True, "inbox")

    def news_of(self, me: Login, room: Space) -> list[Text]:
        room = self.check(me.account, room)
        return self.news(me.account, lambda text: text.space is room or text.space.room is room, "news_of")

    def news(self, account: Account, which: Callable[[Text], bool], asked: str) -> list[Text]:
        """What came since one last asked in this way and may still be seen."""
        inbox = account.inboxes.setdefault(asked, [])
        found = [text for text in inbox if which(text)]
        inbox[:] = [text for text in inbox if not which(text)]
        news = [text for text in dict.fromkeys(found) if self.may_read(account, text) and not self.is_replaced(text)]
        if not news and self.choice("that there are no news is a refusal"):
            raise No
        return news

    def is_replaced(self, text: Text) -> bool:
        return text not in text.space.texts.values()
