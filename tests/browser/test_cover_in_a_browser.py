"""Cover thins and a crew is moved; a barrier is removed: each from one screen to a second person's."""

import re
import time

from playwright.sync_api import expect

from .accessibility import breaches
from .conftest import Open

UNTIL_FOLLOWED = 100  # seconds: a first look waits until the feeds have settled


def test_a_move_that_a_coordinator_accepts_by_keyboard_stands_on_the_dispatchers_board(
    open_page: Open,
) -> None:
    board = open_page("/resources/", user="night", theme="dark")
    officer = open_page("/cover/", user="officer")
    page = open_page("/cover/", user="flow")
    name = page.locator("input[name=call_sign]").first.get_attribute("value") or ""
    line = board.locator(f"#resources-{name}")
    assert breaches(page) == []

    page.keyboard.press("Alt+A")

    expect(page.locator(".said")).to_contain_text(f"{name} is asked to go to")
    expect(line).to_contain_text(re.compile(r"To standby .+ until \d\d:\d\d"))
    expect(officer.locator("[data-live-new=moves]")).to_contain_text("1 new or moved")
    officer.reload()
    row = officer.locator("tr[id^=moves-]", has_text=name)
    expect(row).to_contain_text("On its way, to be there by")
    assert breaches(page) == []
    page.locator("tr[id^=moves-] a", has_text=name).press("Enter")
    page.get_by_role("button", name="Take it back").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Say why")
    page.fill("#why", "Needed where it is")
    page.keyboard.press("Enter")
    expect(page.locator(".said")).to_contain_text("taken back")
    expect(line).not_to_contain_text("To standby")
    expect(row).to_have_count(0)


def test_a_barrier_is_agreed_on_one_screen_followed_on_another_and_over_when_the_crew_is_available(
    open_page: Open,
) -> None:
    page = open_page("/barriers/", user="officer")
    crew = page.locator("tr[id^=barriers-]", has_text="Vehicle defect").first
    until = time.monotonic() + UNTIL_FOLLOWED
    while not crew.is_visible() and time.monotonic() < until:
        page.wait_for_timeout(1000)
        page.reload()
    key = (crew.get_attribute("id") or "").partition("-")[2]
    page.get_by_role("link", name="Enter what can help").press("Enter")
    page.select_option("#what", "vehicle")
    page.fill("#label", "WX72 SPR")
    page.fill("#says", "DCA")
    page.select_option("#place", index=1)
    page.select_option("#state", "ready")
    page.get_by_role("button", name="Enter it").press("Enter")
    expect(page.locator(".said")).to_contain_text("WX72 SPR is entered")
    coordinator = open_page("/barriers/", user="flow")
    line = coordinator.locator(f"#barriers-{key}")
    expect(line).to_contain_text("WX72 SPR")
    assert breaches(coordinator) == []

    page.locator(f"#barriers-{key} a").press("Enter")
    page.fill("#whom", "Fleet desk")
    page.keyboard.press("Enter")
    expect(page.locator(".said")).to_contain_text("Written down")
    expect(line).to_contain_text(re.compile(r"Agreed \d\d:\d\d: WX72 SPR"))
    page.select_option("#step", "fixed")
    page.fill("#words", "Keys handed over")
    page.keyboard.press("Enter")
    expect(line).to_contain_text("In place")
    expect(line).to_have_count(0, timeout=90_000)  # the crew says that it is available
    page.reload()
    expect(page.locator("main")).to_contain_text("this barrier is over")
