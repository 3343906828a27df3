"""A practice that split: one person says which successor counts, another sees it where the patient stands."""

import re

from playwright.sync_api import expect

from .accessibility import breaches
from .conftest import Open
from .test_lists_in_a_browser import open_patient


def test_a_coordinator_chooses_the_successor_and_a_colleague_sees_it_on_the_patients_page(
    open_page: Open,
) -> None:
    colleague = open_page("/outpatients/", user="olga", theme="dark")
    open_patient(colleague, "Tolley")
    expect(colleague.get_by_role("main")).to_contain_text("Closed: choose its successor")

    desk = open_page("/outpatients/directory/checks/", user="opal")
    desk.get_by_role("link", name="HILL SURGERY").press("Enter")
    desk.get_by_role("radio", name=re.compile("DALE SURGERY")).check()
    desk.get_by_role("button", name="Choose it").press("Enter")
    expect(desk.locator(".nhsuk-error-summary")).to_contain_text("Say how you know")
    assert breaches(desk) == []
    desk.get_by_role("radio", name=re.compile("DALE SURGERY")).check()
    desk.fill("#why", "The commissioner's letter of 2 April")
    desk.get_by_role("button", name="Choose it").press("Enter")
    expect(desk.get_by_role("main")).to_contain_text("M81003 was chosen by")

    colleague.reload()
    expect(colleague.get_by_role("main")).to_contain_text("DALE SURGERY (M81003)")
    expect(colleague.get_by_role("main")).to_contain_text(
        "given as HILL SURGERY (M81001, closed 31 Mar 2024)"
    )
