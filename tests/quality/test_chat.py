"""isofuzz proves itself on the reference chat: each planted leak is found in the fewest steps, and nothing else."""

from collections.abc import Callable
from pathlib import Path

import pytest

from isofuzz.oracles.verdict import Verdict
from isofuzz.runs.profiles import profile_named
from isofuzz.runs.request import RunRequest
from isofuzz.runs.run import run
from isofuzz.runs.summary import Summary
from isofuzz_packs.chat import Chat

RunOfChat = Callable[..., Summary]


@pytest.fixture
def run_of_chat(tmp_path: Path) -> RunOfChat:
    def to_the_end(profile: str, defect: str | None = None) -> Summary:
        request = RunRequest(
            target="chat", target_class=Chat, profile=profile_named(profile), defect=defect, cases=tmp_path / "cases"
        )
        return run(request)

    return to_the_end


LIST_WITHOUT_OWNER = (
    "crossing:foreign:Room:list_threads:open_thread:Title",
    ["sign_in", "sign_in", "open_thread", "list_threads"],
    (
        "User A (named 'a') saw text that was not theirs to see: step 16 `list_threads` by user A returned "
        "the Title that user B (named 'b') wrote in step 5 (`open_thread`) into B's Room (step 5). A was "
        "never given access to that Room."
    ),
)
SEARCH_UNFILTERED = (
    "crossing:foreign:Room:search:post:Body",
    ["sign_in", "sign_in", "open_thread", "post", "search"],
    (
        "User A (named 'a') saw text that was not theirs to see: step 17 `search` by user A returned the Body"
        " that user B (named 'b') wrote in step 6 (`post`) into B's Room (step 5). A was never given access "
        "to that Room."
    ),
)
LIKE_WILDCARD = (
    "crossing:foreign:Room:open_thread:open_thread:Title",
    ["sign_in", "sign_in", "open_thread", "open_thread"],
    (
        "User B (named '%') saw text that was not theirs to see: step 6 `open_thread` by user B returned the "
        "Title that user A (named 'a') wrote in step 4 (`open_thread`) into A's Room (step 4). B was never "
        "given access to that Room."
    ),
)
SUBSCRIPTION_OUTLIVES_KICK = (
    "delivery:foreign:Room:frame:post:Body",
    ["sign_in", "sign_in", "open_thread", "invite", "subscribe", "kick", "post"],
    (
        "User B (named 'b') saw text that was not theirs to see: B socket 1 (opened in step 1) brought the "
        "Body that user A (named 'a') wrote in step 12 (`post`) into A's Room (step 2). B had lost access to "
        "that Room in step 10 (`kick`)."
    ),
)


@pytest.mark.parametrize(
    ("defect", "expected"),
    [
        ("list-without-owner", LIST_WITHOUT_OWNER),
        ("search-unfiltered", SEARCH_UNFILTERED),
        ("like-wildcard", LIKE_WILDCARD),
        ("subscription-outlives-kick", SUBSCRIPTION_OUTLIVES_KICK),
    ],
)
def test_a_planted_leak_is_found_and_told_in_the_fewest_steps(
    run_of_chat: RunOfChat, defect: str, expected: tuple[str, list[str], str]
) -> None:
    # `ci` does all that `dev` does and more: what stops at the first finding finds it within both.
    summary = run_of_chat("dev", defect)
    assert (summary.verdict, summary.trouble) == (Verdict.LEAKED, None)
    [finding] = summary.findings
    operations = [call.operation for call in finding.case.program.calls]
    assert (finding.case.fingerprint, operations, finding.case.explanation) == expected
    assert (str(finding.case.hit_rate), finding.case.cold) == ("2 of 2", True)


def test_the_healthy_chat_is_isolated_and_nothing_is_left_unchecked(run_of_chat: RunOfChat) -> None:
    summary = run_of_chat("dev")
    assert (summary.verdict, summary.findings, summary.missing, summary.trouble) == (Verdict.ISOLATED, (), (), None)
    assert summary.exercised.delivered["Feed"]
    assert summary.exercised.unexpected == {}
