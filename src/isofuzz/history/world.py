"""The things and canaries that a history speaks of, and who may see them."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from isofuzz.history.acts import Act
from isofuzz.history.claims import Acts, Claim, Rights
from isofuzz.history.current import Current
from isofuzz.history.log import Log
from isofuzz.history.streams import Stream
from isofuzz.program.steps import Ref
from isofuzz.program.vocabulary import Kind, SecretSpec, ThingSpec

BEGINNING = -1
"""Before the first entry of every history."""


class Audiences:
    """The acts that left the right to a thing to some users alone."""

    def __init__(self) -> None:
        self._all: list[tuple[Act, list[Thing], bool]] = []
        self._without: dict[Thing, tuple[Log, Log]] = {}
        self._looked_at: dict[Thing, int] = {}

    def append(self, act: Act, users: "list[Thing]", *, founding: bool) -> None:
        """Add one; `founding`: it is also what made the thing."""
        self._all.append((act, users, founding))

    def without(self, user: "Thing") -> Log:
        """Those that left the user out."""
        return self._looked_up(user)[0]

    def founded_without(self, user: "Thing") -> Log:
        """Those that left the user out and made the thing."""
        return self._looked_up(user)[1]

    def _looked_up(self, user: "Thing") -> tuple[Log, Log]:
        if not self._all:
            return _NOTHING, _NOTHING
        without, founded = self._without.setdefault(user, (Log(), Log()))
        for act, users, founding in self._all[self._looked_at.get(user, 0) :]:
            if user not in users:
                without.append(act)
                if founding:
                    founded.append(act)
        self._looked_at[user] = len(self._all)
        return without, founded


_NOTHING = Log()


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
    closed: bool = False
    births: Log = field(default_factory=Log)
    ends: Log = field(default_factory=Log)
    rights: "defaultdict[Thing, Rights]" = field(default_factory=lambda: defaultdict(Rights))
    revokes: "defaultdict[Thing, Log]" = field(default_factory=lambda: defaultdict(Log))
    audiences: Audiences = field(default_factory=Audiences)
    writes: "defaultdict[tuple[str, Thing | None], Log]" = field(default_factory=lambda: defaultdict(Log))
    texts: "defaultdict[str, Current[Canary]]" = field(default_factory=lambda: defaultdict(Current))
    members: "Current[Thing]" = field(default_factory=Current)
    watched: "Current[Thing]" = field(default_factory=Current)

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

    def ending(self) -> "list[Log]":
        """As `ended_by`, log by log."""
        return [holder.ends for holder in self.lineage() if holder.ends]

    def taken_from(self, user: "Thing") -> "list[Act]":
        """What takes the user's own rights on it away: its end does too, even if it is made once more."""
        return [act for log in self.taking_from(user) for act in log]

    def taking_from(self, user: "Thing") -> "list[Log]":
        """As `taken_from`, log by log."""
        logs = (self.revokes.get(user, _NOTHING), self.audiences.without(user), *self.ending())
        return [log for log in logs if log]

    def replacing(self, kind: SecretSpec, author: "Thing | None") -> Log:
        """The acts that put a text of this kind here, each in the place of the one before.

        Private ones lie side by side, one for each author.
        """
        return self.writes[kind.name, author if kind.private else None]


@dataclass(eq=False)
class Canary:
    """A canary and its home: the thing that a write put it into. `author` is None for the operator's."""

    serial: int
    spec: SecretSpec
    home: Thing
    author: Thing | None
    written: Act

    def __post_init__(self) -> None:
        self.born = Acts(Log((self.written,)))
        self.replacing = Acts(self.home.replacing(self.spec, self.author), (self.written,))
        self.last_word = any(self.written in log for log in self.home.ending())

    @property
    def ends(self) -> list[Act]:
        """What replaces it. Of two writes that overlap either text may be the one that stays."""
        log, _ = self.replacing
        return [act for act in log if act is not self.written and not act.surely_before(self.written)]

    def may_be_due(self) -> bool:
        """May it ever be certain that it is there? Not once an operation has ended that may have taken it away."""
        if self.written.outcome is not None and not self.written.certain:
            return False
        ends = (self.replacing, *map(Acts, self.home.ending()))
        return not any(log.settled_reaching(self.written.invoked, apart) for log, apart in ends)


class _Access(NamedTuple):
    """One way to be entitled: by one of the rights until one of the revokes, or always; see `Claim`."""

    rights: Rights | None = None
    revokes: Sequence[Log] = ()
    always: bool = False
    doubtful: bool = False

    def claim(
        self, born: Acts, ends: Sequence[Acts], *, apart: tuple[Act, ...] = (), last_word: tuple[Act, ...] = ()
    ) -> Claim:
        """The claim to what lives from `born` to `ends`; `last_word`: what revokes no right to it."""
        revokes = [Acts(log, last_word or apart) for log in self.revokes]
        return Claim(born, ends, self.rights, revokes, self.always, self.doubtful, apart)


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


def surely_hears(user: Thing, canary: Canary, since: int, until: int) -> bool:
    """Is the user, under every order, entitled all the time to what was there before the canary was written into it?"""
    there_before = (thing for thing in canary.home.lineage() if canary.written not in thing.births)
    thing = next(there_before, None)
    return thing is not None and surely_uses(user, thing, since, until)


def _claims_on_thing(user: Thing | None, thing: Thing, apart_from: Act | None) -> Iterator[Claim]:
    apart = (apart_from,) if apart_from else ()
    born = Acts(thing.births, apart)
    ends = [Acts(log, apart) for log in thing.ending()]
    for access in _accesses(user, thing):
        yield access.claim(born, ends, apart=apart)


def _claims_on_canary(user: Thing, canary: Canary) -> Iterator[Claim]:
    if canary.spec.private and user is not canary.author:
        return
    ends = [canary.replacing, *map(Acts, canary.home.ending())]
    # The last word of what ends with it is for those who were there.
    last_word = (canary.written,) if canary.last_word else ()
    for access in _accesses(user, canary.home):
        yield access.claim(canary.born, ends, last_word=last_word)


def _accesses(user: Thing | None, thing: Thing) -> Iterator[_Access]:
    if user is None:
        yield _ALWAYS
    elif thing.kind is Kind.THREAD or thing.kind is Kind.RECORD:
        yield _Access(thing.rights.get(user), thing.taking_from(user))
        if thing.kind is Kind.RECORD or thing.spec.public:
            yield from _accesses_of_all(user, thing)
    elif thing.owner is user:
        yield _ALWAYS


def _accesses_of_all(user: Thing, thing: Thing) -> Iterator[_Access]:
    """What the user may see for being in the container, or because it is public, unless it has an audience."""
    if thing.audiences.founded_without(user).any_certain():
        return
    doubtful = thing.audiences.without(user).any_possible() or thing.revokes.get(user, _NOTHING).any_possible()
    if thing.container is not None:
        for access in _accesses(user, thing.container):
            yield access._replace(doubtful=access.doubtful or doubtful)
    elif thing.spec.public:
        yield _ALWAYS._replace(doubtful=doubtful)
