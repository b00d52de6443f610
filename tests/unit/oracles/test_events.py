"""What kind of event a frame is: by what names it, else by its fields, and never by what differs from run to run."""

import pytest

from isofuzz.oracles.events import kind_of_event


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('{"event": "joined", "thread": "4", "user": "ada"}', "joined"),
        ('{"type": "event_callback", "event": "message.deleted"}', "event_callback.message.deleted"),
        ('{"type": 7, "kind": "typing"}', "typing"),
        ('["presence", {"user": 4}]', "presence"),
        ('[null, "3", "room:lobby", "phx_reply", {}]', "phx_reply"),
        ('{"user": "ada", "online": true}', "online,user"),
        ('{"type": "4fe2", "user": "ada"}', "type,user"),
        ('{"6f1c-22": 1, "thread": 4}', "thread"),
        ("{}", ""),
        ("[1, 2]", ""),
        ("typing", ""),
        ('"joined"', ""),
        ("", ""),
    ],
)
def test_the_kind_of_an_event(text: str, kind: str) -> None:
    assert kind_of_event(text) == kind


def test_identifiers_and_texts_are_no_part_of_it() -> None:
    kinds = {kind_of_event(f'{{"event": "posted", "message": {id_}, "body": "text {id_}"}}') for id_ in range(9)}
    assert kinds == {"posted"}


def test_what_is_nested_without_an_end_has_none() -> None:
    assert kind_of_event("[" * 100_000) == ""
