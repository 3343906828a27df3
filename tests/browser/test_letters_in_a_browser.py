"""Letters: one person registers and prints, another posts, or rings whom the post would reach too late."""

import os
from pathlib import Path

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


def cancel_tomorrow(page: Page) -> str:
    """Ms Hasty's visit does not take place; where her record is."""
    page.goto("/outpatients/patients/?text=hasty")
    page.get_by_role("link", name="HASTY").press("Enter")
    expect(page.locator("h1")).to_contain_text("HASTY")
    patient = page.url
    page.get_by_role("table", name="Places on waiting lists").get_by_role("link").press("Enter")
    page.get_by_role("link", name="See what is booked").press("Enter")
    page.locator("p.said a").first.press("Enter")
    page.select_option("#why", label="Staff sickness")
    page.get_by_role("button", name="Cancel the appointment").press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("The clock goes on")
    return patient


def ring(page: Page) -> None:
    """Ring her instead: a letter comes too late."""
    page.goto("/outpatients/outbox/?held=late")
    held = page.get_by_role("table", name="Held")
    held.get_by_role("row", name="HASTY").get_by_role("link").first.press("Enter")
    page.get_by_role("button", name="Save the call").press("Enter")
    expect(page.get_by_role("main")).to_contain_text("Nothing was changed")
    page.fill("#said", "Reached her sister, who tells her")
    page.get_by_role("button", name="Save the call").press("Enter")
    expect(page.locator(".said")).to_be_visible()


def test_an_acknowledgement_goes_from_the_referral_to_the_post_and_onto_the_patients_page(
    open_page: Open,
) -> None:
    page = open_page("/outpatients/patients/", user="opal")
    told_late = cancel_tomorrow(page)
    page.goto("/outpatients/referrals/new/")
    register(page)
    expect(page.locator(".said")).to_be_visible()

    page.goto("/outpatients/outbox/")
    to_patient = page.get_by_role("cell", name="the patient", exact=True)
    row = page.get_by_role("row", name="VALE, Rosa").filter(has=to_patient)
    expect(row).to_contain_text("Acknowledgement")
    picture(page, "outbox-light")
    assert breaches(page) == []

    page.goto("/outpatients/letters/print/")
    until(page, "VALE, Rosa")
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
    ring(colleague)

    page.goto(told_late)
    contacts = page.get_by_role("table", name="Attempts to reach the patient")
    expect(contacts).to_contain_text("Reached her sister")
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


def test_a_text_is_written_by_one_person_and_approved_by_the_clinical_lead(open_page: Open) -> None:
    desk = open_page("/outpatients/letters/texts/", user="opal")
    desk.get_by_role("link", name="Discharge to the patient", exact=True).press("Enter")
    desk.get_by_role("link", name="Write a new version").press("Enter")
    desk.fill("#note", "Says whom to ring")
    desk.fill("#body", desk.input_value("#body") + "\n\nRing us if you are in doubt.")
    desk.get_by_role("button", name="Save as a draft").press("Enter")
    desk.get_by_role("button", name="Ask for approval").press("Enter")
    expect(desk.get_by_role("main")).to_contain_text("another person approves it")

    lead = open_page("/outpatients/letters/texts/", user="thea")
    lead.get_by_role("link", name="Discharge to the patient").first.press("Enter")
    expect(lead.get_by_role("region", name="What changed")).to_contain_text("if you are in doubt")
    lead.get_by_role("button", name="Send back").press("Enter")
    expect(lead.get_by_role("main")).to_contain_text("Nothing was changed")
    assert breaches(lead) == []
    lead.get_by_role("button", name="Approve").press("Enter")
    expect(lead.get_by_role("main")).to_contain_text("Approved, in force from")

    desk.reload()
    expect(desk.get_by_role("main")).to_contain_text("Approved, in force from")


def test_a_new_version_is_read_beside_its_check_with_a_real_patient(open_page: Open) -> None:
    page = open_page("/outpatients/letters/texts/", user="opal")
    page.get_by_role("link", name="Acknowledgement to the patient", exact=True).press("Enter")
    page.get_by_role("link", name="Preview with a patient").press("Enter")
    expect(page.get_by_role("main")).to_contain_text("We got your referral")
    expect(page.get_by_role("main")).to_contain_text("reading age about")
    picture(page, "preview")
    assert breaches(page) == []
