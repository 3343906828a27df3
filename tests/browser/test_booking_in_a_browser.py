"""A coordinator finds a slot and books it by keyboard; the second person is refused with alternatives."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

Open = Callable[..., Page]
# Sent again before the first is answered; the guard of the button takes only the second of two quick clicks.
TWICE = "each => { const send = () => each.form.requestSubmit(each); send(); setTimeout(send, 40); }"


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


@pytest.mark.promise("R18")
def test_an_appointment_that_is_moved_stands_at_its_new_time_before_a_colleague(
    open_page: Open,
) -> None:
    desk = open_page("/outpatients/list/", user="desk")
    to_book(desk, 0)
    desk.keyboard.press("1")
    sent: list[str] = []
    desk.on("request", lambda request: sent.append(request.method) if request.method == "POST" else None)
    desk.get_by_role("button", name="Book", exact=True).evaluate(TWICE)  # one booking all the same
    expect(desk).to_have_url(re.compile("/outpatients/appointments/"))
    expect(desk.get_by_role("status")).to_contain_text("Booked:")
    assert sent == ["POST", "POST"]
    colleague = open_page(desk.url, user="late-desk", theme="dark")
    before = colleague.locator(".facts dd").first.inner_text()

    desk.get_by_role("button", name="Move the appointment").press("Enter")
    expect(desk.locator(".nhsuk-error-summary")).to_be_visible()
    desk.select_option("#why-move", label="Transport")
    desk.get_by_role("radio").first.check()
    desk.get_by_role("button", name="Move the appointment").press("Enter")
    expect(desk.get_by_role("status").first).to_be_visible()

    colleague.reload()
    expect(colleague.locator(".facts")).to_contain_text("Cancelled")
    colleague.get_by_role("link", name="Moved").press("Enter")
    expect(colleague.locator(".facts")).to_contain_text("Booked")
    assert colleague.locator(".facts dd").first.inner_text() != before


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
