"""Steps are composed from choices and the program so far, and from nothing that a system answers."""

# mypy: disable-error-code="empty-body"
# The signatures are all that is read of an operation here.

from collections.abc import Mapping, Sequence

import pytest

from isofuzz.engine.composer import Composer
from isofuzz.engine.plan import Plan
from isofuzz.history.relations import Relation
from isofuzz.program.steps import Argument, Call, Literal, NeverIssued, Ref, SecretText, Several
from isofuzz.program.vocabulary import Parameter
from isofuzz.target.base import Target, operation
from isofuzz.target.signatures import Signatures, read_signatures
from isofuzz.target.things import Audience, Name, Secret, Session, Thread, User

OWN, FOREIGN, ENDED, NEVER = Relation.OWN, Relation.FOREIGN, Relation.ENDED, Relation.NEVER


class InOrder(Plan):
    """Tries one relation after the other for every parameter, and takes the candidate of one number."""

    def __init__(self, signatures: Signatures, *relations: Relation, index: int = 0) -> None:
        super().__init__(signatures)
        self._wanted = relations
        self._index = index

    def relations(self, parameter: Parameter) -> Sequence[Relation]:
        return self._wanted

    def index(self, parameter: Parameter, count: int) -> int:
        return min(self._index, count - 1)


class Story:
    """A program in the making, in which everyone is called by name."""

    def __init__(self, signatures: Signatures) -> None:
        self.signatures = signatures
        self.composer = Composer(signatures.vocabulary)

    def sign_in(self, name: str) -> Ref:
        """The session of the user, who is the output before it."""
        call = self._composed("sign_in", None, Plan(self.signatures, name=name))
        assert call
        return Ref(call.number, 1)

    def open_thread(self, session: Ref, slug: str = "a") -> Ref:
        call = self._composed("open_thread", session, Plan(self.signatures, key=slug))
        assert call
        return Ref(call.number)

    def does(self, name: str, session: Ref, **relations: Relation) -> Call:
        call = self.tries(name, session, **relations)
        assert call, f"{name} could not be composed"
        return call

    def tries(self, name: str, session: Ref, **relations: Relation) -> Call | None:
        return self._composed(name, session, Plan(self.signatures, relations))

    def picks(self, name: str, session: Ref, *relations: Relation, index: int = 0) -> Call | None:
        return self._composed(name, session, InOrder(self.signatures, *relations, index=index))

    def _composed(self, name: str, session: Ref | None, plan: Plan) -> Call | None:
        return self.composer.compose(self.signatures.vocabulary.operation(name), plan, session=session)


@pytest.fixture
def story(signatures: Signatures) -> Story:
    return Story(signatures)


def user_of(session: Ref) -> Ref:
    return Ref(session.step, 0)


class TestRelations:
    def test_own_is_what_the_actor_made(self, story: Story) -> None:
        ada, ben = story.sign_in("ada"), story.sign_in("ben")
        of_ada, of_ben = story.open_thread(ada), story.open_thread(ben)
        assert story.does("post", ada, room=OWN).arguments["room"] == of_ada
        assert story.does("post", ben, room=OWN).arguments["room"] == of_ben

    def test_foreign_is_what_another_made(self, story: Story) -> None:
        ada, ben = story.sign_in("ada"), story.sign_in("ben")
        of_ada, of_ben = story.open_thread(ada), story.open_thread(ben)
        assert story.does("post", ada, room=FOREIGN).arguments["room"] == of_ben
        assert story.does("post", ben, room=FOREIGN).arguments["room"] == of_ada

    def test_foreign_becomes_own_with_an_invitation_and_foreign_again_without_it(self, story: Story) -> None:
        ada, ben = story.sign_in("ada"), story.sign_in("ben")
        room = story.open_thread(ada)
        assert story.tries("history", ben, room=OWN) is None
        story.does("invite", ada)
        assert story.does("history", ben, room=OWN).arguments["room"] == room
        story.does("kick", ada)
        assert story.tries("history", ben, room=OWN) is None
        assert story.does("history", ben, room=FOREIGN).arguments["room"] == room

    def test_ended_is_what_was_deleted(self, story: Story) -> None:
        ada = story.sign_in("ada")
        gone, kept = story.open_thread(ada, "a"), story.open_thread(ada, "b")
        assert story.tries("history", ada, room=ENDED) is None
        assert story.picks("delete_thread", ada, OWN, index=1).arguments == {"me": ada, "room": gone}  # type: ignore[union-attr]  # None would fail
        assert story.does("history", ada, room=ENDED).arguments["room"] == gone
        assert story.does("history", ada, room=OWN).arguments["room"] == kept

    def test_never_issued_comes_in_variants(self, story: Story) -> None:
        ada = story.sign_in("ada")
        picked = [story.picks("history", ada, NEVER, index=index) for index in range(3)]
        assert [call and call.arguments["room"] for call in picked] == [NeverIssued("Room", n) for n in range(3)]

    def test_what_only_a_stranger_tried_to_make_does_not_exist(self, story: Story) -> None:
        ada, ben = story.sign_in("ada"), story.sign_in("ben")
        story.open_thread(ada)
        story.does("post", ben, room=FOREIGN)
        assert story.tries("edit_message", ben, message=OWN) is None
        assert story.tries("edit_message", ada, message=OWN) is None


