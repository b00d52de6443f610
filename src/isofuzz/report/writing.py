"""A report in files: a page for people, and beside it what other programs read."""

from pathlib import Path

from isofuzz.cases.store import write_whole
from isofuzz.report.junit import junit
from isofuzz.report.lines import json_lines
from isofuzz.report.markdown import markdown
from isofuzz.report.page.contents import Contents
from isofuzz.report.page.rendering import rendered

PAGE = "index.html"


def beside_page(contents: Contents) -> dict[str, str]:
    """What other programs read, by the names of the files."""
    return {"junit.xml": junit(contents), "findings.jsonl": json_lines(contents), "summary.md": markdown(contents)}


def write_report(folder: Path, contents: Contents) -> Path:
    """Write all of it into the folder, each file whole or not at all and for its owner alone; the page's path."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in {PAGE: rendered(contents), **beside_page(contents)}.items():
        write_whole(folder / name, text)
    return folder / PAGE
