"""Somebody answers for a role of a department, and for a divert that nobody can compare, by keyboard."""

from playwright.sync_api import Page, expect

from .accessibility import breaches
from .conftest import Open

STROKE = "/destinations/confirm/site_role_RK950_stroke/"


def test_a_clinical_lead_answers_by_keyboard_and_the_list_has_one_less(open_page: Open) -> None:
    page = open_page("/destinations/confirm/?role=stroke", user="lead", theme="dark", size=(1366, 768))
    line = page.get_by_role("row", name="Derriford Hospital")
    expect(line).to_contain_text("Not confirmed: named, never used")
    line.get_by_role("link").press("Enter")
    expect(page.get_by_label("Who says so, and how")).to_be_focused()

    page.keyboard.press("Enter")  # nothing said: nothing confirmed
    expect(page.locator(".nhsuk-error-summary")).to_contain_text("Say who says so and how")
    assert breaches(page) == []
    page.get_by_label("Who says so, and how").fill("Dr Hale, stroke lead, letter of 20 November")
    page.get_by_label("The post that answers for it").fill("Medical director")
    page.get_by_label("The post that answers for it").press("Enter")

    expect(page.locator(".said.success")).to_contain_text("Derriford Hospital")
    page.goto("/destinations/confirm/?role=stroke")
    expect(page.get_by_role("row", name="Derriford Hospital")).to_contain_text("Medical director; lead")
    page.goto(STROKE)
    expect(page.locator("tbody tr")).to_contain_text(["Dr Hale, stroke lead"])


def test_a_coordinator_sees_what_stands_and_who_answers_for_it(open_page: Open) -> None:
    page = open_page(STROKE)

    expect(page.get_by_text("A clinical lead or a service delivery officer answers for this")).to_be_visible()
    assert page.get_by_role("button", name="Confirm as it stands").count() == 0


def test_a_divert_to_a_place_whose_level_nobody_said_asks_why(open_page: Open) -> None:
    page = open_page("/diverts/new/")
    propose(page)
    expect(page.locator(".nhsuk-error-summary")).to_contain_text("Nobody has said the pressure level of")
    assert breaches(page) == []

    page.get_by_label("Why it goes ahead although").fill("Both rung at 14:02: level 4 and level 2")
    page.get_by_role("button", name="Save the proposal").press("Enter")

    expect(page.get_by_role("heading", level=1)).to_contain_text("Divert:")
    expect(page.locator("main")).to_contain_text("not known: Both rung at 14:02")


def propose(page: Page) -> None:
    page.get_by_label("Site that is passed by").select_option("RBD01")
    page.locator("input[name=to][value=RDZ20]").check()
    page.get_by_label("Why", exact=True).fill("Queue of nine since noon")
    page.get_by_label("What the site has done already").fill("Full capacity protocol")
    page.get_by_role("button", name="Save the proposal").press("Enter")
