"""What is owed, told by recorded conversations and by conversations that fail in every place."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isofuzz.gate.owed import OutOfStep, Owed

CONVERSATIONS = sorted((Path(__file__).parent / "conversations").glob("*.conversation"))


def a_session() -> Owed:
    """One that has been started."""
    owed = Owed()
    owed.came(b"Z", ord("I"))
    return owed


@pytest.mark.parametrize("path", CONVERSATIONS, ids=lambda path: path.stem)
@pytest.mark.parametrize("piecemeal", [False, True])
def test_a_recorded_conversation(path: Path, piecemeal: bool) -> None:
    """The columns: who speaks, kinds of messages, `...` for a batch without an end yet, the state, whether it owes.

    They are from a real server and the client that the first line names. Cut into single messages, replies are owed
    until the last of them has come.
    """
    owed = a_session()
    lines = [line.split() for line in path.read_text().splitlines() if not line.startswith("#")]
    for speaker, kinds, *notes in lines:
        told = kinds.strip("-").encode()
        if speaker == ">":
            owed.sent(told, flushes="..." not in notes)
        else:
            status = ord(next((note for note in notes if note in "ITE"), owed.transaction))
            for reply in [told[at : at + 1] for at in range(len(told))] if piecemeal else [told]:
                owed.came(reply, status)
            assert owed.transaction == chr(status)
        assert owed.owes == ("owes" in notes), (speaker, kinds, notes)
    assert not owed.owes
    assert not owed.skipping


def test_there_are_conversations() -> None:
    assert len(CONVERSATIONS) == 16


def test_a_start_up_ends_with_the_first_ready() -> None:
    owed = Owed()
    assert not owed.owes
    owed.came(b"Z", ord("I"))
    owed.sent(b"Q")
    assert owed.owes


def test_nothing_is_owed_before_it_is_flushed() -> None:
    owed = a_session()
    owed.sent(b"PBE", flushes=False)
    assert not owed.owes
    owed.sent(b"S")
    assert owed.owes
    owed.came(b"12CZ", ord("I"))
    assert not owed.owes


def test_what_comes_early_is_counted() -> None:
    """A server whose output buffer is full answers before it is told to."""
    owed = a_session()
    owed.sent(b"PBE", flushes=False)
    owed.came(b"12", 0)
    owed.sent(b"BES")
    owed.came(b"C2C", 0)
    assert owed.owes
    owed.came(b"Z", ord("T"))
    assert not owed.owes


def test_batches_overlap() -> None:
    owed = a_session()
    for _ in range(3):
        owed.sent(b"BES")
    owed.sent(b"Q")
    for _ in range(3):
        owed.came(b"2CZ", ord("I"))
        assert owed.owes
    owed.came(b"TCTCZ", ord("I"))
    assert not owed.owes


def test_the_data_of_a_copy_may_come_before_the_server_asks_for_them() -> None:
    """The first Sync is within the data and ignored, the second is not."""
    owed = a_session()
    owed.sent(b"BES")
    owed.sent(b"dc")
    owed.sent(b"S")
    owed.came(b"2G", 0)
    assert owed.owes
    owed.came(b"C", 0)
    assert owed.owes
    owed.came(b"Z", ord("I"))
    assert not owed.owes


def test_a_function_call() -> None:
    owed = a_session()
    owed.sent(b"F")
    owed.came(b"VZ", ord("I"))
    assert not owed.owes


def test_the_server_says_why_it_hangs_up() -> None:
    owed = a_session()
    owed.came(b"E", 0)
    assert not owed.owes
    assert not owed.skipping


@pytest.mark.parametrize("unasked", [b"1", b"2", b"C", b"Z"])
def test_a_reply_that_nothing_asked_for(unasked: bytes) -> None:
    owed = a_session()
    with pytest.raises(OutOfStep, match=unasked.decode()):
        owed.came(unasked, ord("I"))
    owed.sent(b"Q")
    owed.came(b"CZ", ord("I"))
    assert not owed.owes


REPLIES = {ord("P"): b"1", ord("B"): b"2", ord("D"): b"T", ord("E"): b"C", ord("C"): b"3"}
EXTENDED = st.lists(st.sampled_from("PBDEC"), min_size=1, max_size=6).map(lambda kinds: "".join(kinds).encode() + b"S")
BATCHES = st.lists(st.one_of(EXTENDED, st.just(b"Q")), min_size=1, max_size=5)


@given(batches=BATCHES, data=st.data())
def test_whatever_fails_wherever_the_account_comes_out(batches: list[bytes], data: st.DataObject) -> None:
    """All batches are sent; the server answers each, some with an error; its replies come in any pieces."""
    owed = a_session()
    replies = bytearray()
    for batch in batches:
        owed.sent(batch)
        answered = b"TC" if batch == b"Q" else b"".join(REPLIES[kind] for kind in batch[:-1])
        fails = data.draw(st.integers(0, len(answered)) | st.none())
        replies += answered if fails is None else answered[:fails] + b"E"
        replies += b"Z"
    while replies:
        assert owed.owes
        size = data.draw(st.integers(1, len(replies)))
        owed.came(bytes(replies[:size]), ord("I"))
        del replies[:size]
    assert not owed.owes
    assert not owed.skipping
