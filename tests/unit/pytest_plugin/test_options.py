"""What is shown of a URL is where it leads, and never who logs in."""

import pytest

from isofuzz.pytest_plugin.options import place_of


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("postgresql://ann:hunter2@localhost:5432/team", "localhost:5432/team"),
        ("postgresql://ann@db.test/team?sslmode=require", "db.test/team"),
        ("postgresql://ann:hunter2@/team?host=/run/postgresql&port=5433", "/run/postgresql/team"),
        ("redis://:hunter2@localhost:6379/1", "localhost:6379/1"),
        ("unix:///run/valkey.sock", "/run/valkey.sock"),
    ],
)
def test_where_it_leads(url: str, place: str) -> None:
    assert place_of(url) == place


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ann:hunter/2@localhost/team",
        "postgresql://ann:12/hunter2@localhost/team",
        "postgresql://[hunter2",
        "ann:hunter2",
        "hunter2",
        "hunter2@",
    ],
)
def test_of_what_is_malformed_nothing_is_shown(url: str) -> None:
    assert place_of(url) == "which is malformed"
