"""Shrinking reaches the shortest story, never runs a program twice, and always has its best at hand.

The programs never run: whether one "leaks" is a question asked of its text, so the exact minimum is known.
"""

# mypy: disable-error-code="misc"
# Things are made into dataclasses by their base class.

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from random import Random

import pytest

from isofuzz import Name, Secret, Session, Target, Thread, User, operation
from isofuzz.engine.plan import Plan
from isofuzz.engine.shrinker import Plainest, Shrinker
from isofuzz.program.schedule import Schedule
from isofuzz.program.steps import Burst, Call, Literal, NeverIssued, Program, Ref, SecretText, Several
from isofuzz.program.vocabulary import Vocabulary
from isofuzz.target.signatures import Signatures, read_signatures

Leaks = Callable[[Program], bool]


@pytest.fixture
def vocabulary(signatures: Signatures) -> Vocabulary:
    return signatures.vocabulary


class Trial:
    """A shrinker at work, and every program that it asked about."""

    def __init__(
        self,
        program: Program,
        vocabulary: Vocabulary,
        leaks: Leaks,
        *,
        executions: int = 10_000,
        plainest: Plainest = lambda operation, parameter: Literal(None),
    ) -> None:
        self.executed: list[Program] = []
        self.sizes: list[int] = []
        self.shrinker = Shrinker(
            program,
            vocabulary,
            self._reproduces,
            plainest,
            may_go_on=lambda: len(self.executed) < executions,
            on_progress=lambda shrinker: self.sizes.append(len(shrinker.best)),
        )
        self._leaks = leaks

    async def _reproduces(self, program: Program) -> bool:
        self.executed.append(program)
        return self._leaks(program)


def sign_in(number: int, name: str = "a") -> Call:
    return Call(number, "sign_in", {"name": Literal(name)})


def open_thread(number: int, me: int, slug: str = "a", title: str = "{canary}") -> Call:
    return Call(number, "open_thread", {"me": Ref(me, 1), "slug": Literal(slug), "title": SecretText(title)})


def in_room(number: int, operation: str, me: int, room: int, **more: Ref | SecretText) -> Call:
    return Call(number, operation, {"me": Ref(me, 1), "room": Ref(room), **more})


def list_threads(number: int, me: int) -> Call:
    return Call(number, "list_threads", {"me": Ref(me, 1)})


def search(number: int, me: int, text: str) -> Call:
    return Call(number, "search", {"me": Ref(me, 1), "text": Literal(text)})


def noise(random: Random, first: int, count: int) -> Iterator[Call]:
    """Steps of a busy chat: users, threads, messages and reads that refer to what was there before."""
    users, rooms = [first], [first + 1]
    yield sign_in(first)
    yield open_thread(first + 1, first)
    for number in range(first + 2, first + count):
        me, room = random.choice(users), random.choice(rooms)
        match random.randrange(6):
            case 0:
                users.append(number)
                yield sign_in(number, random.choice("abc%_"))
            case 1:
                rooms.append(number)
                yield open_thread(number, me, random.choice(("a", "a:b", "%")), "a note: {canary}.")
            case 2:
                yield in_room(number, "post", me, room, body=SecretText("<b>{canary}</b>"))
            case 3:
                yield in_room(number, "history", me, room)
            case 4:
                yield in_room(number, "invite", me, room, member=Ref(random.choice(users)))
            case 5:
                yield search(number, me, random.choice(("note", "%", "a or b")))


def buried(story: list[Call], random: Random) -> Program:
    """The story scattered in order among noise, some of it in bursts."""
    others = list(noise(random, 100, 40))
    places = sorted(random.sample(range(len(others) + 1), len(story)))
    for place, call in reversed(list(zip(places, story, strict=True))):
        others.insert(place, call)
    bursts: list[Burst] = []
    while others:
        size = random.choice((1, 1, 2, 3))
        bursts.append(Burst(tuple(others[:size])))
        others = others[size:]
    return Program(tuple(bursts))


LISTED = [sign_in(1), sign_in(2), open_thread(3, me=1), list_threads(4, me=2)]
KICKED = [
    sign_in(1),
    sign_in(2),
    open_thread(3, me=1),
    in_room(4, "invite", 1, 3, member=Ref(2)),
    Call(5, "subscribe", {"me": Ref(2, 1), "line": Ref(2, 2), "room": Ref(3)}),
    in_room(6, "kick", 1, 3, member=Ref(2)),
    in_room(7, "post", 1, 3, body=SecretText("{canary}")),
]


