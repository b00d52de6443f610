"""Who may do and see what, in the service in memory."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from tests.unit.oracles.model.state import Account, No, Space, Text

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator


class Rights:
    """What healthy systems do differently from one another is chosen once: `choice(name)` says what this one does.

    Two services with the same `chosen` are the same system.
    """

    def __init__(self, chance: random.Random, chosen: dict[str, bool] | None = None) -> None:
        self.chance = chance
        self.chosen = {} if chosen is None else chosen
        self.accounts: dict[str, Account] = {}
        self.spaces: list[Space] = []
        self._numbers: Counter[str] = Counter()

    def choice(self, name: str) -> bool:
        if name not in self.chosen:
            self.chosen[name] = self.chance.random() < 0.5
        return self.chosen[name]

    def number(self, kind: str) -> str:
        """The next of its kind, whoever makes it."""
        self._numbers[kind] += 1
        return str(self._numbers[kind])

    def may(self, account: Account, space: Space) -> bool:
        if not space.lives:
            return False
        if space.public:
            return space.room is None or self.may(account, space.room)
        return account in space.members and (
            space.room is None or self.choice("topics without their room") or self.may(account, space.room)
        )

    def may_read(self, account: Account, text: Text) -> bool:
        if not text.alive or (text.only is not None and account not in text.only) or account in text.shut_out:
            return False
        kept = text.space.lives and text in text.space.past.get(account, ())
        return kept or self.may(account, text.space)

    def check(self, account: Account, space: Space | None) -> Space:
        if space is None or not self.may(account, space):
            raise No
        return space

    def check_rules(self, account: Account, space: Space | None) -> Space:
        space = self.check(account, space)
        if space.owner is not account and self.choice("owners rule"):
            raise No
        return space

    def check_message(self, account: Account, message: Text | None) -> Text:
        if message is None or not self.may_read(account, message) or not self.may(account, message.space):
            raise No
        return message

    def current(self, account: Account | None) -> Account:
        """Whom a reference to an account means now."""
        if account and not account.alive and self.choice("accounts by name"):
            account = self.accounts.get(account.name, account)
        if account is None or not account.alive:
            raise No
        return account

    def visible(self, account: Account, scope: Space | None = None) -> Iterator[Text]:
        for space in self.spaces:
            if scope is None or space is scope or space.room is scope:
                yield from (text for text in space.texts.values() if self.may_read(account, text))
                if space.keeps_past:
                    past = space.past.get(account, ())
                    yield from (text for text in past if text not in space.texts.values() and space.lives)
