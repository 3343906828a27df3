"""A patient cancels by text on a telephone of the local provider, and the coordinator sees the slot free."""

from collections.abc import Callable

from playwright.sync_api import Browser, Page, expect

from .accessibility import breaches
from .conftest import Running

Open = Callable[..., Page]
PHONE = "/phones/%2B447700900123"


def until(page: Page, words: str) -> None:
    """Look again until the page shows this."""
    for _ in range(60):
        if page.get_by_text(words).count():
            return
        page.wait_for_timeout(250)
        page.reload()
    raise AssertionError(f"{words!r} did not come: {page.locator('main').inner_text()}")


def test_a_patient_cancels_by_text_and_the_coordinator_sees_the_slot_free(
    open_page: Open, chromium: Browser, clearway: Running
) -> None:
    phone = chromium.new_page(base_url=clearway.phones, viewport={"width": 390, "height": 844})
    phone.goto(PHONE)
    until(phone, "Please answer CONFIRM")
    phone.get_by_label("Answer as this patient").fill("Sorry, can't come")
    phone.get_by_role("button", name="Send").click()
    until(phone, "Do you want to cancel")
    phone.get_by_label("Answer as this patient").fill("yes")
    phone.get_by_role("button", name="Send").click()
    desk = open_page("/outpatients/freed/", user="tess")
    until(desk, "the patient cancelled")
    phone.close()
    desk.goto("/outpatients/conversations/")
    expect(desk.get_by_text("The appointment is cancelled and its slot is free")).to_be_visible()


def test_the_pages_of_conversations_and_reminders_are_accessible(open_page: Open) -> None:
    page = open_page("/outpatients/reminders/", user="toby", theme="dark")
    assert breaches(page) == []
    page.goto("/outpatients/conversations/")
    page.get_by_role("link", name="ANSWERBY, Pat").first.click()
    assert breaches(page) == []
