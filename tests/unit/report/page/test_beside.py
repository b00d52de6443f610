"""What other programs read of a report."""

import json
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

from isofuzz.oracles.verdict import Verdict
from isofuzz.report.junit import junit
from isofuzz.report.lines import json_lines
from isofuzz.report.markdown import markdown, plain
from isofuzz.report.page.contents import Contents
from isofuzz.report.writing import write_report


def suite_of(contents: Contents) -> ElementTree.Element:
    return ElementTree.fromstring(junit(contents))


def test_junit_counts_what_it_holds_and_what_is_gone_does_not_fail(page_contents: Contents) -> None:
    suite = suite_of(page_contents)
    failed = [case.get("name") for case in suite.iter("testcase") if case.find("failure") is not None]
    assert failed == [
        *(page_contents.findings[place].finding.case.fingerprint for place in (0, 2, 3)),
        "all was checked",
    ]
    assert suite.attrib | {"name": ""} == {"name": "", "tests": "6", "failures": "4", "errors": "0"}
    text = suite.findtext("testcase/failure", "")
    assert page_contents.findings[0].finding.case.explanation.strip() in text
    assert "isofuzz replay 'cases/it'\"'\"'s evil.json'" in text


def test_junit_of_a_run_that_failed(page_contents: Contents) -> None:
    suite = suite_of(replace(page_contents, verdict=Verdict.ERROR, findings=(), missing=(), headline="bad \x00 \ud800"))
    assert (suite.get("failures"), suite.get("errors")) == ("0", "1")
    assert "\x00" not in junit(page_contents)


def test_a_line_for_each_finding(page_contents: Contents) -> None:
    lines = [json.loads(line) for line in json_lines(page_contents).splitlines()]
    assert [line["state"] for line in lines] == ["new", "gone", None, None]
    assert lines[0]["case"] == "cases/it's evil.json"
    assert lines[2]["case"] is None
    assert lines[0]["fingerprint"] == page_contents.findings[0].finding.case.fingerprint


def test_markdown_lets_nothing_through(page_contents: Contents) -> None:
    text = markdown(page_contents)
    assert "<script" not in text
    assert "<img" not in text
    assert text.count("<details>") == text.count("</details>") == 4
    assert "LEAKED" in text


def test_a_plain_text_stays_in_its_cell_and_mentions_nobody() -> None:
    assert "\n" not in plain("a\nb | c")
    assert plain("a | b") == r"a \| b"
    assert not re.search(r"@\w", plain("@everyone"))
    assert plain("<b> & `x`") == r"&lt;b\> &amp; \`x\`"


def test_markdown_is_never_longer_than_what_is_taken(page_contents: Contents) -> None:
    text = markdown(replace(page_contents, findings=page_contents.findings * 100))
    assert len(text) < 65_536
    assert "more parts were left out here" in text


def test_all_of_it_is_in_one_folder_for_its_owner_alone(page_contents: Contents, tmp_path: Path) -> None:
    page = write_report(tmp_path / "report", page_contents)
    written = {path.name: path.stat().st_mode & 0o777 for path in page.parent.iterdir()}
    assert written == dict.fromkeys(("findings.jsonl", "index.html", "junit.xml", "summary.md"), 0o600)
