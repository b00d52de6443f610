"""The page is one file, holds all that there is to say, and nothing of the system can run in it."""

import base64
import hashlib
import re
from dataclasses import replace
from pathlib import Path

from isofuzz.cases.store import Finding
from isofuzz.oracles.verdict import Verdict
from isofuzz.report.page.contents import Contents, Shown
from isofuzz.report.page.rendering import rendered


def test_nothing_hostile_is_left_as_it_was(page_contents: Contents) -> None:
    page = rendered(page_contents)
    assert page.count("<script>") == page.count("</script>") == 1
    assert page.count("<style>") == page.count("</style>") == 1
    assert "<img" not in page
    assert "\u202e" not in page
    assert "&lt;script&gt;" in page


def test_the_policy_names_the_digests_of_what_is_in_it(page_contents: Contents) -> None:
    page = rendered(page_contents)
    policy = re.search(r'content="(default-src[^"]*)"', page)
    assert policy
    assert policy[1].startswith("default-src &#39;none&#39;;")
    for kind in ("style", "script"):
        found = re.search(f"<{kind}>(.*?)</{kind}>", page, re.DOTALL)
        assert found
        digest = base64.b64encode(hashlib.sha256(found[1].encode()).digest()).decode()
        assert f"{kind}-src &#39;sha256-{digest}&#39;" in policy[1]
    without_values = re.sub(r'"[^"]*"', '""', page)
    assert not re.search(r"<[^>]* (style|on\w+|src|href)=", without_values)
    assert not re.search(r"url\(|@import", without_values)


def test_it_says_all_that_there_is_to_say(page_contents: Contents) -> None:
    page = rendered(page_contents)
    for told in (
        "LEAKED",
        "isolation is broken",
        "Finding 1 of 4",
        "first seen 2026-01-02, last seen 2026-01-03",
        "Not kept: no room",
        "at most 1 in 50",
        "isofuzz replay &#39;cases/it&#39;&#34;&#39;&#34;&#39;s evil.json&#39;",
        "each was tried away, and it takes them all",
    ):
        assert told in page
    assert page.count('class="over"') == 1
    assert '<td class="heat-4 first">1200</td>' in page


def test_a_finding_of_what_the_target_no_longer_has_is_told_without_its_picture(page_contents: Contents) -> None:
    shown = page_contents.findings[0]
    gone = shown.finding.case.program.calls[-1].operation
    left = tuple(each for each in page_contents.vocabulary.operations if each.name != gone)
    changed = replace(page_contents, vocabulary=replace(page_contents.vocabulary, operations=left), findings=(shown,))
    page = rendered(changed)
    assert f"there is no operation &#39;{gone}&#39; any more" in page
    assert 'class="lanes' not in page
    assert "first seen 2026-01-02" in page
    assert 'class="lanes' in rendered(replace(page_contents, findings=(shown,)))


def test_what_ran_before_is_shown_before_it(page_contents: Contents) -> None:
    case = page_contents.findings[1].finding.case
    after = Finding(replace(case, earlier=(case.program,)), Path("kept.json"))
    page = rendered(replace(page_contents, findings=(Shown(after),)))
    assert page.index("earlier program 1, from reset") < page.index('class="lanes')
    assert "earlier program" not in rendered(page_contents)


def test_a_page_with_nothing_to_tell(page_contents: Contents) -> None:
    empty = Contents("chat", None, Verdict.ISOLATED, "nothing crossed", page_contents.vocabulary)
    page = rendered(empty)
    assert "ISOLATED" in page
    assert not re.search("Finding 1|Coverage over time|Latency|What was not<", page)
    assert rendered(empty) == rendered(replace(empty)), "the same contents, the same page"
