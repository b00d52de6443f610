import pytest

from isofuzz.errors import UsageError
from isofuzz.services.postgres.roles import Role, database_name, new_suffix, owner_name, plain_name, role_name


def test_names_carry_the_suffix_and_fit() -> None:
    suffix = new_suffix()

    assert suffix != new_suffix()
    for name in (database_name(suffix), owner_name(suffix), role_name("a" * 40, suffix)):
        assert suffix in name
        assert len(name) <= 63


def test_a_person_reads_them_without_the_suffix() -> None:
    suffix = new_suffix()
    names = [role_name("app", suffix), owner_name(suffix), "postgres"]
    assert [plain_name(name, suffix) for name in names] == ["app", "isofuzz_owner", "postgres"]


@pytest.mark.parametrize("name", ["", "App", "1a", "a-b", 'a"b', "a" * 41, "ä", "a\n"])
def test_a_name_that_would_need_quoting_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="cannot name a role"):
        role_name(name, "0123456789")


def test_the_url_is_not_in_the_repr() -> None:
    assert "secret" not in repr(Role("app", "postgresql://app:secret@localhost/db"))
