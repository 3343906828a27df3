"""Somebody in the outpatient office reports a hazard in a minute, and its owner takes it up."""

from playwright.sync_api import expect

from .accessibility import breaches
from .conftest import Open


def test_a_hazard_reported_from_an_outpatient_page_reaches_its_owner(open_page: Open) -> None:
    page = open_page("/outpatients/office/", user="june")
    page.keyboard.press("Control+K")
    page.keyboard.type("report a conc")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Report it").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Choose what kind it is")
    assert breaches(page) == []
    page.select_option("#kind", "hazard")
    page.fill("#place", "Hand therapy room 2")
    page.fill("#what", "The hoist swings by itself")
    page.select_option("#severity", "high")
    page.fill("#done", "Taken out of use")
    page.keyboard.press("Enter")
    expect(page.locator(".said")).to_contain_text("It is with the outpatient team leader")
    assert page.url.endswith("/outpatients/office/")

    leader = open_page("/concerns/", user="lena")
    row = leader.get_by_role("row", name="Hand therapy room 2")
    expect(row).to_contain_text("Reported")
    assert breaches(leader) == []
    row.get_by_role("link").press("Enter")
    leader.select_option("#step", "acknowledged")
    leader.get_by_role("button", name="Record the step").press("Enter")
    expect(leader.locator(".said")).to_contain_text("Acknowledged")
    assert breaches(leader) == []
    page.goto("/concerns/")
    expect(page.get_by_role("row", name="Hand therapy room 2")).to_contain_text("Acknowledged")
