"""The texts that programs are made of: names, keys, queries and the templates of secrets.

Random identifiers never collide; real systems confuse *related* ones. So names and keys come in clusters, each around
a plain base, whose members some system takes for one another: by case, by Unicode, by LIKE, by cutting, by parsing.

The order of a corpus is from plain to odd: shrinking goes to index 0. No text holds NUL, which Postgres refuses, or a
surrogate, which UTF-8 cannot carry: those would test the driver, not the isolation.
"""

from typing import Final

from isofuzz.program.canary import MARK

Cluster = tuple[str, ...]
"""Texts that some system would take for one another, the plainest first."""

PLAIN_NAMES: Final = ("a", "b", "c", "d", "ana", "ben")
PLAIN_KEYS: Final = ("a", "b", "1", "2", "c", "d")
PLAIN_QUERIES: Final = ("note", MARK, "the", "a")

_SIXTY_THREE: Final = "a" * 63  # the bytes that Postgres keeps of an identifier, a NOTIFY channel among them

_CASES: Final[tuple[Cluster, ...]] = (
    ("a", "A"),
    ("ana", "Ana", "ANA"),
    (
        "i",
        "I",
        "\N{LATIN SMALL LETTER DOTLESS I}",
        "İ",
    ),  # PostgreSQL, Python and Turkish disagree about which belong together
    ("mike@example.com", "m\N{LATIN SMALL LETTER DOTLESS I}ke@example.com", "MIKE@example.com"),
    ("strasse", "straße", "STRASSE"),
    ("k", "K", "\N{KELVIN SIGN}"),
    ("\N{GREEK SMALL LETTER SIGMA}", "ς", "Σ"),
)
_UNICODE: Final[tuple[Cluster, ...]] = (
    ("b", "B", "\N{MODIFIER LETTER CAPITAL B}", "\N{FULLWIDTH LATIN SMALL LETTER B}"),  # the Spotify names
    ("fi", "\N{LATIN SMALL LIGATURE FI}"),
    ("\u00e9", "e\u0301", "e", "E\u0301"),  # composed, decomposed, without accent
    ("ana", "an\u0430", "\u0430na"),  # Cyrillic look-alikes
    ("ana", "an\u200ba", "\ufeffana", "an\u00ada", "\u202eana"),  # invisible: zero-width, BOM, soft hyphen, override
    ("1", "\N{ARABIC-INDIC DIGIT ONE}", "\N{SUPERSCRIPT ONE}", "\N{FULLWIDTH DIGIT ONE}"),
    ("\N{SMILING FACE WITH OPEN MOUTH}", "\N{SMILING FACE WITH OPEN MOUTH}\ufe0f", "?", "\N{REPLACEMENT CHARACTER}"),
    ("שלום", "שָׁלוֹם", "مرحبا"),
)
_SPACES: Final[tuple[Cluster, ...]] = (
    ("a", "a ", " a", "a\t", "a\n", "a\N{NO-BREAK SPACE}"),
    ("ana", "ana ", "ana\r\n"),
    ("a b", "a  b", "a+b", "a%20b", "a_b", "a-b"),
)
_PATTERNS: Final[tuple[Cluster, ...]] = (
    ("a", "%", "_", "a%", "*", "a*", ".*"),
    ("aba", "a_a", "a%a", "a.a", "aXa"),
    ("ana", "an_", "an%", "a\\na"),
)
_PREFIXES: Final[tuple[Cluster, ...]] = (
    ("1", "10", "100", "11"),
    ("a", "ab", "abc", "a.b"),
)
_DELIMITERS: Final[tuple[Cluster, ...]] = (
    ("a", "a:b", "b:c", "c", "a:b:c", "b"),
    ("a", "a/b", "b/c", "a/", "/a", "a//b"),
    ("a", "a|b", "b|c", "a,b", "a.b", "a-b", "a_b"),
)
_NUMBERS: Final[tuple[Cluster, ...]] = (
    ("1", "01", "1.0", "+1", "1e0", "0x1", "true"),
    ("0", "-0", "00", "false", "null"),
    ("9007199254740992", "9007199254740993", "9007199254740992.0", "9.007199254740992e15"),
    ("2147483647", "2147483648", "-2147483648"),
)
_CUTS: Final[tuple[Cluster, ...]] = (
    (_SIXTY_THREE, _SIXTY_THREE + "baaaaaa", _SIXTY_THREE + "caaaaaa"),
    ("é" * 31, "é" * 31 + "b", "é" * 32 + "b"),  # 63 bytes fall within a character
    ("a" * 255, "a" * 256),
)
_RESERVED: Final[tuple[Cluster, ...]] = (
    ("me", "self", "current", "mine"),
    ("new", "user", "admin", "root", "system", "public", "default", "all", "any"),
    ("null", "None", "undefined", "nil", "NaN", "", "true", "false"),
    ("__proto__", "constructor", "toString", "__class__"),
)
_QUOTING: Final[tuple[Cluster, ...]] = (
    ("obrien", "o'brien", "o''brien", "o\\'brien", "o\N{RIGHT SINGLE QUOTATION MARK}brien"),
    ("ab", 'a"b', 'a\\"b', "a`b", "a\\b", "a\\\\b"),
    ("b", "<b>", "&lt;b&gt;", "</b>", "&amp;"),
    ("a", '{"a":"b"}', '["a"]', "${a}", "{{a}}", "a;b", "a--", "a#b", "a?b=c&d"),
)
_IN_URLS: Final[tuple[Cluster, ...]] = (
    ("a", "../a", "a/..", "./a", "%61", "a%2Fb"),
    (".", "..", "%2e%2e"),
)
_UUIDS: Final[tuple[Cluster, ...]] = (
    (
        "0b7c1f5e-3a52-4c7d-9e41-6f0d2a8b9c13",
        "0B7C1F5E-3A52-4C7D-9E41-6F0D2A8B9C13",
        "0b7c1f5e3a524c7d9e416f0d2a8b9c13",
        "{0b7c1f5e-3a52-4c7d-9e41-6f0d2a8b9c13}",
        "0b7c1f5e-3a52-4c7d-9e41-6f0d2a8b9c14",
    ),
    ("00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"),
)

