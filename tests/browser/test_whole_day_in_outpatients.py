"""A day of the outpatient office from post to evening, each step seen on a second person's screen."""

import re

from playwright.sync_api import Page, expect

from .conftest import Open
from .test_letters_in_a_browser import until
from .test_referrals_in_a_browser import fill, press, send


def post(desk: Page, colleague: Page) -> None:
    """One prints what is ready, the other says when it went."""
    desk.goto("/outpatients/letters/print/")
    until(desk, "ADEYEMI, Tunde")
    desk.keyboard.press("Alt+Enter")
    expect(desk.locator("h1")).to_contain_text("Batch")
    colleague.goto(desk.url)
    colleague.keyboard.press("Alt+Enter")
    expect(colleague.get_by_role("main")).to_contain_text("said by olga")


def report(desk: Page, leader: Page) -> None:
    """The clinics that nobody has cashed up go to the leader, who reads them."""
    desk.goto("/outpatients/reports/")
    desk.select_option("#what", label="Clinics without outcome")
    desk.select_option("#recipient", label=desk.locator("#recipient option", has_text="(lena)").inner_text())
    desk.select_option("#unit", label="each week, on a weekday")
    desk.fill("#number", "5")
    send(desk, "Enter")
    send(desk, "Send now")
    until(desk, "Sent, not read yet")
    leader.goto("/outpatients/reports/")
    leader.get_by_role("link", name="Clinics without outcome").first.press("Enter")
    expect(leader.get_by_role("main")).to_contain_text("ended without an outcome")
    send(leader, "I have read it")
    expect(leader.locator(".said")).to_contain_text("you have read it")


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
    post(desk, colleague)
    therapist.reload()
    letters = therapist.get_by_role("table", name="Letters, newest first")
    to_patient = letters.get_by_role("row").filter(
        has=therapist.get_by_role("cell", name="the patient", exact=True)
    )
    expect(to_patient.filter(has_text="Acknowledgement")).to_contain_text("Posted")


def test_the_day_goes_on_from_reception_over_cashing_up_and_a_miss_to_the_leaders_report(
    open_page: Open,
) -> None:
    reception = open_page("/outpatients/reception/", user="june")
    watching = open_page("/outpatients/reception/", user="olga", theme="dark")
    arrived = reception.get_by_role("row").filter(has=reception.get_by_role("button", name="Check in")).last
    number = arrived.locator("th .next").inner_text()
    arrived.get_by_role("button").press("Enter")
    expect(reception.locator(".said").first).to_contain_text("is checked in")
    watching.reload()
    expect(watching.get_by_role("row", name=number)).to_contain_text("Here")

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

    desk.locator("[data-said]").first.focus()
    desk.keyboard.press("n")
    press(desk, "Save outcomes")
    expect(desk.locator("[data-said]")).to_have_count(rows - 1)
    desk.goto("/outpatients/outcomes/missed/")
    desk.locator("table.rows tbody tr").last.get_by_role("link").press("Enter")
    send(desk, "Ask for the decision")
    expect(desk.locator(".said")).to_contain_text("Asked")

    clinician = open_page(desk.url, user="carla")
    clinician.select_option("#decision", label="offer another date")
    clinician.fill("#reason", "Came by the wrong bus")
    send(clinician, "Save decision")
    desk.reload()
    expect(desk.get_by_role("main")).to_contain_text("Offer another date, decided by Robin Hale")
    report(desk, leader)
