"""A referral is acknowledged: one person registers and prints, another posts, the patient page shows it."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from .accessibility import breaches
from .conftest import Open

PICTURES = os.environ.get("CLEARWAY_PICTURES", "")
SECONDS = 40_000  # ms that the worker may take to make a letter, beside everything else that a run does
PHONE = (390, 844)


def picture(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)


def register(page: Page) -> None:
    """Everything about Rosa Vale, by keyboard, and Enter."""
    said = {"family_name": "Vale", "given_names": "Rosa", "born_on": "1961-02-11"}
    said |= {"mobile": "07700 900457", "postcode": "WR5 1DD", "address": "12 Mill Lane, Worcester"}
    said |= {"condition": "Stiff wrist", "sender": "Dr Field", "question": "Assess and treat, please"}
    for name, value in said.items():
        page.fill(f"#{name}", value)
    page.select_option("#service", label="Hand therapy")
    page.select_option("#source", label="General practitioner")
    page.fill("#priority", "routine")
    page.focus("#question")
    page.get_by_role("button", name="Register").press("Enter")


def until(page: Page, words: str) -> None:
    """Load the page again until it says so: the worker takes its turn."""
    for _ in range(SECONDS // 1000):
        if words in page.inner_text("main"):
            return
        page.wait_for_timeout(1000)
        page.reload()
    expect(page.get_by_role("main")).to_contain_text(words)


def test_an_acknowledgement_goes_from_the_referral_to_the_post_and_onto_the_patients_page(
    open_page: Open,
) -> None:
    page = open_page("/outpatients/referrals/new/", user="opal")
    register(page)
    expect(page.locator(".said")).to_be_visible()

    page.goto("/outpatients/outbox/")
    to_patient = page.get_by_role("cell", name="the patient", exact=True)
    row = page.get_by_role("row", name="VALE, Rosa").filter(has=to_patient)
    expect(row).to_contain_text("Acknowledgement")
    until(page, "To be printed")
    picture(page, "outbox-light")
    assert breaches(page) == []

    page.goto("/outpatients/letters/print/")
    expect(page.get_by_role("main")).to_contain_text("VALE, Rosa")
    picture(page, "print")
    assert breaches(page) == []
    page.keyboard.press("Alt+Enter")
    expect(page.locator("h1")).to_contain_text("Batch")
    assert breaches(page) == []
    address = page.url

    colleague = open_page(address, user="olga", theme="dark")
    picture(colleague, "batch-dark")
    assert breaches(colleague) == []
    colleague.fill("#posted_at", "2030-01-01T09:00")
    colleague.get_by_role("button", name="Mark as posted").press("Enter")
    expect(colleague.get_by_role("main")).to_contain_text("still to come")
    assert breaches(colleague) == []
    colleague.goto(address)
    colleague.keyboard.press("Alt+Enter")
    expect(colleague.get_by_role("main")).to_contain_text("said by olga")

    page.goto("/outpatients/patients/?text=vale")
    page.get_by_role("link", name="VALE, Rosa").press("Enter")
    letters = page.get_by_role("table", name="Letters, newest first")
    expect(letters.get_by_role("row").filter(has=to_patient)).to_contain_text("Posted")
    whole = page.request.get(letters.get_by_role("link", name="PDF").last.get_attribute("href") or "")
    assert whole.headers["content-type"] == "application/pdf"
    assert whole.body().startswith(b"%PDF-1.7")
    letters.get_by_role("link", name="Acknowledgement").last.press("Enter")
    expect(page.get_by_role("main")).to_contain_text("matches the outbox")
    expect(page.get_by_role("main")).to_contain_text("We got your referral")
    picture(page, "letter")
    assert breaches(page) == []


def test_a_letter_to_a_referrer_without_an_address_waits_until_somebody_enters_it(open_page: Open) -> None:
    page = open_page("/outpatients/outbox/", user="opal")
    until(page, "Address of the referrer is not known")
    page.get_by_role("link", name="Address of the referrer is not known").press("Enter")
    held = page.get_by_role("table", name="Held")
    held.get_by_role("link", name="Acknowledgement").first.press("Enter")
    page.get_by_role("button", name="Save the address").press("Enter")
    expect(page.get_by_role("main")).to_contain_text("Nothing was changed")
    picture(page, "letter-held")
    assert breaches(page) == []
    page.fill("#address-lines", "The Surgery, Mill Lane, Worcester")
    page.get_by_role("button", name="Save the address").press("Enter")
    expect(page.locator(".said")).to_contain_text("every letter to them goes there")


@pytest.mark.promise("A1")
@pytest.mark.parametrize(("user", "theme"), [("opal", "light"), ("olga", "dark")])
def test_the_texts_of_letters_break_no_accessibility_rule(open_page: Open, user: str, theme: str) -> None:
    page = open_page("/outpatients/letters/texts/", user=user, theme=theme)
    assert breaches(page) == []
    page.get_by_role("link", name="Confirmation to the patient", exact=True).press("Enter")
    assert breaches(page) == []
    picture(page, f"text-{theme}")
    page.get_by_role("link", name="Write a new version").press("Enter")
    page.fill("#body", "Please attend prior to {whn}.")
    page.fill("#note", "A try")
    page.get_by_role("button", name="Save as a draft").press("Enter")
    expect(page.get_by_role("main")).to_contain_text("Body, line 1: {whn} is not filled in here")
    assert breaches(page) == []
    picture(page, f"text-edit-{theme}")

    narrow = open_page("/outpatients/outbox/", user=user, theme=theme, size=PHONE)
    assert narrow.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    assert breaches(narrow) == []


def test_a_new_version_is_read_beside_its_check_with_a_real_patient(open_page: Open) -> None:
    page = open_page("/outpatients/letters/texts/", user="opal")
    page.get_by_role("link", name="Acknowledgement to the patient", exact=True).press("Enter")
    page.get_by_role("link", name="Preview with a patient").press("Enter")
    expect(page.get_by_role("main")).to_contain_text("We got your referral")
    expect(page.get_by_role("main")).to_contain_text("reading age about")
    picture(page, "preview")
    assert breaches(page) == []
