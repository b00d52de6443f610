"""What is held and what passes, told by the text."""

import pytest

from isofuzz.gate.statements import nature

PASSES = [
    "",
    ";",
    "-- a comment",
    "begin",
    "BEGIN ISOLATION LEVEL SERIALIZABLE;",
    "START TRANSACTION READ ONLY",
    "/* by the pool */ ROLLBACK",
    "ROLLBACK TO SAVEPOINT a",
    "SAVEPOINT a; RELEASE a",
    "SET LOCAL app.user = 'ada; COMMIT'",
    'SET LOCAL search_path TO "a;b", public',
    "set transaction read only",
    "SHOW standard_conforming_strings",
    "DISCARD ALL",
    "PREPARE s AS SELECT 1",
    "SELECT pg_advisory_unlock_all();\nCLOSE ALL;\nUNLISTEN *;\nRESET ALL;",
    "select pg_catalog.version()",
    "select current_schema()",
    "\n SELECT\n  current_setting('jit') AS cur,\n  set_config('jit', 'off', false) AS new\n",
    "SELECT set_config('jit', $1, false)",
    "WITH RECURSIVE typeinfo_tree(oid, ns) AS (SELECT 1) SELECT * FROM typeinfo_tree",
    "SELECT t.oid FROM pg_catalog.pg_type AS t INNER JOIN pg_catalog.pg_namespace ns ON true WHERE t.typname = $1",
    "SELECT typname AS name FROM pg_type t WHERE t.oid = to_regtype($1)",
]
HELD = [
    "SELECT 1",
    "select * from note",
    "WITH a AS (SELECT 1) SELECT * FROM a",
    "INSERT INTO note VALUES (1)",
    "BEGIN; DELETE FROM note",
    "SET LOCAL a = 'b'; DELETE FROM note",
    r"SET LOCAL a = E'\'; DELETE FROM note; --'; DELETE FROM note",
    "COPY note FROM STDIN",
    "LISTEN news",
    "NOTIFY news",
    "LOCK note",
    "DO $$ BEGIN NULL; END $$",
    "PREPARE TRANSACTION 'a'",
    "ROLLBACK PREPARED 'a'",
    "SET CONSTRAINTS ALL IMMEDIATE",
    "SET app.user = 'ada'",
    'set "search_path" to public',
    "SET ROLE ada",
    "EXECUTE s",
    "FETCH 10 FROM c",
    "SELECT * FROM note JOIN pg_type ON true",
    "SELECT * FROM pg_type JOIN public.note ON true",
    "SELECT pg_advisory_lock(1)",
    "SELECT set_config('app.user', $1, true)",
    "SELECT /* FROM pg_type */ 1",
    "BEGINNING",
    "SET LOCAL a$b$ = 1; DELETE FROM note; SET LOCAL c$b$ = 1",
    "CREATE TABLE note ()",
    "(SELECT 1)",
    "/* /* nested */ ROLLBACK */ SELECT 1",
    "\x00\xff",
]
COMMITS = ["COMMIT", "commit;", "END", "BEGIN; INSERT INTO note VALUES (1); COMMIT", "COMMIT AND CHAIN"]


@pytest.mark.parametrize("text", PASSES)
def test_passes(text: str) -> None:
    assert nature(text.encode()) == (False, False)


@pytest.mark.parametrize("text", HELD)
def test_is_held(text: str) -> None:
    assert nature(text.encode()) == (True, False)


@pytest.mark.parametrize("text", COMMITS)
def test_is_held_and_commits(text: str) -> None:
    assert nature(text.encode()) == (True, True)


@pytest.mark.parametrize(
    "text", ["SELECT 'COMMIT'", "SELECT $a$;COMMIT;$a$", 'SELECT "; COMMIT"', "SELECT 1 -- ;COMMIT"]
)
def test_commit_within_something_else_commits_nothing(text: str) -> None:
    assert nature(text.encode()) == (True, False)


def test_a_hard_text_takes_linear_time() -> None:
    """A quote, a tag and a comment without end, many times: whoever looks for each end anew takes hours."""
    for piece in (b"'", b"$a$ $b$ ", b"/*", b"E'\\", b'"', b"$", b"-", b"SELECT FROM "):
        assert nature(b"SELECT " + piece * (8000 // len(piece))).executes
