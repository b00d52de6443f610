"""A question of the gate's own: the message, and whose the parts of the answer are."""

from struct import pack

from isofuzz.gate.asking import answer, question


def message(kind: bytes, body: bytes) -> bytes:
    return kind + pack(">i", len(body) + 4) + body


def row(*columns: bytes | None) -> bytes:
    values = (pack(">i", -1) if each is None else pack(">i", len(each)) + each for each in columns)
    return message(b"D", pack(">H", len(columns)) + b"".join(values))


READY = message(b"Z", b"I")
NOTIFIED = message(b"A", b"\0\0\0\x01channel\0payload\0")


def test_a_question_is_a_simple_query() -> None:
    assert question("SELECT 1") == b"Q\0\0\0\rSELECT 1\0"


def test_the_answer_is_the_one_text() -> None:
    said = message(b"T", b"\0\x01text\0" + bytes(18)) + row("straße".encode()) + message(b"C", b"SELECT 1\0") + READY
    assert answer(said) == ("straße", b"")


def test_what_is_for_the_client_stays_the_clients() -> None:
    assert answer(NOTIFIED + row(b"x") + NOTIFIED + READY) == ("x", NOTIFIED + NOTIFIED)


def test_an_error_is_no_answer() -> None:
    assert answer(message(b"E", b"SERROR\0\0") + READY) == (None, b"")


def test_nothing_and_several_columns_are_no_answer() -> None:
    assert answer(row(None) + READY) == (None, b"")
    assert answer(row(b"a", b"b") + READY) == (None, b"")
