"""What a person is told of a history, and what not."""

from collections.abc import Iterable
from typing import Any

from isofuzz.history.entries import Barrier, Closed, Completion, Delivery, Move, Moved, Outcome, Skipped, Storage
from isofuzz.history.entries import Row as StoredRow
from isofuzz.oracles.violation import Breach, Oracle, Violation
from isofuzz.program.canary import Mint
from isofuzz.program.schedule import Schedule
from isofuzz.program.steps import Burst, NeverIssued, Program
from isofuzz.program.vocabulary import Vocabulary
from isofuzz.report.storyline import Mark, Row, storyline


def said(rows: Iterable[Row]) -> list[str]:
    return [f"{row.mark.value} {row.text}{row.ending}" for row in rows]


def leak(user: Any, *, at: int = -1, breach: Breach = Breach.FOREIGN, **fields: Any) -> Violation:
    return Violation(Oracle.CROSSING, breach, at, user.user, "Room", "history", **fields)


def test_an_operator_has_a_column_only_if_there_is_one(story: Any, case_of: Any, vocabulary: Vocabulary) -> None:
    ada = story.sign_up("ada")
    assert storyline(case_of(violation=leak(ada)), vocabulary).headings == ("A · 'ada'",)

    story.starts("announce", None, {}).returns()
    assert storyline(case_of(violation=leak(ada)), vocabulary).headings == ("A · 'ada'", "operator")


def test_each_session_of_a_user_has_a_column(story: Any, case_of: Any, vocabulary: Vocabulary) -> None:
    ada, again = story.sign_up("ada"), story.sign_up("ada")
    again.does("overview")

    told = storyline(case_of(violation=leak(ada)), vocabulary)

    assert told.headings == ("A/1 · 'ada'", "A/2 · 'ada'")
    assert [row.column for row in told.rows] == [0, 1, 1]


def test_frames_show_their_text_with_symbols_for_the_canaries(story: Any, case_of: Any, vocabulary: Vocabulary) -> None:
    ada = story.sign_up("ada")
    room, sock = ada.does("new_room").made(), ada.does("connect").made()
    own, other = ada.does("post", room=room), ada.does("post", room=room)
    first, second = Mint("abc123").mint(70), Mint("abc123").mint(71)
    story.history.append(Delivery(sock, (own.text, other.text), f"{first} and {second.upper()} and {first}"))
    case = case_of(violation=leak(ada, serial=own.text, written_by=own.step))

    assert said(storyline(case, vocabulary).rows)[-3:] == [
        "◆ → post(Room 2, '◆') · ok",
        "  → post(Room 2, '◇5') · ok",
        "  ⇠ ◆ ◇5 ◆ and ◇5 and ◆",
    ]


def test_what_tells_that_something_exists_is_told_with_both_answers(
    story: Any, case_of: Any, vocabulary: Vocabulary
) -> None:
    ada, bob = story.sign_up("ada"), story.sign_up("bob")
    room = ada.does("new_room").made()
    steps = []
    for argument, answer in ((NeverIssued("Room"), "Refused: not found"), (room, f"Refused: {'no! ' * 40}")):
        steps.append(bob.starts("history", room=argument).step)
        story.history.append(Completion(steps[-1], Outcome.REFUSED, (), answer))
    told = leak(bob, at=len(story.history) - 1, breach=Breach.TOLD, step=steps[1], instead=steps[0])

    rows = said(storyline(case_of(violation=told), vocabulary).rows)[-2:]

    assert rows == [
        "  → history(Room never issued) · refused Refused: not found",
        f"✗ → history(Room 3) · refused Refused: {' '.join(['no!'] * 12)} …",
    ]


def test_what_is_stored_is_told_at_the_end(story: Any, case_of: Any, vocabulary: Vocabulary) -> None:
    ada, bob = story.sign_up("ada"), story.sign_up("bob")
    room = ada.does("new_room").made()
    post = ada.does("post", room=room)
    edit = bob.does("edit", message=post.made())
    canary = Mint("abc123").mint(70)
    story.history.append(Storage((StoredRow((edit.text,), f"note {canary}", (room,), (ada.user,)),)))

    told = storyline(case_of(), vocabulary)

    assert said(told.rows)[-2:] == ["◆ → edit(Message 4, '◆') · ok", "✗ ▤ stored in Room 3 of A note ◆"]
    assert told.rows[-1].column == 1


