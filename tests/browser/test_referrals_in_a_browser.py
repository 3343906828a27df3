"""Referrals come by form, by spreadsheet and by message, and are seen onto the list by keyboard."""

import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from .accessibility import breaches
from .conftest import Open
from .journeys import KEY, SENDER
from .keyboard import Keyboard

PICTURES = os.environ.get("CLEARWAY_PICTURES", "")
PHONE = (390, 844)


def fill(page: Page, **values: str) -> None:
    """Go to each field as a keyboard does, and type."""
    for name, value in values.items():
        page.focus(f"#{name}")
        if page.evaluate("document.activeElement.tagName") == "SELECT":
            page.select_option(f"#{name}", label=value)
        elif page.get_attribute(f"#{name}", "type") == "date":
            page.fill(f"#{name}", value)
        else:
            page.keyboard.type(value)


def press(page: Page, button: str) -> None:
    """As a keyboard does it."""
    page.get_by_role("button", name=button).first.focus()
    page.keyboard.press("Enter")


def send(page: Page, button: str) -> None:
    """The same, until the answer is there: what comes next may leave the page."""
    with page.expect_navigation():
        press(page, button)


def picture(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)


def test_an_incomplete_referral_goes_from_its_gap_to_the_waiting_list_by_keyboard(open_page: Open) -> None:
    page = open_page("/outpatients/referrals/new/", user="opal")
    fill(page, family_name="Okafor", given_names="Ngozi", born_on="1984-07-09", nhs_number="999 054 8609")
    fill(page, mobile="07700 900456", postcode="WR5 1DD", address="4 Hill Road", email="n@example.org")
    fill(page, service="Hand therapy", priority="urgent", condition="Flexor tendon repair", side="Left")
    fill(page, source="General practitioner", sender="Dr Field")
    picture(page, "register")
    page.keyboard.press("Enter")

    expect(page.locator(".said")).to_contain_text("1 thing is missing and asked for")
    expect(page.get_by_role("main")).to_contain_text("holds triage")
    picture(page, "referral")
    assert breaches(page) == []
    number = (page.text_content("h1") or "").split(",")[0]

    page = open_page("/outpatients/referrals/gaps/", user="olga", theme="dark")
    expect(page.get_by_role("row", name=number)).to_contain_text("the referrer")
    picture(page, "gaps")
    assert breaches(page) == []
    page.get_by_role("link", name=number).focus()
    page.keyboard.press("Enter")
    fill(page, question="Six weeks after repair: splint and exercises, please")
    page.get_by_role("button", name="Save").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".said")).to_contain_text("the clock was worked out again")

    page = open_page("/outpatients/triage/", user="carla")
    expect(page.get_by_role("row", name=number)).to_contain_text("Urgent")
    picture(page, "triage")
    assert breaches(page) == []
    page.get_by_role("link", name=number).focus()
    page.keyboard.press("Enter")
    fill(page, outcome="Accept for an appointment", skills="hands")
    picture(page, "decide")
    page.get_by_role("button", name="Save the decision").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".said")).to_contain_text("is triaged")

    page = open_page("/outpatients/patients/?text=okafor", user="opal")
    page.get_by_role("link", name="OKAFOR, Ngozi").focus()
    page.keyboard.press("Enter")
    page.get_by_role("table", name="Places on waiting lists").get_by_role("link", name="Hand therapy").click()
    expect(page.locator("h1")).to_contain_text("Ngozi")
    page.goto("/outpatients/referrals/")
    expect(page.get_by_role("main")).to_contain_text("Every referral accounted for")
    picture(page, "ledger")
    assert breaches(page) == []


