"""A crew leaves somebody at home: the falls service gets the request, holds a slot, and control sees it."""

import os
from pathlib import Path

from playwright.sync_api import Page, expect

from .accessibility import breaches
from .conftest import Open

PICTURES = os.environ.get("CLEARWAY_PICTURES", "")


def picture(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)


def test_a_crews_request_is_registered_held_and_seen_by_control_at_once(open_page: Open) -> None:
    control = open_page("/onward/", user="night", theme="dark")
    page = open_page("/onward/new/?incident=I-4711&crew=A101", user="flow")
    picture(page, "onward-ask")
    kind = page.locator("#to option:not([value=''])").first.get_attribute("value")
    page.select_option("#to", kind)
    page.focus("#asked")
    page.keyboard.type("Slipped in the kitchen, unhurt, unsteady since. Please assess balance.")
    page.keyboard.press("Control+Enter")
    if page.url.endswith("A101"):
        page.get_by_role("button", name="Send").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("NHS number, or the family name")
    picture(page, "onward-refused")
    for name, value in (("family_name", "Marlow"), ("given_names", "Edith"), ("phone", "07700 900555")):
        page.focus(f"#{name}")
        page.keyboard.type(value)
    page.fill("#born_on", "1939-05-06")
    page.keyboard.press("Enter")
    expect(page.locator(".said")).to_contain_text("what becomes of it")
    assert breaches(page) == []
    key = page.url.rstrip("/").rpartition("/")[2]
    line = control.locator(f"#onward_sent-{key}")
    control.reload()
    expect(line).to_contain_text("Sent, not read yet")

    desk = open_page("/outpatients/onward/", user="opal")
    picture(desk, "onward-come")
    assert breaches(desk) == []
    desk.locator(f"#onward_come-{key} a").press("Enter")
    expect(desk.get_by_role("main")).to_contain_text("Edith Marlow")
    picture(desk, "onward-received")
    desk.get_by_role("button", name="Register as a referral").press("Enter")
    expect(desk.locator(".said")).to_contain_text("Registered as R")
    expect(line).to_contain_text("Registered, no slot yet")  # without reloading

    desk.keyboard.press("1")
    desk.get_by_role("button", name="Hold while I ask").press("Enter")
    expect(desk.get_by_role("main")).to_contain_text("held until")
    expect(line).to_contain_text("Slot held")
    picture(desk, "onward-held")
    picture(control, "onward-sent")
    assert breaches(desk) == [] and breaches(control) == []
    desk.get_by_role("button", name="book it").press("Enter")
    expect(line).to_contain_text("Booked")
    page.reload()
    picture(page, "onward-steps")
    expect(page.get_by_role("main")).not_to_contain_text("Marlow")
