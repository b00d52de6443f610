import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isofuzz.services.redaction import redact, redact_credential

SECRET = "hunter2-Zx9"


@pytest.mark.parametrize(
    "text",
    [
        f"postgresql://app:{SECRET}@localhost:5432/db",
        f"postgresql://app:{SECRET}@/db?host=/tmp/x",
        f"postgresql+asyncpg://app:p@{SECRET}/x@localhost/db",
        f"redis://:{SECRET}@localhost:6379/0",
        f"cannot connect to 'amqps://u:{SECRET}@broker/vhost' (refused)",
        f"postgresql://app@localhost/db?password={SECRET}&sslmode=disable",
        f"Bearer {SECRET}",
        f"authorization: Bearer {SECRET}",
        f"Authorization: Basic {SECRET}==",
        f"Proxy-Authorization: {SECRET}",
        f"Cookie: theme=dark; session={SECRET}",
        f"Set-Cookie: sid={SECRET}; HttpOnly; Path=/",
        f"X-Api-Key: {SECRET}",
        f"x-api-key={SECRET}",
        f'{{"authorization": "Bearer {SECRET}", "accept": "*/*"}}',
        f"(b'authorization', b'Bearer {SECRET}')",
        f"('Cookie', 'a=b; session={SECRET}')",
        f"API_KEY={SECRET}",
        f"OPENAI_API_KEY = '{SECRET}'",
        f'SECRET_KEY_BASE="{SECRET} with spaces"',
        f"PGPASSWORD={SECRET} psql",
        f"token={SECRET}",
        f"--db-password={SECRET}",
        f"GITHUB_TOKEN={SECRET}\nPATH=/bin",
        f'{{"token": "{SECRET}"}}',
        f'{{"accessToken":"{SECRET}","name":"ann"}}',
        f"{{'client_secret': '{SECRET}'}}",
        f'{{"password": "a\\"{SECRET}"}}',
        f'"{{\\"token\\": \\"{SECRET}\\", \\"n\\": 1}}"',
        f'TOKEN="{SECRET} and cut',
        f"{{'token': b'{SECRET}', 'n': 1}}",
        f"Cookie: '{SECRET} and cut",
        f"https://host/callback?access_token={SECRET}&state=1",
        f"password: {SECRET}",
        f"  token:   {SECRET}, user: ann",
        f"api_key: '{SECRET} with spaces'",
        f"login failed (secret: {SECRET})",
        f"password: a,{SECRET}",
        f"clientSecret: {SECRET}",
        f"token: password: {SECRET}",
        f"token: Basic {SECRET}",
        f"app --password {SECRET} --port 80",
        f"app --token\t{SECRET}",
        f"java -password {SECRET}",
        f"['app', '--db-password', '{SECRET}']",
        f"--verbose --token --password {SECRET}",
        f"X-Auth-Token: {SECRET}",
        f"X-Auth-Token:{SECRET}",
        f"(b'x-auth-token', b'{SECRET}')",
        f"(b'x-amz-security-token', b'{SECRET}')",
        f"APIKEY={SECRET}",
        f"apikey: {SECRET}",
        f"accesskey={SECRET}",
        f"AUTHTOKEN={SECRET}",
        f"DB_PASS={SECRET}",
        f"dbPass={SECRET}",
        f"pwd={SECRET}",
        f"PASSPHRASE={SECRET}",
        f"fatal: https://{SECRET}@github.example/team/repo.git is not there",
        f"git+https://{SECRET}@github.example/team/repo.git",
    ],
)
def test_a_credential_is_hidden(text: str) -> None:
    redacted = redact(text)

    assert SECRET not in redacted
    assert "***" in redacted
    assert redact(redacted) == redacted


