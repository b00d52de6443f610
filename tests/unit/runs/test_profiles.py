"""Profiles are found by name, and registered with Hypothesis without touching anyone else's."""

import pytest
from hypothesis import Phase, settings

from isofuzz.errors import UsageError
from isofuzz.runs.profiles import DEFAULT, PROFILES, hypothesis_settings, profile_named, register_profiles


@pytest.mark.parametrize("name", ["dev", "ci", "nightly", "replay"])
def test_a_profile_is_found_with_and_without_its_prefix(name: str) -> None:
    assert profile_named(name) is profile_named(f"isofuzz-{name}") is PROFILES[name]
    assert profile_named(name).hypothesis_name == f"isofuzz-{name}"


@pytest.mark.parametrize("name", ["", "CI", "default", "isofuzz-", "isofuzz-isofuzz-ci"])
def test_an_unknown_name_is_answered_with_those_that_there_are(name: str) -> None:
    with pytest.raises(UsageError) as refused:
        profile_named(name)
    assert str(refused.value) == f"there is no profile {name!r}; write one of dev, ci, nightly, replay"


@pytest.mark.parametrize("name", ["nightl", "isofuzz-nightli"])
def test_the_nearest_profile_is_offered(name: str) -> None:
    with pytest.raises(UsageError) as refused:
        profile_named(name)
    assert str(refused.value).startswith(f"there is no profile {name!r} (did you mean 'nightly'?); write one of dev")


def test_the_default_is_one_of_them() -> None:
    assert DEFAULT in PROFILES


def test_each_does_more_than_the_one_before() -> None:
    dev, ci, nightly, _ = PROFILES.values()
    for name in ("programs", "steps", "seconds", "findings", "shrink_seconds"):
        assert getattr(dev, name) < getattr(ci, name) < getattr(nightly, name)


def test_they_are_registered_and_profiles_of_other_names_are_left_alone() -> None:
    before = {name: settings.get_profile(name) for name in ("default", "ci")}
    current = settings.get_current_profile_name()
    register_profiles()
    assert {name: settings.get_profile(name) for name in before} == before
    assert settings.get_current_profile_name() == current
    for profile in PROFILES.values():
        assert settings.get_profile(profile.hypothesis_name).max_examples == profile.programs


def test_hypothesis_only_finds() -> None:
    profile = PROFILES["ci"]
    chosen = hypothesis_settings(profile)
    assert chosen.phases == (Phase.reuse, Phase.generate)
    assert chosen.stateful_step_count == profile.steps
    assert (chosen.deadline, chosen.derandomize, chosen.print_blob) == (None, False, False)


def test_what_is_known_and_nothing_new() -> None:
    assert hypothesis_settings(PROFILES["replay"]).phases == (Phase.reuse,)
    assert [profile.name for profile in PROFILES.values() if profile.known_only] == ["replay"]
