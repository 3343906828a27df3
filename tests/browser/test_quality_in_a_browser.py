"""A wrong time is proposed, accepted by the hospital on a telephone and seen as agreed; a month revised."""

from datetime import UTC, datetime

from playwright.sync_api import expect

from .accessibility import breaches
from .conftest import Open
from .serve import TWO_MONTHS_BACK

PHONE = (390, 844)


def test_what_a_hospital_accepts_on_a_telephone_the_coordinator_sees_as_agreed(open_page: Open) -> None:
    page = open_page("/quality/?rule=HQ02&site=RA901", user="flow", size=(1280, 900))
    other = open_page("/quality/?rule=HQ02&site=RA901", user="night", theme="dark", size=(1280, 900))
    line = other.locator("tr", has_text="Q1")
    assert breaches(other) == []

    page.get_by_role("link", name="Q1", exact=True).press("Enter")
    page.get_by_role("button", name="Record it").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Choose what you do")
    assert breaches(page) == []
    page.select_option("#kind", "proposed")
    page.fill("#value", f"{datetime.now(UTC).date()}T00:01")
    page.fill("#words", "The arrival screen says so")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Proposed to the hospital")
    expect(line).to_contain_text("Asked the hospital")

    ward = open_page("/quality/hospital/", user="ward", size=PHONE)
    expect(ward.locator(".proposal")).to_contain_text("Female, 60 to 69")
    expect(ward.locator("main")).not_to_contain_text("Q1")
    assert breaches(ward) == []
    ward.get_by_role("link", name="Answer DQ-").press("Enter")
    ward.select_option("#kind", "accepted")
    assert breaches(ward) == []
    ward.get_by_role("button", name="Send the answer").press("Enter")

    expect(ward.get_by_role("status")).to_contain_text("Accepted")
    expect(line).to_contain_text("Agreed; the source has not changed it yet")


def test_a_frozen_month_is_revised_and_both_stay(open_page: Open) -> None:
    address = f"/quality/months/{TWO_MONTHS_BACK:%Y-%m}/"
    officer = open_page(address, user="officer", size=(1280, 900))
    assert breaches(officer) == []
    officer.get_by_role("button", name="Freeze the month").press("Enter")
    expect(officer.get_by_role("alert")).to_contain_text("Say that the figures were looked at")
    officer.check("#sure")
    officer.get_by_role("button", name="Freeze the month").press("Enter")
    expect(officer.get_by_role("status")).to_contain_text("Frozen as revision 1")

    page = open_page("/quality/?rule=HQ04", user="flow")
    page.get_by_role("link", name="Q2", exact=True).press("Enter")
    page.select_option("#kind", "changed_there")
    page.fill("#value", f"{TWO_MONTHS_BACK:%Y-%m}-10T13:40")
    page.fill("#words", "Set by the CAD desk from the patient record")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Changed at the source")

    officer.reload()
    officer.check("#sure")
    officer.get_by_role("button", name="Freeze as revision 2").press("Enter")
    page.goto(address)
    expect(page.get_by_role("heading", name="Revision 2")).to_be_visible()
    expect(page.locator("main")).to_contain_text("Known handovers")
    assert breaches(page) == []
