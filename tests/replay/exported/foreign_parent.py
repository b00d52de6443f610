"""A finding of isofuzz, kept as a test.

It fails, with the story of what leaks, until isolation is mended, and passes from then on.
"""

from contextlib import suppress

from isofuzz import HistoryByHand, Key, Name, Refused, isolation_story
from isofuzz_packs.chat.target import Body, Chat, Message, Title


# quote tells whether a Message of someone else exists
# existence:told:Message:quote
#
# User B (named 'b') was told that A's Message (step 3) exists: step 9 `quote` was
# done, and step 8, the same about a Message that never existed, was refused with
# `Refused: not found`. B was never given access to it, so both answers have to be the
# same.
#
# Found 2026-11-22T22:20:43+00:00, and seen again in 2 of 2 runs. It was planted: the
# defect 'foreign-parent'.
# Run it with pytest, and the isofuzz that it was exported by or a newer one.
@isolation_story(Chat, defect="foreign-parent")
async def test_quote_does_not_tell_what_exists(
    chat: Chat,
    history: HistoryByHand,
) -> None:
    # User A.
    owner, owner_me, _ = await chat.sign_in(Name("a"))
    # User B.
    _, guest_me, _ = await chat.sign_in(Name("b"))
    room, _ = await chat.open_thread(owner_me, Key("a"), Title("{canary}"))
    # Step 3.
    message = await chat.post(owner_me, room, Body("{canary}"))
    room_2, _ = await chat.open_thread(guest_me, Key("a"), Title("{canary}"))
    # Step 8.
    with suppress(Refused):
        await chat.quote(
            guest_me,
            room_2,
            history.never_issued(Message),
            owner,
            Body("note {canary}"),
        )
    # Step 9, here it shows.
    with suppress(Refused):
        await chat.quote(guest_me, room_2, message, owner, Body("note {canary}"))
    with suppress(Refused):
        await chat.quote(
            guest_me,
            room_2,
            history.never_issued(Message, 1),
            owner,
            Body("note {canary}"),
        )
