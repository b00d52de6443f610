"""A case to keep, read and spoil."""

import pytest

from isofuzz.cases.case import Case, HitRate
from isofuzz.history.entries import Barrier, Closed, Completion, Delivery, Invocation, Outcome, Skipped
from isofuzz.oracles.violation import Breach, Oracle, Violation
from isofuzz.program.steps import Burst, Call, Literal, NeverIssued, Program, Ref, SecretText, Several

ADA, BEN, ROOM = Ref(0, 1), Ref(1, 1), Ref(2)


@pytest.fixture
def case() -> Case:
    """Ben lists the title of ada's thread."""
    calls = (
        Call(0, "sign_in", {"name": Literal("ada")}),
        Call(1, "sign_in", {"name": Literal("<b>$(rm -rf /)\n\x1b[31m")}),
        Call(2, "open_thread", {"me": ADA, "slug": Literal("a"), "title": SecretText("{canary}")}),
        Call(3, "history", {"me": BEN, "room": NeverIssued("Room", 1)}),
        Call(4, "gather", {"me": ADA, "members": Several((Ref(0), NeverIssued("Who")))}),
        Call(5, "list_threads", {"me": BEN}),
    )
    return Case(
        target="chat",
        defect="list-without-owner",
        violation=Violation(
            oracle=Oracle.CROSSING,
            breach=Breach.FOREIGN,
            at=9,
            user=Ref(1),
            boundary="Room",
            observer="list_threads",
            writer="open_thread",
            secret="Title",
            step=5,
            written_by=2,
            serial=0,
            text="q7090…",
        ),
        explanation="User B saw text that was not theirs to see.",
        program=Program((Burst(calls[:2]), *(Burst((call,)) for call in calls[2:]))),
        history=(
            Invocation.of(calls[2], {"title": 0}),
            Completion(2, Outcome.OK, (), '{"id": "1"}'),
            Delivery(Ref(0, 2), (0,), "frame", reply=True),
            Barrier(Ref(0, 2), 1, orders=True),
            Closed(Ref(0, 2)),
            Skipped(4, "gather"),
        ),
        found="2026-01-02T03:04:05+00:00",
        services="Postgres 18, embedded",
        versions={"postgres": "18", "isofuzz": "0.1.0"},
        steps_found=17,
        hit_rate=HitRate(7, 8),
        cold=True,
    )
