"""The page in a real browser: what it shows on hover, on focus and on click, and what it lets nobody do."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright
from tests.unit.report.page.pages import hostile_contents

from isofuzz.report.page.rendering import rendered

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    executable = next(filter(None, map(shutil.which, BROWSERS)), None)
    if executable is None:
        reason = "the page is tried in Chromium, which is not here: install it, `apt-get install chromium` for example"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        launched = playwright.chromium.launch(executable_path=executable, args=arguments)
        yield launched
        launched.close()


@pytest.fixture
def heard() -> list[str]:
    """What the page asked for and complained of."""
    return []


@pytest.fixture
def page(browser: Browser, tmp_path: Path, heard: list[str]) -> Iterator[Page]:
    file = tmp_path / "page.html"
    file.write_text(rendered(hostile_contents()), encoding="utf-8")
    opened = browser.new_page(color_scheme="light")

    def ask(request: Request) -> None:
        if request.url != file.as_uri():
            heard.append(request.url)

    def say(message: ConsoleMessage) -> None:
        heard.append(message.text)

    opened.on("request", ask)
    opened.on("console", say)
    opened.on("pageerror", lambda error: heard.append(str(error)))
    opened.goto(file.as_uri())
    yield opened
    opened.close()


def test_it_loads_nothing_complains_of_nothing_and_nothing_hostile_runs(page: Page, heard: list[str]) -> None:
    for finding in page.locator("details.finding").all()[1:]:
        finding.locator("summary").click()
    assert page.locator("script").count() == 1
    assert page.locator("img").count() == 0
    assert "owned" not in page.title().split("·")[0]
    assert heard == []
    assert page.get_by_text("<img src=x").first.is_visible()


def test_what_was_injected_all_the_same_would_not_run(page: Page, heard: list[str]) -> None:
    page.evaluate(
        "document.body.insertAdjacentHTML('beforeend', '<img src=\"http://127.0.0.1:9/x\" onerror=\"ran = 1\">')"
    )
    page.wait_for_timeout(50)
    assert page.evaluate("typeof ran") == "undefined"
    assert any("Content Security Policy" in each for each in heard)


def test_what_was_seen_shows_on_hover_and_on_focus(page: Page) -> None:
    finding = page.locator("details.finding").first
    breach = finding.locator(".item.breach")
    detail = finding.locator(".detail")
    assert breach.inner_text() not in detail.inner_text()
    breach.hover()
    assert breach.inner_text() in detail.inner_text()
    finding.locator(".item").first.focus()
    assert finding.locator(".item").first.inner_text() in detail.inner_text()


def test_the_keyboard_reaches_every_item(page: Page) -> None:
    finding = page.locator("details.finding").first
    items = finding.locator(".item")
    items.first.focus()
    for place in range(1, items.count()):
        page.keyboard.press("ArrowDown")
        assert items.nth(place).evaluate("item => item === document.activeElement")
    page.keyboard.press("Tab")
    assert finding.locator(".copy").evaluate("button => button === document.activeElement")


def test_the_command_can_be_copied(page: Page) -> None:
    button = page.locator("details.finding .copy").first
    button.click()
    page.wait_for_function("button => button.textContent !== 'copy'", arg=button.element_handle())
    told = page.evaluate("getSelection().toString()") or page.evaluate(
        "document.querySelector('.replay code').textContent"
    )
    assert told.startswith("isofuzz replay 'cases/")


def test_light_and_dark(page: Page) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    page.locator("#theme").click()
    assert page.evaluate(ground) != light
    page.locator("#theme").click()
    assert page.evaluate(ground) == light
    page.emulate_media(color_scheme="dark")
    assert page.evaluate("document.documentElement.dataset.theme") == "light"


def test_what_crossed_what_is_necessary_and_what_was_covered_can_be_seen(page: Page) -> None:
    colour = "each => getComputedStyle(each).color"
    for finding in page.locator("details.finding").all()[1:]:
        finding.locator("summary").click()
    crossing = page.locator(".arrow.crossing").first
    assert crossing.evaluate("each => getComputedStyle(each).borderTopColor") == page.locator("h1").evaluate(colour)
    assert (crossing.bounding_box() or {"width": 0})["width"] > 100
    assert page.locator("details.finding").first.locator(".item.necessary").count() > 1
    assert page.locator("td.heat-4").inner_text() == "1200"
    assert (page.locator(".growth polyline").bounding_box() or {"width": 0})["width"] > 100
    assert page.locator(".growth text").count() > 4


def test_an_arrow_ends_where_what_it_points_at_begins(page: Page) -> None:
    for finding in page.locator("details.finding").all()[1:]:
        finding.locator("summary").click()
    ends = page.evaluate("""
        [...document.querySelectorAll(".arrow.crossing")].map(arrow => {
            const box = arrow.getBoundingClientRect(), left = arrow.classList.contains("left");
            const items = [...arrow.parentElement.querySelectorAll(".item.breach")].map(x => x.getBoundingClientRect());
            return Math.min(...items.map(item => Math.abs(left ? box.left - item.right : box.right - item.left)));
        })
    """)
    assert ends
    assert max(ends) < 2


def test_it_fits_a_narrow_window(page: Page) -> None:
    page.set_viewport_size({"width": 400, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_lanes_stand_beside_each_other_and_bars_below_each_other(page: Page) -> None:
    boxes = [item.bounding_box() for item in page.locator("details.finding").first.locator(".item").all()]
    tops = [box["y"] for box in boxes if box]
    assert len(tops) == len(boxes)
    assert tops == sorted(tops)
    assert len({round(box["x"]) for box in boxes if box}) > 1
