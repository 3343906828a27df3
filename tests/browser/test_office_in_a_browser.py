"""The office of the outpatient desk: each topic once, from its trigger to a second person's screen."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from .accessibility import breaches
from .conftest import Open
from .test_referrals_in_a_browser import PHONE, fill, press

OFFICE = "/outpatients/office/"
TODAY = datetime.now(UTC).date()
PAGES = (
    "",
    "records/corrections/",
    "cover/",
    "cover/posts/",
    "away/",
    "work/",
    "work/give/calls/",
    "scans/",
    "notes/",
)


def test_two_at_the_same_diary_see_each_others_bookings_within_two_seconds(open_page: Open) -> None:
    tomorrow = (TODAY + timedelta(days=1)).isoformat()
    watching = open_page(f"/outpatients/diary/?on={tomorrow}", user="late-desk", theme="dark")
    busy = open_page("/outpatients/list/", user="desk")
    free = watching.locator("#diary-picture td .slot.free").count()
    watching.locator("[data-slot]").first.focus()

    busy.locator("table.list tbody tr").last.locator("a").first.click()
    busy.get_by_role("link", name="Book", exact=True).click()
    busy.wait_for_url(re.compile("/book/"))
    busy.keyboard.press("1")
    busy.keyboard.press("Enter")
    busy.wait_for_url(re.compile("/outpatients/appointments/"))

    expect(watching.locator("#diary-picture td .slot.free")).to_have_count(free - 1, timeout=2000)
    expect(watching.locator("[data-slot]").first).to_be_focused()


def test_leave_is_asked_for_and_granted_by_the_leader_who_sees_what_it_leaves(
    open_page: Open,
) -> None:
    leader = open_page(f"{OFFICE}cover/posts/", user="lena")
    fill(leader, name="Reception, morning", holder="Sam Tanner")
    for name in ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"):
        leader.get_by_label(name).check()
    press(leader, "Enter")
    expect(leader.locator(".said")).to_contain_text("Entered")

    asking = open_page(f"{OFFICE}away/", user="june")
    first = (TODAY + timedelta(days=4)).isoformat()
    press(asking, "Ask")
    expect(asking.locator(".nhsuk-error-summary")).to_be_visible()
    fill(asking, starts_on=first, ends_on=first, words="A wedding")
    press(asking, "Ask")
    expect(asking.locator(".said")).to_contain_text("The team leader decides")

    leader.goto(f"{OFFICE}away/")
    expect(leader.get_by_role("main")).to_contain_text("A wedding")
    press(leader, "Grant")
    expect(leader.get_by_role("main")).to_contain_text("Granted by lena")
    asking.reload()
    expect(asking.get_by_role("main")).to_contain_text("Granted by lena")


def test_a_scan_is_filed_only_with_what_stands_on_it_and_a_therapist_reads_it(open_page: Open) -> None:
    desk = open_page("/outpatients/patients/new/", user="opal")
    fill(desk, family_name="Quill", given_names="Petra", born_on="1966-04-12", postcode="WR5 1DD")
    desk.get_by_role("button", name="Register").click()
    expect(desk.locator("h1")).to_contain_text("Petra")
    patient = desk.url

    taking = open_page(f"{OFFICE}scans/", user="june")
    page = {"name": "letter.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4 for Petra Quill"}
    taking.set_input_files("#file", page)
    fill(taking, kind="Clinic letter", sender="Orthopaedics, Alexandra")
    press(taking, "Take it")
    expect(taking.locator(".said")).to_contain_text("Now say whose it is")

    desk.goto(f"{OFFICE}scans/")
    desk.get_by_role("link", name="Orthopaedics, Alexandra").click()
    fill(desk, find="quill")
    desk.keyboard.press("Enter")
    desk.get_by_role("radio").first.check()
    fill(desk, identifier="12/04/1967")
    press(desk, "File")
    expect(desk.locator(".nhsuk-error-summary")).to_contain_text("another birth date")
    assert breaches(desk) == []
    fill(desk, identifier="")
    desk.fill("#identifier", "12/04/1966")
    press(desk, "File")
    expect(desk.get_by_role("main")).to_contain_text("by the date of birth on it")

    therapist = open_page(patient, user="carla")
    therapist.get_by_role("link", name="Letters, scans and paper notes").click()
    expect(therapist.get_by_role("main")).to_contain_text("Orthopaedics, Alexandra")
    assert breaches(therapist) == []


def test_a_correction_is_asked_for_decided_by_the_leader_and_stands_on_the_patients_page(
    open_page: Open,
) -> None:
    desk = open_page("/outpatients/patients/new/", user="opal")
    fill(desk, family_name="Vane", given_names="Clara", born_on="1958-09-30", postcode="WR5 1DD")
    desk.get_by_role("button", name="Register").click()
    expect(desk.locator("h1")).to_contain_text("Clara")
    patient = desk.url
    desk.goto(f"{OFFICE}records/corrections/")
    desk.get_by_role("link", name="Enter a request").click()
    fill(desk, find="vane")
    desk.keyboard.press("Enter")
    desk.get_by_role("radio").first.check()
    press(desk, "Enter")
    expect(desk.locator(".nhsuk-error-summary")).to_contain_text("Choose what is wrong")
    assert breaches(desk) == []
    fill(desk, asker="The patient", requester="Clara Vane", value="Birth date", wanted="1959-09-30")
    fill(desk, why="Passport")
    press(desk, "Enter")
    expect(desk.locator(".said")).to_contain_text("Due by")
    request = desk.url
    fill(desk, how="Passport seen")
    press(desk, "Checked")
    expect(desk.get_by_role("main")).to_contain_text("A team leader decides it here")

    leader = open_page(request, user="lena")
    press(leader, "Correct")
    expect(leader.locator(".nhsuk-error-summary")).to_contain_text("Enter why it is corrected")
    assert breaches(leader) == []
    fill(leader, because="The passport says so")
    press(leader, "Correct")
    expect(leader.locator(".said")).to_contain_text("Corrected")
    assert breaches(leader) == []

    desk.goto(patient)
    expect(desk.get_by_role("main")).to_contain_text("30 Sep 1959")
    desk.goto(request)
    expect(desk.get_by_role("main")).to_contain_text("The passport says so")


@pytest.mark.promise("A1")
def test_the_pages_of_the_office_fit_a_phone(open_page: Open) -> None:
    page = open_page(OFFICE, user="olga", theme="dark", size=PHONE)
    for name in PAGES:
        page.goto(f"{OFFICE}{name}")
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0], name
