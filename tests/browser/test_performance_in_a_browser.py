"""Performance with a keyboard: a leader sets a target, and a coordinator sees it beside the figure."""

import re

from playwright.sync_api import expect

from .conftest import Open

PAGE = "/outpatients/performance/"


def test_a_target_that_the_leader_sets_stands_beside_the_figure_of_the_coordinator(open_page: Open) -> None:
    leader = open_page(f"{PAGE}missed/", user="lena")
    leader.get_by_label("Target in percent").fill("8")
    leader.get_by_label("From", exact=True).fill("2026-01-05")
    leader.get_by_label("Why, or whose target it is").press_sequentially("The plan of the trust")
    leader.keyboard.press("Enter")
    expect(leader.get_by_text("The target is set.")).to_be_visible()

    coordinator = open_page(PAGE, user="olga", theme="dark")
    row = coordinator.locator("table.performance tr", has_text="Did not attend")
    expect(row).to_contain_text("8.0%")
    expect(coordinator.get_by_label("Clinician")).to_have_count(0)
    row.get_by_role("link").click()
    expect(coordinator).to_have_url(re.compile("/missed/"))
    expect(coordinator.get_by_role("cell", name="The plan of the trust")).to_be_visible()
    expect(coordinator.get_by_role("button", name="Set it")).to_have_count(0)
