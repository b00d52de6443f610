"""Cases of a target that has changed since: what is said, and what is made of them."""

from dataclasses import replace

import pytest

from isofuzz import Grants, Name, Query, Secret, Some, Target, Thread, User, operation
from isofuzz.cases.case import Case
from isofuzz.errors import CaseUnreadable, UsageError
from isofuzz.history.entries import Skipped
from isofuzz.oracles.origin import Origin
from isofuzz.oracles.violation import Breach, Oracle, Violation
from isofuzz.program.steps import Argument, Call, Literal, NeverIssued, Program, Ref, SecretText, Several
from isofuzz.program.vocabulary import Vocabulary
from isofuzz.runs.fitting import Changes, check_fits, fitted, read_renames
from isofuzz.target.signatures import read_signatures


class Text(Secret):
    """A text."""


class Who(User):
    id: str


class Room(Thread):
    id: int


class Board(Target):
    @operation
    async def join(self, name: Name) -> Who:
        raise NotImplementedError

    @operation
    async def open_room(self, who: Who) -> Room:
        raise NotImplementedError

    @operation
    async def write(self, who: Who, room: Room, text: Text) -> None: ...

    @operation
    async def invite(self, who: Who, room: Room, members: Grants[list[Who]]) -> None: ...

    @operation
    async def look(self, who: Who, room: Room, words: Query) -> Some[Text]:
        raise NotImplementedError


ANN, BEN = Call(0, "join", {"name": Literal("ann")}), Call(1, "join", {"name": Literal("ben")})
OPEN = Call(2, "open_room", {"who": Ref(0)})
WRITE = Call(3, "write", {"who": Ref(0), "room": Ref(2), "text": SecretText("{canary}")})
LOOK = Call(5, "look", {"who": Ref(1), "room": Ref(2), "words": Literal("a")})
CASE = Case(
    target="tests:Board",
    defect=None,
    violation=Violation(
        Oracle.CROSSING, Breach.FOREIGN, 9, Ref(1), "Room", "look", writer="write", secret="Text", step=5
    ),
    explanation="",
    program=Program.serial(ANN, BEN, OPEN, WRITE, LOOK),
    history=(Skipped(5, "look"),),
    found="2026-01-02T03:04:05+00:00",
    services="",
)


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return read_signatures(Board).vocabulary


def with_step(call: Call) -> Case:
    """The case with one more step before the last."""
    return replace(CASE, program=Program.serial(ANN, BEN, OPEN, WRITE, call, LOOK))


def misfit(case: Case, vocabulary: Vocabulary, changes: Changes = Changes()) -> str:  # noqa: B008  # it is immutable
    with pytest.raises(CaseUnreadable) as refused:
        fitted(case, vocabulary, changes)
    return str(refused.value)


def test_a_case_that_fits_stays_as_it_is(vocabulary: Vocabulary) -> None:
    check_fits(CASE, vocabulary)
    assert fitted(CASE, vocabulary, Changes({"shout": "write"}, drop_gone=True)).case.program == CASE.program
    assert fitted(CASE, vocabulary, Changes(drop_gone=True)).case is CASE


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (Call(4, "shout", {"who": Ref(0)}), "there is no operation 'shout' any more (step 4)"),
        (Call(4, "open_room", {"who": Ref(0), "size": Literal(3)}), "open_room no longer takes 'size' (step 4)"),
        (
            Call(4, "open_room", {}),
            "open_room takes 'who' now, of which the case knows nothing (step 4)",
        ),
    ],
)
def test_what_has_changed_is_said(vocabulary: Vocabulary, call: Call, words: str) -> None:
    assert misfit(with_step(call), vocabulary) == f"tests:Board has changed: {words}"


@pytest.mark.parametrize(
    "arguments",
    [
        {"who": Ref(2)},
        {"who": Ref(0, 3)},
        {"who": Literal("ann")},
        {"who": SecretText("{canary}")},
        {"who": NeverIssued("Room")},
        {"who": NeverIssued("Nobody")},
        {"who": Several((Ref(0),))},
    ],
)
def test_an_argument_of_another_kind_is_said(vocabulary: Vocabulary, arguments: dict[str, Argument]) -> None:
    said = misfit(with_step(Call(4, "open_room", arguments)), vocabulary)
    assert said == "tests:Board has changed: open_room takes something else as 'who' now (step 4)"


@pytest.mark.parametrize("members", [Several((Ref(2),)), Ref(0), Several((Ref(0), NeverIssued("Room")))])
def test_a_sequence_of_something_else_is_said(vocabulary: Vocabulary, members: Argument) -> None:
    call = Call(4, "invite", {"who": Ref(0), "room": Ref(2), "members": members})
    assert "invite takes something else as 'members' now (step 4)" in misfit(with_step(call), vocabulary)


def test_a_sequence_of_what_it_takes_fits(vocabulary: Vocabulary) -> None:
    members = Several((Ref(1), NeverIssued("Who", 1)))
    check_fits(with_step(Call(4, "invite", {"who": Ref(0), "room": Ref(2), "members": members})), vocabulary)


def test_all_that_has_changed_is_said_up_to_a_number(vocabulary: Vocabulary) -> None:
    calls = [Call(number, f"shout_{number}") for number in range(10, 18)]
    said = misfit(replace(CASE, program=Program.serial(*CASE.program.calls, *calls)), vocabulary)
    assert said.count("there is no operation") == 5
    assert said.endswith("; and 3 more")


def test_what_has_changed_about_an_earlier_program_is_said_with_its_number(vocabulary: Vocabulary) -> None:
    case = replace(CASE, earlier=(CASE.program, Program.serial(Call(7, "shout"))))
    assert "(step 7 of earlier program 2)" in misfit(case, vocabulary)


