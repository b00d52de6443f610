"""Green means checked: what was exercised is counted, what was not is said in words."""

from dataclasses import replace

import pytest

from isofuzz.history.entries import Completion, Delivery, History, Invocation, Outcome, Row, Skipped, Storage, Struck
from isofuzz.history.relations import Relation
from isofuzz.oracles.judge import Judge
from isofuzz.program.faults import FaultKind
from isofuzz.program.steps import Argument, Call, Literal, NeverIssued, Ref, SecretText
from isofuzz.program.vocabulary import Vocabulary
from isofuzz.runs.exercised import Cell, Exercised, formable
from isofuzz.target.base import Target, operation
from isofuzz.target.signatures import Signatures, read_signatures
from isofuzz.target.things import Name, Secret, Session, User

OK, REFUSED, INFO = Outcome.OK, Outcome.REFUSED, Outcome.INFO
OWN, FOREIGN, ENDED, NEVER = Relation.OWN, Relation.FOREIGN, Relation.ENDED, Relation.NEVER
ADA, BEN = Ref(0, 1), Ref(1, 1)


class Text(Secret):
    pass


class Who(User):
    id: str


class Me(Session):
    pass


class Told:
    """A history in the making, counted when it is whole."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self.history: History = []
        self._step = 0

    def does(
        self, operation: str, *, outcome: Outcome = OK, seen: tuple[int, ...] = (), text: str = "", **given: Argument
    ) -> int:
        secrets = {name: self._step for name, argument in given.items() if isinstance(argument, SecretText)}
        ids = {name: (str(argument),) for name, argument in given.items() if isinstance(argument, Ref | NeverIssued)}
        made = {number: (str(Ref(self._step, number)),) for number in range(3)}
        self.history.append(Invocation.of(Call(self._step, operation, given), secrets, ids))
        self.history.append(Completion(self._step, outcome, seen, text, made))
        self._step += 1
        return self._step - 1

    def counted(self, exercised: Exercised | None = None, durations: dict[int, float] | None = None) -> Exercised:
        judge = Judge(self._vocabulary)
        for entry in self.history:
            judge.feed(entry)
        exercised = exercised or Exercised()
        exercised.add(self.history, judge, durations or {})
        return exercised


@pytest.fixture
def vocabulary(signatures: Signatures) -> Vocabulary:
    return signatures.vocabulary


@pytest.fixture
def told(vocabulary: Vocabulary) -> Told:
    """Ada and ben have signed in, and ada has opened a thread."""
    told = Told(vocabulary)
    told.does("sign_in", name=Literal("ada"))
    told.does("sign_in", name=Literal("ben"))
    told.does("open_thread", me=ADA, slug=Literal("a"), title=SecretText("{canary}"))
    return told


ROOM = Ref(2)


class Mute(Target):
    """Whatever is written there, nobody is ever shown."""

    @operation
    async def enter(self, name: Name) -> tuple[Who, Me]:
        raise NotImplementedError

    @operation
    async def write(self, me: Me, body: Text) -> object:
        raise NotImplementedError


@pytest.mark.parametrize(("seen", "gaps"), [((1,), 0), ((), 1)])
def test_what_shows_nothing_could_not_have_shown_a_leak(seen: tuple[int, ...], gaps: int) -> None:
    vocabulary = read_signatures(Mute).vocabulary
    told = Told(vocabulary)
    told.does("enter", name=Literal("ada"))
    told.does("write", me=ADA, body=SecretText("{canary}"), seen=seen)

    missing = told.counted().missing(vocabulary)

    blind = "nobody was ever shown a text that was written: let an operation return what the system answers"
    assert missing == [blind] * gaps


class TestCounts:
    def test_programs_operations_and_frames(self, told: Told) -> None:
        told.history.append(Skipped(9, "post"))
        told.history.append(Delivery(Ref(0, 2), (), "hello"))
        counted = told.counted(told.counted())
        assert (counted.programs, counted.operations, counted.skipped, counted.frames) == (2, 6, 2, 2)

    def test_outcomes(self, told: Told) -> None:
        told.does("history", me=BEN, room=ROOM, outcome=REFUSED)
        told.does("list_threads", me=ADA, outcome=INFO, text="TimeoutError: ")
        counted = told.counted()
        assert counted.outcomes == {
            ("sign_in", OK): 2,
            ("open_thread", OK): 1,
            ("history", REFUSED): 1,
            ("list_threads", INFO): 1,
        }
        assert counted.unexpected == {("list_threads", "TimeoutError: "): 1}

    def test_an_operation_works_if_it_is_ok_for_somebody_entitled(self, told: Told) -> None:
        told.does("history", me=BEN, room=ROOM)  # to which ben has no right
        told.does("list_threads", me=ADA, outcome=REFUSED)
        assert told.counted().worked == {"sign_in": 2, "open_thread": 1}

    def test_a_read_shows_something_if_a_canary_was_in_it(self, told: Told) -> None:
        told.does("list_threads", me=BEN)
        assert told.counted().showed == {}
        told.does("list_threads", me=ADA, seen=(2,))
        assert told.counted().showed == {"list_threads": 1}

    def test_each_relation_of_an_actor_to_an_argument_is_a_cell(self, told: Told) -> None:
        told.does("history", me=ADA, room=ROOM)
        told.does("history", me=BEN, room=ROOM, outcome=REFUSED)
        told.does("history", me=BEN, room=NeverIssued("Room"), outcome=REFUSED)
        told.does("delete_thread", me=ADA, room=ROOM)
        told.does("history", me=ADA, room=ROOM, outcome=REFUSED)
        cells = told.counted().cells
        assert {cell.relation for cell in cells if cell.operation == "history" and cell.parameter == "room"} == set(
            Relation
        )

    def test_what_an_operation_does_itself_does_not_change_how_it_was_tried(self, told: Told) -> None:
        told.does("delete_thread", me=ADA, room=ROOM)
        assert told.counted().cells[Cell("delete_thread", "room", OWN)] == 1

    def test_how_long_an_operation_took_is_counted_under_its_name_as_far_as_it_is_known(self, told: Told) -> None:
        told.does("list_threads", me=ADA, outcome=INFO, text="KeyError: 1")
        counted = told.counted(durations={0: 0.001, 1: 0.002, 2: 0.5, 9: 7})
        assert {name: (latency.count, latency.max_ms) for name, latency in counted.latency.items()} == {
            "sign_in": (2, 2),
            "open_thread": (1, 500),
        }

    def test_probes_that_were_answered_alike(self, told: Told) -> None:
        for _ in range(2):
            for room in (NeverIssued("Room"), ROOM, NeverIssued("Room", 1)):
                told.does("history", me=BEN, room=room, outcome=REFUSED, text="not found")
        assert told.counted().alike == {("history", "room"): 2}

    def test_stored_rows(self, told: Told) -> None:
        told.history.append(Storage((Row((2,)), Row((2,)))))
        counted = told.counted(told.counted())
        assert (counted.looked, counted.rows) == (2, 4)


UNPROBED = (
    "history was never asked about a foreign room, between two that never existed, with answers that can be compared"
)


class TestMissing:
    def test_a_restart_that_the_target_offers(self, told: Told, vocabulary: Vocabulary) -> None:
        gap = "the system was never restarted in the middle of a step"
        assert gap in told.counted().missing(vocabulary)
        assert gap not in told.counted().missing(replace(vocabulary, restarts=False))
        told.history.append(Struck(9, FaultKind.RESTART, Ref(2)))
        assert gap not in told.counted().missing(vocabulary)

    def missing_of(self, exercised: Exercised, vocabulary: Vocabulary, about: str) -> list[str]:
        return [gap for gap in exercised.missing(vocabulary) if gap.startswith(f"{about} ") or about in gap.split()]

    def test_of_a_run_that_did_nothing_everything(self, vocabulary: Vocabulary) -> None:
        missing = Exercised().missing(vocabulary)
        for each in vocabulary.operations:
            assert f"{each.name} never succeeded for an entitled user" in missing
        assert "no Feed ever had to deliver an event and did" in missing

    def test_a_read_that_never_showed_anything(self, told: Told, vocabulary: Vocabulary) -> None:
        told.does("list_threads", me=ADA)
        assert self.missing_of(told.counted(), vocabulary, "list_threads") == ["list_threads never showed any Title"]

    def test_an_operation_that_worked_and_showed_is_not_missing(self, told: Told, vocabulary: Vocabulary) -> None:
        told.does("list_threads", me=ADA, seen=(2,))
        assert self.missing_of(told.counted(), vocabulary, "list_threads") == []

    def test_what_was_tried_only_in_some_ways(self, told: Told, vocabulary: Vocabulary) -> None:
        told.does("history", me=ADA, room=ROOM, seen=(2,))
        assert self.missing_of(told.counted(), vocabulary, "history") == [
            "history was never tried with a foreign room",
            "history was never tried with an ended room",
            "history was never tried with a never issued room",
            UNPROBED,
        ]

    def test_a_target_that_tells_of_no_stored_text(self, told: Told, vocabulary: Vocabulary) -> None:
        gap = "`stored` of the target never returned a text that was written: let it return all that is stored"
        assert gap not in told.counted().missing(vocabulary)
        told.history.append(Storage())
        assert gap in told.counted().missing(vocabulary)
        told.history.append(Storage((Row((2,)),)))
        assert gap not in told.counted().missing(vocabulary)

    def test_absences_that_no_barrier_could_prove(self, vocabulary: Vocabulary) -> None:
        exercised = Exercised()
        exercised.unknown["Feed"] = 3
        assert (
            "3 events of Feed were absent, but no barrier orders the system's fan-out: override `quiesce` of the "
            "target or `barrier` of the socket"
        ) in exercised.missing(vocabulary)


class TestFormable:
    def test_a_thing_with_an_id_that_can_be_deleted(self, vocabulary: Vocabulary) -> None:
        cells = list(formable(vocabulary, vocabulary.operation("history")))
        assert cells == [Cell("history", "room", relation) for relation in (OWN, FOREIGN, ENDED, NEVER)]

    def test_users_and_sockets_are_not_what_the_system_defends(self, vocabulary: Vocabulary) -> None:
        invite = formable(vocabulary, vocabulary.operation("invite"))
        subscribe = formable(vocabulary, vocabulary.operation("subscribe"))
        assert {cell.parameter for cell in [*invite, *subscribe]} == {"room"}

    def test_an_operation_without_things_has_none(self, vocabulary: Vocabulary) -> None:
        assert list(formable(vocabulary, vocabulary.operation("list_threads"))) == []
