"""The machine draws programs and has them executed; it stops when the run says so, and Hypothesis never judges."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from itertools import pairwise
from typing import Any, TypeVar

import pytest
from benchmarks.shrinking.club import NoServices
from hypothesis import HealthCheck, Phase, Verbosity, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from isofuzz.engine.interpreter import Execution
from isofuzz.engine.machine import Maker, Stop, build_machine
from isofuzz.engine.system import System
from isofuzz.history.entries import Completion, Outcome
from isofuzz.oracles.judge import Judge
from isofuzz.program.canary import Mint
from isofuzz.program.probes import probed_between
from isofuzz.program.steps import Argument, Program, Ref, SecretText
from isofuzz.target.base import Target, operation
from isofuzz.target.signatures import read_signatures
from isofuzz.target.things import All, Ends, Name, Query, Refused, Secret, Session, Socket, Some, Thread, User

T = TypeVar("T")


class Text(Secret):
    pass


class Person(User):
    id: int


class Visit(Session, exclusive=True):
    person: int


class Page(Thread):
    id: int


class Pages(Target):
    """A system in a dictionary: pages that only their author reads. With `leaks`, anyone reads everything."""

    leaks = False

    def __init__(self) -> None:
        self.pages: dict[int, list[str]] = {}
        self.authors: dict[int, int] = {}
        self.people: dict[str, int] = {}

    async def reset(self) -> None:
        self.__init__()  # type: ignore[misc]  # an empty system is a new one

    @operation
    async def enter(self, name: Name) -> tuple[Person, Visit]:
        person = self.people.setdefault(name, len(self.people))
        return Person(person), Visit(person)

    @operation
    async def begin(self, visit: Visit, text: Text) -> Page:
        page = len(self.authors)
        self.pages[page], self.authors[page] = [text], visit.person
        return Page(page)

    @operation
    async def tear(self, visit: Visit, page: Ends[Page]) -> None:
        self._check(visit, page)
        del self.pages[page.id]

    @operation
    async def read(self, visit: Visit, page: Page) -> All[Text]:
        self._check(visit, page)
        return self.pages[page.id]

    @operation
    async def search(self, visit: Visit, text: Query) -> Some[Text]:
        mine = [texts for page, texts in self.pages.items() if self.leaks or self.authors[page] == visit.person]
        return [text for texts in mine for text in texts]

    def _check(self, visit: Visit, page: Page) -> None:
        if page.id not in self.pages or self.authors[page.id] != visit.person:
            raise Refused("not found")


class Leaky(Pages):
    leaks = True


class Line(Socket):
    pass


class Restarting(Pages):
    """The same, which can be restarted while a page is read, and shows what is new to whoever has a line."""

    async def restart(self) -> None:
        pass

    @operation
    async def connect(self, visit: Visit) -> Line:
        raise Refused("busy")

    @operation
    async def read(self, visit: Visit, page: Page) -> All[Text]:
        for _ in range(2):
            await asyncio.sleep(0)
        return await super().read(visit, page)


class NoDatabase(NoServices):
    """Counts how often it is reset."""

    resets = 0

    async def reset(self) -> None:
        self.resets += 1


class Run:
    """A run that wants some programs, and notes each that the machine drew."""

    def __init__(self, loop: asyncio.AbstractEventLoop, target: Target, *, programs: int) -> None:
        self._loop = loop
        self.signatures = read_signatures(type(target))
        self.executions: list[Execution] = []
        self.problems: list[Exception] = []
        self.bursts_wanted = 10_000
        self._left = programs
        self._system = System(target, self.signatures, NoDatabase(), Mint("abc123"))

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        return self._loop.run_until_complete(work)

    async def begin(self) -> Execution:
        await self._system.reset()
        self.executions.append(Execution(self._system, Judge(self.signatures.vocabulary)))
        return self.executions[-1]

    def wants_more(self, execution: Execution) -> bool:
        return len(execution.bursts) < self.bursts_wanted and not execution.judge.violations

    def ended(self, execution: Execution) -> bool:
        self._left -= 1
        return self._left > 0

    def failed(self, problem: Exception) -> None:
        self.problems.append(problem)

    @property
    def programs(self) -> list[Program]:
        return [execution.program for execution in self.executions]


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    with asyncio.Runner() as runner:
        yield runner.get_loop()


def drawn(run: Run, *, examples: int = 30, steps: int = 30, number: int = 0, sessions: int | None = None) -> None:
    """Have Hypothesis draw programs until the run has enough."""
    limits = settings(
        max_examples=examples,
        stateful_step_count=steps,
        phases=(Phase.generate,),
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
    )
    maker: Any = Maker(build_machine(run.signatures, sessions=sessions), run, "Pages")
    run_state_machine_as_test(seed(number)(maker), settings=limits)


@pytest.fixture(scope="module")
def run(loop: asyncio.AbstractEventLoop) -> Run:
    """A run that has drawn twenty programs of a healthy system."""
    run = Run(loop, Pages(), programs=20)
    with pytest.raises(Stop):
        drawn(run)
    return run


@pytest.fixture(scope="module")
def crowded(loop: asyncio.AbstractEventLoop) -> Run:
    """A run that has drawn twenty programs of twelve sessions."""
    run = Run(loop, Pages(), programs=20)
    with pytest.raises(Stop):
        drawn(run, sessions=12, number=1)
    return run


def test_every_operation_is_drawn(run: Run) -> None:
    drawn_operations = {call.operation for program in run.programs for call in program.calls}
    assert drawn_operations == {"enter", "begin", "tear", "read", "search"}


def test_a_healthy_system_shows_no_violation(run: Run) -> None:
    assert [execution.judge.violations for execution in run.executions] == [[]] * 20


def test_operations_succeed_and_are_refused(run: Run) -> None:
    outcomes = {
        entry.outcome for execution in run.executions for entry in execution.history if isinstance(entry, Completion)
    }
    assert outcomes == {Outcome.OK, Outcome.REFUSED}


def test_every_program_begins_with_users_who_have_something(run: Run) -> None:
    for program in run.programs:
        operations = [call.operation for call in program.calls]
        assert operations[:2] == ["enter", "enter"]
        assert "begin" in operations


def test_steps_overlap_but_no_more_than_four(run: Run) -> None:
    sizes = {len(burst.calls) for program in run.programs for burst in program.bursts}
    assert {1, 2} <= sizes <= {1, 2, 3, 4}


def test_no_step_overlaps_the_one_that_makes_what_it_takes(run: Run) -> None:
    for burst in (burst for program in run.programs for burst in program.bursts):
        numbers = {call.number for call in burst.calls}
        assert not any(ref.step in numbers for call in burst.calls for ref in call.references())


def test_what_is_exclusive_takes_one_call_at_a_time(run: Run) -> None:
    for burst in (burst for program in run.programs for burst in program.bursts):
        visits = [call.arguments["visit"] for call in burst.calls if "visit" in call.arguments]
        assert len(set(visits)) == len(visits)


def test_steps_are_numbered_in_the_order_in_which_they_start(run: Run) -> None:
    for program in run.programs:
        assert all(before.number < after.number for before, after in pairwise(program.calls))


def test_secrets_carry_the_slot_for_a_canary(run: Run) -> None:
    texts = [call.arguments["text"] for program in run.programs for call in program.calls if call.operation == "begin"]
    assert all(isinstance(text, SecretText) for text in texts)
    assert len(set(texts)) > 1


def test_the_same_seed_draws_the_same_programs(loop: asyncio.AbstractEventLoop) -> None:
    def programs(number: int) -> list[Program]:
        run = Run(loop, Pages(), programs=5)
        with pytest.raises(Stop):
            drawn(run, number=number)
        return run.programs

    assert programs(1) == programs(1)
    assert programs(1) != programs(2)


def test_what_is_drawn_does_not_depend_on_what_the_system_answers(loop: asyncio.AbstractEventLoop) -> None:
    class Refusing(Pages):
        @operation
        async def begin(self, visit: Visit, text: Text) -> Page:
            raise Refused("read-only")

    healthy, refusing = Run(loop, Pages(), programs=5), Run(loop, Refusing(), programs=5)
    for run in (healthy, refusing):
        with pytest.raises(Stop):
            drawn(run)
    assert healthy.programs == refusing.programs


def test_without_a_violation_hypothesis_ends_by_itself(loop: asyncio.AbstractEventLoop) -> None:
    run = Run(loop, Pages(), programs=1000)
    drawn(run, examples=5)
    assert 1 <= len(run.executions) < 1000


class TestStop:
    def test_a_violation_leaves_hypothesis_at_once_and_nothing_is_run_again(
        self, loop: asyncio.AbstractEventLoop
    ) -> None:
        run = Run(loop, Leaky(), programs=1000)
        with pytest.raises(Stop):
            drawn(run)
        *clean, leaking = run.executions
        assert leaking.judge.violations
        assert not any(execution.judge.violations for execution in clean)

    def test_the_steps_after_a_violation_are_not_executed(self, loop: asyncio.AbstractEventLoop) -> None:
        run = Run(loop, Leaky(), programs=1000)
        with pytest.raises(Stop):
            drawn(run)
        leaking = run.executions[-1]
        last = leaking.program.bursts[-1]
        assert leaking.judge.violations[0].step in {call.number for call in last.calls}

    def test_no_more_bursts_than_the_run_wants(self, loop: asyncio.AbstractEventLoop) -> None:
        run = Run(loop, Pages(), programs=1000)
        run.bursts_wanted = 3
        with pytest.raises(Stop):
            drawn(run)
        assert [len(execution.bursts) for execution in run.executions] == [3]


class TestFailure:
    @pytest.mark.parametrize("where", ["begin", "run"])
    def test_what_isofuzz_stands_on_fails_once_and_is_told(
        self, loop: asyncio.AbstractEventLoop, where: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        run = Run(loop, Pages(), programs=1000)
        calls = 0

        def failing(real: Callable[..., Any], after: int) -> Callable[..., Any]:
            async def fail(*args: Any) -> Any:
                nonlocal calls
                calls += 1
                if calls > after:
                    raise RuntimeError("the database is gone")
                return await real(*args)

            return fail

        if where == "begin":
            monkeypatch.setattr(run, "begin", failing(run.begin, after=3))
        else:
            monkeypatch.setattr(Execution, "run", failing(Execution.run, after=9))
        with pytest.raises(Stop):
            drawn(run)
        assert [str(problem) for problem in run.problems] == ["the database is gone"]


def test_some_steps_ask_about_what_exists_between_what_never_did(run: Run) -> None:
    alike = sum(execution.judge.existence.alike.total() for execution in run.executions)
    probes = [
        calls
        for program in run.programs
        for calls in zip(program.calls, program.calls[1:], program.calls[2:], strict=False)
        if probed_between(*calls)
    ]
    assert len(probes) == alike > 0


def test_once_the_system_was_restarted_every_session_connects_again(loop: asyncio.AbstractEventLoop) -> None:
    run = Run(loop, Restarting(), programs=20)
    with pytest.raises(Stop):
        drawn(run)
    restarts = 0
    for program in run.programs:
        assert all(before.number < after.number for before, after in pairwise(program.calls))
        signed_in: set[Argument] = set()
        for place, burst in enumerate(program.bursts):
            signed_in.update(Ref(call.number, 1) for call in burst.calls if call.operation == "enter")
            if burst.restarts:
                restarts += 1
                later = program.bursts[place + 1 :]
                calls = (call for each in later for call in each.calls if call.operation == "connect")
                # What was composed before, a probe of three steps at the most, comes first, and may be the last.
                assert signed_in <= {call.arguments["visit"] for call in calls} or len(later) <= 3
    assert restarts


def test_bursts_are_never_empty(run: Run) -> None:
    assert all(burst.calls for program in run.programs for burst in program.bursts)


class TestSessions:
    """Asked for a number of sessions, programs have as many users who act at the same time."""

    def test_every_program_begins_with_so_many_users_who_sign_in_together(self, crowded: Run) -> None:
        for program in crowded.programs:
            entering = program.bursts[0].calls
            assert [call.operation for call in entering] == ["enter"] * 12
            assert len({call.arguments["name"] for call in entering}) == 12

    def test_all_of_them_do_the_same_at_the_same_time(self, crowded: Run) -> None:
        together = {
            burst.calls[0].operation
            for program in crowded.programs
            for burst in program.bursts[1:]
            if len({call.arguments.get("visit") for call in burst.calls}) == 12
            and len({call.operation for call in burst.calls}) == 1
        }
        assert together == {"begin", "tear", "read", "search"}

    def test_some_of_them_with_their_own_things_and_some_with_those_of_others(self, crowded: Run) -> None:
        [*_, wide] = [
            burst
            for program in crowded.programs
            for burst in program.bursts
            if [call.operation for call in burst.calls] == ["read"] * 12
        ]
        assert len({call.arguments["page"] for call in wide.calls}) > 1

    def test_other_bursts_are_wider_too_but_no_wider_than_that(self, crowded: Run) -> None:
        sizes = {len(burst.calls) for program in crowded.programs for burst in program.bursts}
        assert {1, 2, 5, 12} <= sizes <= set(range(1, 13))

    def test_a_healthy_system_shows_no_violation(self, crowded: Run) -> None:
        assert [execution.judge.violations for execution in crowded.executions] == [[]] * 20

    def test_what_is_drawn_does_not_depend_on_what_the_system_answers(self, loop: asyncio.AbstractEventLoop) -> None:
        class Refusing(Pages):
            @operation
            async def begin(self, visit: Visit, text: Text) -> Page:
                raise Refused("read-only")

        healthy, refusing = Run(loop, Pages(), programs=5), Run(loop, Refusing(), programs=5)
        for run in (healthy, refusing):
            with pytest.raises(Stop):
                drawn(run, sessions=12)
        assert healthy.programs == refusing.programs

    def test_a_violation_ends_the_program_with_the_burst_that_showed_it(self, loop: asyncio.AbstractEventLoop) -> None:
        run = Run(loop, Leaky(), programs=1000)
        with pytest.raises(Stop):
            drawn(run, sessions=12)
        leaking = run.executions[-1]
        assert leaking.judge.violations[0].step in {call.number for call in leaking.program.bursts[-1].calls}
