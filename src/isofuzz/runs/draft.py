"""Small fixed programs in the making: users who have what the operations need, and what they are to do."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from isofuzz.engine.composer import Composer
from isofuzz.engine.plan import Plan
from isofuzz.engine.prologue import EVERYTHING, coming_back, prologue
from isofuzz.generators.corpora import PLAIN_KEYS, PLAIN_NAMES
from isofuzz.history.relations import Relation
from isofuzz.history.world import Thing
from isofuzz.program.faults import FaultKind
from isofuzz.program.schedule import Schedule
from isofuzz.program.steps import Burst, Call, Program, Ref
from isofuzz.program.vocabulary import Kind, Operation, Parameter
from isofuzz.target.signatures import Signatures


@dataclass(frozen=True)
class Exercise:
    """One program of the sweep, and what it is there for.

    `compare`: it is also compared with what each user observes without the others.
    """

    purpose: str
    program: Program
    compare: bool = False

    @property
    def cut(self) -> str:
        """What is missing, in words, if the sweep ends before it."""
        return f"the sweep was cut short at `{self.purpose}`: its time was up"


class Draft:
    """A program in the making, with two users or more and what they need."""

    def __init__(
        self,
        signatures: Signatures,
        *,
        share: bool,
        names: Sequence[str] = PLAIN_NAMES[:2],
        equipment: Collection[Kind] = EVERYTHING,
    ) -> None:
        self._signatures = signatures
        self._vocabulary = signatures.vocabulary
        self._composer = Composer(signatures.vocabulary)
        self._bursts: list[Burst] = []
        self._users = [Plan(signatures, name=name) for name in names]
        self.equip(share=share, equipment=equipment)
        self.owner, self.guest = [*self.sessions, None, None][:2]

    @property
    def program(self) -> Program:
        """What was drafted so far."""
        return Program(tuple(self._bursts))

    def equip(self, *, share: bool, equipment: Collection[Kind] = EVERYTHING) -> None:
        """Add the steps that give each user a session and things, as far as they lack them."""
        for call in prologue(self._composer, self._users, share=share, equipment=equipment):
            self._bursts.append(Burst((call,)))
        self.sessions = self._composer.sessions()

    def compose(
        self, operation: Operation, session: Thing | None, *, key: str = PLAIN_KEYS[0], **relations: Relation
    ) -> Call | None:
        """The step, if it can be done by this session with things to which its user stands so."""
        return self.planned(operation, session, Plan(self._signatures, relations, key=key))

    def planned(self, operation: Operation, session: Thing | None, plan: Plan) -> Call | None:
        """The step as planned, if this session can do it."""
        if self._vocabulary.actor(operation) is None:
            return self._composer.compose(operation, plan)
        return self._composer.compose(operation, plan, session=session.ref) if session else None

    def probe(self, operation: Operation, session: Thing | None, parameter: Parameter) -> None:
        """Add the step about what is foreign in this parameter, between two about what never existed, if it can be."""
        if session:
            plan = Plan(self._signatures, {parameter.name: Relation.FOREIGN})
            self._bursts += [Burst((call,)) for call in self._composer.probe(operation, plan, session=session.ref)]

    def do(self, operation: Operation, session: Thing | None, **relations: Relation) -> None:
        """Add the step, if it can be done."""
        self.together(self.compose(operation, session, **relations))

    def given_up(self, call: Call | None, other: Call | None, schedule: Schedule) -> None:
        """Add a step that whoever asked for it gives up, while another one overlaps it."""
        if call and other and self._composer.can_join(other, [call]):
            fault = self._composer.fault(FaultKind.CANCEL, Ref(call.number))
            self._bursts.append(Burst((call, other), schedule, (fault,)))

    def restarted(self, call: Call | None, schedule: Schedule) -> None:
        """Add a step in the middle of which the system is restarted, and those by which everybody comes back."""
        if call:
            fault = self._composer.fault(FaultKind.RESTART, Ref(call.number))
            self._bursts.append(Burst((call,), schedule, (fault,)))
            returning = coming_back(self._composer, Plan(self._signatures))
            self._bursts += [Burst((each,)) for each in returning]

    def together(self, *calls: Call | None, schedule: Schedule | None = None) -> None:
        """Add steps that overlap, as far as there are any; they take turns as the schedule says."""
        burst: list[Call] = []
        for call in filter(None, calls):
            if not self._composer.can_join(call, burst):
                self._bursts.append(Burst(tuple(burst)))
                burst = []
            burst.append(call)
        if burst:
            self._bursts.append(Burst(tuple(burst), schedule if len(burst) > 1 else None))

    def all_who(self, wanted: Callable[[Operation], bool], *sessions: Thing | None) -> None:
        """Add each wanted operation, by each of the sessions, with their own things."""
        for session in sessions:
            for operation in self._vocabulary.operations:
                if wanted(operation):
                    self.do(operation, session)

    def finished(self, purpose: str, wanted: Callable[[Operation], bool] | None = None) -> Exercise:
        """The program, ending with everyone reading everything that they can, or what is wanted."""
        self.all_who(wanted or reads, *self.sessions)
        return Exercise(purpose, self.program)


def reads(operation: Operation) -> bool:
    """Does it show texts and change nothing?"""
    return operation.shows is not None and not operation.writes