def lists_the_threads_of_another(program: Program) -> bool:
    """Whoever lists, and whoever's thread it is: any two users will do."""
    opened: set[Ref] = set()
    for call in program.calls:
        match call:
            case Call(_, "open_thread", {"me": Ref() as me}):
                opened.add(me)
            case Call(_, "list_threads", {"me": Ref() as me}) if opened - {me}:
                return True
    return False


def tells_the_whole(story: list[Call]) -> Leaks:
    return lambda program: {call.number for call in story} <= {call.number for call in program.calls}


@pytest.mark.parametrize("seed", range(20))
async def test_four_steps_are_found_among_noise(vocabulary: Vocabulary, seed: int) -> None:
    trial = Trial(buried(LISTED, Random(seed)), vocabulary, lists_the_threads_of_another)
    best = await trial.shrinker.shrink()
    assert sorted(call.operation for call in best.calls) == ["list_threads", "open_thread", "sign_in", "sign_in"]
    assert lists_the_threads_of_another(best)


@pytest.mark.parametrize("seed", range(20))
async def test_seven_steps_are_found_among_noise(vocabulary: Vocabulary, seed: int) -> None:
    trial = Trial(buried(KICKED, Random(seed)), vocabulary, tells_the_whole(KICKED))
    assert await trial.shrinker.shrink() == Program.serial(*KICKED)
    assert not trial.shrinker.exhausted


@pytest.mark.parametrize("seed", range(20))
async def test_no_program_is_executed_twice_and_none_is_malformed(vocabulary: Vocabulary, seed: int) -> None:
    found = buried(KICKED, Random(seed))
    trial = Trial(found, vocabulary, tells_the_whole(KICKED))
    await trial.shrinker.shrink()
    texts = [repr(program) for program in trial.executed]
    assert len(set(texts)) == len(texts) == trial.shrinker.executions
    assert repr(found) not in texts
    assert all(is_well_formed(program) for program in trial.executed)


def is_well_formed(program: Program) -> bool:
    made: set[int] = set()
    for call in program.calls:
        if any(ref.step not in made for ref in call.references()):
            return False
        made.add(call.number)
    return bool(made)


async def test_a_few_dozen_executions_do(vocabulary: Vocabulary) -> None:
    trial = Trial(buried(LISTED, Random(0)), vocabulary, lists_the_threads_of_another)
    await trial.shrinker.shrink()
    assert trial.shrinker.executions < 80


async def test_the_best_only_ever_gets_smaller(vocabulary: Vocabulary) -> None:
    trial = Trial(buried(KICKED, Random(1)), vocabulary, tells_the_whole(KICKED))
    await trial.shrinker.shrink()
    assert trial.sizes == sorted(trial.sizes, reverse=True)
    assert len(trial.sizes) == trial.shrinker.executions


@pytest.mark.parametrize("executions", [0, 1, 5, 20])
async def test_when_the_budget_is_spent_the_best_so_far_is_kept(vocabulary: Vocabulary, executions: int) -> None:
    found = buried(KICKED, Random(2))
    trial = Trial(found, vocabulary, tells_the_whole(KICKED), executions=executions)
    best = await trial.shrinker.shrink()
    assert trial.shrinker.exhausted
    assert len(trial.executed) == executions
    assert best == trial.shrinker.best
    assert best in (found, *trial.executed)
    assert tells_the_whole(KICKED)(best)


async def test_what_was_best_when_it_was_interrupted_is_at_hand(vocabulary: Vocabulary) -> None:
    def interrupted_at_ten(program: Program) -> bool:
        if len(program) <= 10:
            raise KeyboardInterrupt
        return tells_the_whole(KICKED)(program)

    trial = Trial(buried(KICKED, Random(3)), vocabulary, interrupted_at_ten)
    with pytest.raises(KeyboardInterrupt):
        await trial.shrinker.shrink()
    assert 10 < len(trial.shrinker.best) < 47


async def test_what_does_not_get_smaller_stays_as_it_is(vocabulary: Vocabulary) -> None:
    story = Program.serial(*KICKED)
    trial = Trial(story, vocabulary, lambda program: False)
    assert await trial.shrinker.shrink() == story


class Who(User):
    id: str


class Me(Session):
    token: str