def test_a_row_that_says_what_nobody_knows_and_one_that_says_nothing(
    story: Any, case_of: Any, vocabulary: Vocabulary
) -> None:
    ada = story.sign_up("ada")
    ada.starts("post", room=ada.does("new_room").made()).is_refused()
    story.history.append(Storage((StoredRow((1,), "note", None, ()),)))

    assert said(storyline(case_of(), vocabulary).rows)[-1] == "✗ ▤ stored of nobody knows what note"


def test_what_is_no_longer_stored_is_told_at_the_end(story: Any, case_of: Any, vocabulary: Vocabulary) -> None:
    ada = story.sign_up("ada")
    room = ada.does("new_room").made()
    ada.does("post", room=room)
    there = ada.does("post", room=room)
    story.history.append(Storage((StoredRow((there.text,)),)))

    assert said(storyline(case_of(), vocabulary).rows)[-1] == "✗ ▤ ◆ is no longer stored"


def test_barriers_and_replies_are_left_out(story: Any, case_of: Any, vocabulary: Vocabulary) -> None:
    ada = story.sign_up("ada")
    sock = ada.does("connect").made()
    post = ada.does("post", room=ada.does("new_room").made())
    story.barrier(sock)
    ada.receives(sock, post.text, reply=True)

    assert said(storyline(case_of(violation=leak(ada)), vocabulary).rows) == [
        "  → sign_up('ada') · ok",
        "  → connect() · ok",
        "  → new_room() · ok",
        "  → post(Room 3, '◇4') · ok",
    ]


def test_an_event_that_never_came_is_told_at_its_barrier(story: Any, case_of: Any, vocabulary: Vocabulary) -> None:
    ada, bob = story.sign_up("ada"), story.sign_up("bob")
    room = ada.does("new_room").made()
    ada.does("invite", room=room, member=bob)
    sock = bob.does("connect").made()
    bob.does("watch", sock=sock, room=room)
    ada.does("post", room=room)
    story.barrier(sock)

    told = storyline(case_of(), vocabulary)

    assert said(told.rows)[-2:] == ["◆ → post(Room 3, '◆') · ok", "✗ ⇠ ◆ never came"]
    assert told.rows[-1].column == 1


def test_what_a_read_lacks_is_told_with_it(story: Any, case_of: Any, vocabulary: Vocabulary) -> None:
    ada = story.sign_up("ada")
    room = ada.does("new_room").made()
    ada.does("post", room=room)
    ada.does("history", room=room)

    assert said(storyline(case_of(), vocabulary).rows)[-1] == "✗ → history(Room 2) · ok · lacks ◆"


def test_a_refusal_of_what_is_ones_own_is_marked(story: Any, case_of: Any, vocabulary: Vocabulary) -> None:
    ada = story.sign_up("ada")
    room = ada.does("new_room").made()
    ada.is_refused("history", room=room)

    assert said(storyline(case_of(), vocabulary).rows)[-1] == "✗ → history(Room 2) · refused"


def test_what_was_seen_in_a_reply_frame_is_told_with_the_operation(
    story: Any, case_of: Any, vocabulary: Vocabulary
) -> None:
    ada, bob = story.sign_up("ada"), story.sign_up("bob")
    text = ada.does("post", room=ada.does("new_room").made()).text
    sock = bob.does("connect").made()
    read = bob.starts("overview")
    bob.receives(sock, text, reply=True)
    read.returns()

    assert said(storyline(case_of(), vocabulary).rows)[-1] == "✗ → overview() · ok · saw ◆"


def test_unexpected_ends_closed_sockets_and_skipped_steps_are_told(
    story: Any, case_of: Any, vocabulary: Vocabulary
) -> None:
    ada = story.sign_up("ada")
    sock = ada.does("connect").made()
    read = ada.starts("history", room=NeverIssued("Room"))
    story.history.append(Completion(read.step, Outcome.INFO, (), "TimeoutError: after 10 s"))
    story.history += [Closed(sock), Skipped(9, "invite")]

    assert said(storyline(case_of(violation=leak(ada)), vocabulary).rows)[-3:] == [
        "  → history(Room never issued) · ? TimeoutError",
        "  ⇠ closed by the system",
        "  invite skipped: what it needs never came to be",
    ]


