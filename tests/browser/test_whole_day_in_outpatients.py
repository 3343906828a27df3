"""A day of the outpatient office from post to evening, each step seen on a second person's screen."""

import re

from playwright.sync_api import Page, expect

from .conftest import Open
from .test_referrals_in_a_browser import fill


def press(page: Page, button: str) -> None:
    """As a keyboard does it."""
    page.get_by_role("button", name=button).first.focus()
    page.keyboard.press("Enter")


def test_a_referral_is_triaged_booked_cancelled_and_booked_again_before_everybody(open_page: Open) -> None:
    desk = open_page("/outpatients/referrals/new/", user="opal")
    fill(desk, family_name="Adeyemi", given_names="Tunde", born_on="1971-02-11", nhs_number="999 210 0028")
    fill(desk, mobile="07700 900321", postcode="WR5 1DD", address="9 Mill Lane", sex="Male")
    fill(desk, service="Physio", priority="urgent", condition="Shoulder pain", side="Right")
    fill(desk, source="General practitioner", sender="Dr Field", question="Frozen shoulder? Please assess")
    desk.keyboard.press("Tab")
    press(desk, "Register")
    expect(desk.locator(".said")).to_contain_text("registered")
    number = (desk.text_content("h1") or "").split(",")[0]

    therapist = open_page("/outpatients/triage/", user="carla")
    expect(therapist.get_by_role("row", name=number)).to_contain_text("Urgent")
    therapist.get_by_role("link", name=number).focus()
    therapist.keyboard.press("Enter")
    therapist.fill("#minutes", "30")
    fill(therapist, outcome="Accept for an appointment")
    press(therapist, "Save the decision")
    expect(therapist.locator(".said")).to_contain_text("is triaged")

    desk.goto("/outpatients/list/")
    desk.get_by_role("link", name=re.compile("Adeyemi", re.IGNORECASE)).click()
    desk.get_by_role("link", name="Book", exact=True).click()
    desk.wait_for_url(re.compile("/book/"))
    desk.keyboard.press("1")
    desk.keyboard.press("Enter")
    desk.wait_for_url(re.compile("/outpatients/appointments/"))
    first = desk.url

    colleague = open_page(first, user="olga", theme="dark")
    expect(colleague.get_by_role("main")).to_contain_text("Booked")
    colleague.select_option("#why", label="Transport")
    press(colleague, "Cancel the appointment")
    expect(colleague.get_by_role("status").first).to_contain_text("The clock goes on")

    desk.reload()
    expect(desk.get_by_role("main")).to_contain_text("Cancelled")
    desk.goto(colleague.url)
    desk.keyboard.press("2")
    desk.keyboard.press("Enter")
    desk.wait_for_url(re.compile("/outpatients/appointments/"))
    assert desk.url != first

    therapist.goto(desk.url)
    expect(therapist.get_by_role("main")).to_contain_text("Booked")
    therapist.goto("/outpatients/patients/?text=adeyemi")
    therapist.get_by_role("link", name=re.compile("Adeyemi", re.IGNORECASE)).first.click()
    expect(therapist.get_by_role("main")).to_contain_text("Physio")


def test_an_outcome_said_wrongly_is_taken_back_and_the_leader_sees_the_clinic_open_again(
    open_page: Open,
) -> None:
    desk = open_page("/outpatients/outcomes/", user="opal")
    leader = open_page("/outpatients/outcomes/", user="lena")
    desk.locator("table.rows").get_by_role("link", name="Cash up").last.click()
    sheet = desk.url
    rows = desk.locator("[data-said]").count()
    desk.locator("[data-said]").first.focus()
    desk.keyboard.press("d")
    press(desk, "Save outcomes")
    expect(desk.locator("[data-said]")).to_have_count(rows - 1)

    desk.get_by_role("link", name="Take back").first.focus()
    desk.keyboard.press("Enter")
    press(desk, "Take back")
    expect(desk.locator(".nhsuk-error-summary")).to_contain_text("Choose why it was wrong")
    desk.select_option("#why", label="A slip of the hand")
    press(desk, "Take back")
    expect(desk.locator(".said")).to_contain_text("Say now what happened")

    leader.goto(sheet)
    expect(leader.locator("[data-said]")).to_have_count(rows)
