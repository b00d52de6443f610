"""What a statement does, as far as the gate must know: whether to hold it, and whether it commits. Pure.

Held is what reads or changes data, or commits, or sets what lasts on a connection that somebody else may get next.
What only opens or ends a transaction without effect, or sets something for as long as it lasts, passes: holding it too
would double the steps of an operation without another order of effects to try. When in doubt, a statement is held.
"""

import re
from functools import lru_cache
from typing import NamedTuple


class Nature(NamedTuple):
    """What a text of SQL does when it is executed."""

    executes: bool
    commits: bool


_TOKEN = re.compile(
    rb"(?P<blank>\s+|--[^\n]*|/\*(?:(?!/\*).)*?\*/)"  # of comments, those without another within
    rb"|(?P<end>;)"
    rb"|[eE]'(?:[^'\\]|''|\\.)*'|'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\""
    rb"|\$(?P<tag>(?:[A-Za-z_\x80-\xff][\w\x80-\xff]*)?)\$.*?\$(?P=tag)\$"
    rb"|[\w\x80-\xff][\w$\x80-\xff]*|.",
    re.DOTALL,
)

_SESSION = frozenset(
    b"BEGIN START ROLLBACK ABORT SAVEPOINT RELEASE SET RESET DISCARD SHOW DEALLOCATE UNLISTEN CLOSE PREPARE".split()
)
"""First words of what passes."""
_EXECUTING = re.compile(rb"(?:PREPARE TRANSACTION|ROLLBACK PREPARED)\b|SET (?!(?:LOCAL|TRANSACTION)\b)")
"""What begins with such a word and yet does something that others notice."""

_INTROSPECTION = re.compile(
    rb"SELECT PG_ADVISORY_UNLOCK_ALL ?\( ?\)"  # asyncpg gives a connection back to its pool
    rb"|SELECT CURRENT_SETTING ?\( ?'JIT' ?\) AS CUR,.*"  # asyncpg, before it looks at types, and after
    rb"|SELECT SET_CONFIG ?\( ?'JIT',[^,]*, FALSE ?\)"
    rb"|WITH RECURSIVE TYPEINFO_TREE ?\(.*"  # asyncpg looks at types
    rb"|SELECT (?:PG_CATALOG\.)?VERSION ?\( ?\)|SELECT CURRENT_SCHEMA ?\( ?\)",  # SQLAlchemy greets a server
    re.DOTALL,
)
_RELATION = re.compile(rb"\b(?:FROM|JOIN)\s+(?:ONLY\s+)?(?:LATERAL\s+)?([\w.\"]+|\()")
_CATALOG = re.compile(rb"(?:\"?PG_CATALOG\"?\.|\"?INFORMATION_SCHEMA\"?\.|PG_)")


@lru_cache(maxsize=512)
def nature(text: bytes) -> Nature:
    """The nature of a text of one or several statements; an empty one does nothing."""
    executes = commits = False
    for statement in _statements(text):
        word = statement.split(b" ", 1)[0]
        if word in (b"COMMIT", b"END"):
            executes = commits = True
        elif not (_only_sets_up(word, statement) or _looks_at_the_catalog(word, statement)):
            executes = True
    return Nature(executes, commits)


def _statements(text: bytes) -> list[bytes]:
    """Each statement in upper case, without comments, one blank between words; `;` in a string ends none."""
    statements, current = [], bytearray()
    for token in _TOKEN.finditer(text):
        if token["end"]:
            statements.append(bytes(current).strip())
            current.clear()
        elif token["blank"]:
            if current[-1:] != b" ":
                current += b" "
        else:
            current += token[0].upper()
    statements.append(bytes(current).strip())
    return [statement for statement in statements if statement]


def _only_sets_up(word: bytes, statement: bytes) -> bool:
    return word in _SESSION and not _EXECUTING.match(statement)


def _looks_at_the_catalog(word: bytes, statement: bytes) -> bool:
    """Whether it is a driver's own question: one that it is known for, or one about nothing but catalogs."""
    if word not in (b"SELECT", b"WITH"):
        return False
    if _INTROSPECTION.fullmatch(statement):
        return True
    relations = [name for name in _RELATION.findall(statement) if name != b"("]
    return bool(relations) and all(_CATALOG.match(name) for name in relations)
