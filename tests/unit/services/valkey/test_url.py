import pytest
from valkey.asyncio.connection import parse_url

from isofuzz.errors import ServicesUnavailable, UsageError
from isofuzz.services.valkey.url import ValkeyUrl, is_valkey

PASSWORD = "p@ss:w/rd%"
WRITTEN = "p%40ss%3Aw%2Frd%25"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"redis://ann:{WRITTEN}@localhost:6380/15", "localhost:6380/15"),
        (f"valkey://ann:{WRITTEN}@127.0.0.1:6380/15", "127.0.0.1:6380/15"),
        (f"redis://ann:{WRITTEN}@[::1]:6380?db=15", "[::1]:6380/15"),
        (f"rediss://ann:{WRITTEN}@localhost:6380/15?ssl_cert_reqs=none", "localhost:6380/15"),
        (f"unix://ann:{WRITTEN}@/run/my%20sockets/valkey?db=15", "/run/my sockets/valkey/15"),
    ],
)
def test_a_url_says_the_same_after_a_round_trip_and_to_a_client(text: str, shown: str) -> None:
    url = ValkeyUrl.parse(text)

    assert (url.user, url.password, url.database, url.name) == ("ann", PASSWORD, 15, shown)
    assert ValkeyUrl.parse(str(url)) == url
    read = parse_url(str(url))
    assert (read["username"], read["password"], read["db"]) == ("ann", PASSWORD, 15)
    assert read.get("path", read.get("host")) == url.host


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "no scheme"),
        ("http://me:secret@localhost:6379/15", "'http'"),
        ("redis://me:secret@localhost/15", "no port"),
        ("redis://me:secret@localhost:6379", "no database number"),
        ("redis://me:secret@localhost", "no port and no database number"),
        ("redis://me:secret@:6379/15", "no host"),
        ("redis://me:secret@localhost:6379/cache", "number of a database"),
        ("redis://me:secret@localhost:6379/-1", "number of a database"),
        ("redis://me:secret@localhost:port/1", "malformed"),
        ("redis://me:secret@[::1/1", "malformed"),
        ("redis://me:secret@localhost:6379/15?client_name=x", "client_name"),
        ("unix://me:secret@run/valkey?db=1", "three slashes"),
        ("unix:///run/valkey", "no database number"),
    ],
)
def test_a_url_that_is_not_clear_is_refused_without_showing_its_password(text: str, complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint) as caught:
        ValkeyUrl.parse(text)

    assert "secret" not in str(caught.value)


def test_the_password_is_neither_in_the_repr_nor_in_the_name() -> None:
    url = ValkeyUrl.parse("redis://:secret@localhost:6379/15")

    assert "secret" not in repr(url) + url.name + url.server


@pytest.mark.parametrize("text", ["redis://localhost:1/1", "redis://127.0.0.1:1/1", "unix:///run/valkey?db=1"])
def test_this_machine_is_near(text: str) -> None:
    ValkeyUrl.parse(text).require_near(())


def test_another_host_must_be_named() -> None:
    url = ValkeyUrl.parse("redis://:secret@cache.example.org:6379/15")

    with pytest.raises(ServicesUnavailable, match=r"every key .* --allow-host cache.example.org") as caught:
        url.require_near(["other.example.org"])

    assert "secret" not in str(caught.value)
    url.require_near(["cache.example.org"])


def test_a_certificate_is_checked_unless_it_is_said_otherwise() -> None:
    assert ValkeyUrl.parse("rediss://localhost:1/1").for_client["ssl_check_hostname"] is True
    unchecked = ValkeyUrl.parse("rediss://localhost:1/1?ssl_cert_reqs=none").for_client
    assert (unchecked["ssl_cert_reqs"], unchecked["ssl_check_hostname"]) == ("none", False)


def test_which_urls_are_of_valkey() -> None:
    assert is_valkey("redis://x")
    assert is_valkey("UNIX:///x")
    assert not is_valkey("postgresql://localhost/redis")
    assert not is_valkey("redis")
