"""The one redactor: no credential passes it into a message, a file or a terminal."""

import re
from re import Match

_HIDDEN = "***"
_SECRET_WORD = r"(?:KEY|TOKEN|SECRET|PASSWORD|PASSWD|PWD)"
# The word stands alone or as one part of a longer name: TOKEN, API_KEY, apiKey, session-token; not MONKEY or keyboard.
_SECRET_NAME = (
    rf"(?:(?:[\w-]*[_-])?(?i:{_SECRET_WORD})S?(?:[_-][\w-]*)?"  # API_KEY, key, SECRET_KEY_BASE
    rf"|\w*[a-z0-9](?:Key|Token|Secret|Password)s?"  # apiKey
    rf"|(?i:pg)?(?i:password))"  # PGPASSWORD
)
# A string whose quotes are themselves escaped is JSON within a string.
_VALUE = r"""(?:\\+["'].*?\\+["']|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s"',;&)}\]]+)"""

# The password may itself hold `@` or `/`: it reaches to the last `@`. But `:8080/` begins a path, not a password.
_URL_PASSWORD = re.compile(
    r"(?P<kept>\b[a-z][a-z0-9+.-]*://[^\s:/?#@\"']*:)(?!\d+[/?#])[^\s\"']*(?=@[^\s@\"']*)", re.IGNORECASE
)
_HEADER = re.compile(
    r"(?P<kept>\b(?:Proxy-)?(?:Authorization|(?:Set-)?Cookie|X-Api-Key)\b[\"']?\s*[:=]\s*)"
    r"(?P<value>\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|[^\r\n\"']+)",
    re.IGNORECASE,
)
# The same headers as Python and ASGI show them: a pair (b'authorization', b'...').
_HEADER_PAIR = re.compile(
    r"(?P<kept>[\"'](?:proxy-)?(?:authorization|(?:set-)?cookie|x-api-key)[\"']\s*,\s*b?)"
    rf"(?P<value>{_VALUE})",
    re.IGNORECASE,
)
_BEARER = re.compile(r"(?P<kept>\b(?:Bearer|Basic)\s+)(?P<value>[\w.~+/=-]{6,})", re.IGNORECASE)
_QUOTED_PAIR = re.compile(rf"(?P<kept>(?P<quote>\\*[\"']){_SECRET_NAME}(?P=quote)\s*:\s*)(?P<value>{_VALUE})")
_ASSIGNMENT = re.compile(rf"(?P<kept>(?<![\w-]){_SECRET_NAME}\s?=\s?)(?P<value>{_VALUE})")

_OPENING_QUOTE = re.compile(r"\\*[\"']")
_PATTERNS = (_URL_PASSWORD, _HEADER_PAIR, _HEADER, _BEARER, _QUOTED_PAIR, _ASSIGNMENT)


def redact(text: str) -> str:
    """`text` with the credentials in it replaced by `***`.

    Hidden are passwords in URLs, bearer tokens, the values of authorization, cookie and API key headers, and the
    values of what is named KEY, TOKEN, SECRET or PASSWORD (`NAME=value`, `"name": "value"`). Redacting twice is the
    same as redacting once.
    """
    for pattern in _PATTERNS:
        text = pattern.sub(_hide, text)
    return text


def _hide(found: Match[str]) -> str:
    opening = _OPENING_QUOTE.match(found.groupdict().get("value", ""))
    quote = opening[0] if opening else ""
    return f"{found['kept']}{quote}{_HIDDEN}{quote}"
