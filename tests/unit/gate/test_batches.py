"""Batches are the same however their bytes are cut; long ones are handed out in parts that add up to them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.gate.cuts import cut

from isofuzz.gate.batches import HEAD, LIMIT, Batch, Batcher
from isofuzz.gate.messages import NotPostgres, message
from isofuzz.gate.operation import CURRENT, Operation

SYNC, FLUSH, TERMINATE = message(b"S", b""), message(b"H", b""), message(b"X", b"")
DONE = message(b"c", b"")


def query(text: str) -> bytes:
    return message(b"Q", text.encode() + b"\0")


def parse(text: str, name: str = "") -> bytes:
    return message(b"P", name.encode() + b"\0" + text.encode() + b"\0\0\0")


def bind(name: str = "", portal: str = "", parameter: bytes = b"") -> bytes:
    return message(b"B", portal.encode() + b"\0" + name.encode() + b"\0" + parameter)


def execute(portal: str = "") -> bytes:
    return message(b"E", portal.encode() + b"\0" + bytes(4))


def only(data: bytes, batcher: Batcher | None = None) -> Batch:
    (batch,) = (batcher or Batcher()).feed(data)
    return batch


INSERT = "INSERT INTO note VALUES (1)"


@pytest.mark.parametrize(
    ("data", "kinds", "text", "executes", "commits"),
    [
        (query(INSERT), b"Q", INSERT, True, False),
        (query("COMMIT"), b"Q", "COMMIT", True, True),
        (query("BEGIN"), b"Q", "BEGIN", False, False),
        (query("BEGIN; " + INSERT + "; END"), b"Q", "BEGIN; " + INSERT + "; END", True, True),
        (parse(INSERT) + bind() + execute() + SYNC, b"PBES", INSERT, True, False),
        (parse("COMMIT") + bind() + execute() + SYNC, b"PBES", "COMMIT", True, True),
        (parse("ROLLBACK") + bind() + execute() + SYNC, b"PBES", "ROLLBACK", False, False),
        (parse(INSERT, "s1") + message(b"D", b"Ss1\0") + FLUSH, b"PDH", INSERT, False, False),
        (
            parse("BEGIN") + bind() + execute() + parse(INSERT) + bind() + execute() + SYNC,
            b"PBEPBES",
            None,
            True,
            False,
        ),
        (bind("gone") + execute() + SYNC, b"BES", "(unknown)", True, False),
        (bind() + SYNC, b"BS", "", False, False),
        (message(b"C", b"Ss1\0") + SYNC, b"CS", "", False, False),
        (SYNC, b"S", "", False, False),
        (FLUSH, b"H", "", False, False),
        (TERMINATE, b"X", "", False, False),
        (message(b"F", bytes(10)), b"F", "", True, False),
        (message(b"d", b"data") + DONE, b"dc", "", False, False),
        (message(b"f", b"why\0"), b"f", "", False, False),
        (message(b"p", b"password\0"), b"p", "", False, False),
    ],
)
def test_what_a_batch_is(data: bytes, kinds: bytes, text: str | None, executes: bool, commits: bool) -> None:
    batch = only(data)
    assert (batch.data, batch.kinds, batch.executes, batch.commits) == (data, kinds, executes, commits)
    assert batch.text == (f"BEGIN; {INSERT}" if text is None else text)
    assert batch.ends
    assert not batch.continues


def test_prepared_statements_and_portals_are_remembered() -> None:
    batcher = Batcher()
    batcher.feed(parse(INSERT, "s1") + parse("COMMIT", "s2") + FLUSH)
    assert only(bind("s1") + execute() + SYNC, batcher).text == INSERT
    assert only(bind("s2", "p2") + SYNC, batcher).text == ""
    assert only(execute("p2") + SYNC, batcher).commits
    assert only(execute() + SYNC, batcher).text == INSERT
    batcher.feed(parse("ROLLBACK", "s1") + SYNC)
    assert only(bind("s1") + execute() + SYNC, batcher).text == "ROLLBACK"


def test_a_session_that_prepares_without_end_is_forgotten_bit_by_bit() -> None:
    batcher = Batcher()
    for number in range(5000):
        batcher.feed(parse("BEGIN", f"s{number}") + SYNC)
    assert only(bind("s4999") + execute() + SYNC, batcher).text == "BEGIN"
    forgotten = only(bind("s0") + execute() + SYNC, batcher)
    assert forgotten.text == "(unknown)"
    assert forgotten.executes


def test_a_batch_belongs_to_whom_its_last_byte_was_written_for() -> None:
    batcher, one, other = Batcher(), Operation(1), Operation(2)
    text = query(INSERT)
    CURRENT.set(one)
    assert batcher.feed(text[:9]) == []
    CURRENT.set(other)
    batch = only(text[9:], batcher)
    CURRENT.set(None)
    assert batch.operation is other


A_BATCH = st.one_of(
    st.sampled_from([query("COMMIT"), query(INSERT), SYNC, FLUSH, parse(INSERT, "s1") + FLUSH, DONE]),
    st.binary(max_size=50).map(lambda parameter: bind("s1", parameter=parameter) + execute() + SYNC),
)


@given(batches=st.lists(A_BATCH, min_size=1), data=st.data())
def test_batches_do_not_depend_on_how_the_bytes_are_cut(batches: list[bytes], data: st.DataObject) -> None:
    batcher = Batcher()
    found = [batch for piece in cut(b"".join(batches), data) for batch in batcher.feed(piece)]
    assert [batch.data for batch in found] == batches
    whole = Batcher()
    expected = [only(batch, whole) for batch in batches]
    assert [(batch.kinds, batch.text) for batch in found] == [(batch.kinds, batch.text) for batch in expected]
    assert batcher.pending == 0


LONG = {
    "a parameter": (bind("s1", parameter=bytes(3 * LIMIT)) + execute() + SYNC, b"BES"),
    "a query": (query("SELECT '" + "x" * 3 * LIMIT + "'"), b"Q"),
    "a statement": (parse("SELECT '" + "x" * 3 * LIMIT + "'") + bind() + execute() + SYNC, b"PBES"),
    "many messages": ((bind("s1", parameter=bytes(1000)) + execute()) * 300 + SYNC, b"BE" * 300 + b"S"),
    "after many messages": (
        (bind() + execute()) * 3000 + bind(parameter=bytes(2 * LIMIT)) + SYNC,
        b"BE" * 3000 + b"BS",
    ),
}


@pytest.mark.parametrize("what", LONG)
@given(size=st.integers(1000, 100_000))
def test_a_long_batch_is_handed_out_in_parts(what: str, size: int) -> None:
    text, kinds = LONG[what]
    batcher, parts, kept = Batcher(), [], 0
    text += query("COMMIT")
    for at in range(0, len(text), size):
        parts += batcher.feed(text[at : at + size])
        kept = max(kept, batcher.pending)
    *parts, last = parts
    assert last.commits
    assert not last.continues
    assert b"".join(part.data for part in parts) + last.data == text
    assert b"".join(part.kinds for part in parts) == kinds
    assert [part.continues for part in parts] == [False] + [True] * (len(parts) - 1)
    assert [part.ends for part in parts] == [False] * (len(parts) - 1) + [True]
    assert len(parts) == 1 or parts[0].executes
    assert kept <= LIMIT
    if what != "many messages" and size <= LIMIT:
        assert len(parts[0].data) < 2 * LIMIT + size


def test_data_of_a_copy_are_never_kept() -> None:
    batcher = Batcher()
    chunk = message(b"d", bytes(1000))
    first, rest = batcher.feed(chunk * 2 + chunk[:500]), batcher.feed(chunk[500:])
    assert [batch.kinds for batch in first] == [b"dd", b"d"]
    assert not any(batch.executes for batch in first)
    assert [batch.ends for batch in rest] == [True]
    assert not only(query("COMMIT"), batcher).continues


def test_a_text_that_is_remembered_in_part_is_held() -> None:
    """What it does at its end is not known."""
    text = "SET a = '" + "x" * HEAD + "'"
    batch = only(query(text))
    assert batch.executes
    assert batch.text == text[:HEAD] + " …"


@pytest.mark.parametrize(
    "garbage", [b"\0\0\0\0\0", b"Q\0\0\0\x03", b"S\0\0\xff\xff", b"Q\x7f\xff\xff\xff", b"GET / HTTP"]
)
def test_garbage(garbage: bytes) -> None:
    with pytest.raises(NotPostgres, match="invalid"):
        Batcher().feed(query("SELECT 1") + garbage)


@pytest.mark.parametrize("body", [b"", b"no zero", b"\0", b"a\0b"])
@pytest.mark.parametrize("kind", [b"P", b"B", b"E", b"Q", b"D", b"C"])
def test_what_says_nothing_is_the_servers_to_refuse(kind: bytes, body: bytes) -> None:
    data = message(kind, body) + SYNC
    assert b"".join(batch.data for batch in Batcher().feed(data)) == data