class Shelf(Thread):
    id: int


class Line(Secret):
    pass


class Library(Target):
    """Its operations are never run; what counts is what they take."""

    @operation
    async def enter(self, name: Name) -> tuple[Who, Me]:
        raise NotImplementedError

    @operation
    async def build(self, me: Me, width: int) -> Shelf:
        raise NotImplementedError

    @operation
    async def write(self, me: Me, line: Line) -> None:
        raise NotImplementedError

    @operation
    async def look(self, me: Me, shelves: Sequence[Shelf], words: list[str]) -> list[str]:
        raise NotImplementedError


async def test_drawn_values_and_sequences_become_plain() -> None:
    me = Ref(0, 1)
    program = Program.serial(
        Call(0, "enter", {"name": Literal("a")}),
        Call(1, "build", {"me": me, "width": Literal(918273)}),
        Call(2, "build", {"me": me, "width": Literal(-5)}),
        Call(
            3,
            "look",
            {
                "me": me,
                "shelves": Several((Ref(1), NeverIssued("Shelf", 2), Ref(2))),
                "words": Literal(["\x1f", "wide", "qq"]),
            },
        ),
    )

    def leaks(program: Program) -> bool:
        widths = {call.number: call.arguments["width"] for call in program.calls if call.operation == "build"}
        looks = [call.arguments for call in program.calls if call.operation == "look"]
        for arguments in looks:
            shelves, words = arguments["shelves"], arguments["words"]
            assert isinstance(shelves, Several)
            assert isinstance(words, Literal)
            assert isinstance(words.value, list)
            invented = any(isinstance(each, NeverIssued) for each in shelves.items)
            return invented and Ref(1) in shelves.items and "wide" in words.value and widths.get(1) != Literal(0)
        return False

    signatures = read_signatures(Library)
    trial = Trial(program, signatures.vocabulary, leaks, plainest=Plan(signatures).drawn)
    best = await trial.shrinker.shrink()
    assert list(best.calls) == [
        Call(0, "enter", {"name": Literal("a")}),
        Call(1, "build", {"me": me, "width": Literal(1)}),
        Call(
            3,
            "look",
            {"me": me, "shelves": Several((Ref(1), NeverIssued("Shelf"))), "words": Literal(["wide"])},
        ),
    ]
    assert len(trial.executed) < 80