NAME_CLUSTERS: Final[tuple[Cluster, ...]] = (
    *_CASES,
    *_SPACES,
    *_UNICODE,
    *_PATTERNS,
    *_PREFIXES,
    *_DELIMITERS,
    *_RESERVED,
    *_NUMBERS,
    *_QUOTING,
    *_CUTS,
)
# The client chooses a key, so it meets parsers, paths and caches before it meets a person's eye.
KEY_CLUSTERS: Final[tuple[Cluster, ...]] = (
    *_DELIMITERS,
    *_PREFIXES,
    *_NUMBERS,
    *_PATTERNS,
    *_CASES[:3],
    *_SPACES,
    *_IN_URLS,
    *_UUIDS,
    *_RESERVED,
    *_CUTS,
    *_QUOTING,
    *_UNICODE[:4],
)
# What finds many secrets at once, what a search engine takes for an operator, and what a cache takes for the same
# question. Never a whole canary: what someone sent would be no proof of what they were shown.
QUERY_CLUSTERS: Final[tuple[Cluster, ...]] = (
    ("", " ", "%", "*", "_", "%%", "?", ".", ".*", "[a-z]*", "^", "(?i)q"),
    ("note", "Note", "NOTE", " note ", "note?", "note!", "notes", "n\N{CYRILLIC SMALL LETTER O}te"),
    (MARK, MARK.upper(), MARK + "%", MARK + "*", f"{MARK}:*", f'"{MARK}"', MARK[:-1] + "_", f"*{MARK[1:]}*"),
    ("a or b", "a OR b", "a | b", "a & b", "a AND b", "a NOT b", "!a", "-a", "NOT a", "a <-> b", "a NEAR b"),
    ("a:b", "owner:a", "user:*", "thread:1", "id:>0", "*:*", "from:me", "in:all"),
    ("'", "''", "' OR '1'='1", "') OR ('1'='1", "' --", '"', "\\", "\\%", ";", "%' OR 1=1 --"),
    ("(", ")", "[", "{}", "<b>", "&", "{{a}}", "${a}"),
    ("é", "e\u0301", "e", "fi", "\N{LATIN SMALL LIGATURE FI}"),
)

