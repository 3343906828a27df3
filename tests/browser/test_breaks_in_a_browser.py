"""A coordinator plans the breaks of a shift with the keyboard, and a second screen follows."""

import re

from playwright.sync_api import expect

from .accessibility import breaches
from .conftest import Open


def test_breaks_that_a_coordinator_accepts_stand_on_a_second_screen_and_are_taken_back(
    open_page: Open,
) -> None:
    board = open_page("/resources/", user="night", theme="dark")
    page = open_page("/breaks/", user="flow")
    take = page.locator("input[name=line]")
    expect(take.first).to_be_visible()
    name = (take.first.get_attribute("value") or "").partition("|")[0]
    line = board.locator(f"#resources-{name}")
    for box in take.all()[1:]:
        box.press("Space")
    assert breaches(page) == []

    page.keyboard.press("Alt+A")

    expect(page.locator(".said")).to_contain_text("1 break planned")
    expect(line).to_contain_text(re.compile(r"Break planned \d\d:\d\d, .+ Ambulance Station"))
    page.locator(f"#breaks-{name} a").press("Enter")
    page.get_by_role("button", name="Take the plan back").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Say why")
    assert breaches(page) == []
    page.fill("#why", "Needed for a C1")
    page.keyboard.press("Enter")
    expect(page.locator(".said")).to_contain_text("taken back")
    expect(line).not_to_contain_text("Break planned")
