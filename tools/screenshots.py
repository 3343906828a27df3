"""Take the pictures of docs/images from a running Clearway, as a person would see it.

    .venv/bin/python tools/screenshots.py http://127.0.0.1:8000 pfc var/demo-password.txt

Needs Chromium and the packages of the tests. The last argument is a file with the password.
"""

import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

IMAGES = Path(__file__).resolve().parents[1] / "docs" / "images"
PAGES = {
    "handovers": "/handovers/?sort=longest",
    "resources": "/resources/",
    "forecast": "/forecast/",
    "map": "/map/",
}
FIRST_CREW = "main tbody th a"  # on the list of advice
BROWSER = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]


def main(address: str, user: str, password_file: str) -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=BROWSER)
        page = browser.new_page(viewport={"width": 1440, "height": 900}, locale="en-GB")
        sign_in(page, address, user, Path(password_file).read_text().strip())
        for theme in ("light", "dark"):
            choose(page, address, theme)
            for name, path in PAGES.items():
                page.goto(address + path)
                page.wait_for_timeout(1500)  # the first push has come and the ages are written
                page.screenshot(path=IMAGES / f"{name}-{theme}.png")
            page.goto(address + "/advice/")
            page.locator(FIRST_CREW).first.click()
            page.wait_for_timeout(1500)
            page.screenshot(path=IMAGES / f"advice-{theme}.png")
        choose(page, address, "light")
        browser.close()


def sign_in(page: Page, address: str, user: str, password: str) -> None:
    page.goto(address + "/sign-in/")
    page.fill("input[name=username]", user)
    page.fill("input[name=password]", password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_load_state()


def choose(page: Page, address: str, theme: str) -> None:
    page.goto(address + "/handovers/")
    button = page.get_by_role("button", name=f"{theme.title()} screen")
    if button.count():
        button.click()
        page.wait_for_load_state()


if __name__ == "__main__":
    main(*sys.argv[1:])
