"""A finding of isofuzz, kept as a test.

It fails, with the story of what leaks, until isolation is mended, and passes from then on.
"""

from isofuzz import HistoryByHand, Name, isolation_story
from isofuzz_packs.chat.target import About, Chat


# read_about showed a user a About of someone else, written by set_about
# crossing:foreign:user:read_about:set_about:About
#
# User B (named 'b') saw text that was not theirs to see: step 22 `read_about` by user
# B returned the About that user A (named 'a') wrote in step 12 (`set_about`) into A's
# own space. A About is for its author alone.
#
# Found 2026-11-26T00:32:37+00:00, and seen again in 2 of 2 runs. It was planted: the
# defect 'reply-left-behind'.
# Run it with pytest, and the isofuzz that it was exported by or a newer one.
@isolation_story(Chat, defect="reply-left-behind")
async def test_read_about_shows_nothing_of_others(
    chat: Chat,
    history: HistoryByHand,
) -> None:
    # User A.
    _, owner_me, _ = await chat.sign_in(Name("a"))
    # User B.
    _, guest_me, _ = await chat.sign_in(Name("b"))
    # Step 12.
    await chat.set_about(owner_me, About("{canary}"))
    await chat.set_about(guest_me, About("{canary}"))
    await chat.read_about(owner_me)
    # They take turns. This is how it was found, one move at a time:
    # - read_about of owner starts
    # - read_about of owner: GET about:186db60e-8fb4-408f-b72c-f89d5576b487
    # - read_about of owner is given up
    # - read_about of guest starts
    # - read_about of guest: GET about:583e093a-5b6e-4c1a-8d8e-caa9ce81964d
    # - read_about of guest: SELECT CASE WHEN set_config('app.user_id', $1, true) ...
    # - read_about of guest: SELECT about_version FROM users WHERE id = $1
    # - read_about of guest: COMMIT;
    async with history.overlap("002") as overlap:
        read_about = overlap.start(chat.read_about(owner_me))
        # Step 22, here it shows.
        overlap.start(chat.read_about(guest_me))
        overlap.fault("cancel", read_about)
