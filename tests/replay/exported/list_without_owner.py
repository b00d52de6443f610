"""A finding of isofuzz, kept as a test.

It fails, with the story of what leaks, until isolation is mended, and passes from then on.
"""

from isofuzz import HistoryByHand, Key, Name, isolation_story
from isofuzz_packs.chat.target import Chat, Title


# list_threads showed a user a Title of someone else, written by open_thread
# crossing:foreign:Room:list_threads:open_thread:Title
#
# User A (named 'a') saw text that was not theirs to see: step 16 `list_threads` by
# user A returned the Title that user B (named 'b') wrote in step 5 (`open_thread`)
# into B's Room (step 5). A was never given access to that Room.
#
# Found 2026-11-22T16:26:35+00:00, and seen again in 2 of 2 runs. It was planted: the
# defect 'list-without-owner'.
# Run it with pytest, and the isofuzz that it was exported by or a newer one.
@isolation_story(Chat, defect="list-without-owner")
async def test_list_threads_shows_nothing_of_others(
    chat: Chat,
    history: HistoryByHand,
) -> None:
    # User A.
    _, guest_me, _ = await chat.sign_in(Name("a"))
    # User B.
    _, owner_me, _ = await chat.sign_in(Name("b"))
    # Step 5.
    await chat.open_thread(owner_me, Key("a"), Title("{canary}"))
    # Step 16, here it shows.
    await chat.list_threads(guest_me)
