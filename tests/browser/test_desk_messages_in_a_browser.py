"""One message of the desk is acknowledged on a crew's phone and by a hospital, and the sender sees it."""

from playwright.sync_api import expect

from .accessibility import breaches
from .conftest import Open


def test_a_message_is_acknowledged_on_the_crews_page_and_by_the_hospital(open_page: Open) -> None:
    desk = open_page("/advice/", user="flow")
    call_sign = desk.locator("#advice-list tbody th a").last.inner_text()
    desk.goto(f"/advice/{call_sign}/")
    desk.get_by_role("button", name="Make a page for").click()
    phone = open_page(desk.get_by_label("Address", exact=True).input_value(), size=(320, 640))
    ward = open_page("/handovers/RA901/", user="ward")
    hospital = ward.locator("h1").inner_text()

    desk.goto("/messages/new/")
    desk.fill("#to", f"{call_sign}, Nobody")
    desk.fill("#words", "Door 3 is shut: use door 4")
    desk.get_by_role("button", name="Send").press("Enter")
    expect(desk.get_by_role("alert")).to_contain_text("Nobody here is called")
    assert breaches(desk) == []
    desk.fill("#to", f"{call_sign}, {hospital}")
    desk.keyboard.press("Enter")
    line = desk.locator("[data-live-rows=messages] tbody tr").first
    expect(line).to_contain_text("Door 3 is shut")
    assert breaches(desk) == []

    expect(phone.locator(".note-of-desk")).to_contain_text("use door 4")  # by itself
    phone.locator(".note-of-desk button").click()
    expect(phone.locator(".note-of-desk")).to_contain_text("Acknowledged")
    assert breaches(phone) == []
    expect(line).to_contain_text(f"{call_sign}: acknowledged")
    expect(ward.locator("#desk-notes")).to_contain_text("use door 4")
    assert breaches(ward) == []
    ward.locator("#desk-notes").get_by_role("button", name="Acknowledge").press("Enter")
    expect(line).to_contain_text(f"{hospital}: acknowledged")
    night = open_page("/safeguarding/new/", user="night", theme="dark", size=(320, 640))
    assert breaches(night) == []