class TestProbes:
    def probes(self, story: Story, name: str, session: Ref, **relations: Relation) -> list[Mapping[str, Argument]]:
        operation = story.signatures.vocabulary.operation(name)
        plan = Plan(story.signatures, relations)
        return [call.arguments for call in story.composer.probe(operation, plan, session=session)]

    def test_something_foreign_is_asked_about_between_what_never_existed(self, story: Story) -> None:
        ada, ben = story.sign_in("ada"), story.sign_in("ben")
        room = story.open_thread(ada)
        story.open_thread(ben)
        asked = [NeverIssued("Room", 0), room, NeverIssued("Room", 1)]
        assert self.probes(story, "subscribe", ben, room=FOREIGN) == [
            {"me": ben, "line": Ref(ben.step, 2), "room": each} for each in asked
        ]
        assert story.does("list_threads", ben).number == 7

    def test_it_is_the_first_of_its_class_whatever_was_chosen(self, story: Story) -> None:
        ada, ben = story.sign_in("ada"), story.sign_in("ben")
        first = story.open_thread(ada, "a")
        story.open_thread(ada, "b")
        for relation in (FOREIGN, NEVER):
            assert self.probes(story, "history", ben, room=relation)[1]["room"] == first

    def test_nothing_that_is_or_was_the_actor_s_own(self, story: Story) -> None:
        ada, ben = story.sign_in("ada"), story.sign_in("ben")
        story.open_thread(ada)
        assert self.probes(story, "history", ada, room=OWN) == []
        assert self.probes(story, "history", ada, room=NEVER) == []
        story.does("invite", ada)
        story.does("kick", ada)
        assert self.probes(story, "history", ben, room=FOREIGN) == []

    def test_nothing_that_is_gone(self, story: Story) -> None:
        ada, ben = story.sign_in("ada"), story.sign_in("ben")
        story.open_thread(ada)
        story.does("delete_thread", ada)
        assert self.probes(story, "history", ben, room=NEVER) == []

    def test_nothing_where_nothing_can_be_named(self, story: Story) -> None:
        ada = story.sign_in("ada")
        assert self.probes(story, "list_threads", ada) == []
        assert self.probes(story, "history", ada) == []
        assert story.open_thread(ada) == Ref(1)


class TestFallbacks:
    def test_the_first_relation_for_which_there_is_a_thing_is_taken(self, story: Story) -> None:
        ada = story.sign_in("ada")
        room = story.open_thread(ada)
        call = story.picks("history", ada, ENDED, FOREIGN, OWN, NEVER)
        assert call
        assert call.arguments["room"] == room

    def test_never_issued_is_passed_over_for_what_has_no_id(self) -> None:
        signatures = read_signatures(Bare)
        composer = Composer(signatures.vocabulary)
        composer.compose(signatures.vocabulary.operation("join"), Plan(signatures))
        read = signatures.vocabulary.operation("write")
        assert composer.compose(read, InOrder(signatures, NEVER)) is None
        made = composer.compose(signatures.vocabulary.operation("found"), Plan(signatures))
        assert made
        written = composer.compose(read, InOrder(signatures, NEVER, OWN))
        assert written
        assert written.arguments["place"] == Ref(made.number)

    def test_without_any_thing_there_is_no_step_and_none_is_counted(self, story: Story) -> None:
        ada = story.sign_in("ada")
        assert story.tries("post", ada) is None
        assert story.open_thread(ada) == Ref(1)

    def test_nobody_acts_before_somebody_has_signed_in(self, story: Story) -> None:
        operation = story.signatures.vocabulary.operation("connect")
        assert story.composer.compose(operation, Plan(story.signatures)) is None

    def test_who_has_logged_out_acts_no_more(self, story: Story) -> None:
        ada, ben = story.sign_in("ada"), story.sign_in("ben")
        story.does("log_out", ada)
        assert [thing.ref for thing in story.composer.sessions()] == [ben]

    def test_a_sequence_may_be_empty(self) -> None:
        signatures = read_signatures(Bare)
        composer = Composer(signatures.vocabulary)
        assert composer.compose(signatures.vocabulary.operation("gather"), Plan(signatures)) == Call(
            0, "gather", {"members": Several()}
        )

    def test_a_sequence_holds_all_up_to_the_chosen_one(self) -> None:
        signatures = read_signatures(Bare)
        composer = Composer(signatures.vocabulary)
        for name in ("a", "b", "c"):
            composer.compose(signatures.vocabulary.operation("join"), Plan(signatures, name=name))
        call = composer.compose(signatures.vocabulary.operation("gather"), InOrder(signatures, OWN, index=1))
        assert call
        assert call.arguments["members"] == Several((Ref(0), Ref(1)))


