"""The decision log by keyboard: the quick entry takes at most 15 s and 12 keystrokes beside its words."""

import time

from playwright.sync_api import expect

from .accessibility import breaches
from .conftest import Open

WORDS = ("9 crews wait at Bath", "Divert minors for 90 min", "Two bays are shut")


def test_a_decision_is_logged_in_a_dozen_keystrokes_beside_its_words(open_page: Open) -> None:
    page = open_page("/handovers/", user="flow")
    keys = 0

    def press(key: str) -> None:
        nonlocal keys
        keys += 1
        page.keyboard.press(key)

    begun = time.monotonic()
    press("Alt+d")
    expect(page.locator("#known")).to_be_focused()
    page.keyboard.type(WORDS[0])
    press("Tab")
    press("Tab")
    page.keyboard.type(WORDS[1])
    press("Tab")
    page.keyboard.type(WORDS[2])
    press("Tab")
    expect(page.locator("#told")).to_be_focused()
    press("Enter")
    expect(page.get_by_role("heading", name="Decision", exact=False).first).to_be_visible()
    expect(page.locator("main")).to_contain_text(WORDS[1])
    took = time.monotonic() - begun
    assert (keys, took <= 15) == (6, True), took
    assert breaches(page) == []
