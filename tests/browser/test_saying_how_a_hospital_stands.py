"""A HALO on a phone says how the hospital stands, and a coordinator across the county sees it."""

import time

import pytest
from playwright.sync_api import expect

from .accessibility import breaches
from .conftest import Open

PHONE = (390, 844)
FORM = "/hospitals/RA901/say/"


def test_what_a_halo_types_on_a_phone_is_on_the_board_within_two_seconds(open_page: Open) -> None:
    board = open_page("/handovers/")
    row = board.locator("#handovers-RA901 .summary")
    hospital = open_page("/handovers/RA901/")
    phone = open_page(FORM, user="liaison", size=PHONE)
    phone.fill("#boarding", "37")
    phone.fill("#majors_taken", "41")
    phone.fill("#majors_places", "40")

    sent = time.monotonic()
    phone.get_by_role("button", name="Save").click(no_wait_after=True)
    expect(row.locator("td[data-label=Boarding]")).to_contain_text("37", timeout=5000)
    took = time.monotonic() - sent

    assert took < 2
    expect(row.locator("td[data-label=Majors]")).to_contain_text("41/40")
    expect(hospital.locator("#stands-RA901")).to_contain_text("HALO")
    expect(phone.locator(".said")).to_contain_text("3 figures for")


def test_the_form_is_one_screen_of_a_phone_with_targets_for_fingers(open_page: Open) -> None:
    page = open_page(FORM, user="liaison", size=PHONE)

    save = page.get_by_role("button", name="Save").bounding_box()
    assert save is not None and save["y"] + save["height"] <= PHONE[1]
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    small = page.evaluate(
        """[...document.querySelectorAll('.figure input:not([type=hidden]), .figure select, .send button')]
            .map(each => [each.name, each.offsetHeight]).filter(([, height]) => height < 44)"""
    )
    assert small == []


def test_the_form_is_filled_in_by_keyboard_alone(open_page: Open) -> None:
    page = open_page(FORM, user="liaison", size=PHONE)
    page.focus("#boarding")
    page.keyboard.press("Control+A")
    page.keyboard.type("12")
    page.keyboard.press("Enter")

    page.wait_for_url("**/handovers/RA901/")
    assert "Saved at" in (page.text_content(".said") or "")


def test_the_form_works_without_a_script_and_keeps_what_was_typed(open_page: Open) -> None:
    page = open_page(FORM, user="liaison", size=PHONE, scripts=False)
    page.fill("#boarding", "a few")
    page.fill("#beds_free", "2")
    page.click("text=Save")

    assert page.input_value("#boarding") == "a few"
    assert page.input_value("#beds_free") == "2"
    assert "write a whole number" in (page.text_content("#boarding-error") or "")

    page.fill("#boarding", "5")
    page.click("text=Save")
    page.wait_for_url("**/handovers/RA901/")


@pytest.mark.promise("A1")
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_form_and_the_list_break_no_accessibility_rule(open_page: Open, theme: str) -> None:
    assert breaches(open_page(FORM, theme=theme, size=PHONE)) == []
    wrong = open_page(FORM, theme=theme, size=PHONE)
    wrong.fill("#boarding", "a few")
    wrong.click("text=Save")
    wrong.wait_for_selector("#boarding-error")
    assert breaches(wrong) == []
    assert breaches(open_page("/hospitals/", theme=theme)) == []
