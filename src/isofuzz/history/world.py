"""The things and canaries that a history speaks of, and who may see them."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from isofuzz.history.acts import Act, Claim, Right
from isofuzz.history.streams import Stream
from isofuzz.program.steps import Ref
from isofuzz.program.vocabulary import Kind, SecretSpec, ThingSpec

BEGINNING = -1
"""Before the first entry of every history."""


@dataclass(eq=False)
class Thing:
    """A user, session, thread, record, socket or subscription.

    `owner` is the user whose it is (a user is its own), None for what the operator made. `container` is the thread
    that it lives in, None for the owner's own space. `session` is the one that opened a socket or subscribed; `scope`
    and `socket` are a subscription's: what it announces (None: everything that its owner may see) and where. `label`
    is the name or key that it was made with. `audiences` are the acts that left the right to some users alone, and
    `successor` is who took the name of a user that had been deleted.
    """

    ref: Ref
    spec: ThingSpec
    label: str = ""
    owner: "Thing | None" = None
    container: "Thing | None" = None
    session: "Thing | None" = None
    scope: "Thing | None" = None
    socket: "Thing | None" = None
    successor: "Thing | None" = None
    stream: Stream | None = None
    births: list[Act] = field(default_factory=list)
    ends: list[Act] = field(default_factory=list)
    rights: "defaultdict[Thing, list[Right]]" = field(default_factory=lambda: defaultdict(list))
    revokes: "defaultdict[Thing, list[Act]]" = field(default_factory=lambda: defaultdict(list))
    audiences: "list[tuple[Act, list[Thing]]]" = field(default_factory=list)
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

    def bearers(self) -> "Iterator[Thing]":
        """The user and whoever took the name after them: a reference to a deleted user may come to mean any of them."""
        thing: Thing | None = self
        while thing is not None:
            yield thing
            thing = thing.successor

    def keepers(self) -> "Iterator[Thing]":
        """What it may go with, besides its container: its owner, and the session that a socket was opened by."""
        if self.owner is not None and self.owner is not self:
            yield self.owner
        if self.session is not None and self.kind in (Kind.SOCKET, Kind.SUBSCRIPTION):
            yield self.session

    def ended_by(self) -> "list[Act]":
        """What ends it: its own ends and those of what it lives in."""
        return [end for holder in self.lineage() for end in holder.ends]

    def taken_from(self, user: "Thing") -> "list[Act]":
        """What takes the user's own rights on it away: its end does too, even if it is made once more."""
        others = [act for act, audience in self.audiences if user not in audience]
        return [*self.revokes.get(user, ()), *others, *self.ended_by()]


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
    """One way to be entitled: by one of the rights until one of the revokes, or always; see `Claim`."""

    rights: Sequence[Right] = ()
    revokes: Sequence[Act] = ()
    always: bool = False
    doubtful: bool = False


_ALWAYS = _Access(always=True)


def may_use(user: Thing | None, thing: Thing, since: int, until: int, *, apart_from: Act | None = None) -> bool:
    """Is `user` (None: the operator) possibly entitled to the living thing at some instant from `since` to `until`?

    The effects of the act `apart_from` are left out: an operation does not entitle itself.
    """
    return any(claim.possibly(since, until) for claim in _claims_on_thing(user, thing, apart_from))


def may_have_used(user: Thing | None, thing: Thing, since: int, until: int, *, apart_from: Act | None = None) -> bool:
    """As `may_use`, whether or not the thing still lives."""
    return any(claim.unending().possibly(since, until) for claim in _claims_on_thing(user, thing, apart_from))


def surely_uses(user: Thing | None, thing: Thing, since: int, until: int, *, apart_from: Act | None = None) -> bool:
    """Is `user` (None: the operator) certainly entitled to the living thing during all of `since` to `until`?

    What becomes of things when their owner is deleted is the system's choice, so nothing is certain then.
    """
    return (
        any(claim.certainly(since, until) for claim in _claims_on_thing(user, thing, apart_from))
        and (thing.container is None or surely_uses(user, thing.container, since, until, apart_from=apart_from))
        and all(surely_uses(None, keeper, since, until, apart_from=apart_from) for keeper in thing.keepers())
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
    return (
        any(claim.certainly(since, until) for claim in _claims_on_canary(user, canary))
        and surely_uses(user, canary.home, since, until)
        and (canary.author is None or surely_uses(None, canary.author, since, until))
    )


def _claims_on_thing(user: Thing | None, thing: Thing, apart_from: Act | None) -> Iterator[Claim]:
    births = [birth for birth in thing.births if birth is not apart_from]
    ends = [end for end in thing.ended_by() if end is not apart_from]
    for access in _accesses(user, thing):
        rights = [right for right in access.rights if right.given is not apart_from]
        revokes = [revoke for revoke in access.revokes if revoke is not apart_from]
        yield Claim(births, ends, rights, revokes, access.always, access.doubtful)


def _claims_on_canary(user: Thing, canary: Canary) -> Iterator[Claim]:
    if canary.spec.private and user is not canary.author:
        return
    ends = [*canary.ends, *canary.home.ended_by()]
    farewell = canary.written in ends  # the last word of what ends with it is for those who were there
    for access in _accesses(user, canary.home):
        revokes = [revoke for revoke in access.revokes if not (farewell and revoke is canary.written)]
        yield Claim([canary.written], ends, access.rights, revokes, access.always, access.doubtful)


def _accesses(user: Thing | None, thing: Thing) -> Iterator[_Access]:
    if user is None:
        yield _ALWAYS
    elif thing.kind is Kind.THREAD or thing.kind is Kind.RECORD:
        yield _Access(thing.rights.get(user, ()), thing.taken_from(user))
        if thing.kind is Kind.RECORD or thing.spec.public:
            yield from _accesses_of_all(user, thing)
    elif thing.owner is user:
        yield _ALWAYS


def _accesses_of_all(user: Thing, thing: Thing) -> Iterator[_Access]:
    """What the user may see for being in the container, or because it is public, unless it has an audience."""
    left_out = [act for act, audience in thing.audiences if user not in audience and act.possible]
    if any(act.certain and act in thing.births for act in left_out):
        return
    doubtful = bool(left_out) or any(act.possible for act in thing.revokes.get(user, ()))
    if thing.container is not None:
        for access in _accesses(user, thing.container):
            yield access._replace(doubtful=access.doubtful or doubtful)
    elif thing.spec.public:
        yield _ALWAYS._replace(doubtful=doubtful)
