"""A coordinator rings somebody who might not come, with a keyboard, and a second one sees the answer."""

from playwright.sync_api import expect

from .accessibility import breaches
from .conftest import Open

PAGE = "/outpatients/attendance/"


def test_who_might_not_come_is_rung_and_another_coordinator_sees_it(open_page: Open) -> None:
    desk = open_page(PAGE, user="cleo")
    row = desk.locator("tbody tr", has_text="ROVER")
    expect(row).to_contain_text("Missed 2 of 2 earlier visits")
    expect(row).to_contain_text("Ask about transport")
    expect(desk.locator("tbody tr")).to_have_count(1)
    assert breaches(desk) == []
    row.get_by_label("Key for ROVER").press_sequentially("z")
    desk.keyboard.press("Enter")
    expect(desk.get_by_text("“z” is no key")).to_be_visible()
    desk.keyboard.type("y")
    desk.keyboard.press("Enter")
    expect(desk.get_by_text("Confirmed.", exact=True)).to_be_visible()

    other = open_page(PAGE, user="cyril", theme="dark")
    assert breaches(other) == []
    again = other.locator("tbody tr", has_text="ROVER")
    expect(again).to_contain_text("Rung")
    expect(again.get_by_label("Key for ROVER")).to_have_count(0)
    other.goto("/outpatients/reminders/")
    expect(other.get_by_text("Nobody is to be rung.")).to_be_visible()
