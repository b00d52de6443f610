"""Rooms, topics, plazas, lobbies, archives and documents, and who is in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.unit.oracles.model.lines import Lines
from tests.unit.oracles.model.state import Account, Login, No, Space

if TYPE_CHECKING:
    import random


class Rooms(Lines):
    def __init__(self, chance: random.Random, chosen: dict[str, bool] | None = None) -> None:
        super().__init__(chance, chosen)
        self.docs: dict[tuple[Account, str], Space] = {}

    def new_space(self, owner: Account, **more: Any) -> Space:
        space = Space(owner, self.number("Space"), members={owner}, **more)
        self.spaces.append(space)
        return space

    def new_room(self, me: Login) -> Space:
        return self.new_space(me.account)

    def new_topic(self, me: Login, room: Space) -> Space:
        return self.new_space(me.account, room=self.check(me.account, room))

    def new_plaza(self, me: Login) -> Space:
        return self.new_space(me.account, public=True)

    def new_lobby(self, me: Login, room: Space) -> Space:
        return self.new_space(me.account, room=self.check(me.account, room), public=True)

    def new_archive(self, me: Login) -> Space:
        return self.new_space(me.account, keeps_past=True)

    def open_doc(self, me: Login, key: str) -> Space:
        doc = self.docs.get((me.account, key))
        if doc and not doc.lives and self.choice("documents by key"):
            doc.alive, doc.members, doc.texts = True, {me.account}, {}
        if doc is None or not doc.lives:
            doc = self.docs[me.account, key] = self.new_space(me.account)
        return doc

    def delete_doc(self, me: Login, doc: Space) -> None:
        self.delete_room(me, doc)

    def delete_room(self, me: Login, room: Space) -> None:
        self.check_rules(me.account, room).alive = False

    # -- members

    def invite(self, me: Login, room: Space, member: Account) -> None:
        self.check_rules(me.account, room).members.add(self.current(member))

    def keep(self, me: Login, archive: Space, member: Account) -> None:
        self.invite(me, archive, member)

    def share_doc(self, me: Login, doc: Space, member: Account) -> None:
        self.invite(me, doc, member)

    def share_topic(self, me: Login, topic: Space, member: Account) -> None:
        self.invite(me, topic, member)

    def ask_in(self, me: Login, room: Space, member: Account) -> None:
        self.check_rules(me.account, room).offered.add(self.current(member))

    def join(self, me: Login, room: Space | None, self_: Login) -> None:
        if room is None or self_.account is not me.account or not room.lives:
            raise No
        if me.account not in room.offered | room.members:
            raise No
        room.members.add(me.account)

    def put_out(self, account: Account | None, space: Space) -> None:
        if account is None:
            return
        if account in space.members and space.keeps_past:
            space.past[account] = [text for text in space.texts.values() if self.may_read(account, text)]
        space.members.discard(account)
        space.offered.discard(account)
        if not self.choice("watches revive"):
            self.silence(lambda watch: watch.space is space and watch.login.account is account)

    def kick(self, me: Login, room: Space, member: Account) -> None:
        self.put_out(member, self.check_rules(me.account, room))

    def unkeep(self, me: Login, archive: Space, member: Account) -> None:
        self.kick(me, archive, member)

    def limit_to(self, me: Login, room: Space, members: list[Account]) -> None:
        room = self.check_rules(me.account, room)
        audience = {self.current(member) for member in members}
        if self.choice("owners stay"):
            audience.add(me.account)
        room.offered.clear()
        for account in room.members - audience:
            self.put_out(account, room)
        room.members |= audience
