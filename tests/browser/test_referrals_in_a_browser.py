"""A coordinator registers a referral without its question, by keyboard, and sees it onto the list."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from .accessibility import breaches
from .conftest import Open

PICTURES = os.environ.get("CLEARWAY_PICTURES", "")
PHONE = (390, 844)


def fill(page: Page, **values: str) -> None:
    """Go to each field as a keyboard does, and type."""
    for name, value in values.items():
        page.focus(f"#{name}")
        if page.evaluate("document.activeElement.tagName") == "SELECT":
            page.select_option(f"#{name}", label=value)
        elif page.get_attribute(f"#{name}", "type") == "date":
            page.fill(f"#{name}", value)
        else:
            page.keyboard.type(value)


def picture(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)


def test_an_incomplete_referral_goes_from_its_gap_to_the_waiting_list_by_keyboard(open_page: Open) -> None:
    page = open_page("/outpatients/referrals/new/", user="opal")
    fill(page, family_name="Okafor", given_names="Ngozi", born_on="1984-07-09", nhs_number="999 054 8609")
    fill(page, mobile="07700 900456", postcode="WR5 1DD", address="4 Hill Road", email="n@example.org")
    fill(page, service="Hand therapy", priority="urgent", condition="Flexor tendon repair", side="Left")
    fill(page, source="General practitioner", sender="Dr Field")
    picture(page, "register")
    page.keyboard.press("Enter")

    expect(page.locator(".said")).to_contain_text("1 thing is missing and asked for")
    expect(page.get_by_role("main")).to_contain_text("holds triage")
    picture(page, "referral")
    assert breaches(page) == []
    number = (page.text_content("h1") or "").split(",")[0]

    page.goto("/outpatients/referrals/gaps/")
    expect(page.get_by_role("row", name=number)).to_contain_text("the referrer")
    picture(page, "gaps")
    assert breaches(page) == []
    page.get_by_role("link", name=number).focus()
    page.keyboard.press("Enter")
    fill(page, question="Six weeks after repair: splint and exercises, please")
    page.get_by_role("button", name="Save").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".said")).to_contain_text("the clock was worked out again")

    page.goto("/outpatients/triage/")
    expect(page.get_by_role("row", name=number)).to_contain_text("Urgent")
    picture(page, "triage")
    assert breaches(page) == []
    page.get_by_role("link", name=number).focus()
    page.keyboard.press("Enter")
    fill(page, outcome="Accept for an appointment", skills="hands")
    picture(page, "decide")
    page.get_by_role("button", name="Save the decision").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".said")).to_contain_text("is triaged")

    page.goto("/outpatients/patients/?text=okafor")
    page.get_by_role("link", name="OKAFOR, Ngozi").focus()
    page.keyboard.press("Enter")
    page.get_by_role("table", name="Places on waiting lists").get_by_role("link", name="Hand therapy").click()
    expect(page.locator("h1")).to_contain_text("Ngozi")
    page.goto("/outpatients/referrals/")
    expect(page.get_by_role("main")).to_contain_text("Every referral accounted for")
    picture(page, "ledger")
    assert breaches(page) == []


@pytest.mark.promise("A1")
@pytest.mark.parametrize(("user", "theme"), [("opal", "light"), ("olga", "dark")])
def test_the_pages_of_a_patient_and_a_pathway_break_no_accessibility_rule(
    open_page: Open, user: str, theme: str
) -> None:
    page = open_page("/outpatients/patients/new/", user=user, theme=theme)
    number = {"light": "9476719931", "dark": "9434765919"}[theme]
    fill(page, family_name=f"Larch-{theme}", given_names="Tom", born_on="2015-02-03", nhs_number=number)
    picture(page, f"patient-form-{theme}")
    assert breaches(page) == []
    page.get_by_role("button", name="Register").click()
    expect(page.locator("h1")).to_contain_text("Tom")
    page.fill("#need-detail", "Polish")
    page.get_by_role("button", name="Record the need").click()
    page.fill("#flag-words", "Ring the grandmother, never the father")
    page.get_by_role("button", name="Raise the flag").click()
    expect(page.locator(".marks")).to_contain_text("Safeguarding")
    assert breaches(page) == []

    page.get_by_role("link", name="Register a referral").click()
    fill(page, service="Hand therapy", priority="as soon as can be", condition="Burn")
    page.get_by_role("button", name="Register").click()
    page.locator(".facts a[href*='/pathways/']").click()
    expect(page.get_by_role("main")).to_contain_text("The clock runs: 0 days")
    picture(page, f"pathway-{theme}")
    assert breaches(page) == []
    page.get_by_role("button", name="Record").click()
    expect(page.get_by_role("main")).to_contain_text("Choose what happened")
    assert breaches(page) == []
    page.goto(page.url)
    page.locator(".back a").click()
    picture(page, f"patient-{theme}")

    narrow = open_page(page.url, user=user, theme=theme, size=PHONE)
    assert narrow.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
