"""The picture of a case, compared whole as text."""

from textwrap import dedent
from typing import Any

import pytest
from rich.cells import cell_len

from isofuzz.program.vocabulary import Vocabulary
from isofuzz.report.timeline import timeline


def picture(case: Any, vocabulary: Vocabulary, width: int = 100) -> str:
    return "\n".join(line.plain.rstrip() for line in timeline(case, vocabulary, width))


def drawn(text: str) -> str:
    """The picture in an indented literal; its left edge is marked with `|`."""
    return "\n".join(line.partition("|")[2] for line in dedent(text).strip("\n").splitlines())


def test_a_crossing_is_marked_where_the_text_was_written_and_where_it_was_seen(
    story: Any, case_of: Any, vocabulary: Vocabulary
) -> None:
    ada, bob = story.sign_up("ada"), story.sign_up("bob")
    room = ada.does("new_room").made()
    text = ada.does("post", room=room).text
    bob.does("history", room=room, seen=[text])

    assert picture(case_of(), vocabulary) == drawn("""
        |     A · 'ada'                 B · 'bob'
        |   1 → sign_up('ada') · ok
        |   2                           → sign_up('bob') · ok
        |   3 → new_room() · ok
        | ◆ 4 → post(Room 3, '◆') · ok
        | ✗ 5                           → history(Room 3) · ok · saw ◆
        """)


def overlapping(story: Any, case_of: Any) -> Any:
    """Someone who was kicked out gets a frame, while both sessions are busy."""
    ada, bob = story.sign_up("ada"), story.sign_up("bob")
    room = ada.does("new_room").made()
    ada.does("invite", room=room, member=bob)
    sock = bob.does("connect").made()
    bob.does("watch", sock=sock, room=room)
    ada.does("kick", room=room, member=bob)
    post, read = ada.starts("post", room=room), bob.starts("overview")
    bob.receives(sock, post.text)
    read.returns()
    post.returns()
    return case_of(together=[post.step, read.step])


def test_steps_that_overlap_are_bracketed(story: Any, case_of: Any, vocabulary: Vocabulary) -> None:
    assert picture(overlapping(story, case_of), vocabulary) == drawn("""
        |     A · 'ada'                 B · 'bob'
        |   1 → sign_up('ada') · ok
        |   2                           → sign_up('bob') · ok
        |   3 → new_room() · ok
        |   4 → invite(Room 3, B) · ok
        |   5                           → connect() · ok
        |   6                           → watch(B socket 1, Room 3) · ok
        |   7 → kick(Room 3, B) · ok
        |┌◆ 8 → post(Room 3, '◆')
        |│  9                           → overview()
        |│✗                             ⇠ ◆
        |│  9                           ← overview · ok
        |└  8 ← post · ok
        """)


def test_what_is_too_wide_is_cut_but_not_how_it_ended(story: Any, case_of: Any, vocabulary: Vocabulary) -> None:
    assert picture(overlapping(story, case_of), vocabulary, 50) == drawn("""
        |     A · 'ada'              B · 'bob'
        |   1 → sign_up('ada') · ok
        |   2                        → sign_up('bob') · ok
        |   3 → new_room() · ok
        |   4 → invite(Room 3… · ok
        |   5                        → connect() · ok
        |   6                        → watch(B socket… · ok
        |   7 → kick(Room 3, … · ok
        |┌◆ 8 → post(Room 3, '◆')
        |│  9                        → overview()
        |│✗                          ⇠ ◆
        |│  9                        ← overview · ok
        |└  8 ← post · ok
        """)


@pytest.mark.parametrize("width", [40, 80, 81, 200])
@pytest.mark.parametrize("name", ["ada" * 40, "愛" * 60, "e\N{COMBINING ACUTE ACCENT}" * 50])
def test_no_line_is_wider_than_the_terminal(
    story: Any, case_of: Any, vocabulary: Vocabulary, width: int, name: str
) -> None:
    ada, bob = story.sign_up(name), story.sign_up("bob")
    text = ada.does("post", room=ada.does("new_room").made()).text
    bob.does("overview", seen=[text])

    lines = timeline(case_of(), vocabulary, width)

    assert max(cell_len(line.plain) for line in lines) <= width


def test_the_breach_is_red_and_the_way_of_the_text_is_highlighted(
    story: Any, case_of: Any, vocabulary: Vocabulary
) -> None:
    ada, bob = story.sign_up("ada"), story.sign_up("bob")
    text = ada.does("post", room=ada.does("new_room").made()).text
    bob.does("overview", seen=[text])

    *_, written, seen = timeline(case_of(), vocabulary, 100)

    assert seen.style == "bold red"
    assert all("bold magenta" in {span.style for span in line.spans} for line in (written, seen))
