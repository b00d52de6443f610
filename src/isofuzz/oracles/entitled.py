"""What an observer was entitled to see when they saw something else."""

from isofuzz.history.world import may_be_shown
from isofuzz.oracles.naming import Names
from isofuzz.oracles.scene import Scene
from isofuzz.oracles.violation import Breach

_SHOWN_TOO_MUCH = (Breach.FOREIGN, Breach.STALE)
_MOST = 6
"""Steps that are named; of a program that is not shrunk there may be hundreds."""


def entitled(scene: Scene, names: Names) -> str:
    """A sentence on the texts of the same kind that were theirs; nothing of what shows no text too much."""
    violation, canary = scene.violation, scene.canary
    if violation.breach not in _SHOWN_TOO_MUCH or canary is None:
        return ""
    since = violation.at if violation.step is None else scene.model.deeds[violation.step].act.invoked
    theirs = [
        each.written.step
        for each in scene.model.canaries.values()
        if each.spec is canary.spec
        and each is not canary
        and each.written.invoked < violation.at
        and may_be_shown(scene.observer, each, since, violation.at)
    ]
    observer, kind = names.short(scene.observer), canary.spec.name
    if not theirs:
        return f"{observer} was then entitled to no {kind}."
    return f"{observer} was then entitled to the {kind} of {_steps(theirs)} only."


def _steps(steps: list[int]) -> str:
    *others, last = (str(step) for step in steps[:_MOST])
    if len(steps) > _MOST:
        return f"steps {', '.join((*others, last))} and {len(steps) - _MOST} others"
    return f"steps {', '.join(others)} and {last}" if others else f"step {last}"