class TestOrder:
    def test_the_latest_made_is_the_likeliest(self, story: Story) -> None:
        ada = story.sign_in("ada")
        rooms = [story.open_thread(ada, slug) for slug in ("a", "b", "c")]
        picked = [story.picks("history", ada, OWN, index=index) for index in range(3)]
        assert [call and call.arguments["room"] for call in picked] == rooms[::-1]

    def test_what_was_shared_last_comes_before_what_was_made_last(self, story: Story) -> None:
        ada, ben = story.sign_in("ada"), story.sign_in("ben")
        shared = story.open_thread(ada)
        own = story.open_thread(ben)
        assert story.does("history", ben).arguments["room"] == own
        story.does("invite", ada)
        assert story.does("history", ben).arguments["room"] == shared

    def test_who_is_let_in_lacks_the_right_so_far(self, story: Story) -> None:
        ada, ben, cleo = (story.sign_in(name) for name in ("ada", "ben", "cleo"))
        story.open_thread(ada)
        assert story.does("invite", ada).arguments["member"] == user_of(ben)
        assert story.does("invite", ada).arguments["member"] == user_of(cleo)

    def test_who_is_put_out_has_the_right_and_is_somebody_else(self, story: Story) -> None:
        ada = story.sign_in("ada")
        story.sign_in("ben")
        cleo = story.sign_in("cleo")
        story.open_thread(ada)
        invited = story.picks("invite", ada, OWN, index=1)
        assert invited
        assert invited.arguments["member"] == user_of(cleo)
        assert story.does("kick", ada).arguments["member"] == user_of(cleo)

    def test_arguments_are_in_the_order_of_the_parameters(self, story: Story) -> None:
        ada = story.sign_in("ada")
        room = story.open_thread(ada)
        story.sign_in("ben")
        assert list(story.does("invite", ada).arguments) == ["me", "room", "member"]
        assert list(story.does("post", ada).arguments.items()) == [
            ("me", ada),
            ("room", room),
            ("body", SecretText("note {canary}")),
        ]


class TestReplies:
    def test_equal_choices_make_equal_programs(self, signatures: Signatures) -> None:
        """Nothing of a reply is ever told to a composer: this is all that its steps can depend on."""

        def program() -> list[Call | None]:
            story = Story(signatures)
            ada, ben = story.sign_in("ada"), story.sign_in("ben")
            story.open_thread(ada)
            steps: Mapping[str, Ref] = {"post": ada, "history": ben, "delete_thread": ada, "open_thread": ben}
            return [story.picks(name, who, FOREIGN, OWN, NEVER) for name, who in steps.items()]

        assert program() == program()

    def test_a_step_counts_as_done_as_soon_as_it_is_composed(self, story: Story) -> None:
        ada = story.sign_in("ada")
        assert not story.composer.has_own(story.composer.sessions()[0], "Room")
        story.open_thread(ada)
        user = story.composer.sessions()[0].owner
        assert user
        assert story.composer.has_own(user, "Room")

    def test_names_are_what_was_chosen(self, story: Story) -> None:
        story.sign_in("ada")
        call = story.composer.compose(story.signatures.vocabulary.operation("sign_in"), Plan(story.signatures))
        assert call == Call(1, "sign_in", {"name": Literal("a")})


class Text(Secret):
    pass


class Person(User):
    pass


class Visit(Session):
    pass


class Place(Thread):
    """No `id`, so nobody can name one that was never issued."""


class Bare(Target):
    @operation
    async def join(self, name: Name) -> tuple[Person, Visit]: ...
    @operation
    async def found(self, visit: Visit) -> Place: ...
    @operation
    async def write(self, visit: Visit, place: Place, text: Text) -> None: ...
    @operation
    async def gather(self, members: Audience[Sequence[Person]]) -> Place: ...
