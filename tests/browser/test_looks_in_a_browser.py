"""A coordinator looks at who a patient is, and opens who an old one was; the privacy officer reviews both."""

from playwright.sync_api import expect

from .accessibility import breaches
from .conftest import Open
from .serve import PASSWORD


def test_a_look_at_a_patient_is_reviewed_on_the_privacy_officers_screen(open_page: Open) -> None:
    page = open_page("/handovers/RA901/", user="flow")
    page.click("main a[href^='/incidents/']")
    page.locator("summary", has_text="Show identity").press("Enter")
    page.select_option("#reason", "which_patient")
    page.fill("#text", "Two of one age at the door")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("That you looked is recorded")

    page.goto("/incidents/W-OVER/")
    page.locator("summary", has_text="Show identity").press("Enter")
    page.select_option("#reason", "review")
    page.fill("#words", "The coroner rings about it")
    page.fill("#proof", PASSWORD)
    assert breaches(page) == []
    page.keyboard.press("Enter")
    expect(page.get_by_role("note")).to_contain_text("You opened this with a reason")
    expect(page.locator("main")).to_contain_text("Jo Formerly")

    officer = open_page("/audit/looks/", user="guard")
    expect(officer.locator("tr", has_text="The coroner rings about it")).to_contain_text("W-OVER, opened")
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
