"""Who is not bound by policies, and what leads around them, judged from what a catalogue says."""

from dataclasses import replace

import pytest

from isofuzz.oracles.hazard import HazardKind
from isofuzz.oracles.posture import Definer, Kin, Posture, Role, Sibling, Table, View, posture_hazards

OWNER = Role("owner", rights_of=frozenset({"owner"}))
APP = Role("app")
CLEAN = Posture(
    tables=(Table("note", "owner", read_by=("app",)), Table("room", "owner", read_by=("app",))),
    connected=("app",),
    roles=(APP, OWNER),
    views=(View("notes", "owner", ("note",), read_by=("app",)),),
    definers=(Definer("find(text)", "owner", ("app",)),),
    siblings=(Sibling("hidden", Kin.REFERRING, "note"),),
)
UNFORCED = (Table("note", "owner", forced=False), Table("room", "owner"))


def told(posture: Posture) -> dict[str, str]:
    """What is amiss: a sentence for each subject."""
    hazards = list(posture_hazards(posture))
    assert {hazard.kind for hazard in hazards} <= {HazardKind.POSTURE}
    sentences = {hazard.subject: hazard.sentence for hazard in hazards}
    assert len(sentences) == len(hazards)
    return sentences


def with_role(role: Role) -> Posture:
    return replace(CLEAN, roles=(role, OWNER))


def test_policies_that_bind_everybody_are_none() -> None:
    assert told(CLEAN) == {}


def test_without_policies_there_is_nothing_to_go_around() -> None:
    assert told(replace(with_role(Role("app", superuser=True)), tables=())) == {}


def test_a_superuser_is_told_and_nothing_else_of_it() -> None:
    sentences = told(
        replace(with_role(Role("app", superuser=True)), siblings=(Sibling("s", Kin.COPY, "note", read_by=("app",)),))
    )
    assert sentences == {"app": "`app` is a superuser, so no policy binds it: connect the system as a plain role"}


def test_a_role_that_bypasses_row_security() -> None:
    assert told(with_role(Role("app", bypasses=True))) == {
        "app": "no policy binds `app`: ALTER ROLE app NOBYPASSRLS",
    }


@pytest.mark.parametrize(
    ("role", "owns"),
    [(replace(OWNER, name="app"), "has the rights of the owner of"), (OWNER, "owns")],
)
def test_an_owner_is_bound_only_where_that_is_forced(role: Role, owns: str) -> None:
    posture = replace(CLEAN, connected=(role.name,), roles=(role, OWNER), views=(), definers=())
    assert told(posture) == {}
    assert told(replace(posture, tables=UNFORCED)) == {
        role.name: (
            f"`{role.name}` {owns} `note`, so the policies there do not bind it: "
            "ALTER TABLE … FORCE ROW LEVEL SECURITY, or connect the system as another role"
        )
    }


def test_of_many_tables_the_first_are_named() -> None:
    tables = tuple(Table(f"t{number}", "owner", forced=False) for number in range(5))
    sentence = told(replace(CLEAN, tables=tables, connected=("owner",), views=(), definers=()))["owner"]
    assert sentence.startswith("`owner` owns `t0`, `t1`, `t2` and 2 more, so")


def test_a_view_with_the_rights_of_somebody_who_is_not_bound() -> None:
    posture = replace(CLEAN, tables=UNFORCED, definers=())
    assert told(posture) == {
        "notes": (
            "`notes` shows `note` to `app` with the rights of `owner`, whom the policies there do not bind: "
            "ALTER VIEW notes SET (security_invoker = true)"
        )
    }
    [view] = posture.views
    for harmless in (replace(view, invoker=True), replace(view, read_by=()), replace(view, shows=("room",))):
        assert told(replace(posture, views=(harmless,))) == {}


def test_a_function_with_the_rights_of_somebody_who_is_not_bound() -> None:
    posture = replace(CLEAN, tables=UNFORCED, views=())
    assert told(posture) == {
        "find(text)": (
            "`find(text)` runs for `app` with the rights of `owner`, whom the policies of `note` do not bind: "
            "make it SECURITY INVOKER, or revoke EXECUTE on it"
        )
    }
    assert told(replace(posture, definers=(Definer("find(text)", "owner"),))) == {}


def test_policies_that_are_not_switched_on() -> None:
    tables = (Table("note", "owner", enabled=False, read_by=("app",)), Table("room", "owner", enabled=False))
    assert told(replace(CLEAN, tables=tables)) == {
        "note": (
            "the policies of `note` do not apply, and `app` may read all of it: ALTER TABLE note ENABLE ROW LEVEL "
            "SECURITY"
        )
    }


@pytest.mark.parametrize("kin", Kin)
def test_a_sibling_without_policies_is_told_once(kin: Kin) -> None:
    sibling = Sibling("copy", kin, "note", "person", ("app",))
    sentences = told(replace(CLEAN, siblings=(sibling, replace(sibling, kin=Kin.ALIKE))))
    assert list(sentences) == ["copy"]
    assert sentences["copy"].startswith("`copy` ")
    assert "`note`" in sentences["copy"]
    assert "; `app` may read all of it: " in sentences["copy"]
    assert ("ENABLE ROW LEVEL SECURITY" in sentences["copy"]) is (kin is not Kin.COPY)
