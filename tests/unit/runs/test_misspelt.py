"""A misspelt name is answered with the nearest one that there is."""

import pytest

from isofuzz.runs.misspelt import meant

KNOWN = ("crossing", "visibility", "delivery")


@pytest.mark.parametrize(
    ("name", "nearest"),
    [("crosing", "crossing"), ("delivry", "delivery"), ("Delivery", "delivery"), ("vis", "visibility")],
)
def test_the_nearest_is_offered(name: str, nearest: str) -> None:
    assert meant(name, KNOWN) == f" (did you mean {nearest!r}?)"


@pytest.mark.parametrize("name", ["", "luck", "CROSSING"])
def test_what_is_near_to_none_gets_no_offer(name: str) -> None:
    assert meant(name, KNOWN) == ""


def test_any_names_may_be_known() -> None:
    assert meant("lik", {"like": "a sentence"}) == " (did you mean 'like'?)"
    assert meant("like", []) == ""
