"""A record of which nothing is to be done opens by keyboard, with a reason, under a banner."""

from playwright.sync_api import Browser, expect

from .accessibility import breaches
from .conftest import Running, SignedIn
from .serve import PASSWORD


def test_a_record_opens_with_a_reason_in_three_actions_by_keyboard(
    chromium: Browser, clearway: Running, signed_in: SignedIn
) -> None:
    context = chromium.new_context(base_url=clearway.address, storage_state=signed_in("opal"))
    page = context.new_page()
    page.goto("/outpatients/patients/?text=Formerly")
    with page.expect_response(lambda answer: answer.status == 403):
        page.locator("main a", has_text="FORMERLY").press("Enter")
    expect(page.locator("h1")).to_have_text("Why do you need this record?")
    assert breaches(page) == []
    page.locator("#reason").press("T")  # the first that begins with it
    page.keyboard.press("Tab")
    page.keyboard.type("Her daughter rings about a bill")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")

    expect(page.get_by_role("note")).to_contain_text("You opened this with a reason")
    expect(page.locator("h1")).to_contain_text("FORMERLY")
    assert breaches(page) == []
    context.close()