@pytest.mark.parametrize(
    "text",
    [
        "",
        "postgresql://app@localhost:5432/db?sslmode=disable",
        "http://localhost:8080/health",
        "http://localhost:8080/users/ann@example.org",
        "basic settings, public = true",
        "at 12:30 someone@example.org wrote",
        "the keyboard, monkey=1, tokens are hidden, a bearer of news",
        "MONKEY=3 TURKEY=4",
        '{"user": "ann", "body": "hello"}',
        "Postgres 18.4, embedded (no URL given)",
        "the key: value pairs, and keys: some",
        "crossing:foreign:Token:history:post:Body",
        "run auth.token:TokenTarget",
        "KeyError: 'room', and auth.InvalidTokenError: it has expired",
        "no operation writes one: let one take it, `token: Token`",
        "def log_in(name: str, password: str, token: None)",
        "pass=3 fail=1, bypass=no",
        "the password, the token and --verbose too",
        "ssh://git@github.example/team/repo.git",
        "token:\n  on the next line begins something else",
        "--token",
    ],
)
def test_what_is_no_credential_stays(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"postgresql://app:{SECRET}@localhost/db", "postgresql://app:***@localhost/db"),
        (f"A_TOKEN={SECRET} PATH=/bin", "A_TOKEN=*** PATH=/bin"),
        (f'{{"token": "{SECRET}", "n": 1}}', '{"token": "***", "n": 1}'),
        (f"Cookie: sid={SECRET}\nAccept: text/html", "Cookie: ***\nAccept: text/html"),
        (f"one postgres://a:{SECRET}@h/d two b@c", "one postgres://a:***@h/d two b@c"),
        (f"(password: {SECRET}), try again", "(password: ***), try again"),
        (f"token: '{SECRET}', user: ann", "token: '***', user: ann"),
        (f"token: Bearer {SECRET}, user: ann", "token: Bearer ***, user: ann"),
        (f"app --token {SECRET} --port 80", "app --token *** --port 80"),
        (f"['--token', '{SECRET}', '-v']", "['--token', '***', '-v']"),
        (f"https://{SECRET}@host/path", "https://***@host/path"),
    ],
)
def test_only_the_credential_is_hidden(text: str, expected: str) -> None:
    assert redact(text) == expected


@pytest.mark.parametrize(
    "piece",
    [
        "a.b.",
        "a",
        "key-",
        "key_",
        "aKey",
        "\"'",
        "http://x:",
        "http://x:y@",
        "\\",
        '\\"',
        "cookie",
        "cookie:",
        "=",
        "key='",
        "token: ",
        "token: ,",
        "token: a:",
        "token: '",
        "-",
        "--token ",
        "--token '",
        "x-a-",
        "x-auth-token",
        "http://a",
        " \t",
        "token: basic ",
    ],
)
def test_a_strange_text_takes_no_longer_than_its_length(piece: str) -> None:
    """A quadratic pattern would take minutes: the test would be seen to hang."""
    redact(piece * (200_000 // len(piece)))


PIECES = (
    *("token", "password", "apikey", "x-api-key", "cookie", "bearer", "basic", "a", "--", "-", "b", "***", "str"),
    *(" ", "  ", "\n", ": ", ":", "=", "'", '"', "\\", "@", "http://", "postgres://u:", "/", ",", ")", "hunter2"),
)


@settings(max_examples=500, deadline=None, derandomize=True)
@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
def test_redacting_twice_is_the_same_as_once(text: str) -> None:
    once = redact(text)
    assert redact(once) == once


def test_a_credential_that_is_known() -> None:
    assert redact_credential("GET session:t0ken-of-a · t0ken-of-a", "t0ken-of-a") == "GET session:*** · ***"


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("GET session:t0ken-of…", "GET session:***…"),
        ("GET session:t0ke…", "GET session:***…"),
        ("GET session:t0k…", "GET session:t0k…"),
        ("GET session:t0ken-of", "GET session:t0ken-of"),
    ],
)
def test_a_credential_that_is_known_and_was_cut(text: str, redacted: str) -> None:
    assert redact_credential(text, "t0ken-of-a") == redacted
