"""A coordinator records a contact with four keys, and a colleague's list has it without reloading."""

from playwright.sync_api import expect

from .accessibility import breaches
from .conftest import Open


def test_a_contact_in_two_letters_is_on_a_colleagues_list(open_page: Open) -> None:
    colleague = open_page("/contacts/", user="night", theme="dark")
    page = open_page("/resources/", user="flow")
    row = page.locator("tr[id^=resources-]:has(a)").first
    name = (row.get_attribute("id") or "").partition("-")[2]
    row.locator("a").first.focus()
    pressed = 0
    for key in ("Alt+M", "d", "n", "Enter"):
        if key == "d":
            expect(page.locator("#letters")).to_be_focused()
            expect(page.locator("#whom")).to_have_value(name)
            assert breaches(page) == []
        page.keyboard.press(key)
        pressed += 1

    expect(page.locator(".said")).to_contain_text(f"Recorded: {name}, radio, delay on scene: no answer.")
    assert pressed == 4 and page.url.endswith("/resources/")
    expect(colleague.get_by_role("button", name="new or moved")).to_be_visible()
    colleague.get_by_role("button", name="new or moved").click()
    expect(colleague.locator("[data-live-rows=contacts] tbody tr").first).to_contain_text("No answer")
    assert breaches(colleague) == []
