"""Take the two pictures of the README from a running demo of its own.

`python scripts/screenshots.py [--all DIR]`: the player at a failover and the booth with one
instance dead go to `docs/pictures/`; with `--all`, every page at 360, 768 and 1280 px goes to DIR.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile

from playwright.sync_api import Browser, Page, sync_playwright
from reference_app.services.members.store import SEED, SEED_PASSWORD
from reference_app.settings import Secrets

from titan_sched import Client

ROOT = pathlib.Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
REFAPP = pathlib.Path(sys.executable).parent / "refapp"
LARGEST = 150_000
WIDTHS = (360, 768, 1280)
FLAGS = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync",
         "--autoplay-policy=no-user-gesture-required"]  # fmt: skip


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def shoot(page: Page, target: pathlib.Path) -> None:
    """One picture, as large as the README allows at the best quality that fits."""
    for quality in (88, 80, 70, 60, 50):
        page.screenshot(path=target, type="jpeg", quality=quality)
        if target.stat().st_size <= LARGEST:
            break
    print(f"{target.relative_to(ROOT)}: {target.stat().st_size / 1000:.0f} kB")


def wait_for(page: Page, expression: str) -> None:
    """Wait until something is true in the page, whose policy forbids a watcher of its own."""
    for _ in range(600):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(100)
    raise SystemExit(f"not within 60 s: {expression}")


def sign_in(page: Page, house: str) -> None:
    """From the first page to the home page of the first seat."""
    page.goto(house)
    page.get_by_test_id("signin-email").fill(SEED[0][1])
    page.get_by_test_id("signin-password").fill(SEED_PASSWORD)
    page.get_by_test_id("signin-submit").click()
    page.get_by_test_id("seat").first.click()
    page.get_by_test_id("poster").first.wait_for()


def player(page: Page, client: Client) -> None:
    """Play, kill the appliance that serves, and stay until another one has taken over."""
    page.get_by_test_id("poster").first.click()
    page.get_by_test_id("play").first.click()
    wait_for(page, "document.querySelector('video')?.currentTime > 12")
    page.keyboard.press("i")
    overlay = page.get_by_test_id("oca-overlay").first
    victim = next(name for name in ("oca-a1", "oca-b2", "oca-c1") if name in overlay.inner_text())
    client.fault(victim, "KILL")
    wait_for(
        page, f"!document.querySelector('[data-testid=oca-overlay]').innerText.includes('{victim}')"
    )
    page.wait_for_timeout(2500)


def booth(page: Page, url: str, client: Client) -> None:
    """Open the zones page and kill one instance until the scheduler waits before it tries again."""
    page.goto(url)
    page.locator("[data-instance='play-api-2']").wait_for()
    page.wait_for_timeout(2000)
    page.locator("[data-instance='gateway-2']").click()
    for _ in range(4):
        wait_for(
            page, "!document.querySelector(\"[data-instance='play-api-2'][data-status=dead]\")"
        )
        client.fault("play-api-2", "KILL")
        page.locator("[data-instance='play-api-2'][data-status=dead]").wait_for()
    page.wait_for_timeout(300)


def every_page(browser: Browser, house: str, booth_url: str, folder: pathlib.Path) -> None:
    """All pages at all widths, for people to look at."""
    folder.mkdir(parents=True, exist_ok=True)
    for width in WIDTHS:
        page = browser.new_page(viewport={"width": width, "height": 900 if width > 600 else 760})
        page.set_default_timeout(60_000)
        page.goto(house)
        page.get_by_test_id("signin-email").wait_for()
        page.screenshot(path=folder / f"sign-in-{width}.png")
        sign_in(page, house)
        page.wait_for_timeout(1500)
        page.screenshot(path=folder / f"home-{width}.png")
        page.get_by_test_id("poster").first.click()
        page.get_by_test_id("play").first.wait_for()
        page.wait_for_timeout(1000)
        page.screenshot(path=folder / f"title-{width}.png")
        page.get_by_test_id("play").first.click()
        wait_for(page, "document.querySelector('video')?.currentTime > 6")
        page.keyboard.press("i")
        page.wait_for_timeout(800)
        page.screenshot(path=folder / f"player-{width}.png")
        page.goto(booth_url)
        page.locator("[data-instance='titles-1']").wait_for()
        page.wait_for_timeout(2500)
        page.screenshot(path=folder / f"zones-{width}.png", full_page=True)
        page.goto(f"{booth_url.split('#')[0]}#/plays")
        page.get_by_test_id("beam").first.wait_for()
        page.wait_for_timeout(1000)
        page.screenshot(path=folder / f"plays-{width}.png")
        page.close()


def main() -> int:
    """Start a demo, take the pictures, end the demo."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", type=pathlib.Path, help="folder for every page at every width")
    everything = parser.parse_args().all
    program = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    if program is None:
        print("needs Chromium: make engines", file=sys.stderr)
        return 1
    run = pathlib.Path(tempfile.mkdtemp(prefix="halation-"))
    ports = free_port(), free_port()
    where = ["--run", str(run), "--house-port", str(ports[0])]
    command = [str(REFAPP), "up", "--detach", "--booth-port", str(ports[1]), *where]
    flags = FLAGS + (["--no-sandbox"] if os.geteuid() == 0 else [])
    try:
        subprocess.run(command, check=True)
        house, booth_url = (f"http://127.0.0.1:{port}" for port in ports)
        booth_url += f"/#{Secrets.read(run).booth}"
        client = Client.of(run / "titan")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=program, args=flags)
            if everything:
                every_page(browser, house, booth_url, everything)
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            page.set_default_timeout(60_000)
            PICTURES.mkdir(parents=True, exist_ok=True)
            sign_in(page, house)
            player(page, client)
            shoot(page, PICTURES / "player.jpg")
            booth(page, booth_url, client)
            shoot(page, PICTURES / "booth.jpg")
            browser.close()
    finally:
        subprocess.run([str(REFAPP), "down", *where], check=False)
        shutil.rmtree(run, ignore_errors=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
