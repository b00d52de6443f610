"""Profiles: how much a run does. Each is also registered with Hypothesis, as `isofuzz-` and its name.

Hypothesis is imported where it is needed: the names of the profiles are wanted where it would take too long to load.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from isofuzz.errors import UsageError
from isofuzz.runs.misspelt import meant

if TYPE_CHECKING:
    from hypothesis import settings


@dataclass(frozen=True)
class Profile:
    """The budget of a run.

    `programs` random programs of up to `steps` steps after their prologue, for at most `seconds`; `findings` after
    which it stops; `shrink_seconds` for each of them. One random program in `compare_one_in` is compared with what each
    user observes without the others, which costs as much as five; None: none is. `known_only`: what is known instead of
    anything new, which is the kept cases of the target, and of the random programs those that Hypothesis remembers.
    """

    name: str
    programs: int
    steps: int
    seconds: float
    findings: int
    shrink_seconds: float
    compare_one_in: int | None = None
    known_only: bool = False

    @property
    def hypothesis_name(self) -> str:
        """Under which name Hypothesis knows it."""
        return f"isofuzz-{self.name}"


PROFILES = {
    profile.name: profile
    for profile in (
        Profile("dev", programs=40, steps=20, seconds=20, findings=1, shrink_seconds=20, compare_one_in=10),
        Profile("ci", programs=200, steps=30, seconds=120, findings=3, shrink_seconds=60, compare_one_in=5),
        Profile("nightly", programs=20_000, steps=50, seconds=3600, findings=50, shrink_seconds=300, compare_one_in=1),
        Profile("replay", programs=1000, steps=50, seconds=120, findings=50, shrink_seconds=20, known_only=True),
    )
}
DEFAULT = "dev"


def profile_named(name: str) -> Profile:
    """The profile of this name, `isofuzz-` before it or not; raises UsageError that lists those that there are."""
    bare = name.removeprefix("isofuzz-")
    profile = PROFILES.get(bare)
    if profile is None:
        raise UsageError(f"there is no profile {name!r}{meant(bare, PROFILES)}; write one of {', '.join(PROFILES)}")
    return profile


def register_profiles() -> None:
    """Make the profiles known to Hypothesis, for `--hypothesis-profile`; no profile of another name is touched."""
    from hypothesis import settings

    for profile in PROFILES.values():
        settings.register_profile(profile.hypothesis_name, hypothesis_settings(profile))


def hypothesis_settings(profile: Profile) -> "settings":
    """How Hypothesis runs the machine: it only finds; isofuzz itself shrinks, replays and judges."""
    from hypothesis import HealthCheck, Phase, Verbosity, settings

    return settings(
        max_examples=profile.programs,
        stateful_step_count=profile.steps,
        phases=(Phase.reuse,) if profile.known_only else (Phase.reuse, Phase.generate),
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=False,
        report_multiple_bugs=False,
        print_blob=False,
        verbosity=Verbosity.quiet,
    )