TEMPLATES: Final[tuple[str, ...]] = (
    "{canary}",
    "note {canary}",
    "a note: {canary}.",
    "the {canary} of a and b",
    "{canary} {canary-like} a",
    "  {canary}  ",
    "first line\nsecond {canary}\r\nthird",
    "o'brien said '{canary}'; --",
    'she said "{canary}" \\',
    "\\{canary}\\",
    "100% {canary} %s %(a)s _",
    "%{canary}%",
    "<b>{canary}</b> &amp; <script>a</script>",
    "&{canary}; &#97;",
    '{"a": "{canary}", "b": [null, 1]}',
    "{0} {} {{a}} ${a} {canary} #{a}",
    "${canary}",
    "$1 {canary} $$ ?",
    "**{canary}** [a](b) `c`",
    "@a @all #b /me {canary}",
    "a:b:{canary}:c|d/e,f;g",
    "a=b&c={canary}&d",
    "https://example.com/a?b={canary}#c",
    "<a@example.com> {canary}",
    "data: {canary}\n\nevent: a\n\n",
    "\N{SMILING FACE WITH OPEN MOUTH}{canary}\N{SMILING FACE WITH OPEN MOUTH}",
    "שלום {canary} مرحبا",
    "\u202e{canary}\u202c",
    "\ufeff{canary}\u200b",
    "İ \N{LATIN SMALL LIGATURE FI} straße e\u0301 {canary} ΣΑΣ",
    "null undefined {canary} NaN true",
    "a" + "\t" * 40 + "{canary}",
    "a b " * 70 + "{canary}",  # longer than a preview of 255 characters
    "{canary} " + "a b " * 2_100,  # longer than the 8,000 bytes that NOTIFY carries
)


def _distinct(*clusters: Cluster) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for cluster in clusters for text in cluster))


NAMES: Final = _distinct(PLAIN_NAMES, *NAME_CLUSTERS)
KEYS: Final = _distinct(PLAIN_KEYS, *KEY_CLUSTERS)
QUERIES: Final = _distinct(PLAIN_QUERIES, *QUERY_CLUSTERS)

_CLUSTERS: Final = tuple(dict.fromkeys((*NAME_CLUSTERS, *KEY_CLUSTERS, *QUERY_CLUSTERS)))
_KINDS: Final = (
    _CASES,
    _SPACES,
    _UNICODE,
    _PATTERNS,
    _PREFIXES,
    _DELIMITERS,
    _RESERVED,
    _NUMBERS,
    _QUOTING,
    _CUTS,
    _IN_URLS,
    _UUIDS,
)
_MOST_PAIRS: Final = 12
"""So many are tried at the most: each costs an execution."""


def template(pick: int) -> str:
    """The template for a pick from 0 to 255: the plainest for the lower half, each of them in the upper one."""
    return TEMPLATES[0] if pick < 128 else TEMPLATES[pick % len(TEMPLATES)]


def confusable(text: str) -> Cluster:
    """What some system would take for `text`: all members of its clusters, itself among them; empty if in none."""
    return _distinct(*(cluster for cluster in _CLUSTERS if text in cluster))


def plainer(text: str, corpus: tuple[str, ...]) -> tuple[str, ...]:
    """What to try in place of `text` when shrinking, plainest first; none if nothing in `corpus` is plainer.

    Only the plainest two and the earlier members of its own clusters: any other is different, not simpler.
    """
    earlier = corpus[: corpus.index(text)] if text in corpus else corpus
    related = confusable(text)
    return tuple(each for index, each in enumerate(earlier) if index < 2 or each in related)


def plainer_pairs(one: str, other: str) -> list[tuple[str, str]]:
    """What to try in place of two texts that some system takes for one another, shortest first; none if it takes none.

    They are confused in the same way: by their case, as patterns, and so on. Which of the two is the odd one stays.
    """
    pairs: dict[tuple[str, str], None] = {}
    for kind in _KINDS:
        ours = next((cluster for cluster in kind if one in cluster and other in cluster and one != other), None)
        if ours:
            is_odd = ours.index(one) > ours.index(other)
            for base, *odd in kind:
                pairs |= dict.fromkeys((each, base) if is_odd else (base, each) for each in odd)
    shorter = [pair for pair in pairs if sum(map(len, pair)) < len(one) + len(other)]
    return sorted(shorter, key=lambda pair: sum(map(len, pair)))[:_MOST_PAIRS]
