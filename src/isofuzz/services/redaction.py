"""The one redactor: no credential passes it into a message, a file or a terminal."""

import re
from re import Match

_HIDDEN = "***"
_SECRET_WORDS = frozenset({"key", "token", "secret", "password", "passwd"})

# What can be repeated is bounded, so that no text, and fuzzing makes strange ones, takes more than linear time.
_NAME = r"(?P<name>[\w-]{1,200})"
# A string whose quotes are themselves escaped is JSON within a string; one without an end was cut off.
_VALUE = (
    r"(?:[bru](?=[\"']))?"
    r"(?P<value>\\{1,8}[\"'].{0,5000}?\\{1,8}[\"']"
    r"|\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|[^\s\"',;&)}\]]+|[\"'][^\r\n\"']*)"
)
_HEADERS = r"(?:proxy-)?(?:authorization|(?:set-)?cookie|x-api-key)"

_ALWAYS = (
    # The password may itself hold `@` or `/`: it reaches to the last `@`. But `:8080/` begins a path, not a password.
    re.compile(
        r"(?P<kept>\b[a-z][a-z0-9+.-]{0,30}://[^\s:/?#@\"']{0,200}:)(?!\d+[/?#])[^\s\"']{0,500}(?=@)", re.IGNORECASE
    ),
    # A header as Python and ASGI show it: a pair (b'authorization', b'...').
    re.compile(rf"(?P<kept>[\"']{_HEADERS}[\"']\s*,\s*){_VALUE}", re.IGNORECASE),
    re.compile(
        rf"(?P<kept>\b{_HEADERS}\b[\"']?\s*[:=]\s*)"
        r"(?P<value>\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|[^\r\n\"']+|[\"'][^\r\n]*)",
        re.IGNORECASE,
    ),
    re.compile(r"(?P<kept>\bbearer\s+)(?P<value>[\w.~+/=-]{6,})", re.IGNORECASE),
)
_IF_NAMED_SO = (
    re.compile(rf"(?P<kept>(?P<quote>\\{{0,8}}[\"']){_NAME}(?P=quote)\s{{0,50}}:\s{{0,50}}){_VALUE}"),
    re.compile(rf"(?P<kept>(?<![\w-]){_NAME}\s?=\s?){_VALUE}"),
)
_OPENING_QUOTE = re.compile(r"\\*[\"']")
_WORDS = re.compile(r"[_-]+|(?<=[a-z0-9])(?=[A-Z])")


def redact(text: str) -> str:
    """`text` with the credentials in it replaced by `***`.

    Hidden are passwords in URLs, bearer tokens, the values of authorization, cookie and API key headers, and the
    values of what is named KEY, TOKEN, SECRET or PASSWORD (`NAME=value`, `"name": "value"`). Redacting twice is the
    same as redacting once.
    """
    for pattern in _ALWAYS:
        text = pattern.sub(_hide, text)
    for pattern in _IF_NAMED_SO:
        text = pattern.sub(_hide_if_secret, text)
    return text


def _hide(found: Match[str]) -> str:
    opening = _OPENING_QUOTE.match(found.groupdict().get("value", ""))
    quote = opening[0] if opening else ""
    before = found[0].removesuffix(found["value"]) if opening else found["kept"]
    return f"{before}{quote}{_HIDDEN}{quote}"


def _hide_if_secret(found: Match[str]) -> str:
    return _hide(found) if _is_secret(found["name"]) else found[0]


def _is_secret(name: str) -> bool:
    """Whether one of the words in `name` says so: API_KEY, accessToken, PGPASSWORD; but not MONKEY."""
    words = {word.lower().removesuffix("s") for word in _WORDS.split(name)}
    return not words.isdisjoint(_SECRET_WORDS) or name.lower().endswith("password")