def test_a_consultants_start_that_was_missing_sets_the_clock_that_a_therapist_reads(open_page: Open) -> None:
    desk = open_page("/outpatients/referrals/new/", user="opal")
    fill(desk, family_name="Parry", given_names="Owen", born_on="1969-03-02", postcode="WR5 1DD")
    fill(desk, service="Hand therapy", priority="routine", condition="Trigger finger", side="Left")
    fill(desk, source="Consultant elsewhere", question="Splint, please", sender="Mr Hand")
    desk.keyboard.press("Enter")
    expect(desk.get_by_role("table", name="What is missing")).to_contain_text("clock")
    referral = desk.url

    started = datetime.now(UTC).date() - timedelta(days=40)
    colleague = open_page(referral, user="olga", theme="dark")
    fill(colleague, start_on=started.isoformat())
    send(colleague, "Save")
    expect(colleague.locator(".said")).to_contain_text("the clock was worked out again")

    therapist = open_page(referral, user="carla")
    therapist.locator(".facts a[href*='/pathways/']").press("Enter")
    expect(therapist.get_by_role("main")).to_contain_text("The clock runs: 40 days")


ROWS = """Surname,Forename,DOB,Service,Date received,Reason
Sheetley,Ann,1970-02-03,HANDS,{day},Stiff thumb
Sheetley,Bob,1970-02-30,HANDS,{day},Stiff thumb
"""


def test_a_spreadsheet_is_mapped_looked_at_and_registered_and_a_colleague_finds_its_patients(
    open_page: Open,
) -> None:
    day = datetime.now(UTC).date().isoformat()
    desk = open_page("/outpatients/referrals/file/", user="opal")
    fill(desk, sender="Hill Surgery")
    sheet = {"name": "november.csv", "mimeType": "text/csv", "buffer": ROWS.format(day=day).encode()}
    desk.set_input_files("#file", sheet)  # type: ignore[arg-type]
    send(desk, "Look at it")
    columns = {"family_name": "Surname", "given_names": "Forename", "born_on": "DOB", "service": "Service"}
    for field, heading in {**columns, "received_on": "Date received", "condition": "Reason"}.items():
        desk.select_option(f"#field-{field}", label=heading)
    send(desk, "Remember this")
    expect(desk.get_by_role("row", name="Not read")).to_contain_text("There is no such day")
    assert breaches(desk) == []
    send(desk, "Register 1 referral")
    expect(desk.get_by_role("main")).to_contain_text("1 registered")

    colleague = open_page(desk.url, user="olga", theme="dark")
    expect(colleague.get_by_role("main")).to_contain_text("by opal")
    colleague.goto("/outpatients/patients/?text=sheetley")
    expect(colleague.get_by_role("link", name="SHEETLEY, Ann")).to_be_visible()
    expect(colleague.get_by_role("link", name="SHEETLEY, Bob")).to_have_count(0)


def test_a_referral_of_another_system_waits_for_the_therapist_and_its_gap_for_the_desk(
    open_page: Open,
) -> None:
    desk = open_page("/outpatients/referrals/gaps/", user="opal")
    day = datetime.now(UTC).date().isoformat()
    sent = {"reference": "HS-1", "family_name": "Messenger", "given_names": "Ida", "born_on": "1970-03-01"}
    sent |= {"service": "HANDS", "received_on": day, "source": "03", "sender": "Dr Field"}
    sent |= {"condition": "Stiff thumb", "question": "Splint, please", "priority": "when you can"}
    answer = desk.request.post(
        "/api/v1/referrals", data={"referrals": [sent]}, headers={"Authorization": f"Bearer {KEY}"}
    )
    (row,) = answer.json()["rows"]
    assert row["state"] == "registered"

    desk.reload()
    expect(desk.get_by_role("row", name=row["referral"]).first).to_contain_text("MESSENGER, Ida")
    therapist = open_page("/outpatients/triage/", user="carla")
    expect(therapist.get_by_role("row", name=row["referral"])).to_contain_text("with the urgent")


