"""Duties of the control room from what sets them off to a second person's screen."""

import re
from datetime import datetime, timedelta

from playwright.sync_api import Page, expect

from clearway.core.layout.times import LONDON

from .accessibility import breaches
from .conftest import Open
from .moor import OFTEN_WRONG
from .serve import LONG_IN_WRAP_UP

MOIRA, OSCAR = re.compile("moira", re.IGNORECASE), re.compile("oscar", re.IGNORECASE)
SECRET = "Bruises that nobody could explain"


def test_a_safeguarding_concern_is_on_the_screen_of_its_queue_and_hidden_from_everybody_else(
    open_page: Open,
) -> None:
    lead = open_page("/safeguarding/", user="lead", theme="dark")
    officer = open_page("/safeguarding/", user="officer")
    page = open_page("/safeguarding/new/", user="flow")
    page.select_option("#kind", "child")
    page.fill("#words", SECRET)
    page.get_by_role("button", name="Raise it").press("Enter")
    expect(page.locator(".said")).to_contain_text("Raised. The clinical lead has it")

    for other in (lead, officer):
        other.reload()
        other.locator("tbody a").first.press("Enter")
        expect(other.locator("main")).to_contain_text("Hidden")
        expect(other.locator("main")).not_to_contain_text(SECRET)
    expect(officer.get_by_role("button", name="Show what was written")).to_have_count(0)
    lead.get_by_role("button", name="Show what was written").press("Enter")
    expect(lead.locator("main")).to_contain_text(SECRET)
    assert breaches(lead) == []
    lead.get_by_role("button", name="Acknowledge it").press("Enter")
    officer.reload()
    expect(officer.locator("tr", has_text="Acknowledged")).to_contain_text("lead")


def test_a_crew_over_its_wrap_up_is_asked_and_what_is_escalated_stands_before_the_officer(
    open_page: Open,
) -> None:
    officer = open_page("/delays/wrap-up/", user="officer")
    page = open_page("/delays/wrap-up/", user="flow")
    crew = LONG_IN_WRAP_UP
    line = officer.locator(f"tr[id='wrapups-{crew}']")
    expect(line).to_contain_text("To the service delivery officer")
    expect(page.locator(f"tr[id='wrapups-{crew}']")).to_be_visible()

    for kind, said, to, stands in (
        ("contacted", "Restocking", "", "Restocking"),
        ("escalated", "No stretcher to be had", "Duty officer", "Escalated"),
    ):
        page.goto(f"/delays/crew/{crew}/")
        page.select_option("#kind", kind)
        page.fill("#said", said)
        page.fill("#to", to)
        page.keyboard.press("Enter")
        expect(line).to_contain_text(stands)


def test_findings_that_repeat_become_a_visit_that_the_officer_sees_with_what_was_before_and_after(
    open_page: Open,
) -> None:
    officer = open_page("/quality/patterns/", user="oscar")
    page = open_page("/quality/patterns/", user="moira")
    (crew, findings) = OFTEN_WRONG
    pattern = page.locator("#pattern option", has_text=crew).first.get_attribute("value")
    page.select_option("#pattern", pattern)
    page.select_option("#kind", "visit")
    page.fill("#on", f"{datetime.now(LONDON) + timedelta(days=1):%Y-%m-%d}")
    page.fill("#owner", "Moira Penn")
    page.fill("#words", "Press when the patient is on the hospital's trolley")
    page.keyboard.press("Enter")
    expect(page.locator(".said")).to_contain_text("Recorded")

    officer.reload()
    given = officer.locator("tr", has_text="Press when the patient")
    expect(given).to_contain_text(crew)
    expect(given.locator("td.number").first).to_have_text(str(findings))
    expect(given.locator("td.number").last).to_have_text("0 so far")


