"""A crew long on scene is asked on its telephone; what it says, and who answers, stands on other screens."""

import time
from pathlib import Path

from playwright.sync_api import Page, expect

from .accessibility import breaches
from .conftest import Open
from .keyboard import A_MINUTE

UNTIL_FOLLOWED = 100  # seconds: a first look waits until the feeds have settled
SECONDS = 30  # of a read-back
PICTURES = Path("var/pictures")


def picture(page: Page, name: str) -> None:
    """Kept where somebody wants to look and has made the folder: it proves nothing, and takes seconds."""
    if PICTURES.is_dir():
        page.screenshot(path=PICTURES / f"delays-{name}.png", full_page=True)


def asked(page: Page, place: int) -> str:
    """The call sign of a crew that was asked for a STACK by itself."""
    crew = page.locator("tr[id^=delays-]", has_text="STACK asked").locator("th a").nth(place)
    until = time.monotonic() + UNTIL_FOLLOWED
    while not crew.is_visible() and time.monotonic() < until:
        page.wait_for_timeout(1000)
        page.reload()
    return crew.inner_text()


def overflow(page: Page) -> int:
    """Pixels by which the page is wider than its screen."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def test_a_crew_is_asked_by_itself_answers_on_its_telephone_and_the_officer_answers_what_is_escalated(
    open_page: Open,
) -> None:
    page = open_page("/delays/", user="flow")
    name = asked(page, 0)
    assert breaches(page) == []
    page.goto(f"/advice/{name}/")
    page.get_by_role("button", name="Make a page for").click()
    phone = open_page(page.get_by_label("Address", exact=True).input_value(), size=(390, 844))
    page.goto("/delays/")

    expect(phone.locator("#crew-message")).to_contain_text("Control asks for a STACK")
    picture(phone, "crew")
    assert breaches(phone) == []
    phone.get_by_role("link", name="Fill in the STACK").click()
    phone.get_by_role("button", name="Send to control").click()
    expect(phone.get_by_role("alert")).to_contain_text("Say what holds the crew up")
    phone.get_by_label("Waiting for the police").check()
    phone.fill("#leaves_in", "40")
    picture(phone, "crew-stack")
    assert breaches(phone) == [] and overflow(phone) == 0
    phone.get_by_role("button", name="Send to control").click()
    expect(phone.locator("#crew-message")).to_contain_text("STACK 1 sent")

    line = page.locator(f"tr[id='delays-{name}']")
    expect(line).to_contain_text("Waiting for the police")
    expect(line).to_contain_text("Chase with a time")
    line.locator("th a").press("Enter")
    page.select_option("#kind", "escalated")
    page.fill("#said", "No police in sight")
    page.fill("#to", "Duty officer")
    page.keyboard.press("Enter")
    officer = open_page("/delays/", user="officer")
    expect(officer.locator(f"tr[id='delays-{name}']")).to_contain_text("Escalated")
    officer.locator(f"tr[id='delays-{name}'] th a").press("Enter")
    picture(officer, "one")
    assert breaches(officer) == []
    officer.select_option("#kind", "answered")
    officer.fill("#said", "An inspector is on the way")
    officer.keyboard.press("Enter")

    expect(line).to_contain_text("An inspector is on the way")


def test_a_read_back_by_radio_is_typed_in_thirty_seconds(open_page: Open) -> None:
    page = open_page("/delays/", user="flow")
    name, keys = asked(page, 1), 0
    page.locator(f"tr[id='delays-{name}']").get_by_role("link", name="STACK of").press("Enter")
    expect(page.locator("#letters")).to_be_focused()
    assert breaches(page) == []
    picture(page, "stack")

    for typed in ("be", "Second floor, stairs too narrow", "35", "Bariatric vehicle, two more"):
        page.keyboard.type(typed)
        page.keyboard.press("Tab")
        keys += len(typed) + 1
    page.keyboard.press("Enter")

    expect(page.locator(".said")).to_contain_text(f"STACK 1 of {name} is recorded")
    assert keys + 2 <= A_MINUTE * SECONDS / 60
    second = open_page("/delays/reports/", user="officer")
    expect(second.locator(f"tr[id='stacks-{name}']")).to_contain_text("Bariatric vehicle, two more")


def test_no_page_of_delays_scrolls_sideways_or_breaks_a_rule_of_accessibility(open_page: Open) -> None:
    for theme, size in (("light", (1280, 800)), ("dark", (320, 700))):
        page = open_page("/delays/", theme=theme, size=size)
        for name, address in {
            "board": "/delays/",
            "reports": "/delays/reports/",
            "wrap-up": "/delays/wrap-up/",
            "norms": "/delays/norms/",
        }.items():
            page.goto(address)
            picture(page, f"{name}-{theme}")
            assert overflow(page) == 0, (address, size)
            assert breaches(page) == [], (address, size)
