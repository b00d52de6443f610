"""A defect is planted by name, and each run has canaries of its own."""

import random

import pytest

from isofuzz.errors import UsageError
from isofuzz.runs.planting import new_mint, planted
from isofuzz.target.base import Target
from isofuzz_packs.chat import Chat


def test_a_defect_is_planted_in_this_target_alone() -> None:
    assert planted(Chat, "like-wildcard").defect == "like-wildcard"
    assert planted(Chat, None).defect is None
    assert Chat.defect is None


def test_an_unknown_defect_is_answered_with_those_that_there_are() -> None:
    with pytest.raises(UsageError, match="Chat has no defect 'rust'; write one of: list-without-owner, delete-"):
        planted(Chat, "rust")


def test_the_nearest_defect_is_offered() -> None:
    with pytest.raises(UsageError, match=r"no defect 'lik' \(did you mean 'like-wildcard'\?\); write one of: list-"):
        planted(Chat, "lik")


def test_a_target_may_have_none() -> None:
    with pytest.raises(UsageError, match="Target has no defect 'rust'; write one of: it has none"):
        planted(Target, "rust")


def test_two_runs_have_different_canaries_whatever_the_random_seed() -> None:
    nonces = set()
    for _ in range(20):
        random.seed(0)
        nonces.add(new_mint().nonce)
    assert len(nonces) == 20
