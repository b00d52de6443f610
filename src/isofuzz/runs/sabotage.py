"""Would a leak be noticed? Leaks are made of the real system's real replies and frames, and each must be reported.

What is reported of them is no finding and is not kept. What leaks before, though, is the system's own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from isofuzz.engine.evidence import excerpt
from isofuzz.engine.interpreter import Execution, execute
from isofuzz.engine.sabotage import CopiedFrames, Sabotage, SwappedReplies
from isofuzz.engine.system import System
from isofuzz.generators.corpora import PLAIN_NAMES
from isofuzz.history.entries import Completion, Delivery, Invocation, Outcome, Skipped
from isofuzz.history.world import Thing, may_see
from isofuzz.oracles.judge import Judge
from isofuzz.oracles.violation import Breach, Violation
from isofuzz.program.steps import Program
from isofuzz.program.vocabulary import Operation, ThingSpec
from isofuzz.runs.draft import Draft
from isofuzz.runs.sweep import only_writes
from isofuzz.target.signatures import Signatures

See = Callable[[Execution, Violation], None]

_SUBSCRIBE = "see whether the operation that subscribes succeeds, and whether `frames()` yields what the system pushes"
_UNSEEN = "what was shown was not theirs to see, and still no oracle said so", "report this as a bug of isofuzz"
_LONGEST = 120
"""Characters of what the system showed that are told."""


class Answer(Enum):
    """What a part of a check says; not applicable is what the target offers nothing for."""

    PASS = "PASS"
    FAIL = "FAIL"
    NOT_APPLICABLE = "NOT APPLICABLE"


@dataclass(frozen=True)
class Attempt:
    """A sabotage of one operation or class of subscription: how often it was `done`, and how often reported.

    `reason` says why it is not `PASS`, and `advice` what to do about it.
    """

    name: str
    answer: Answer
    done: int = 0
    reported: int = 0
    reason: str = ""
    advice: str = ""


async def swap_replies(system: System, operation: Operation, see: See) -> Attempt:
    """Two users do this, each with what is their own; then once more, and each gets the other's first reply.

    `see` hears of what the system itself shows to be wrong.
    """
    name = operation.name
    if system.signatures.vocabulary.actor(operation) is None:
        return Attempt(name, Answer.NOT_APPLICABLE, reason="it is the operator's, who may see everything")
    drafted = _drafted_swap(system.signatures, operation)
    if drafted is None:
        return Attempt(name, Answer.NOT_APPLICABLE, reason="two users cannot both do it twice with things of their own")
    program, first, second = drafted
    sabotage = SwappedReplies(dict(zip(second, reversed(first), strict=True)))
    execution = await _executed(system, program, Judge(system.signatures.vocabulary), sabotage, see)
    judge = execution.judge
    if any(violation.step in first for violation in judge.violations):
        return Attempt(name, Answer.NOT_APPLICABLE, reason="what it shows is wrong already, without any sabotage")
    crossed = {violation.step for violation in judge.violations if violation.breach is Breach.FOREIGN}
    reported = sum(step in crossed for step in second)
    if reported == len(second):
        return Attempt(name, Answer.PASS, reported, reported)
    missed = next(step for step in second if step not in crossed)
    return _missed_swap(execution, sabotage, operation, missed, reported)


def _drafted_swap(signatures: Signatures, operation: Operation) -> tuple[Program, list[int], list[int]] | None:
    """The program, with the steps in which both users do it for the first time, and for the second."""
    draft = Draft(signatures, share=False)
    users = (draft.owner, draft.guest)
    draft.all_who(only_writes, *users)
    rounds: tuple[list[int], list[int]] = ([], [])
    for steps in rounds:
        for user in users:
            call = draft.compose(operation, user)
            if call is None:
                return None
            draft.together(call)
            steps.append(call.number)
    return draft.program, *rounds


def _missed_swap(
    execution: Execution, sabotage: SwappedReplies, operation: Operation, step: int, reported: int
) -> Attempt:
    """Why the step that got another's reply was not reported."""
    done = len(sabotage.swapped)
    if step not in sabotage.swapped:
        return Attempt(operation.name, Answer.FAIL, done, reported, *_not_done(execution, operation))
    model = execution.judge.model
    user = model.deeds[step].user
    [entry] = (each for each in execution.history if isinstance(each, Completion) and each.step == step)
    if not entry.seen:
        return Attempt(
            operation.name,
            Answer.FAIL,
            done,
            reported,
            f"what it returned held no {operation.shown} that anybody wrote: {_told(sabotage.replies[step])}",
            f"let `{operation.name}` return what the system showed, with every {operation.shown} in it, not ids or "
            f"counts; if the system shortens or masks a {operation.shown}, use what shows it whole",
        )
    if user and _may_see_all(execution, user, entry.seen):
        return Attempt(operation.name, Answer.NOT_APPLICABLE, reason="what it shows is everybody's, as the target says")
    return Attempt(operation.name, Answer.FAIL, done, reported, *_UNSEEN)


