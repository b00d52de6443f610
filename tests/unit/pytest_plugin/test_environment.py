"""Whatever happens to the environment is undone."""

import os

import pytest

from isofuzz.pytest_plugin.environment import restored_environment


def change_and_fail() -> None:
    with restored_environment() as environment:
        environment.set("ISOFUZZ_TEST_ADDED", "1")
        environment.keep_only("ISOFUZZ_TEST_ADDED")
        assert dict(os.environ) == {"ISOFUZZ_TEST_ADDED": "1"}
        os.environ["ISOFUZZ_TEST_OTHER"] = "1"
        raise LookupError


def test_also_when_the_test_fails() -> None:
    before = dict(os.environ)
    with pytest.raises(LookupError):
        change_and_fail()
    assert dict(os.environ) == before


def test_a_name_that_is_not_set_can_be_deleted() -> None:
    before = dict(os.environ)
    with restored_environment() as environment:
        environment.delete("ISOFUZZ_TEST_NEVER_SET")
        assert dict(os.environ) == before
