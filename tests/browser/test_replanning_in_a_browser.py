"""A therapist rings in sick: the clinic is frozen, its patient re-planned, and a colleague sees it."""

import re
from datetime import UTC, datetime, timedelta

from playwright.sync_api import expect

from .accessibility import breaches
from .conftest import Open
from .diaries import SICK_IN


def test_a_sick_therapists_patient_is_replanned_by_keyboard_and_a_colleague_sees_the_new_day(
    open_page: Open,
) -> None:
    sick = (datetime.now(UTC) + timedelta(days=SICK_IN)).date()
    watching = open_page(f"/outpatients/diary/?on={sick + timedelta(days=1)}", user="late-desk", theme="dark")
    expect(watching.locator("#diary-picture td .slot.free")).to_have_count(2)

    desk = open_page(f"/outpatients/diary/?on={sick}", user="desk")
    desk.locator("th.clinic a").first.click()
    desk.get_by_label("Why").fill("Therapist rang in sick")
    desk.get_by_role("button", name="Freeze").press("Enter")
    desk.get_by_role("link", name="Re-plan 1 patient").press("Enter")
    desk.get_by_label("Reason").select_option("staff_sickness")
    expect(desk.get_by_label("In words")).to_have_value("Therapist rang in sick")
    desk.get_by_role("button", name="Re-plan 1 patient").press("Enter")
    desk.wait_for_url(re.compile(r"/cancelled-clinics/\d+/"))
    expect(desk.get_by_role("main")).to_contain_text("No plan places more or costs less: proved.")
    assert breaches(desk) == []

    expect(desk.get_by_role("button", name="Carry out what is ticked")).to_be_focused()
    desk.keyboard.press("Enter")
    expect(desk.locator("#left")).to_have_text("0")
    expect(watching.locator("#diary-picture td .slot.free")).to_have_count(1, timeout=2000)
    expect(desk.get_by_role("main")).to_contain_text("A letter tells them in time")
