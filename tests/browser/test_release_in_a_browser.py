"""An officer at the door says on a phone why a crew stays; the coordinator sees it come, and releases."""

from pathlib import Path

from playwright.sync_api import Page, expect

from .accessibility import breaches
from .conftest import Open

PICTURES = Path("var/pictures")


def picture(page: Page, name: str) -> None:
    """Kept where somebody wants to look and has made the folder: it proves nothing, and takes seconds."""
    if PICTURES.is_dir():
        page.screenshot(path=PICTURES / f"release-{name}.png", full_page=True)


def overflow(page: Page) -> int:
    """Pixels by which the page is wider than its screen."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def too_small(page: Page) -> list[str]:
    """What is tapped and is lower or narrower than 44 pixels."""
    return list(
        page.evaluate(
            "[...document.querySelectorAll('.tap')].map(each => [each.getBoundingClientRect(), each])"
            ".filter(([box]) => box.width < 44 || box.height < 44).map(([, each]) => each.textContent)"
        )
    )


def test_what_is_said_on_a_phone_at_the_door_is_on_the_coordinators_board_as_it_comes(
    open_page: Open,
) -> None:
    page = open_page("/releases/", user="flow")
    phone = open_page("/at/", user="liaison", size=(320, 640))
    crew = phone.locator(".queue li", has=phone.get_by_role("link", name="Stays")).first
    key = (crew.get_attribute("id") or "").removeprefix("at-")
    picture(phone, "door-320")
    assert breaches(phone) == [] and overflow(phone) == 0 and too_small(phone) == []

    crew.get_by_role("link", name="Stays").click()
    phone.select_option("#reason", "no_trolley")
    phone.fill("#decided_by", "HALO")
    phone.fill("#commander", "Tactical commander")
    picture(phone, "stays-320")
    assert breaches(phone) == [] and overflow(phone) == 0
    phone.get_by_role("button", name="Record it").click()

    line = page.locator(f"tr[id='releases-{key}']")
    expect(line).to_contain_text("Stays: no trolley or chair")
    assert breaches(page) == [] and overflow(page) == 0
    picture(page, "board-1280")
    line.get_by_role("link", name="Release").press("Enter")
    expect(page.locator("#news2")).to_be_focused()
    page.keyboard.type("2")
    page.fill("#stable_by", "Paramedic of the crew")
    page.fill("#nurse", "Nurse in charge")
    page.select_option("#accepted", "no")
    page.select_option("#place", "chair")
    page.get_by_label("Verbally").check()
    page.fill("#commander", "Tactical commander")
    picture(page, "release-1280")
    page.keyboard.press("Enter")

    expect(page.locator(f"tr[id='releases-{key}']")).to_contain_text("not accepted yet: the clock runs")
    second = open_page("/releases/", theme="dark", size=(320, 640))
    expect(second.locator(f"tr[id='releases-{key}']")).to_contain_text("Waiting, crew gone")
    picture(second, "board-dark-320")
    assert breaches(second) == [] and overflow(second) == 0
    phone.goto("/at/")
    expect(phone.locator(f"li[id='at-{key}']")).to_contain_text("Handed over")  # still a patient to accept
