"""What a history says of the world: which things there are, which canary lives where, who was given which right when.

The model is a fold over the entries. It is told of an operation's effects at its invocation, because they may be seen
before it returns, and learns at its completion whether they happened.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile

from isofuzz.history.acts import Act, Right, Standing
from isofuzz.history.current import Current
from isofuzz.history.deeds import HOLDS_SECRETS, Deed, deepest, named
from isofuzz.history.entries import Closed, Completion, Entry, Invocation, Outcome, Struck
from isofuzz.history.streams import Announced, Stream
from isofuzz.history.world import BEGINNING, Canary, Thing, may_have_used, may_use, surely_uses
from isofuzz.program.faults import FaultKind
from isofuzz.program.steps import Argument, Ref
from isofuzz.program.vocabulary import Draw, Effect, Kind, Parameter, ThingSpec, Vocabulary


class Model:
    """The world as the entries fed so far tell of it."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.deeds: dict[int, Deed] = {}
        self.things: dict[Ref, Thing] = {}
        self.canaries: dict[int, Canary] = {}
        self.subscriptions: list[Thing] = []
        self.in_flight: dict[int, Deed] = {}
        self.homeless: set[int] = set()
        self.restarted = BEGINNING
        """When the system was restarted last."""
        self._completed: list[Deed] = []
        self._by_identity: dict[object, Thing] = {}
        self._unbound: defaultdict[Thing | None, Announced] = defaultdict(Announced)
        self._watching_all: defaultdict[Thing, Current[Thing]] = defaultdict(Current)
        self._holdings: defaultdict[Thing, Current[Thing]] = defaultdict(Current)
        self._public: Current[Thing] = Current()
        self._by_id: defaultdict[tuple[str, tuple[str, ...]], list[Ref]] = defaultdict(list)
        self._unsettled_anywhere = False
        self._unsettled: set[Thing] = set()
        self._holding_unsettled: set[Thing] = set()

    def feed(self, at: int, entry: Entry) -> None:
        """Learn of the entry at logical time `at`. Entries that change nothing in the world are passed over."""
        if isinstance(entry, Invocation):
            self._invoke(at, entry)
        elif isinstance(entry, Completion):
            self._complete(at, entry)
        elif isinstance(entry, Closed):
            self.things[entry.socket].closed = True
        elif isinstance(entry, Struck) and entry.kind is FaultKind.RESTART:
            self._restart(at, entry)

    def named(self, argument: Argument | None) -> Iterator[Thing | None]:
        """The things that an argument names; None stands for one that was never issued."""
        return named(argument, self.things)

    def texts(self, user: Thing, scope: Thing | None, kind: str, *, since: int = BEGINNING) -> Iterator[Canary]:
        """Each text of this kind in `scope`, asked for after `since`, that the user may have to see, among others.

        None: in all they may see, where a text can come twice. Within one thing, the youngest come first.
        """
        public = () if scope else self._public
        places = (scope,) if scope else dict.fromkeys((user, *self._holdings[user], *public))
        for place in places:
            if kind in place.texts:
                yield from takewhile(lambda text: text.written.invoked > since, reversed(place.texts[kind]))

    def watching(self, home: Thing) -> Iterator[Thing]:
        """Every subscription that may have to announce what is written into this thing, among others."""
        for holder in home.lineage():
            yield from holder.watched
        if self._watching_all:
            for user in self._concerned(home):
                if user in self._watching_all:
                    yield from self._watching_all[user]

    def may_change_yet(self, scope: Thing | None) -> bool:
        """Did a write into `scope` (None: anywhere) end so that nobody knows whether it is still to happen?"""
        if scope is None:
            return self._unsettled_anywhere
        return scope in self._holding_unsettled or any(thing in self._unsettled for thing in scope.lineage())

    def may_be_forgotten(self, deed: Deed) -> bool:
        """Was the system restarted since the actor signed in, or else during the operation?

        Many a system keeps in memory who is signed in.
        """
        session = deed.session
        begun = session.births[0] if session and session.kind is Kind.SESSION else deed.act
        return begun.invoked < self.restarted

    def overlapping(self, deed: Deed) -> Iterator[Deed]:
        """The other operations that ran at some time during this one, which was the last to complete."""
        yield from (other for other in self.in_flight.values() if other is not deed)
        for other in reversed(self._completed):
            if other.act.completed <= deed.act.invoked:
                break
            if other is not deed:
                yield other

    def _concerned(self, home: Thing) -> Iterable[Thing]:
        """Whoever may have a right to what is written into this thing, among others."""
        lineage = list(home.lineage())
        if any(_is_for_all(thing) for thing in lineage):
            return list(self._watching_all)
        owners = (thing.owner for thing in lineage if thing.kind is Kind.USER and thing.owner)
        return dict.fromkeys((*owners, *(user for thing in lineage for user in thing.members)))

    def _invoke(self, at: int, entry: Invocation) -> None:
        operation = self.vocabulary.operation(entry.operation)
        deed = Deed(operation, entry, Act(entry.step, entry.operation, at), self.vocabulary, self.things)
        if not self.in_flight:
            self._completed.clear()
        self.deeds[entry.step] = self.in_flight[entry.step] = deed
        self._create(deed)
        for parameter in operation.drawn(Draw.THING):
            self._affect(deed, parameter)
        for name, serial in entry.canaries.items():
            self._put(deed, next(p.type for p in operation.parameters if p.name == name), serial)
        # What runs beside it may still entitle its actor, so it is possible until all of that is known.
        deed.act.standing = Standing.POSSIBLE if deed.names_all() else Standing.NONE

    def _complete(self, at: int, entry: Completion) -> None:
        deed = self.in_flight.pop(entry.step)
        standing = self.standing_of(deed, at)
        if entry.outcome is Outcome.INFO and deed.names_all():
            standing = max(standing, Standing.POSSIBLE)  # it may still happen once its actor is entitled
        deed.act.standing = standing
        deed.act.completed = at
        deed.act.outcome = entry.outcome  # last: who sees an outcome takes the rest for final
        self._completed.append(deed)
        for output, identifier in entry.ids.items():
            if (ref := Ref(entry.step, output)) in self.things:
                self._identify(ref, identifier, at)
        if entry.outcome is Outcome.INFO and deed.operation.writes and deed.act.possible:
            self._unsettled_anywhere = True
            self._unsettled.update(deed.touched())
            self._holding_unsettled.update(holder for thing in deed.touched() for holder in thing.lineage())

    def _restart(self, at: int, entry: Struck) -> None:
        """What is subscribed to may be forgotten from now on; nobody knows whether it is."""
        self.restarted = at
        forgetting = Act(entry.step, entry.kind, at, outcome=Outcome.INFO)
        for subscription in self.subscriptions:
            subscription.ends.append(forgetting)

    def _identify(self, ref: Ref, identifier: tuple[str, ...], at: int) -> None:
        """Learn what a thing is called. Whoever names one that is gone and was called the same means this one now."""
        thing = self.things[ref]
        same = self._by_id[thing.spec.name, identifier]
        for older in same:
            if self.things[older] is not thing and not self._may_live(self.things[older], at):
                self.things[older] = thing
        same.append(ref)

    # -- what an operation brings about

    def _create(self, deed: Deed) -> None:
        specs = [self.vocabulary.thing(name) for name in deed.operation.creates]
        outputs = sorted(enumerate(specs), key=lambda pair: _CREATION_ORDER[pair[1].kind])
        for index, spec in outputs:
            thing = self._thing(deed, Ref(deed.act.step, index), spec)
            self.things[Ref(deed.act.step, index)] = thing
            deed.created.append(thing)
            if _is_for_all(thing):
                self._public.add(thing, lambda each: may_use(None, each, deed.act.invoked, deed.act.invoked))
            if deed.user and _creator_is_entitled(thing):
                self._entitle(deed.user, thing, Right(deed.act))

    def _thing(self, deed: Deed, ref: Ref, spec: ThingSpec) -> Thing:
        """The thing that this output is: a new one, or one that was made before under the same name or key."""
        container = self._container(deed, spec)
        identity = self._identity(deed, spec, container)
        known = self._by_identity.get(identity) if identity else None
        if known and (spec.kind is not Kind.USER or self._may_live(known, deed.act.invoked)):
            known.births.append(deed.act)
            deed.reopened.append(known)
            thing = known
        else:
            label = str(identity[-1]) if identity else ""
            owner = (deed.made(Kind.USER) if spec.kind is Kind.SESSION else None) or deed.user
            thing = Thing(ref, spec, label=label, owner=owner, container=container)
            thing.births.append(deed.act)
            thing.session = deed.made(Kind.SESSION) or deed.session
            if spec.kind is Kind.SOCKET:
                self._connect(deed, thing)
            if spec.kind is Kind.SUBSCRIPTION:
                self._subscribe(deed, thing)
            if known:
                known.successor = thing
        if identity:
            self._by_identity[identity] = thing
        if spec.kind is Kind.USER:
            thing.owner = thing
            if deed.acted_for_operator:
                deed.user = thing
        return thing

    def _connect(self, deed: Deed, socket: Thing) -> None:
        """A socket that is made of another one continues it; one that is made and ends another does not."""
        resumed = (thing.stream for parameter in deed.resumes() for thing in deed.arguments[parameter.name] if thing)
        socket.stream = next(resumed, None) or Stream(self._unbound[socket.owner])
        socket.stream.sockets.append(socket)
        for subscription in socket.stream.announced:
            self._watch(subscription, deed.act.invoked)  # of a socket that was closed, it may have been forgotten

    def _subscribe(self, deed: Deed, subscription: Thing) -> None:
        subscription.scope = deed.innermost()
        socket = deed.made(Kind.SOCKET) or next(iter(deed.things(Kind.SOCKET)), None)
        subscription.socket = socket
        announced = socket.stream.announced if socket and socket.stream else self._unbound[subscription.owner]
        announced.add(subscription)
        self.subscriptions.append(subscription)
        self._watch(subscription, deed.act.invoked)

    def _watch(self, subscription: Thing, now: int) -> None:
        """Have it looked at when something is written that it may have to announce."""
        if subscription.scope:
            subscription.scope.watched.add(subscription, lambda each: _may_bring(each, now))
        elif subscription.owner:
            self._watching_all[subscription.owner].add(subscription, lambda each: _may_bring(each, now))

    def _container(self, deed: Deed, spec: ThingSpec) -> Thing | None:
        if spec.kind is Kind.RECORD:
            within = deed.made(Kind.THREAD) or deepest(deed.things(Kind.THREAD))
            beside = deepest(deed.things(Kind.RECORD))
            return within or (beside and (beside.container or beside))
        if spec.within is None:
            return None
        candidates = [*deed.created, *deed.things(Kind.THREAD)]
        return next((thing for thing in candidates if thing.spec.name == spec.within), None)

    def _identity(self, deed: Deed, spec: ThingSpec, container: Thing | None) -> tuple[object, ...] | None:
        """Same class, container and key mean the same thing; users are the same by name."""
        if spec.kind is Kind.USER:
            drawn = deed.operation.drawn(Draw.NAME) or deed.operation.drawn(Draw.KEY)
            return (spec.name, *(str(deed.literals.get(parameter.name)) for parameter in drawn)) if drawn else None
        keys = tuple(deed.literals.get(parameter.name) for parameter in deed.operation.drawn(Draw.KEY))
        if not keys or spec.kind not in HOLDS_SECRETS:
            return None
        return (spec.name, container or deed.user, *map(str, keys))

    def _may_live(self, thing: Thing, at: int) -> bool:
        return may_use(None, thing, at, at)

    def _affect(self, deed: Deed, parameter: Parameter) -> None:
        named = [thing for thing in deed.arguments[parameter.name] if thing]
        if parameter.effect is Effect.ENDS or parameter in deed.resumes():
            for thing in named:
                thing.ends.append(deed.act)
            return
        made, given = deed.made(*HOLDS_SECRETS), deed.innermost()
        scope = (given or made) if parameter.effect is Effect.REVOKES else (made or given)
        if scope is None:
            return
        users = [user for thing in named if thing.owner for user in thing.owner.bearers()]
        if parameter.effect in (Effect.GRANTS, Effect.INVITES, Effect.AUDIENCE):
            for user in users:
                self._entitle(user, scope, Right(deed.act, invited=parameter.effect is Effect.INVITES))
        if parameter.effect is Effect.REVOKES:
            for user in users:
                scope.revokes[user].append(deed.act)
        if parameter.effect is Effect.AUDIENCE:
            scope.audiences.append(deed.act, users, founding=deed.act in scope.births)
            if deed.user and (
                scope in deed.created or deed.user in scope.rights
            ):  # whether the actor loses it too is the system's choice
                self._entitle(deed.user, scope, Right(deed.act, invited=True))

    def _entitle(self, user: Thing, thing: Thing, right: Right) -> None:
        now = right.given.invoked
        thing.rights[user].append(right)
        thing.members.add(user, lambda each: may_use(each, thing, now, now))
        self._holdings[user].add(thing, lambda each: may_use(user, each, now, now))

    def _put(self, deed: Deed, kind: str, serial: int) -> None:
        home = deed.home()
        if home is None:
            self.homeless.add(serial)
            return
        spec = self.vocabulary.secret(kind)
        home.replacing(spec, deed.user).append(deed.act)
        canary = Canary(serial, spec, home, deed.user, deed.act)
        for holder in home.lineage():
            holder.texts[kind].add(canary, Canary.may_be_due)
        self.canaries[serial] = canary
        deed.canaries.append(canary)

    # -- who was entitled to do it

    def standing_of(self, deed: Deed, until: int) -> Standing:
        """Was the actor entitled to all that the operation touches, from when it was invoked until then?"""
        since = deed.act.invoked
        if not deed.names_all():
            return Standing.NONE
        standings = [
            self._standing_towards(deed, thing, since, until)
            for things in deed.arguments.values()
            for thing in things
            if thing
        ]
        standings += [self._standing_to_reopen(deed, thing, since, until) for thing in deed.reopened]
        if not deed.fits_together() or any(self._made_again(ref, deed.act) for ref in deed.references):
            standings.append(Standing.POSSIBLE)
        return min(standings, default=Standing.CERTAIN)

    def _made_again(self, ref: Ref, act: Act) -> bool:
        """Has what the reference once named ended? What was made since under the same key need not answer to it."""
        birth = self.deeds[ref.step].act
        return any(log.reaching(birth.invoked, apart=(act,)) for log in self.things[ref].ending())

    def _standing_towards(self, deed: Deed, thing: Thing, since: int, until: int) -> Standing:
        user = None if deed.acted_for_operator or thing.kind is Kind.USER else deed.user
        if surely_uses(user, thing, since, until, apart_from=deed.act):
            return Standing.CERTAIN
        if thing.kind is Kind.USER and thing is not deed.session:
            return Standing.POSSIBLE  # to name someone who is gone is no trespass
        # Nor is it to speak of what one had before it was deleted; but whoever has logged out has no say.
        gone = thing.kind in HOLDS_SECRETS and not surely_uses(None, thing, since, until, apart_from=deed.act)
        entitled = may_have_used if gone else may_use
        return Standing(entitled(user, thing, since, until, apart_from=deed.act))

    def _standing_to_reopen(self, deed: Deed, thing: Thing, since: int, until: int) -> Standing:
        """Towards what an equal name or key made before: as far as it was there, it had to be the actor's."""
        if not may_use(None, thing, since, until, apart_from=deed.act):
            return Standing.CERTAIN
        standing = self._standing_towards(deed, thing, since, until)
        if standing is Standing.NONE and not surely_uses(None, thing, since, until, apart_from=deed.act):
            return Standing.POSSIBLE
        return standing