@pytest.mark.parametrize(
    "violation", [replace(CASE.violation, boundary="Salon"), replace(CASE.violation, secret="Salon")]
)
def test_a_class_that_is_gone_would_make_the_finding_another_one(vocabulary: Vocabulary, violation: Violation) -> None:
    """Whatever shows today has another fingerprint, so the case would be clean for ever."""
    said = misfit(replace(CASE, violation=violation), vocabulary)
    assert said == "tests:Board has changed: there is no class 'Salon' any more, of which the case is"


@pytest.mark.parametrize("boundary", ["user", "program", ""])
def test_a_boundary_that_is_no_class_fits(vocabulary: Vocabulary, boundary: str) -> None:
    check_fits(replace(CASE, violation=replace(CASE.violation, boundary=boundary)), vocabulary)


def test_a_user_whom_no_step_made_is_said(vocabulary: Vocabulary) -> None:
    case = replace(CASE, violation=replace(CASE.violation, user=Ref(77)))
    assert misfit(case, vocabulary) == "its violation is of a user that step 77 made, which is not there"


class TestRenamed:
    NAMES = read_renames(["peek=look", "peek.text=look.words", "Salon = Room", "say=write", "write.body=text"])

    def test_names_are_read(self) -> None:
        assert self.NAMES["Salon"] == "Room"
        assert self.NAMES["peek.text"] == "look.words"

    @pytest.mark.parametrize("text", ["", "post", "=send", "post=", " = "])
    def test_what_renames_nothing(self, text: str) -> None:
        with pytest.raises(UsageError, match="renames nothing; write OLD=NEW, for example post=send"):
            read_renames([text])

    def test_everything_that_has_a_name(self, vocabulary: Vocabulary) -> None:
        """As it was found, when Room was Salon, look was peek and took a text, and write was say."""
        old = replace(
            CASE,
            program=Program.serial(
                ANN,
                BEN,
                OPEN,
                replace(WRITE, operation="say"),
                replace(LOOK, operation="peek", arguments={"who": Ref(1), "room": Ref(2), "text": Literal("a")}),
            ),
            violation=replace(CASE.violation, boundary="Salon", observer="peek", writer="say"),
            earlier=(
                Program.serial(
                    ANN, Call(4, "peek", {"who": Ref(0), "room": NeverIssued("Salon"), "text": Literal("")})
                ),
            ),
            origin=Origin(1, 4, "peek", "Text"),
        )
        assert "there is no operation 'say' any more (step 3)" in misfit(
            replace(old, violation=CASE.violation), vocabulary
        )

        fit = fitted(old, vocabulary, Changes(self.NAMES))

        assert fit.left_out == ()
        assert fit.case.program == CASE.program
        assert fit.case.fingerprint == CASE.fingerprint
        assert [call.operation for call in fit.case.earlier[0].calls] == ["join", "look"]
        assert fit.case.earlier[0].calls[1].arguments["room"] == NeverIssued("Room")
        assert fit.case.origin == Origin(1, 4, "look", "Text")
        assert fit.case.history == ()

    def test_what_is_still_not_there_is_said(self, vocabulary: Vocabulary) -> None:
        said = misfit(with_step(Call(4, "shout")), vocabulary, Changes({"shout": "yell"}))
        assert "there is no operation 'yell' any more (step 4)" in said


class TestDropped:
    CHANGES = Changes(drop_gone=True)

    def test_a_step_goes_with_what_refers_to_it(self, vocabulary: Vocabulary) -> None:
        calls = [Call(4, "found_club"), Call(6, "open_room", {"who": Ref(4)}), LOOK]
        fit = fitted(replace(CASE, program=Program.serial(ANN, BEN, OPEN, WRITE, *calls)), vocabulary, self.CHANGES)
        assert fit.case.program == CASE.program
        assert fit.left_out == ("there is no operation 'found_club' any more (step 4)",)
        assert fit.case.history == ()

    def test_an_argument_goes_and_its_step_stays(self, vocabulary: Vocabulary) -> None:
        wide = replace(OPEN, arguments={"who": Ref(0), "size": Literal(3)})
        fit = fitted(replace(CASE, program=Program.serial(ANN, BEN, wide, WRITE, LOOK)), vocabulary, self.CHANGES)
        assert fit.case.program == CASE.program
        assert fit.left_out == ("open_room no longer takes 'size' (step 2)",)

    def test_a_step_goes_that_takes_something_new(self, vocabulary: Vocabulary) -> None:
        fit = fitted(with_step(Call(4, "open_room")), vocabulary, self.CHANGES)
        assert fit.case.program == CASE.program

    @pytest.mark.parametrize("gone", ["join", "look", "open_room"])
    def test_without_what_shows_it_nothing_is_left(self, vocabulary: Vocabulary, gone: str) -> None:
        def renamed(call: Call) -> Call:
            return replace(call, operation="gone") if call.operation == gone else call

        observer = "gone" if gone == "look" else "look"
        case = replace(
            CASE,
            program=Program.serial(*map(renamed, CASE.program.calls)),
            violation=replace(CASE.violation, observer=observer),
        )
        said = misfit(case, vocabulary, self.CHANGES)
        assert said.endswith("; without that nothing is left that could show it: find it anew")

    def test_without_an_earlier_program_nothing_is_left(self, vocabulary: Vocabulary) -> None:
        case = replace(CASE, earlier=(Program.serial(Call(1, "gone")),))
        assert "nothing is left" in misfit(case, vocabulary, self.CHANGES)