def test_a_text_of_an_earlier_program_is_marked_where_it_shows(
    story: Any, case_of: Any, vocabulary: Vocabulary
) -> None:
    story.sign_up("ada").does("overview", seen=[-5])

    last = storyline(case_of(), vocabulary).rows[-1]

    assert (last.mark, last.ending) == (Mark.BREACH, " · ok · saw ◆")


def test_nothing_that_the_system_says_reaches_the_terminal_as_it_is(
    story: Any, case_of: Any, vocabulary: Vocabulary
) -> None:
    ada = story.sign_up("\x1b[2Jada")
    sock = ada.does("connect").made()
    hostile = "\x1b]0;owned\x07 [red]x[/red]\r\n\u202e"
    story.history.append(Delivery(sock, (), hostile))
    read = ada.starts("page", room=NeverIssued("Room"), size="\x9b1m")
    story.history.append(Completion(read.step, Outcome.INFO, (), hostile))

    told = storyline(case_of(violation=leak(ada)), vocabulary)

    words = [*told.headings, *said(told.rows)]
    assert all(word.isprintable() for word in words)
    assert any("[red]x[/red]\\r\\n\\u202e" in word for word in words)


def test_a_barrier_that_is_no_breach_is_no_row(story: Any, case_of: Any, vocabulary: Vocabulary) -> None:
    ada = story.sign_up("ada")
    sock = ada.does("connect").made()
    story.history.append(Barrier(sock, 0, orders=True))

    assert len(storyline(case_of(violation=leak(ada)), vocabulary).rows) == 2


def test_a_statement_of_which_nobody_knows_the_step_is_told_by_its_connection(
    story: Any, case_of: Any, vocabulary: Vocabulary
) -> None:
    ada = story.sign_up("ada")
    room = ada.does("new_room").made()
    one, other = ada.starts("post", room=room), ada.starts("post", room=room)
    story.history += [
        Moved(one.step, Move.STATEMENT, "INSERT INTO messages"),
        Moved(other.step, Move.STATEMENT, "INSERT INTO messages", connection=2),
        Moved(other.step, Move.REPLY, "COMMIT", connection=2),
    ]
    overlapping = Burst(tuple(story.calls[-2:]), Schedule((0, 1)))
    alone = [Burst((call,)) for call in story.calls[:-2]]
    case = case_of(violation=leak(ada), program=Program((*alone, overlapping)))

    assert said(storyline(case, vocabulary).rows)[-3:] == [
        "  · INSERT INTO messages",
        "  · connection 2, presumably: INSERT INTO messages",
        "  · connection 2, presumably: gets an answer: COMMIT",
    ]


def test_moves_between_which_nobody_came_in_are_told_as_the_first_and_the_last(
    story: Any, case_of: Any, vocabulary: Vocabulary
) -> None:
    ada = story.sign_up("ada")
    room = ada.does("new_room").made()
    one, other = ada.starts("post", room=room), ada.starts("post", room=room)
    story.history += [
        Moved(one.step, Move.TASK),
        *(Moved(one.step, Move.STATEMENT, f"SELECT {number}") for number in range(5)),
        Moved(other.step, Move.TASK),
        Moved(other.step, Move.TASK),
        *(Moved(one.step, Move.STATEMENT, f"INSERT {number}") for number in range(3)),
        Moved(one.step, Move.REPLY, "INSERT 2"),
    ]
    overlapping = Burst(tuple(story.calls[-2:]), Schedule((0, 1)))
    alone = [Burst((call,)) for call in story.calls[:-2]]
    case = case_of(violation=leak(ada), program=Program((*alone, overlapping)))

    assert said(storyline(case, vocabulary).rows)[-8:] == [
        "  · SELECT 0",
        "  · … 3 more …",
        "  · SELECT 4",
        "  · goes on",
        "  · INSERT 0",
        "  · INSERT 1",
        "  · INSERT 2",
        "  · gets the lock: INSERT 2",
    ]
