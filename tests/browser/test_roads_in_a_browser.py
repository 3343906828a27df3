"""A closed road, from the keyboard to the map."""

import re
import time

import pytest
from playwright.sync_api import expect

from .accessibility import breaches
from .conftest import Open

SECONDS = 10  # from the first key to its being in force


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_disruption_is_entered_by_keyboard_alone_in_ten_seconds_and_is_on_the_map(
    open_page: Open, theme: str
) -> None:
    page = open_page("/roads/", theme=theme)
    place = {"light": "50.9, -3.4", "dark": "51.2, -2.9"}[theme]

    began = time.monotonic()
    page.keyboard.type(place, delay=100)  # the cursor waits in the field; a closure is chosen already
    page.keyboard.press("Enter")

    expect(page.locator(".said")).to_contain_text("is on every board until")
    assert time.monotonic() - began < SECONDS
    expect(page.locator("table").first).to_contain_text(place)
    assert breaches(page) == []
    page.goto("/map/")
    expect(page.locator("svg.region g.closure")).not_to_have_count(0)
    expect(page.locator(".map")).to_contain_text(re.compile("Road disruptions in force.*closure"))
    assert breaches(page) == []


def test_the_roads_never_scroll_sideways_on_a_phone(open_page: Open) -> None:
    page = open_page("/roads/", size=(390, 844))

    assert page.evaluate("document.documentElement.scrollWidth") <= 390
