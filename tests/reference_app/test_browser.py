"""A member in a real browser: the film plays, and goes on when appliances die or hang."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, sync_playwright
from reference_app.services.members.store import SEED, SEED_PASSWORD

from tests.engines import require
from tests.reference_app.conftest import House, until

FLAGS = [
    "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required",
    *(["--no-sandbox"] if os.geteuid() == 0 else []),
]  # fmt: skip
BOUND = 60_000

FRAME = """() => {
  const video = document.querySelector("video");
  const canvas = document.createElement("canvas");
  canvas.width = 64; canvas.height = 36;
  const context = canvas.getContext("2d");
  context.drawImage(video, 0, 0, 64, 36);
  return Array.from(context.getImageData(0, 0, 64, 36).data).join();
}"""
COUNT_WAITING = """() => {
  window.stalls = 0;
  document.querySelector("video").addEventListener("waiting", () => { window.stalls += 1; });
}"""


@pytest.fixture(scope="module")
def page(house: House) -> Iterator[Page]:
    program = require("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(program), args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.set_default_timeout(BOUND)
        yield page
        browser.close()


def sign_in(page: Page, house: House) -> None:
    page.goto(house.url)
    page.get_by_test_id("signin-email").fill(SEED[0][1])
    page.get_by_test_id("signin-password").fill(SEED_PASSWORD)
    page.get_by_test_id("signin-submit").click()
    page.get_by_test_id("seat").first.click()
    page.get_by_test_id("poster").first.wait_for()


def play(page: Page) -> None:
    page.get_by_test_id("poster").first.click()
    page.get_by_test_id("play").first.click()
    wait_for(page, "document.querySelector('video')?.currentTime > 0.5")


def wait_for(page: Page, expression: str) -> None:
    """The page's own policy forbids a watcher in it: ask from outside."""
    for _ in range(600):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"not within 60 s: {expression}")


def serves_no_more(page: Page, name: str) -> None:
    overlay = "document.querySelector('[data-testid=oca-overlay]').innerText"
    wait_for(page, f"!{overlay}.includes('{name}')")


def current_time(page: Page) -> float:
    return float(page.evaluate("document.querySelector('video').currentTime"))


def serving(page: Page) -> str:
    return page.get_by_test_id("oca-overlay").first.inner_text()


def goes_on(page: Page, seconds: float) -> None:
    target = current_time(page) + seconds
    wait_for(page, f"document.querySelector('video').currentTime > {target}")


def test_a_member_signs_in_and_watches_and_two_appliances_fail_unseen(page: Page, house: House):
    sign_in(page, house)
    play(page)
    wait_for(page, "document.querySelector('video').currentTime > 10")
    first = page.evaluate(FRAME)
    goes_on(page, 0.5)
    assert page.evaluate(FRAME) != first

    page.evaluate(COUNT_WAITING)
    victim = next(name for name in ("oca-a1", "oca-b2", "oca-c1") if name in serving(page))
    house.client.fault(victim, "KILL")
    serves_no_more(page, victim)
    goes_on(page, 3)
    assert page.evaluate("window.stalls") == 0

    second = next(name for name in ("oca-a1", "oca-b2", "oca-c1") if name in serving(page))
    until("the first one's return", lambda: house.started(victim))
    house.client.fault(second, "STOP", seconds=20)
    serves_no_more(page, second)
    goes_on(page, 3)
    assert page.evaluate("window.stalls") == 0
    house.client.fault(second, "CONT")


def test_the_booth_shows_who_runs_where_and_the_last_play(page: Page, house: House):
    page.goto(f"{house.booth}/#{house.secrets.booth}")
    page.locator("[data-instance='play-api-1']").wait_for()
    assert house.secrets.booth not in page.url
    page.goto(f"{house.booth}/#/plays")
    page.get_by_test_id("beam").first.wait_for()


def test_what_is_broken_in_the_booth_is_said_on_every_page_until_it_is_restored(
    page: Page, house: House
):
    page.goto(f"{house.booth}/#{house.secrets.booth}")
    page.locator("[data-break='stop steering-1']").click()
    page.get_by_test_id("broken-bar").wait_for()
    until("steering to be stopped", lambda: house.started("steering")[0].stopped)
    page.goto(f"{house.booth}/#/plays")
    bar = page.get_by_test_id("broken-bar")
    bar.wait_for()
    assert "steering-1" in bar.inner_text()
    page.get_by_test_id("restore-all").click()
    bar.wait_for(state="detached")
    until("steering to go on", lambda: not house.started("steering")[0].stopped)
