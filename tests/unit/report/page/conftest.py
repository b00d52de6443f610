"""A page of kept cases of the reference chat, with texts in it that would run if they could."""

import pytest
from tests.unit.report.page.pages import hostile_contents, read_kept_cases

from isofuzz.cases.case import Case
from isofuzz.report.page.contents import Contents


@pytest.fixture(scope="session")
def kept_cases() -> list[Case]:
    return read_kept_cases()


@pytest.fixture(scope="session")
def page_contents() -> Contents:
    return hostile_contents()
