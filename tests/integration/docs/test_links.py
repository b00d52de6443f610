"""Links lead somewhere."""

import re
from pathlib import Path
from typing import Any

import pytest

ReadPage = Any

ROOT = Path(__file__).parents[3]
PAGES = ["README.md", "docs/tutorial.md", "docs/how-to.md", "docs/explanation.md", "docs/reference.md"]


@pytest.mark.parametrize("path", PAGES)
def test_files_and_headings_exist(path: str, read_page: ReadPage) -> None:
    for link in re.findall(r"\]\(([^)]+)\)", read_page(path).text):
        place, _, anchor = link.partition("#")
        file = (ROOT / path).parent / place if place else ROOT / path
        assert file.is_file(), link
        assert not anchor or anchor in _anchors(file.read_text(encoding="utf-8")), link


def _anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}
