"""Figures and levels of pressure go from who says them to a second person's screen without reloading."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from playwright.sync_api import expect

from .accessibility import breaches
from .conftest import Open

SITE = "RH801"


def test_figures_that_a_coordinator_writes_down_stand_on_the_officers_screen(open_page: Open) -> None:
    officer = open_page("/pressure/", user="officer")
    row = officer.locator(f"#pressure-{SITE}")
    expect(row).to_contain_text("of 9 unknown")
    page = open_page(f"/pressure/hospital/{SITE}/", user="flow")
    assert breaches(page) == []

    page.fill("#figure-beds", "lots")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("enter a number from 0 to 200")
    assert breaches(page) == []
    page.fill("#figure-beds", "99.5")
    page.fill("#told_by", "site manager")
    page.keyboard.press("Enter")

    expect(page.locator(".said")).to_contain_text("Saved 1 figure")
    expect(row).to_contain_text("99.5")


def test_a_level_asks_and_who_set_it_sees_what_is_done_and_what_is_not(open_page: Open) -> None:
    board = open_page("/handovers/", user="flow")
    officer = open_page("/pressure/level/csp/", user="officer")
    assert breaches(officer) == []
    officer.select_option("#level", "3")
    officer.fill("#why", "Calls wait and hospitals hold crews")
    review = datetime.now(UTC) + timedelta(hours=2)
    officer.fill("#review_by", f"{review.astimezone(ZoneInfo('Europe/London')):%Y-%m-%dT%H:%M}")
    officer.get_by_role("button", name="Set the level").press("Enter")
    expect(officer.locator("#levels-csp")).to_contain_text("3 severe")
    expect(board.locator("#levels-strip")).to_contain_text("3 severe")

    page = open_page("/pressure/", user="flow")
    assert breaches(page) == []
    for action, answer, because in (
        ("Ask each hospital beyond the maximum", "done", ""),
        ("Review everybody unavailable", "not_done", "Nobody is free to ring"),
    ):
        page.get_by_role("link", name=action).press("Enter")
        page.select_option("#answer", answer)
        page.fill("#because", because)
        page.get_by_role("button", name="Record it").press("Enter")
        expect(page.locator(".said")).to_be_visible()

    asked = officer.locator("table.asked")
    expect(asked.locator("tr", has_text="Ask each hospital")).to_contain_text("Done")
    expect(asked.locator("tr", has_text="Review everybody")).to_contain_text("Nobody is free to ring")
    expect(asked.locator("tr", has_text="Hold an escalation call")).to_contain_text("Nobody has answered")
