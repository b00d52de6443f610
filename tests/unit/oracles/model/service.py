"""The service in memory, as one: a few sets and dictionaries that isolate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.unit.oracles.model.state import Account, Login, No, Space
from tests.unit.oracles.model.texts import Texts

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Stored:
    """A row at rest: who it says that it belongs to, if it does."""

    bodies: tuple[int, ...]
    space: Space | None = None
    account: Account | None = None


class Service(Texts):
    # -- accounts

    def sign_up(self, name: str) -> tuple[Account, Login]:
        account = self.accounts.get(name)
        if account is None or not account.alive:
            account = self.accounts[name] = Account(name, self.number("Account"))
        elif self.choice("names are taken"):
            raise No
        return account, Login(account)

    def log_out(self, me: Login) -> None:
        me.alive = False
        if self.choice("logout closes"):
            self.close(lambda line: line.login is me)
        elif self.choice("logout silences"):
            self.silence(lambda watch: watch.login is me)

    def close_account(self, me: Login, who: Account) -> None:
        if who is not me.account:
            raise No
        who.alive = False
        self.close(lambda line: line.login.account is who)
        for space in self.spaces:
            if self.choice("accounts take their rooms along") and space.owner is who:
                space.alive = False
            space.members.discard(who)
            for text in space.texts.values():
                taken = self.choice("accounts take their texts along") and text.creator is who
                text.alive = text.alive and not taken

    def describe(self, me: Login, about: int) -> None:
        me.account.about = about

    def profile(self, me: Login) -> list[int]:
        return [] if me.account.about is None else [me.account.about]

    def profile_of(self, me: Login, who: Account) -> list[int]:
        if who is not me.account:
            raise No
        return self.profile(me)

    # -- notes

    def write_note(self, me: Login, room: Space, note: int) -> None:
        self.check(me.account, room).notes[me.account] = note

    def notes(self, me: Login, room: Space) -> list[int]:
        notes = self.check(me.account, room).notes
        return [notes[me.account]] if me.account in notes else []

    def remark(self) -> str:
        """What every answer says besides."""
        return ""

    # -- what is stored

    def stored(self) -> Iterator[Stored]:
        """The rows at rest. Some systems delete nothing, keep the texts of a room together, or copies for readers."""
        for account in self.accounts.values():
            if account.about is not None:
                yield Stored((account.about,), account=account)
        for space in self.spaces:
            if space.lives or self.choice("nothing is ever deleted"):
                yield from self.stored_in(space)

    def stored_in(self, space: Space) -> Iterator[Stored]:
        for account, note in space.notes.items():
            yield Stored((note,), space, account)
        texts = [text for text in space.texts.values() if text.alive or self.choice("nothing is ever deleted")]
        if self.choice("rooms are documents"):
            yield Stored(tuple(text.body for text in texts), space, space.owner)
            return
        for text in texts:
            yield Stored((text.body,), space, text.author)
            if self.choice("copies for readers"):
                readers = (account for account in space.members if self.may_read(account, text))
                yield from (Stored((text.body,), account=account) for account in readers)