def model_of(history: Sequence[Entry], vocabulary: Vocabulary) -> Model:
    """What is known of the world at the end of a history."""
    model = Model(vocabulary)
    for at, entry in enumerate(history):
        model.feed(at, entry)
    return model


_CREATION_ORDER = {
    kind: order
    for order, kind in enumerate((Kind.USER, Kind.SESSION, Kind.THREAD, Kind.RECORD, Kind.SOCKET, Kind.SUBSCRIPTION))
}


def _creator_is_entitled(thing: Thing) -> bool:
    """Threads are their creator's; a record is seen by whoever sees its thread."""
    return thing.kind is Kind.THREAD or (thing.kind is Kind.RECORD and thing.container is None)


def _is_for_all(thing: Thing) -> bool:
    return thing.spec.public and thing.container is None


def _may_bring(subscription: Thing, now: int) -> bool:
    """May it have to announce anything yet? Not once an operation has ended that may have ended it, nor on a socket
    that was closed, nor of what its owner had no right to meanwhile: a right that returns need not revive it."""
    birth = subscription.births[0]
    stream = subscription.socket.stream if subscription.socket else None
    newest = stream.newest() if stream else None
    gone = newest is None or newest.closed
    holders = [subscription, subscription.session] if subscription.session else [subscription]
    over = any(holder.ends.settled_reaching(0) for holder in holders)
    owner, scope = subscription.owner, subscription.scope
    lapsed = owner is not None and scope is not None and not may_use(owner, scope, now, now)
    return not gone and not over and not lapsed and (birth.certain or birth.outcome is None)
