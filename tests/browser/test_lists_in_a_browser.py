"""The waiting list from its triggers to a second person's screen: asked, invited, freed, ratified, away."""

import re
from datetime import UTC, datetime, timedelta

from playwright.sync_api import Page, expect

from .accessibility import breaches
from .conftest import Open
from .journeys import CLINICIAN, LEAVE_IN
from .keyboard import Keyboard
from .test_referrals_in_a_browser import fill, send

PACKS = "/outpatients/validation/packs/"
A_FREED_SLOT = 20  # seconds of a person at the keyboard to fill one


def open_patient(page: Page, name: str) -> None:
    """By the search, as somebody does who has them on the telephone."""
    page.goto(f"/outpatients/patients/?text={name.lower()}")
    page.get_by_role("link", name=re.compile(name, re.IGNORECASE)).first.press("Enter")
    expect(page.locator("h1")).to_contain_text(re.compile(name, re.IGNORECASE))


def test_who_waits_for_twelve_weeks_is_written_to_and_what_they_answer_stands_for_everybody(
    open_page: Open,
) -> None:
    who = re.compile("Stillwell", re.IGNORECASE)
    desk = open_page("/outpatients/asking/", user="opal")
    expect(desk.get_by_role("row", name=who)).to_contain_text("Ask for the first time")
    desk.get_by_role("button", name=re.compile(r"^Prepare \d+ question")).press("Enter")
    expect(desk.get_by_role("row", name=who)).to_be_visible()

    colleague = open_page("/outpatients/outbox/", user="olga", theme="dark")
    expect(colleague.get_by_role("row", name=who)).to_contain_text("Still needed")
    colleague.goto("/outpatients/asking/")
    answer = colleague.get_by_role("textbox", name=who)
    answer.fill("q")
    answer.press("Enter")
    expect(colleague.get_by_role("alert")).to_contain_text("is no key")
    answer.fill("n")
    answer.press("Enter")
    expect(colleague.locator(".said")).to_contain_text("Saved")

    desk.goto("/outpatients/asking/")
    seen = desk.get_by_role("table", name="Answers after which").get_by_role("row", name=who)
    expect(seen).to_contain_text("a person takes them off")
    seen.get_by_role("link").press("Enter")
    expect(desk.get_by_role("main")).to_contain_text("Waiting")


def test_an_invitation_that_is_due_is_sent_and_its_answer_is_booked_by_who_takes_the_call(
    open_page: Open,
) -> None:
    who = re.compile("Invers", re.IGNORECASE)
    desk = open_page("/outpatients/partial/?step=P1", user="opal")
    expect(desk.get_by_role("row", name=who)).to_be_visible()
    desk.get_by_role("button", name=re.compile("Write the")).press("Enter")
    expect(desk.get_by_role("status").first).to_contain_text("in the outbox")

    colleague = open_page("/outpatients/outbox/", user="olga", theme="dark")
    letters = colleague.get_by_role("row", name=who)
    expect(letters.filter(has_text="Invitation")).to_have_count(1)
    colleague.goto("/outpatients/partial/?step=P2")
    colleague.get_by_role("row", name=who).get_by_role("link").press("Enter")
    colleague.get_by_role("link", name="Book", exact=True).press("Enter")
    colleague.wait_for_url(re.compile("/book/"))
    colleague.keyboard.press("1")
    colleague.keyboard.press("Enter")
    colleague.wait_for_url(re.compile("/outpatients/appointments/"))

    desk.goto("/outpatients/partial/")
    expect(desk.get_by_role("table")).to_be_visible()
    expect(desk.get_by_role("row", name=who)).to_have_count(0)
    desk.goto(colleague.url)
    expect(desk.locator(".facts")).to_contain_text("by olga")


def test_a_slot_that_is_given_back_is_filled_by_the_colleague_and_the_first_sees_who_has_it(
    open_page: Open,
) -> None:
    desk = open_page("/outpatients/patients/", user="opal")
    open_patient(desk, "Quist")
    desk.get_by_role("table", name="Places on waiting lists").get_by_role("link").press("Enter")
    desk.get_by_role("link", name="See what is booked").press("Enter")
    desk.locator("p.said a").first.press("Enter")
    desk.select_option("#why", label="Transport")
    send(desk, "Cancel the appointment")
    expect(desk.get_by_role("status").first).to_contain_text("The clock goes on")

    colleague = open_page("/outpatients/freed/", user="olga", theme="dark")
    seats = colleague.get_by_role("table", name="Freed slots that can be filled")
    keys = Keyboard(colleague)
    keys.skip_to_content()
    keys.reach(seats.get_by_role("row", name=CLINICIAN).last.get_by_role("link"))
    keys.press("Enter")
    expect(colleague.get_by_role("table", name="Whom to ask")).to_contain_text(re.compile("ready", re.I))
    slot = colleague.url
    keys.skip_to_content()
    keys.reach(colleague.get_by_role("button", name=re.compile("into the queue")))
    keys.press("Enter")
    expect(colleague.locator(".said")).to_contain_text("The seat is kept")
    keys.skip_to_content()
    keys.reach(colleague.locator("input[name=key]").first)
    keys.type("y")
    keys.press("Enter")
    expect(colleague.locator(".said").first).to_contain_text("Booked")
    assert keys.seconds < A_FREED_SLOT, keys.count
    assert breaches(colleague) == []

    desk.goto(slot)
    expect(desk.locator(".facts")).to_contain_text("Filled")
    desk.get_by_role("link", name="the appointment").press("Enter")
    expect(desk.locator("h1")).to_contain_text(re.compile("ready|steady", re.IGNORECASE))
    expect(desk.get_by_role("main")).to_contain_text("by olga")


