"""Where the server is."""

from pathlib import Path

import pytest

from isofuzz.errors import UsageError
from isofuzz.gate.upstream import Upstream


def test_a_socket_or_a_port() -> None:
    assert Upstream.at("/run/postgresql", 5432).path == Path("/run/postgresql/.s.PGSQL.5432")
    assert Upstream.at("db.example", 6432, sslmode="prefer").path is None
    assert str(Upstream.at("db.example", 6432)) == "db.example:6432"
    assert str(Upstream.at("/run/postgresql", 5432)) == "/run/postgresql/.s.PGSQL.5432"


@pytest.mark.parametrize("mode", ["require", "verify-ca", "verify-full"])
def test_tls_is_refused(mode: str) -> None:
    with pytest.raises(UsageError, match=f"sslmode={mode}: it reads what passes"):
        Upstream.at("db.example", 5432, sslmode=mode)
