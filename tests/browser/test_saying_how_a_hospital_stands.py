"""A HALO on a phone says how the hospital stands, and a coordinator across the county sees it."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from .accessibility import breaches
from .conftest import Open

AT_ONCE = 5_000  # milliseconds: two seconds are promised, and this machine also runs the other tests
PHONE = (390, 844)
SITE = "RA901"
FORM = f"/hospitals/{SITE}/say/"
NEARER_THAN_EXETER = {"latitude": 50.54, "longitude": -3.6, "age": 60, "news2": 2, "needs": []}


def test_what_a_halo_types_on_a_phone_is_on_the_board_without_a_reload(open_page: Open) -> None:
    board = open_page("/handovers/")
    row = board.locator("#handovers-RA901 .summary")
    hospital = open_page("/handovers/RA901/")
    phone = open_page(FORM, user="liaison", size=PHONE)
    phone.fill("#boarding", "37")
    phone.fill("#majors_taken", "41")
    phone.fill("#majors_places", "40")

    phone.get_by_role("button", name="Save").click(no_wait_after=True)
    expect(row.locator("td[data-label=Boarding]")).to_contain_text("37", timeout=AT_ONCE)
    expect(row.locator("td[data-label=Majors]")).to_contain_text("41/40")
    expect(hospital.locator("#stands-RA901")).to_contain_text("HALO")
    expect(phone.locator(".said")).to_contain_text("3 figures for")


def test_what_a_hospital_user_types_on_a_second_device_changes_board_forecast_and_advice(
    open_page: Open,
) -> None:
    board, forecasts = open_page("/handovers/"), open_page("/forecast/")
    row = board.locator(f"#handovers-{SITE} .summary")
    phone = open_page(FORM, user="ward", size=PHONE)
    typed(phone, boarding="0", majors_taken="8")
    expect(row.locator("td[data-label=Majors]")).to_contain_text("8/40")
    expect(phone.locator(".said")).to_contain_text("figures for")
    quiet, quiet_wait = advised(board), forecast_wait(forecasts)

    phone.goto(FORM)
    typed(phone, boarding="38", majors_taken="40")
    expect(row.locator("td[data-label=Boarding]")).to_contain_text("38", timeout=AT_ONCE)
    expect(phone.locator(".said")).to_contain_text("figures for")

    assert forecast_wait(forecasts) > quiet_wait
    full = advised(board)
    assert full["wait_minutes"] > quiet["wait_minutes"]
    assert full["total_minutes"] > quiet["total_minutes"]


def typed(phone: Page, **figures: str) -> None:
    """Fill in the form of forty majors places and send it."""
    for name, figure in {"majors_places": "40", **figures}.items():
        phone.fill(f"#{name}", figure)
    phone.get_by_role("button", name="Save").click(no_wait_after=True)


def forecast_wait(page: Page) -> int:
    """Minutes about which somebody who arrives now will wait, on the page of forecasts opened again."""
    page.reload()
    shown = page.locator(f"#forecast-{SITE} td[data-label=Now]").inner_text()
    found = re.search(r"about (\d+)", shown)
    assert found, shown
    return int(found[1])


def advised(page: Page) -> dict[str, Any]:
    """What is said of the hospital, in the advice for a crew between it and another."""
    answer: dict[str, Any] = page.evaluate(
        """async (said) => {
            const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
            const headers = { "Content-Type": "application/json", "X-CSRFToken": token };
            const body = JSON.stringify(said);
            const answer = await fetch("/api/v1/advice", { method: "POST", headers, body });
            return answer.json();
        }""",
        NEARER_THAN_EXETER,
    )
    assert answer["verdict"] in ("advised", "nearest"), answer
    options: list[dict[str, Any]] = [*answer["options"], answer["compared"] or {}]
    return next(each for each in options if each.get("code") == SITE)


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
def test_the_form_and_the_list_break_no_accessibility_rule(open_page: Open) -> None:
    assert breaches(open_page(FORM, size=PHONE)) == []
    wrong = open_page(FORM, theme="dark", size=PHONE)
    wrong.fill("#boarding", "a few")
    wrong.click("text=Save")
    wrong.wait_for_selector("#boarding-error")
    assert breaches(wrong) == []
    assert breaches(open_page("/hospitals/", theme="dark")) == []