class TestOverlap:
    TOGETHER = Program(
        (Burst((sign_in(1),)), Burst((sign_in(2, "b"),)), Burst((open_thread(3, me=1), list_threads(4, me=2))))
    )

    @pytest.mark.parametrize("schedule", [None, Schedule.of([0, 0, 1, 2])])
    @pytest.mark.parametrize("before", [True, False])
    async def test_what_can_do_without_overlap_is_taken_out_of_a_burst(
        self, vocabulary: Vocabulary, schedule: Schedule | None, before: bool
    ) -> None:
        """Of three steps two have to overlap, and the third has to be there, before them or after them."""
        third = list_threads(6, 0) if before else list_threads(4, 0)
        needed = [list_threads(number, 0) for number in (4, 5, 6) if number != third.number]

        def leaks(program: Program) -> bool:
            order = [sorted(burst.numbers) for burst in program.bursts]
            together = [numbers for numbers in order if set(numbers) >= {call.number for call in needed}]
            if not together or third.number not in program.numbers:
                return False
            alone = [third.number]
            return together[0] == [4, 5, 6] or (
                alone in order and (order.index(alone) < order.index(together[0])) is before
            )

        calls = (list_threads(4, 0), list_threads(5, 0), list_threads(6, 0))
        trial = Trial(Program((Burst((sign_in(0),)), Burst(calls, schedule))), vocabulary, leaks)
        best = await trial.shrinker.shrink()
        together = [call.number for call in needed]
        rest = [[third.number], together] if before else [together, [third.number]]
        assert [list(burst.numbers) for burst in best.bursts] == [[0], *rest]
        assert len(trial.executed) < 120

    async def test_a_burst_is_taken_apart_where_overlap_does_not_matter(self, vocabulary: Vocabulary) -> None:
        trial = Trial(self.TOGETHER, vocabulary, lists_the_threads_of_another)
        best = await trial.shrinker.shrink()
        assert [len(burst.calls) for burst in best.bursts] == [1, 1, 1, 1]

    async def test_a_burst_stays_where_it_does(self, vocabulary: Vocabulary) -> None:
        def races(program: Program) -> bool:
            pairs = (pair for burst in program.bursts for pair in combinations(burst.calls, 2))
            return any({call.operation for call in pair} == {"open_thread", "list_threads"} for pair in pairs)

        trial = Trial(self.TOGETHER, vocabulary, races)
        best = await trial.shrinker.shrink()
        assert [call.operation for call in best.bursts[-1].calls] == ["open_thread", "list_threads"]

    async def test_what_chance_decided_is_decided_in_the_plainest_way_that_shows_it(
        self, vocabulary: Vocabulary
    ) -> None:
        def is_begun_in_the_middle(program: Program) -> bool:
            last = program.bursts[-1]
            return len(last.calls) == 2 and (last.schedule is None or str(last.schedule) in ("0011", "01010101"))

        trial = Trial(self.TOGETHER, vocabulary, is_begun_in_the_middle)
        best = await trial.shrinker.shrink()
        assert str(best.bursts[-1].schedule) == "0011"

    async def test_what_only_chance_shows_stays_as_it_is(self, vocabulary: Vocabulary) -> None:
        trial = Trial(
            self.TOGETHER,
            vocabulary,
            lambda program: any(len(b.calls) > 1 and b.schedule is None for b in program.bursts),
        )
        best = await trial.shrinker.shrink()
        assert [(len(burst.calls), burst.schedule) for burst in best.bursts] == [(1, None), (2, None)]

    async def test_of_many_that_overlap_some_are_left_out_whose_turns_were_decided_with_theirs(
        self, vocabulary: Vocabulary
    ) -> None:
        begun = Burst((sign_in(1),)), Burst((sign_in(2),))
        four = Burst(tuple(list_threads(number, me=1 + number % 2) for number in range(3, 7)), Schedule.parse("0213"))

        def races(program: Program) -> bool:
            last = program.bursts[-1]
            return last == four or (len(last.calls) > 1 and str(last.schedule) == "01")

        best = await Trial(Program((*begun, four)), vocabulary, races).shrinker.shrink()
        assert (len(best.bursts[-1].calls), str(best.bursts[-1].schedule)) == (2, "01")

    async def test_a_plain_way_is_taken_only_if_it_switches_less(self, vocabulary: Vocabulary) -> None:
        begun = self.TOGETHER.bursts[:-1]
        calls = self.TOGETHER.bursts[-1].calls

        def races(program: Program) -> bool:
            return program.bursts[-1].calls == calls and str(program.bursts[-1].schedule) in (
                "0101",
                "0111111111",
                "011",
            )

        trial = Trial(Program((*begun, Burst(calls, Schedule.parse("0101")))), vocabulary, races)
        best = await trial.shrinker.shrink()
        assert str(best.bursts[-1].schedule) == "0101", "the others have as many switches, or more"


async def test_a_link_of_a_chain_is_left_out_and_the_chain_holds(vocabulary: Vocabulary) -> None:
    def resume(number: int, line: Ref) -> Call:
        return Call(number, "resume", {"me": Ref(1, 1), "line": line})

    chain = [sign_in(1), resume(2, Ref(1, 2)), resume(3, Ref(2)), resume(4, Ref(3))]
    best = await Trial(Program.serial(*chain), vocabulary, lambda program: 4 in program.numbers).shrinker.shrink()
    assert best == Program.serial(sign_in(1), resume(4, Ref(1, 2)))


async def test_two_of_a_kind_go_together_where_their_number_counts(vocabulary: Vocabulary) -> None:
    def asks_as_often(program: Program) -> bool:
        count = Counter(call.arguments["me"] for call in program.calls if "me" in call.arguments)
        return len(count) == 2 and len(set(count.values())) == 1

    asked = [
        list_threads(3, 1),
        list_threads(4, 2),
        search(5, 1, "note"),
        list_threads(6, 1),
        search(7, 2, "note"),
        list_threads(8, 2),
    ]
    best = await Trial(Program.serial(sign_in(1), sign_in(2), *asked), vocabulary, asks_as_often).shrinker.shrink()
    assert len(best) == 4


