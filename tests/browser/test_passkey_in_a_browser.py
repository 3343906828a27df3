"""An administrator adds a passkey by keyboard, signs in with it, and comes in by a code on paper."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from .accessibility import breaches
from .conftest import Running
from .serve import PASSWORD

DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def page(chromium: Browser, clearway: Running) -> Iterator[Page]:
    """A browser with a device that unlocks; by name, since no passkey is made for a number."""
    context = chromium.new_context(base_url=clearway.address.replace("127.0.0.1", "localhost"))
    page = context.new_page()
    link = context.new_cdp_session(page)
    link.send("WebAuthn.enable")
    link.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
    yield page
    context.close()


def give_password(page: Page) -> None:
    page.goto("/sign-in/?next=/my-account/second-factor/")
    page.keyboard.press("Tab")
    page.fill("#username", "petra")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")


@pytest.mark.promise("S3")
def test_a_passkey_is_made_used_and_taken_away_and_paper_lets_in_with_the_keyboard_alone(page: Page) -> None:
    give_password(page)
    page.get_by_role("link", name="Add a passkey").press("Enter")
    assert breaches(page) == []
    page.locator("#name").press_sequentially("Desk key")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Your recovery codes")
    paper = page.locator(".recovery code").first.inner_text()
    page.get_by_role("link", name="I have kept them").press("Enter")

    page.get_by_role("button", name="Sign out").press("Enter")
    give_password(page)
    expect(page.get_by_role("button", name="Use your passkey")).to_be_focused()
    assert breaches(page) == []
    page.keyboard.press("Enter")
    expect(page.locator("tr", has_text="Desk key")).to_contain_text("Passkey")

    page.get_by_role("button", name="Sign out").press("Enter")
    give_password(page)
    page.locator("#code").press_sequentially(paper)
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("7 left")
    page.get_by_role("button", name="Take away Desk key").press("Enter")
    expect(page.locator("main")).to_contain_text("You have a passkey, so use it")
    page.get_by_role("button", name="Use your passkey").press("Enter")
    page.get_by_role("button", name="Take away Desk key").press("Enter")
    expect(page.get_by_role("status")).to_have_text("Taken away.")