def _not_done(execution: Execution, operation: Operation) -> tuple[str, str]:
    """Why no reply could be swapped, and what to do."""
    steps = {e.step for e in execution.history if isinstance(e, Invocation | Skipped) and e.operation == operation.name}
    ends = [e for e in execution.history if isinstance(e, Completion) and e.step in steps]
    bad = next((each for each in ends if each.outcome is not Outcome.OK), None)
    advice = f"mend the target or the system until `{operation.name}` succeeds for whom it belongs to"
    if bad is None:
        return "it could not be executed, for what it takes was not made", advice
    how = "refused" if bad.outcome is Outcome.REFUSED else "answered unexpectedly"
    return f"a user was {how} with things of their own: {_cut(bad.text)}", advice


async def copy_frames(system: System, subscription: ThingSpec, see: See) -> Attempt:
    """Others write where a user has subscribed, and each event also goes to the socket of a stranger.

    `see` hears of what the system itself shows to be wrong.
    """
    draft = Draft(system.signatures, share=True, names=PLAIN_NAMES[:3])
    owner, guest, stranger = [*draft.sessions, None, None, None][:3]
    if stranger is None:
        return Attempt(subscription.name, Answer.NOT_APPLICABLE, reason="there are not three users at a time")
    draft.all_who(only_writes, owner, guest)
    judge = Judge(system.signatures.vocabulary)
    sabotage = CopiedFrames(judge.model, subscription.name, stranger.ref)
    execution = await _executed(system, draft.program, judge, sabotage, see)
    crossed = {
        violation.at
        for violation in judge.violations
        if violation.socket == sabotage.socket and violation.breach is Breach.FOREIGN
    }
    if len(crossed) > sabotage.copied:
        return Attempt(
            subscription.name, Answer.NOT_APPLICABLE, reason="strangers get it already, without any sabotage"
        )
    if sabotage.copied and len(crossed) == sabotage.copied:
        return Attempt(subscription.name, Answer.PASS, sabotage.copied, len(crossed))
    return _missed_copy(execution, sabotage, subscription, len(crossed))


def _missed_copy(execution: Execution, sabotage: CopiedFrames, subscription: ThingSpec, reported: int) -> Attempt:
    """Why not every event that went to a stranger was reported."""
    name, done = subscription.name, sabotage.copied
    if not sabotage.arrived:
        return Attempt(name, Answer.FAIL, done, reported, *_nothing_arrived(execution, subscription))
    if not done:
        return Attempt(name, Answer.NOT_APPLICABLE, reason="a user who has subscribed to nothing foreign has no socket")
    deliveries = (each for each in execution.history if isinstance(each, Delivery) and each.socket == sabotage.socket)
    stranger = execution.judge.model.things[sabotage.socket].owner if sabotage.socket else None
    if stranger and all(_may_see_all(execution, stranger, each.seen) for each in deliveries):
        return Attempt(name, Answer.NOT_APPLICABLE, reason="what it announces is everybody's, as the target says")
    return Attempt(name, Answer.FAIL, done, reported, *_UNSEEN)


def _nothing_arrived(execution: Execution, subscription: ThingSpec) -> tuple[str, str]:
    sockets = {
        each.socket.ref
        for each in execution.judge.model.subscriptions
        if each.spec.name == subscription.name and each.socket and any(birth.certain for birth in each.births)
    }
    if not sockets:
        return f"nobody could be given a {subscription.name} on a socket", _SUBSCRIBE
    frames = [each for each in execution.history if isinstance(each, Delivery) and each.socket in sockets]
    events = [each for each in frames if not each.reply]
    if not events:
        return f"no frame arrived on a socket with a {subscription.name} when somebody wrote", _SUBSCRIBE
    text, arrived = subscription.pushes, f"{len(events)} arrived, the first: {_cut(events[0].text)}"
    advice = (
        f"let `frames()` yield what the system pushed, with the {text} in it; if the system pushes only ids, nobody "
        f"can tell whose they are: declare no {subscription.name}"
    )
    return f"no frame held a {text} that it announces; {arrived}", advice


async def _executed(system: System, program: Program, judge: Judge, sabotage: Sabotage, see: See) -> Execution:
    def see_what_is_not_ours(execution: Execution, violation: Violation) -> None:
        if not sabotage.begun:
            see(execution, violation)

    return await execute(system, program, judge, see_what_is_not_ours, stop=lambda execution: False, sabotage=sabotage)


def _may_see_all(execution: Execution, user: Thing, serials: tuple[int, ...]) -> bool:
    canaries = execution.judge.model.canaries
    end = len(execution.history)
    return all(serial in canaries and may_see(user, canaries[serial], end) for serial in serials)


def _told(values: list[object]) -> str:
    return _cut(excerpt(values)) or "nothing"


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
