"""A coordinator cashes up a clinic of twenty by keyboard, and sees the list entries that come of it."""

import re
import time

from playwright.sync_api import expect

from .accessibility import breaches
from .conftest import Open

FITS = "document.documentElement.scrollWidth <= window.innerWidth"

# Twenty rows: most to be seen again, some in eight weeks, and one of each of the others.
TYPED = [
    "s",
    "s",
    "s8",
    "t",
    "s",
    "d",
    "n",
    "s",
    "c",
    "p",
    "s",
    "x",
    "s8",
    "s",
    "l",
    "s",
    "s",
    "m",
    "t12",
    "s",
]


def test_a_clinic_of_twenty_is_cashed_up_by_keyboard_within_a_minute(open_page: Open) -> None:
    page = open_page("/outpatients/outcomes/", user="opal")
    page.get_by_role("link", name="Cash up Robin Hale").first.click()
    expect(page.locator("[data-said]")).to_have_count(20)
    assert breaches(page) == []
    assert page.evaluate(FITS)

    began = time.monotonic()
    for typed in TYPED:
        for key in typed:
            page.keyboard.press(key)
        page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(page.locator(".said").first).to_contain_text("20 outcomes saved", timeout=30_000)
    took = time.monotonic() - began

    assert took < 60
    expect(page.locator("[data-said]")).to_have_count(0)
    page.goto("/outpatients/list/?kind=follow_up")
    # 11 "s" with and without weeks, 2 "t", and the review of active monitoring.
    expect(page.locator("table.list tbody tr")).to_have_count(14)
    assert page.evaluate(FITS)  # the last columns, with the next step, are in sight
    page.goto("/outpatients/outcomes/missed/")
    expect(page.locator("table.rows tbody tr")).to_have_count(2)  # one of them of the day before yesterday


def test_a_patient_is_checked_in_with_enter(open_page: Open) -> None:
    page = open_page("/outpatients/reception/", user="opal")
    button = page.get_by_role("button", name="Check in").last
    who = button.inner_text().removeprefix("Check in").strip()
    button.focus()
    page.keyboard.press("Enter")

    expect(page.locator(".said").first).to_contain_text("is checked in")
    here = page.get_by_role("row").filter(has=page.get_by_role("button", name=f"Take back {who}"))
    expect(here).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("button", name="Check in").last).to_be_focused()


def test_the_coordinator_asks_after_a_miss_the_clinician_decides_and_the_coordinator_sees_it(
    open_page: Open,
) -> None:
    who = re.compile("Achterberg", re.IGNORECASE)
    desk = open_page("/outpatients/outcomes/missed/", user="opal")
    desk.get_by_role("link", name=who).click()
    expect(desk.locator("#asked")).to_have_value("Robin Hale")
    desk.get_by_role("button", name="Ask for the decision").press("Enter")
    expect(desk.locator(".said")).to_contain_text("Asked")

    clinician = open_page("/outpatients/outcomes/missed/", user="carla")
    expect(clinician.get_by_role("row", name=who)).to_contain_text("You")
    clinician.get_by_role("link", name=who).click()
    expect(clinician.get_by_role("button", name="Save contact")).to_have_count(0)
    clinician.get_by_role("button", name="Save decision").press("Enter")
    expect(clinician.locator(".nhsuk-error-summary")).to_contain_text("Choose what was decided")
    assert breaches(clinician) == []
    clinician.select_option("#decision", label="offer another date")
    clinician.fill("#reason", "Was ill, and rang the ward")
    clinician.get_by_role("button", name="Save decision").press("Enter")
    expect(clinician.locator(".said")).to_contain_text("Decision saved")
    assert breaches(clinician) == []

    desk.reload()
    expect(desk.get_by_role("main")).to_contain_text("Offer another date, decided by Robin Hale")
