"""Advice by keyboard: needs by letters, the answer at once, Enter accepts; and the crew's own page."""

import time
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from .accessibility import breaches
from .conftest import Open

SECONDS = 5  # from the page to the recorded answer
PICTURES = Path("var/pictures")


def crew(page: Page, place: int) -> str:
    """The call sign of a crew on the list."""
    return page.locator("#advice-list tbody th a").nth(place).inner_text()


def picture(page: Page, name: str) -> None:
    """Kept where somebody wants to look and has made the folder: it proves nothing, and takes seconds."""
    if PICTURES.is_dir():
        page.screenshot(path=PICTURES / f"{name}.png", full_page=True)


def test_a_coordinator_takes_advice_by_keyboard_alone_in_under_five_seconds(open_page: Open) -> None:
    page = open_page("/advice/")
    accept = page.get_by_role("button", name="Accept ")  # the others ask for needs and NEWS2 first
    unanswered = page.locator("#advice-list tbody tr", has=accept).locator("th a").first
    page.goto(f"/advice/{unanswered.inner_text()}/")
    expect(page.locator("[data-accept]")).to_be_focused()

    began = time.monotonic()
    with page.expect_response(lambda answer: "part=answer" in answer.url and "sepsis" in answer.url):
        page.keyboard.press("p")
    expect(page.locator("[data-accept]")).to_be_focused()
    expect(page.locator("#answer")).not_to_have_attribute("aria-busy", "true")
    page.keyboard.press("Enter")
    expect(page.locator(".said.success")).to_contain_text("Recorded")

    assert time.monotonic() - began < SECONDS
    expect(page.locator("input[value=sepsis]")).to_be_checked()  # what was said stays with what stands


def test_an_answer_that_asks_first_is_accepted_by_keyboard_once_needs_and_score_are_said(
    open_page: Open,
) -> None:
    page = open_page("/advice/")
    to_open = page.locator("#advice-list tbody tr", has=page.get_by_role("link", name="Open ")).locator(
        "th a"
    )
    if not to_open.count():
        pytest.skip("Nobody on this night's list is advised past the nearest")
    page.goto(f"/advice/{to_open.first.inner_text()}/")
    expect(page.locator(".ask-first")).to_be_visible()
    picture(page, "advice-that-asks-first")
    assert breaches(page) == []
    expect(page.locator("[data-accept]")).to_have_count(0)

    began = time.monotonic()
    page.keyboard.press("o")
    page.keyboard.press("w")
    page.keyboard.type("3")
    page.keyboard.press("Shift+Tab")
    page.keyboard.type("70")
    page.keyboard.press("Enter")
    expect(page.locator("[data-accept]")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".said.success")).to_contain_text("Recorded")

    assert time.monotonic() - began < SECONDS


def test_another_place_is_chosen_with_a_number_and_a_reason(open_page: Open) -> None:
    page = open_page("/advice/")
    page.goto(f"/advice/{crew(page, 1)}/")
    expect(page.locator("[data-choose='2']")).to_be_visible()
    name = page.locator(".parts thead th").nth(2).inner_text().split(". ", 1)[1]

    page.keyboard.press("2")
    expect(page.locator("[data-reason]")).to_be_focused()
    page.locator("[data-reason]").select_option("clinical")
    page.keyboard.press("Enter")

    expect(page.locator(".said.success")).to_contain_text(name)
    expect(page.locator(".stands")).to_contain_text("another place than advised")


def test_a_letter_in_a_text_field_is_only_a_letter(open_page: Open) -> None:
    page = open_page("/advice/")
    page.goto(f"/advice/{crew(page, 2)}/")

    page.focus("#reason")
    page.keyboard.type("sham")

    assert page.locator("input[name=needs]:checked").count() == 0


def test_the_crews_page_gets_the_message_and_its_times_come_back(open_page: Open) -> None:
    page = open_page("/advice/")
    opens = page.get_by_role(
        "link", name="Open "
    )  # nobody has answered for it, and no other test counts on it
    call_sign = page.locator("#advice-list tbody tr", has=opens).locator("th a").last.inner_text()
    page.goto(f"/advice/{call_sign}/")
    page.get_by_role("button", name="Make a page for").click()
    address = page.get_by_label("Address", exact=True).input_value()
    expect(page.locator(".code svg")).to_be_visible()
    assert breaches(page) == []
    picture(page, "a-crews-page-handed-over")
    phone = open_page(address, size=(390, 844))
    expect(phone.locator("#crew-message")).to_contain_text("No message")

    page.goto(
        f"/advice/{call_sign}/?asked=1&age=70&news2=3&no_needs=1"
    )  # described: nothing is to be asked first
    page.locator("[data-accept]").press("Enter")
    expect(page.locator(".said.success")).to_be_visible()
    expect(phone.locator("#crew-message")).to_contain_text("conveyance advice", timeout=10_000)
    picture(phone, "crew-page")
    assert breaches(phone) == []
    button = phone.get_by_role("button", name="Acknowledge").bounding_box()
    assert button and button["y"] > 844 * 0.75 and button["height"] >= 64  # under the thumb of one hand
    phone.get_by_role("button", name="Acknowledge").click()
    expect(phone.locator("#crew-message")).to_contain_text("Acknowledged")

    page.reload()
    expect(page.locator(".stands")).to_contain_text("Acknowledged")


@pytest.mark.promise("A1")
@pytest.mark.parametrize(
    ("theme", "size"), [("light", (1440, 900)), ("dark", (390, 844))], ids=["desk", "phone"]
)
def test_the_pages_of_advice_break_no_accessibility_rule(
    open_page: Open, theme: str, size: tuple[int, int]
) -> None:
    page = open_page("/advice/", theme=theme, size=size)
    call_sign = crew(page, 0)
    for name, address in {
        "board": "/advice/",
        "crew": f"/advice/{call_sign}/?asked=1&age=70&news2=3&needs=minor",
        "worth": "/advice/worth/",
        "destinations": "/destinations/",
        "confirming": "/destinations/confirm/",
        "confirming-one": "/destinations/confirm/destination_rule_stroke/",
    }.items():
        page.goto(address)
        picture(page, f"{name}-{theme}-{size[0]}")
        assert breaches(page) == [], address


def test_the_page_works_without_scripts(open_page: Open) -> None:
    page = open_page("/advice/", scripts=False)
    page.goto(f"/advice/{crew(page, 4)}/")
    page.check("input[value=sepsis]")
    page.get_by_role("button", name="Ask again").click()
    expect(page.locator("#answer")).to_contain_text("red flag sepsis")

    page.locator("[data-accept]").click()

    expect(page.locator(".said.success")).to_contain_text("Recorded")


def test_crews_that_wait_are_answered_with_one_key(open_page: Open) -> None:  # the last: nobody waits after
    page = open_page("/advice/")
    waiting = page.get_by_role("button", name="Accept all")
    expect(waiting).to_be_visible()
    number = int(waiting.inner_text().split()[2])

    page.keyboard.press("Alt+a")

    expect(page.locator(".said.success")).to_contain_text("Recorded")
    assert page.locator(".said.success").inner_text().count(" to ") == number
    expect(page.get_by_role("button", name="Accept all")).to_have_count(0)