class TestMerging:
    """One does for two: users with their sessions and sockets, and threads."""

    async def test_what_another_user_did_one_of_the_two_does(self, vocabulary: Vocabulary) -> None:
        story = [
            sign_in(1),
            sign_in(2, "b"),
            sign_in(3, "c"),
            open_thread(4, me=1),
            search(5, me=2, text="note"),
            list_threads(6, me=3),
        ]

        def leaks(program: Program) -> bool:
            return lists_the_threads_of_another(program) and 5 in program.numbers

        best = await Trial(Program.serial(*story), vocabulary, leaks).shrinker.shrink()
        assert len(best) == 5
        assert lists_the_threads_of_another(best)

    async def test_one_thread_does_for_two(self, vocabulary: Vocabulary) -> None:
        story = [sign_in(1), open_thread(2, me=1), open_thread(3, me=1, slug="b")]
        story += [in_room(4, "history", 1, 2), in_room(5, "history", 1, 3)]
        trial = Trial(Program.serial(*story), vocabulary, lambda program: {4, 5} <= set(program.numbers))
        assert await trial.shrinker.shrink() == Program.serial(*story[:2], story[3], in_room(5, "history", 1, 2))

    async def test_what_only_one_call_at_a_time_may_take_is_not_taken_by_two_that_overlap(
        self, vocabulary: Vocabulary
    ) -> None:
        things = tuple(replace(thing, exclusive=thing.name == "Me") for thing in vocabulary.things)
        shy = Vocabulary(things, vocabulary.secrets, vocabulary.operations)
        together = Burst((list_threads(3, me=1), list_threads(4, me=2)))
        program = Program((Burst((sign_in(1),)), Burst((sign_in(2),)), together))
        trial = Trial(program, shy, lambda candidate: len(candidate.bursts[-1].calls) == 2)
        best = await trial.shrinker.shrink()
        assert [call.arguments["me"] for call in best.bursts[-1].calls] == [Ref(1, 1), Ref(2, 1)]


class TestValues:
    async def test_texts_become_plain(self, vocabulary: Vocabulary) -> None:
        story = [sign_in(1, "ANA"), sign_in(2, "%"), open_thread(3, 1, "a:b", "<b>{canary}</b>"), search(4, 2, "%")]
        trial = Trial(Program.serial(*story), vocabulary, tells_the_whole(story))
        assert values(await trial.shrinker.shrink()) == ["a", "a", "a", "{canary}", "note"]

    async def test_a_query_never_becomes_so_short_that_it_hits_a_canary_by_chance(self, vocabulary: Vocabulary) -> None:
        story = [sign_in(1), open_thread(2, 1, title="{canary}"), search(3, 1, "%")]

        def finds(program: Program) -> bool:
            return tells_the_whole(story)(program) and values(program)[-1] in ("%", "a")

        trial = Trial(Program.serial(*story), vocabulary, finds)
        assert values(await trial.shrinker.shrink())[-1] == "%"

    async def test_a_text_that_matters_stays(self, vocabulary: Vocabulary) -> None:
        story = [sign_in(1, "ana"), sign_in(2, "%"), open_thread(3, 1, "a", "<b>{canary}</b>")]

        def has_wildcard(program: Program) -> bool:
            return tells_the_whole(story)(program) and "%" in values(program)

        trial = Trial(Program.serial(*story), vocabulary, has_wildcard)
        assert values(await trial.shrinker.shrink()) == ["a", "%", "a", "{canary}"]

    async def test_two_names_that_must_differ_become_the_plainest_two(self, vocabulary: Vocabulary) -> None:
        story = [sign_in(1, "strasse"), sign_in(2, "straße")]

        def differ(program: Program) -> bool:
            return len(program) == 2 and len(set(values(program))) == 2

        trial = Trial(Program.serial(*story), vocabulary, differ)
        assert values(await trial.shrinker.shrink()) == ["a", "b"]

    @pytest.mark.parametrize(
        ("found", "plainest"),
        [
            (("STRASSE", "strasse"), ["A", "a"]),
            (("ana", "an_"), ["a", "%"]),
            (("2147483647", "2147483648"), ["1", "01"]),
        ],
    )
    async def test_two_that_are_confused_become_the_plainest_two_that_are_confused_in_the_same_way(
        self, vocabulary: Vocabulary, found: tuple[str, str], plainest: list[str]
    ) -> None:
        story = [sign_in(1, found[0]), sign_in(2, found[1])]

        def are_confused(program: Program) -> bool:
            return len(program) == 2 and values(program) in (list(found), plainest)

        trial = Trial(Program.serial(*story), vocabulary, are_confused)
        assert values(await trial.shrinker.shrink()) == plainest

    async def test_texts_all_become_plain_at_once_where_they_do_not_matter(self, vocabulary: Vocabulary) -> None:
        story = [sign_in(1, "%"), sign_in(2, "ANA"), open_thread(3, 1, "a:b", "<b>{canary}</b>"), list_threads(4, 2)]
        trial = Trial(Program.serial(*story), vocabulary, tells_the_whole(story))
        await trial.shrinker.shrink()
        assert values(trial.executed[0]) == ["a", "b", "a", "{canary}"]

    async def test_once_a_text_is_plain_every_step_is_tried_away_again(self, vocabulary: Vocabulary) -> None:
        story = [sign_in(1, "ANA"), sign_in(2, "b"), list_threads(3, me=1)]

        def needs_two_while_odd(program: Program) -> bool:
            texts = values(program)
            return 3 in program.numbers and (texts[0] != "ANA" or len(program) == 3) and texts[:2] != ["a", "b"]

        trial = Trial(Program.serial(*story), vocabulary, needs_two_while_odd)
        assert len(await trial.shrinker.shrink()) == 2

    async def test_one_never_issued_thing_is_like_another(self, vocabulary: Vocabulary) -> None:
        read = Call(2, "history", {"me": Ref(1, 1), "room": NeverIssued("Room", 2)})
        trial = Trial(Program.serial(sign_in(1), read), vocabulary, tells_the_whole([read]))
        best = await trial.shrinker.shrink()
        assert best.calls[-1].arguments["room"] == NeverIssued("Room", 0)


