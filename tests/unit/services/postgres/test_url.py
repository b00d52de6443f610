import pytest
import sqlalchemy

from isofuzz.errors import ServicesUnavailable, UsageError
from isofuzz.services.postgres.url import DatabaseUrl

PASSWORD = "p@ss:w/rd%"


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://ann:p%40ss%3Aw%2Frd%25@localhost:5433/fuzz",
        "postgres://ann:p%40ss%3Aw%2Frd%25@[::1]:5433/fuzz?sslmode=disable",
        "postgresql://ann:p%40ss%3Aw%2Frd%25@/fuzz?host=/run/my%20sockets&port=5433",
        "postgresql:///fuzz?host=/tmp&port=5433&user=ann&password=p%40ss%3Aw%2Frd%25",
        "postgresql://localhost:5433/?dbname=fuzz&user=ann&password=p%40ss%3Aw%2Frd%25",
    ],
)
def test_a_url_says_the_same_after_a_round_trip(text: str) -> None:
    url = DatabaseUrl.parse(text)

    assert (url.user, url.password, url.port, url.database) == ("ann", PASSWORD, 5433, "fuzz")
    assert DatabaseUrl.parse(str(url)) == url


def test_sqlalchemy_reads_the_written_url_alike() -> None:
    url = DatabaseUrl("ann", PASSWORD, "/tmp/isofuzz-x", 5432, "fuzz")

    read = sqlalchemy.make_url(str(url))

    assert (read.username, read.password, read.database) == ("ann", PASSWORD, "fuzz")
    assert dict(read.query) == {"host": "/tmp/isofuzz-x", "port": "5432"}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "no scheme"),
        ("mysql://a:secret@localhost/db", "mysql"),
        ("postgresql+asyncpg://a:secret@localhost/db", "without a driver's name"),
        ("postgresql://a:secret@localhost:port/db", "malformed"),
        ("postgresql://a:secret@localhost:99999/db", "malformed"),
        ("postgresql://a:secret@[::1/db", "malformed"),
        ("postgresql://a:secret@/db", "no host"),
        ("postgresql://localhost/db", "no user"),
        ("postgresql://a:secret@localhost", "no database"),
        ("postgresql://a:secret@one,two/db", "one host"),
        ("postgresql://a:secret@/db?host=one,two", "one host"),
        ("postgresql://a:secret@localhost/db?hostaddr=10.0.0.1", "hostaddr"),
        ("postgresql://a:secret@localhost/db?options=-csearch_path%3Dx", "options"),
        ("postgresql://a:secret@localhost/db?service=prod", "service"),
    ],
)
def test_a_url_that_is_not_clear_is_refused_without_showing_its_password(text: str, complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint) as caught:
        DatabaseUrl.parse(text)

    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.9.1", "[::1]"])
def test_this_machine_is_near(host: str) -> None:
    DatabaseUrl.parse(f"postgresql://a@{host}/db").require_near(())


@pytest.mark.parametrize("host", ["db.example.org", "10.0.0.1", "localhost.example.org", "0x7f.1"])
def test_another_host_must_be_named(host: str) -> None:
    url = DatabaseUrl.parse(f"postgresql://a:secret@{host}/db")

    with pytest.raises(ServicesUnavailable, match=f"--allow-host {host}") as caught:
        url.require_near(["other.example.org"])

    assert "secret" not in str(caught.value)
    url.require_near([host])


def test_the_host_that_is_checked_is_the_one_that_a_driver_connects_to() -> None:
    url = DatabaseUrl.parse("postgresql://a@127.0.0.1/db?host=db.example.org")

    with pytest.raises(ServicesUnavailable):
        url.require_near(())


def test_the_password_is_not_in_the_repr() -> None:
    assert "secret" not in repr(DatabaseUrl.parse("postgresql://a:secret@localhost/db"))
    assert "secret" not in DatabaseUrl.parse("postgresql://a:secret@localhost/db").place
