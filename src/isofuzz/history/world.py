"""The things and canaries that a history speaks of, and who may see them."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from isofuzz.history.acts import Act, Claim, Right
from isofuzz.program.steps import Ref
from isofuzz.program.vocabulary import Kind, SecretSpec, ThingSpec

BEGINNING = -1
"""Before the first entry of every history."""


@dataclass(eq=False)
class Thing:
    """A user, session, thread, record, socket or subscription.

    `owner` is the user whose it is (a user is its own), None for what the operator made. `container` is the thread
    that it lives in, None for the owner's own space. `scope` and `socket` are a subscription's: what it announces
    (None: everything that its owner may see) and where. `label` is the name or key that it was made with.
    """

    ref: Ref
    spec: ThingSpec
    label: str = ""
    owner: "Thing | None" = None
    container: "Thing | None" = None
    scope: "Thing | None" = None
    socket: "Thing | None" = None
    births: list[Act] = field(default_factory=list)
    ends: list[Act] = field(default_factory=list)
    rights: "defaultdict[Thing, list[Right]]" = field(default_factory=lambda: defaultdict(list))
    revokes: "defaultdict[Thing, list[Act]]" = field(default_factory=lambda: defaultdict(list))
    canaries: "list[Canary]" = field(default_factory=list)

    @property
    def kind(self) -> Kind:
        """What it is to isolation."""
        return self.spec.kind

    def lineage(self) -> "Iterator[Thing]":
        """The thing, its container, that one's container, and so on."""
        thing: Thing | None = self
        while thing is not None:
            yield thing
            thing = thing.container

    def lies_in(self, scope: "Thing") -> bool:
        """Is it `scope`, or something within it?"""
        return any(thing is scope for thing in self.lineage())


@dataclass(eq=False)
class Canary:
    """A canary and its home: the thing that a write put it into. `author` is None for the operator's."""

    serial: int
    spec: SecretSpec
    home: Thing
    author: Thing | None
    written: Act
    ends: list[Act] = field(default_factory=list)


class _Access(NamedTuple):
    """One way to be entitled: by one of the rights until one of the revokes, or always."""

    rights: Sequence[Right] = ()
    revokes: Sequence[Act] = ()
    always: bool = False


_ALWAYS = _Access(always=True)


def may_use(user: Thing | None, thing: Thing, since: int, until: int, *, apart_from: Act | None = None) -> bool:
    """Is `user` (None: the operator) possibly entitled to the living thing at some instant from `since` to `until`?

    The effects of the act `apart_from` are left out: an operation does not entitle itself.
    """
    return any(claim.possibly(since, until) for claim in _claims_on_thing(user, thing, apart_from))


def surely_uses(user: Thing | None, thing: Thing, since: int, until: int, *, apart_from: Act | None = None) -> bool:
    """Is `user` (None: the operator) certainly entitled to the living thing during all of `since` to `until`?"""
    return any(claim.certainly(since, until) for claim in _claims_on_thing(user, thing, apart_from)) and (
        thing.container is None or surely_uses(user, thing.container, since, until, apart_from=apart_from)
    )


def may_see(user: Thing, canary: Canary, until: int) -> bool:
    """Is the canary the user's own, or was there, under some order, an instant up to `until` that entitled them to it?

    An author always may: even a refused write told its author nothing new.
    """
    return user is canary.author or may_be_shown(user, canary, BEGINNING, until)


def may_be_shown(user: Thing, canary: Canary, since: int, until: int) -> bool:
    """Is there, under some order, an instant from `since` to `until` at which it lived and the user was entitled?"""
    return any(claim.possibly(since, until) for claim in _claims_on_canary(user, canary))


def must_see(user: Thing, canary: Canary, since: int, until: int) -> bool:
    """Is the user, under every order, entitled to the living canary during all of `since` to `until`?"""
    home = canary.home
    return any(claim.certainly(since, until) for claim in _claims_on_canary(user, canary)) and (
        home.container is None or surely_uses(user, home.container, since, until)
    )


def _claims_on_thing(user: Thing | None, thing: Thing, apart_from: Act | None) -> Iterator[Claim]:
    ends = [end for holder in thing.lineage() for end in holder.ends if end is not apart_from]
    for access in _accesses(user, thing):
        rights = [right for right in access.rights if right.given is not apart_from]
        revokes = [revoke for revoke in access.revokes if revoke is not apart_from]
        yield Claim(thing.births, ends, rights, revokes, access.always)


def _claims_on_canary(user: Thing, canary: Canary) -> Iterator[Claim]:
    if canary.spec.private and user is not canary.author:
        return
    ends = [*canary.ends, *(end for holder in canary.home.lineage() for end in holder.ends)]
    for access in _accesses(user, canary.home):
        yield Claim([canary.written], ends, access.rights, access.revokes, access.always)


def _accesses(user: Thing | None, thing: Thing) -> Iterator[_Access]:
    if user is None:
        yield _ALWAYS
    elif thing.kind is Kind.THREAD or thing.kind is Kind.RECORD:
        yield _Access(thing.rights.get(user, ()), thing.revokes.get(user, ()))
        if thing.kind is Kind.RECORD or thing.spec.public:
            if thing.container is not None:
                yield from _accesses(user, thing.container)
            elif thing.spec.public:
                yield _ALWAYS
    elif thing.owner is user:
        yield _ALWAYS