def test_who_acts_up_for_the_officer_has_the_officers_work_on_their_screen_until_it_ends(
    open_page: Open,
) -> None:
    officer = open_page("/people/acting-up/", user="oscar")
    page = open_page("/tasks/?mine=1", user="moira")
    task = "Agree the release plan with the region"
    raise_task(open_page("/tasks/new/", user="oscar"), task, "service_delivery_officer")
    page.reload()
    expect(page.locator("main")).not_to_contain_text(task)

    officer.select_option("#user", "moira")
    officer.select_option("#role", "service_delivery_officer")
    officer.fill("#reason", "Two officers are at a site")
    officer.keyboard.press("Enter")
    expect(officer.locator("tr", has_text="acting up")).to_contain_text("Two officers are at a site")
    page.reload()
    mine = page.locator("tr[id^=tasks-]", has_text=task)
    mine.get_by_role("button", name="Acknowledge").press("Enter")
    expect(page.locator("tr[id^=tasks-]", has_text=task)).to_contain_text(MOIRA)

    officer.locator("summary", has_text="End").last.press("Enter")
    officer.get_by_label("Reason").last.fill("The officers are back")
    officer.keyboard.press("Enter")
    expect(officer.locator("tr", has_text="acting up")).to_contain_text("Ended")
    page.goto("/tasks/?mine=1")
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_a_task_that_is_given_to_a_colleague_and_passed_back_is_on_each_ones_screen(
    open_page: Open,
) -> None:
    officer = open_page("/tasks/", user="oscar")
    page = open_page("/tasks/new/", user="moira")
    task = "Ring the stations about spare stretchers"
    raise_task(page, task, "patient_flow_coordinator")
    give(page, task, "oscar")
    line = officer.locator("tr[id^=tasks-]", has_text=task)
    officer.get_by_role("button", name="new").first.press("Enter")
    expect(line).to_contain_text(OSCAR)

    give(officer, task, "moira")
    page.goto("/tasks/")
    expect(page.locator("tr[id^=tasks-]", has_text=task)).to_contain_text(MOIRA)


def test_an_area_is_checked_against_infection_and_the_officer_sees_what_was_found(open_page: Open) -> None:
    officer = open_page("/duties/", user="oscar")
    today = f"{datetime.now(LONDON):%Y-%m-%d}"
    officer.fill("#name", "Infection control, control room")
    officer.select_option("#kind", "infection")
    officer.fill("#owner", "Coordinator on duty")
    officer.fill("#place", "Desks 1 to 6")
    officer.fill("#due_on", today)
    officer.keyboard.press("Enter")
    expect(officer.locator(".said")).to_contain_text("Entered")

    page = open_page("/duties/", user="moira")
    page.get_by_role("link", name="Infection control, control room").press("Enter")
    for place in range(5):
        page.select_option(f"#met_{place}", "no" if place == 1 else "yes")
    page.fill("#words_1", "Two headsets without a cover")
    page.fill("#done_on", today)
    page.fill("#evidence", "Walked round with the list")
    page.keyboard.press("Enter")
    expect(page.locator(".said")).to_contain_text("Kept, with its next day")
    assert breaches(page) == []
    officer.goto("/duties/")
    row = officer.get_by_role("row", name="Infection control, control room")
    expect(row).to_contain_text("1 not met")
    assert breaches(officer) == []


def raise_task(page: Page, title: str, role: str) -> None:
    """Write a task down for a post."""
    page.fill("#title", title)
    page.fill("#cause", "Asked for by telephone")
    page.select_option("#priority", "2")
    page.select_option("#role", role)
    page.get_by_role("button", name="Raise the task").press("Enter")
    page.wait_for_url("**/tasks/**")


def give(page: Page, title: str, to: str) -> None:
    """Give a task to somebody, from the list."""
    page.goto("/tasks/")
    page.locator("tr[id^=tasks-]", has_text=title).get_by_role("link").first.press("Enter")
    page.locator("summary", has_text="Give it to somebody").press("Enter")
    page.select_option("#owner", to)
    page.get_by_role("button", name="Give", exact=True).press("Enter")
    expect(page.locator("main")).to_contain_text("Given")