class TestGuesses:
    """What may well be enough is tried first."""

    async def test_the_first_that_reproduces_is_where_it_begins(self, vocabulary: Vocabulary) -> None:
        found, story = buried(KICKED, Random(4)), Program.serial(*KICKED)
        trial = Trial(found, vocabulary, tells_the_whole(KICKED))
        best = await trial.shrinker.shrink(iter([Program.serial(*KICKED[:2]), story, found]))
        assert best == story
        assert trial.executed[:2] == [Program.serial(*KICKED[:2]), story]
        assert all(len(program) <= len(story) for program in trial.executed)

    async def test_a_guess_is_made_smaller_like_anything_else(self, vocabulary: Vocabulary) -> None:
        found = buried(LISTED, Random(5))
        trial = Trial(found, vocabulary, lists_the_threads_of_another)
        assert len(await trial.shrinker.shrink([Program.serial(*found.calls[:-1])])) == 4

    async def test_where_none_holds_it_goes_on_as_without(self, vocabulary: Vocabulary) -> None:
        found = buried(KICKED, Random(6))
        trial = Trial(found, vocabulary, tells_the_whole(KICKED))
        assert await trial.shrinker.shrink([Program.serial(*KICKED[:number]) for number in range(5)]) == Program.serial(
            *KICKED
        )

    async def test_what_is_no_smaller_is_no_guess(self, vocabulary: Vocabulary) -> None:
        story = Program.serial(*KICKED)
        trial = Trial(story, vocabulary, lambda program: False)
        await trial.shrinker.shrink([buried(KICKED, Random(7)), story])
        assert all(len(program) < len(story) for program in trial.executed)

    async def test_none_is_tried_twice(self, vocabulary: Vocabulary) -> None:
        found, guess = buried(KICKED, Random(8)), Program.serial(*KICKED[:3])
        trial = Trial(found, vocabulary, tells_the_whole(KICKED))
        await trial.shrinker.shrink([guess, guess])
        assert trial.executed.count(guess) == 1

    async def test_they_count_against_the_budget(self, vocabulary: Vocabulary) -> None:
        found = buried(KICKED, Random(9))
        trial = Trial(found, vocabulary, tells_the_whole(KICKED), executions=2)
        guesses = [Program.serial(*KICKED[:number]) for number in (1, 2, 3)]
        assert await trial.shrinker.shrink([*guesses, Program.serial(*KICKED)]) == found
        assert trial.executed == guesses[:2]
        assert trial.shrinker.exhausted


def values(program: Program) -> list[str]:
    return [text for call in program.calls for text in _texts(call.arguments.values())]


def _texts(arguments: Iterable[object]) -> Iterator[str]:
    for argument in arguments:
        match argument:
            case Literal(str(text)) | SecretText(text):
                yield text