@pytest.mark.promise("A1")
@pytest.mark.parametrize(("user", "theme"), [("olga", "dark")])
def test_the_pages_of_a_patient_and_a_pathway_break_no_accessibility_rule(
    open_page: Open, user: str, theme: str
) -> None:
    page = open_page("/outpatients/patients/new/", user=user, theme=theme)
    number = {"light": "9476719931", "dark": "9434765919"}[theme]
    fill(page, family_name=f"Larch-{theme}", given_names="Tom", born_on="2015-02-03", nhs_number=number)
    picture(page, f"patient-form-{theme}")
    assert breaches(page) == []
    page.get_by_role("button", name="Register").click()
    expect(page.locator("h1")).to_contain_text("Tom")
    page.fill("#need-detail", "Polish")
    page.get_by_role("button", name="Record the need").click()
    page.fill("#flag-words", "Ring the grandmother, never the father")
    page.get_by_role("button", name="Raise the flag").click()
    expect(page.locator(".marks")).to_contain_text("Safeguarding")
    assert breaches(page) == []

    page.get_by_role("link", name="Register a referral").click()
    fill(page, service="Hand therapy", priority="as soon as can be", condition="Burn")
    page.get_by_role("button", name="Register").click()
    page.locator(".facts a[href*='/pathways/']").click()
    expect(page.get_by_role("main")).to_contain_text("The clock runs: 0 days")
    picture(page, f"pathway-{theme}")
    assert breaches(page) == []
    page.get_by_role("button", name="Record").click()
    expect(page.get_by_role("main")).to_contain_text("Choose what happened")
    assert breaches(page) == []
    page.goto(page.url)
    page.locator(".back a").click()
    picture(page, f"patient-{theme}")

    narrow = open_page(page.url, user=user, theme=theme, size=PHONE)
    assert narrow.evaluate("document.documentElement.scrollWidth") <= PHONE[0]


def go(page: Page, link: Locator) -> None:
    """From field to field to a link or button, and on to where it leads."""
    keys = Keyboard(page)
    keys.skip_to_content()
    keys.reach(link)
    with page.expect_navigation():
        keys.press("Enter")


def test_a_booking_of_an_unmapped_clinic_goes_from_quarantine_to_the_diary_by_keyboard(
    open_page: Open,
) -> None:
    page = open_page("/feeds/", user="lena")
    go(page, page.get_by_role("row", name=SENDER).get_by_role("link", name=re.compile("^[0-9]+$")))
    go(page, page.get_by_role("row", name="codes.clinic").get_by_role("link", name="See the line"))
    expect(page.get_by_role("main")).to_contain_text("Add the code to [codes.clinic]")
    go(page, page.get_by_role("button", name="See what each field means"))
    expect(page.get_by_role("row", name="AIL-3.1")).to_contain_text("EARS-TUE")
    expect(page.locator("#found")).to_contain_text("It would be kept in quarantine")
    assert breaches(page) == []

    go(page, page.get_by_role("link", name="its mapping"))
    page.focus("#text")
    page.keyboard.press("Control+End")
    page.keyboard.type('"EARS-TUE" = "back"')
    fill(page, why="The Tuesday clinic")
    go(page, page.get_by_role("button", name="Put in force"))
    expect(page.locator(".said")).to_contain_text("1 could be read now")

    colleague = open_page("/outpatients/diary/", user="olga", theme="dark")
    with colleague.expect_navigation():
        colleague.keyboard.press("Alt+PageDown")
    expect(colleague.locator("#diary-picture")).to_contain_text("Listener")
    colleague.goto("/outpatients/patients/?text=listener")
    go(colleague, colleague.get_by_role("link", name="LISTENER, Ann"))
    expect(colleague.get_by_role("table", name="Appointments")).to_contain_text("Booked")


def test_who_looks_like_a_patient_is_compared_and_what_waited_is_booked_by_keyboard(open_page: Open) -> None:
    page = open_page("/feeds/quarantine/", user="lena")
    go(page, page.get_by_role("row", name="may be the same person").get_by_role("link", name="See the line"))
    go(page, page.get_by_role("link", name="Compare with who is registered"))
    expect(page.get_by_role("row", name="Given names")).to_contain_text("Ann (differs)")
    assert breaches(page) == []
    picture(page, "who")

    keys = Keyboard(page)
    keys.reach(page.get_by_role("radio").first)
    keys.press("Space")
    fill(page, why="Rang the patient")
    send(page, "Say so, and read what waits")
    expect(page.locator(".said")).to_contain_text("2 messages were taken")

    colleague = open_page("/outpatients/patients/?text=whisper", user="olga", theme="dark")
    go(colleague, colleague.get_by_role("link", name="WHISPER"))
    expect(colleague.get_by_role("table", name="Appointments")).to_contain_text("Booked")
