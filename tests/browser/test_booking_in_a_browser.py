"""A coordinator finds a slot and books it by keyboard; the second person is refused with alternatives."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from .accessibility import breaches

Open = Callable[..., Page]


def tomorrow(page: Page) -> None:
    page.keyboard.press("Alt+PageDown")
    page.wait_for_url(re.compile("on="))


def to_book(page: Page, place: int) -> None:
    """The booking page of one of those who wait."""
    page.locator("table.list tbody tr").nth(place).locator("a").first.click()
    page.get_by_role("link", name="Book", exact=True).click()
    page.wait_for_url(re.compile("/book/"))


def test_a_slot_is_found_and_booked_by_keyboard_and_who_comes_second_gets_alternatives(
    open_page: Open,
) -> None:
    first = open_page("/outpatients/list/", user="desk")
    second = open_page("/outpatients/list/", user="late-desk", theme="dark")
    to_book(first, 0)
    to_book(second, 1)
    wanted = second.locator("table.choices tbody tr").nth(1).locator("input")
    slot = wanted.get_attribute("value")

    place = first.locator(f"input[value='{slot}']").get_attribute("data-key")
    assert place
    first.keyboard.press(place)
    first.keyboard.press("Enter")
    first.wait_for_url(re.compile("/outpatients/appointments/"))
    expect(first.get_by_role("status")).to_contain_text("Booked:")

    second.keyboard.press("2")
    second.keyboard.press("Enter")
    expect(second.locator(".nhsuk-error-summary")).to_contain_text(
        "Somebody else has this slot now. Next free:"
    )
    assert second.locator(f"input[value='{slot}']").count() == 0
    second.keyboard.press("1")
    second.keyboard.press("Enter")
    second.wait_for_url(re.compile("/outpatients/appointments/"))


def test_arrow_keys_go_through_the_diary_and_enter_opens_a_slot(open_page: Open) -> None:
    page = open_page("/outpatients/diary/", user="desk")
    tomorrow(page)
    slots = page.locator("[data-slot]")
    slots.first.focus()

    page.keyboard.press("ArrowRight")
    expect(slots.nth(1)).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.locator("td .lane").nth(1).locator("a:focus")).to_have_count(1)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/outpatients/(appointments|clinics/sessions)/"))


@pytest.mark.parametrize(("user", "theme"), [("desk", "light"), ("late-desk", "dark")])
@pytest.mark.parametrize("page", ["diary", "week", "clinics", "new", "leave", "session", "appointment"])
def test_every_page_of_clinics_is_accessible(open_page: Open, page: str, user: str, theme: str) -> None:
    addresses = {
        "diary": "/outpatients/diary/",
        "week": "/outpatients/diary/?view=week",
        "clinics": "/outpatients/clinics/",
        "new": "/outpatients/clinics/new/",
        "leave": "/outpatients/clinics/leave/",
    }
    shown = open_page(addresses.get(page, "/outpatients/diary/"), user=user, theme=theme)
    if page in ("diary", "session", "appointment"):
        tomorrow(shown)
    if page == "session":
        shown.locator("th.clinic a").nth(3).click()
        shown.wait_for_url(re.compile("/sessions/"))
    if page == "appointment":
        shown.locator("a.slot.booked[href*=appointments]").first.click()
        shown.wait_for_url(re.compile("/appointments/"))

    assert breaches(shown) == []
