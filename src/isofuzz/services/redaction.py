"""The one redactor: no credential passes it into a message, a file or a terminal."""

import re
from re import Match

_HIDDEN = "***"
_CUT = "…"
_TELLING = 4
"""Characters of a credential that tell nothing yet."""
_SECRET_WORDS = frozenset({"key", "pwd"})
_SECRET_ENDINGS = (
    *("token", "secret", "password", "passwd", "passphrase"),
    *("apikey", "accesskey", "secretkey", "privatekey"),
)
_NO_SECRETS = frozenset({"str", "bytes", "int", "bool", "none", "null", "true", "false"})
"""What stands after `password: ` where code or an empty value is shown."""

# What can be repeated is bounded, so that no text, and fuzzing makes strange ones, takes more than linear time.
_NAME = r"(?P<name>[\w-]{1,200})"
# A string whose quotes are themselves escaped is JSON within a string; one without an end was cut off.
_VALUE = (
    r"(?:[bru](?=[\"']))?"
    r"(?P<value>\\{1,8}[\"'].{0,5000}?\\{1,8}[\"']"
    r"|\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|[^\s\"',;&)}\]]+|[\"'][^\r\n\"']*)"
)
_HEADERS = r"(?:proxy-)?(?:authorization|(?:set-)?cookie|x-(?:[a-z]{1,20}-){0,4}(?:token|key|secret))"

_ALWAYS = (
    # The password may itself hold `@` or `/`: it reaches to the last `@`. But `:8080/` begins a path, not a password.
    re.compile(
        r"(?P<kept>\b[a-z][a-z0-9+.-]{0,30}://[^\s:/?#@\"']{0,200}:)(?!\d+[/?#])[^\s\"']{0,500}(?=@)", re.IGNORECASE
    ),
    # On the web a token may stand alone before the `@`; a database's URL has its user there.
    re.compile(r"(?P<kept>\b(?:https?|wss?|ftps?)://)[^\s:/?#@\"']{1,500}(?=@)", re.IGNORECASE),
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
    # An option and its value, on a command line or in a list of arguments; after it may also come another option.
    re.compile(rf"(?P<kept>(?<![\w-])--?(?![-]){_NAME}(?:[ \t]{{1,50}}|[\"'],\s{{0,50}}))(?![\"']?--){_VALUE}"),
)
# As in YAML and logs. The space tells it from a fingerprint and from module:Class, and what is itself a `name: ` is no
# value. The value is the next word whole, for a password may hold a comma, without what closes the sentence around it.
_AS_IN_YAML = re.compile(
    rf"(?P<kept>(?<![\w-]){_NAME}:[ \t]{{1,50}}(?:(?:basic|bearer)[ \t]{{1,50}})?)(?![\w-]{{1,200}}:[ \t])"
    r"(?:[bru](?=[\"']))?"
    r"(?P<value>\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|[^\s\"']*[^\s\"',;)}\]`]|[\"'][^\r\n\"']*)",
    re.IGNORECASE,
)
_OPENING_QUOTE = re.compile(r"\\*[\"']")
_WORDS = re.compile(r"[_-]+|(?<=[a-z0-9])(?=[A-Z])")


def redact(text: str) -> str:
    """`text` with the credentials in it replaced by `***`.

    Hidden are passwords in URLs, bearer tokens, the values of authorization, cookie and API key headers, and the
    values of what is named KEY, TOKEN, SECRET or PASSWORD (`NAME=value`, `"name": "value"`, `name: value`,
    `--name value`). Redacting twice is the same as redacting once.
    """
    for pattern in _ALWAYS:
        text = pattern.sub(_hide, text)
    for pattern in _IF_NAMED_SO:
        text = pattern.sub(_hide_if_secret, text)
    return _AS_IN_YAML.sub(_hide_if_told, text)


def redact_credential(text: str, credential: str) -> str:
    """`text` with `***` for this credential, and for what it ends with if that is the beginning of the credential.

    For texts are cut, and `…` then says so.
    """
    text = text.replace(credential, _HIDDEN)
    if text.endswith(_CUT):
        whole = text.removesuffix(_CUT)
        for length in range(len(credential) - 1, _TELLING - 1, -1):
            if whole.endswith(credential[:length]):
                return f"{whole[:-length]}{_HIDDEN}{_CUT}"
    return text


def _hide(found: Match[str]) -> str:
    opening = _OPENING_QUOTE.match(found.groupdict().get("value", ""))
    quote = opening[0] if opening else ""
    before = found[0].removesuffix(found["value"]) if opening else found["kept"]
    return f"{before}{quote}{_HIDDEN}{quote}"


def _hide_if_secret(found: Match[str]) -> str:
    return _hide(found) if _is_secret(found["name"]) else found[0]


def _hide_if_told(found: Match[str]) -> str:
    """Prose, code and errors have colons too.

    `the key: value pairs`, `token: Token`, `password: str` and `KeyError: 'room'` tell nothing.
    """
    name, value = found["name"].lower(), found["value"].lower()
    told = name.removesuffix("s") != "key" and not name.endswith(("error", "exception", "warning"))
    return _hide_if_secret(found) if told and value not in {name.replace("_", ""), *_NO_SECRETS} else found[0]


def _is_secret(name: str) -> bool:
    """Whether one of the words in `name` says so: API_KEY, accessToken, PGPASSWORD, DB_PASS; but not MONKEY."""
    words = [word.lower() for word in _WORDS.split(name)]
    if len(words) > 1 and words[-1] == "pass":  # alone it may count what passed
        return True
    singular = [word.removesuffix("s") for word in words]
    return any(word in _SECRET_WORDS or word.endswith(_SECRET_ENDINGS) for word in singular)
