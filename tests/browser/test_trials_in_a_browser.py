"""A team leader tries other days of reminders with a keyboard, and stops it."""

from playwright.sync_api import expect

from .accessibility import breaches
from .conftest import Open

PAGE = "/outpatients/reminders/trials/"


def test_a_leader_starts_a_trial_with_a_keyboard_and_a_coordinator_reads_it(open_page: Open) -> None:
    desk = open_page(PAGE, user="tina")
    desk.get_by_label("A name for it").fill("A week before")
    desk.get_by_label("What differs").select_option(label="the days before the visit")
    desk.get_by_label("What is looked at").select_option(index=1)
    for label, days in (("A, first", 14), ("A, second", 4), ("B, first", 2), ("B, second", 7)):
        desk.get_by_label(f"Arm {label} reminder").fill(str(days))
    desk.get_by_label("Physio").check()
    desk.get_by_label("Why").fill("Fewer may miss")
    desk.keyboard.press("Enter")
    expect(desk.locator(".nhsuk-error-summary")).to_contain_text("The first reminder is farther")
    assert breaches(desk) == []
    desk.get_by_label("Arm B, first reminder").fill("7")
    desk.get_by_label("Arm B, second reminder").fill("2")
    desk.keyboard.press("Enter")
    expect(desk.get_by_text("Nothing can be said yet")).to_be_visible()
    assert breaches(desk) == []

    other = open_page("/outpatients/reminders/", user="toby", theme="dark")
    other.get_by_role("link", name="Trials").press("Enter")
    other.get_by_role("link", name="A week before").press("Enter")
    expect(other.get_by_role("cell", name="7 and 2 days before")).to_be_visible()
    expect(other.get_by_role("button", name="Stop")).to_have_count(0)
    assert breaches(other) == []

    desk.get_by_label("From now on").select_option(label="As it is now without the trial")
    desk.get_by_label("Why it ends").fill("It was a rehearsal")
    desk.keyboard.press("Enter")
    expect(desk.get_by_text("It was a rehearsal")).to_be_visible()
