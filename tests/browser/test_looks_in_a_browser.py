"""A coordinator looks at who a patient is; the privacy officer reads why, and says what they find."""

from playwright.sync_api import expect

from .accessibility import breaches
from .conftest import Open


def test_a_look_at_a_patient_is_reviewed_on_the_privacy_officers_screen(open_page: Open) -> None:
    page = open_page("/handovers/RA901/", user="flow")
    page.click("main a[href^='/incidents/']")
    page.locator("summary", has_text="Show identity").press("Enter")
    page.select_option("#reason", "which_patient")
    page.fill("#text", "Two of one age at the door")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("That you looked is recorded")

    officer = open_page("/audit/looks/", user="guard")
    assert breaches(officer) == []
    line = officer.locator("tr", has_text="Two of one age at the door").first
    line.locator("a").press("Enter")
    officer.get_by_role("button", name="Record the review").press("Enter")
    expect(officer.get_by_role("alert")).to_contain_text("Choose what you found")
    assert breaches(officer) == []
    officer.select_option("#finding", "explained")
    officer.fill("#words", "The door had asked")
    officer.keyboard.press("Enter")

    expect(officer.locator("tr", has_text="The door had asked")).to_contain_text("explained")
