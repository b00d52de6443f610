import pytest

from isofuzz.services.redaction import redact

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
    ],
)
def test_a_strange_text_takes_no_longer_than_its_length(piece: str) -> None:
    """A quadratic pattern would take minutes: the test would be seen to hang."""
    redact(piece * (200_000 // len(piece)))
