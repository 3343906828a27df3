"""A coordinator asks why a crew cannot be sent, and the officer's screen has the answer without reloading."""

import time

from playwright.sync_api import expect

from .accessibility import breaches
from .conftest import Open

UNTIL_FOLLOWED = 100  # seconds: a first look waits until the feeds have settled


def test_what_a_coordinator_asks_a_crew_stands_on_the_officers_screen(open_page: Open) -> None:
    page = open_page("/unavailable/", user="flow")
    crew = page.locator("tr[id^=unavailable-] a").first
    until = time.monotonic() + UNTIL_FOLLOWED
    while not crew.is_visible() and time.monotonic() < until:
        page.wait_for_timeout(1000)
        page.reload()
    key = (crew.get_attribute("href") or "").rstrip("/").rpartition("/")[2]
    officer = open_page("/unavailable/", user="officer")
    line = officer.locator(f"#unavailable-{key}")
    assert breaches(page) == []

    crew.press("Enter")
    page.get_by_role("button", name="Record it").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Choose what was done")
    assert breaches(page) == []
    page.select_option("#kind", "extended")
    page.fill("#answer", "The pump is slow")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Say until when")
    page.select_option("#kind", "escalated")
    page.fill("#to", "Duty manager")
    page.keyboard.press("Enter")

    expect(page.locator(".said")).to_contain_text("Recorded for")
    expect(line).to_contain_text("The pump is slow")
    officer.goto("/unavailable/limits/")
    assert breaches(officer) == []