def test_what_the_checks_found_goes_from_the_leaders_list_when_a_colleague_mends_its_cause(
    open_page: Open,
) -> None:
    who = re.compile("Errol", re.IGNORECASE)
    leader = open_page("/outpatients/validation/", user="lena")
    expect(leader.get_by_role("row", name=who).first).to_contain_text("Error")

    desk = open_page("/outpatients/validation/", user="opal")
    desk.get_by_role("row", name=who).first.get_by_role("link").press("Enter")
    desk.locator("[data-said]").first.focus()
    desk.keyboard.press("d")
    send(desk, "Save outcomes")
    expect(desk.locator(".said").first).to_contain_text("1 outcome saved")

    leader.reload()
    expect(leader.get_by_role("table").first).to_be_attached()
    expect(leader.get_by_role("row", name=who)).to_have_count(0)


def test_a_need_that_is_told_stands_where_a_colleague_books(open_page: Open) -> None:
    desk = open_page("/outpatients/patients/", user="opal")
    open_patient(desk, "Longman")
    desk.select_option("#need-kind", label="Interpreter")
    desk.fill("#need-detail", "Polish")
    send(desk, "Record the need")
    expect(desk.locator(".marks")).to_contain_text("Polish")

    colleague = open_page(desk.url, user="olga", theme="dark")
    colleague.get_by_role("table", name="Places on waiting lists").get_by_role("link").press("Enter")
    expect(colleague.locator(".facts")).to_contain_text("Polish")
    colleague.get_by_role("link", name="Book", exact=True).press("Enter")
    expect(colleague.get_by_role("main")).to_contain_text("Polish")


def test_what_a_week_left_without_outcome_is_mended_by_the_desk_and_ratified_by_the_leader(
    open_page: Open,
) -> None:
    leader = open_page(PACKS, user="lena")
    leader.get_by_role("table", name="Weeks to be ratified").get_by_role("link").first.press("Enter")
    rows = leader.get_by_role("table", name="Appointments without outcome")
    who = re.compile("Latimer", re.IGNORECASE)
    expect(rows.get_by_role("row", name=who)).to_contain_text("Cash up")
    assert breaches(leader) == []
    pack = leader.url

    desk = open_page(pack, user="opal")
    expect(desk.get_by_role("main")).to_contain_text("The team leader has not signed it yet")
    desk.get_by_role("row", name=who).get_by_role("link").press("Enter")
    desk.locator("[data-said]").first.focus()
    desk.keyboard.press("d")
    send(desk, "Save outcomes")
    expect(desk.locator(".said").first).to_contain_text("1 outcome saved")

    leader.reload()
    expect(rows.get_by_role("row", name=who)).to_contain_text("Attended, said")
    leader.get_by_label("What follows from it").fill("Speech cashes up daily from now on")
    leader.keyboard.press("Enter")
    expect(leader.get_by_role("main")).to_contain_text("Ratified")

    desk.goto(pack)
    expect(desk.get_by_role("main")).to_contain_text("by lena: Speech cashes up daily from now on")
    desk.goto(PACKS)
    expect(desk.get_by_role("table", name="Weeks to be ratified")).to_contain_text("by lena")


def test_the_long_waits_of_a_month_are_signed_by_the_leader_and_the_desk_reads_what_follows(
    open_page: Open,
) -> None:
    leader = open_page(PACKS, user="lena")
    leader.get_by_role("table", name="Months of long waits").get_by_role("link").first.press("Enter")
    expect(leader.get_by_role("row", name=re.compile("Longman", re.IGNORECASE))).to_contain_text("Never")
    assert breaches(leader) == []
    leader.get_by_label("What follows from it").fill("Two more clinics")
    leader.keyboard.press("Enter")
    expect(leader.locator(".said")).to_contain_text("Saved")

    desk = open_page(leader.url, user="olga", theme="dark")
    expect(desk.get_by_role("main")).to_contain_text("by lena: Two more clinics")
    assert breaches(desk) == []


def test_leave_of_a_therapist_is_granted_by_the_leader_and_the_diary_of_a_colleague_is_blocked(
    open_page: Open,
) -> None:
    day = (datetime.now(UTC) + timedelta(days=LEAVE_IN)).date().isoformat()
    watching = open_page(f"/outpatients/diary/?on={day}", user="olga", theme="dark")
    expect(watching.locator("#diary-picture td .slot.free")).to_have_count(2)

    desk = open_page("/outpatients/clinics/leave/", user="opal")
    send(desk, "Ask")
    expect(desk.locator(".nhsuk-error-summary")).to_be_visible()
    fill(desk, clinician=CLINICIAN, kind="Annual leave", starts_on=day, ends_on=day)
    send(desk, "Ask")
    expect(desk.get_by_role("row", name=CLINICIAN)).to_contain_text("Nobody")

    leader = open_page("/outpatients/clinics/leave/", user="lena")
    send(leader, f"Grant {CLINICIAN}")
    expect(leader.get_by_role("row", name=CLINICIAN)).to_contain_text("Granted")
    expect(watching.locator("#diary-picture td .slot.free")).to_have_count(0)
