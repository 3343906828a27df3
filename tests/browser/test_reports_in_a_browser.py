"""A report goes from the desk to its recipient: the same figures on the page, in the report, and read."""

from playwright.sync_api import Page, expect

from .accessibility import breaches
from .conftest import Open
from .test_letters_in_a_browser import picture, until


def cells(page: Page, table: str) -> list[list[str]]:
    rows = page.get_by_role("table", name=table).get_by_role("row").all()
    return [row.locator("th, td").all_inner_texts() for row in rows]


def test_a_report_has_the_figures_of_its_page_and_its_recipient_says_that_it_was_read(
    open_page: Open,
) -> None:
    desk = open_page("/outpatients/reports/", user="opal")
    desk.get_by_role("button", name="Enter").press("Enter")
    expect(desk.locator(".nhsuk-error-summary")).to_contain_text("Choose who gets it")
    assert breaches(desk) == []
    desk.select_option("#what", label="Waiting times and capacity")
    lena = desk.locator("#recipient option", has_text="(lena)").inner_text()
    desk.select_option("#recipient", label=lena)
    desk.select_option("#unit", label="each week, on a weekday")
    desk.fill("#number", "1")
    desk.get_by_role("button", name="Enter").press("Enter")
    expect(desk.get_by_role("main")).to_contain_text("Each Monday")
    picture(desk, "report")
    assert breaches(desk) == []
    desk.get_by_role("button", name="Send now").press("Enter")
    until(desk, "Sent, not read yet")

    leader = open_page("/outpatients/reports/", user="lena")
    picture(leader, "reports")
    assert breaches(leader) == []
    leader.get_by_role("link", name="Waiting times and capacity").first.press("Enter")
    expect(leader.get_by_role("table", name="Waiting times and capacity")).to_be_visible()
    sent = cells(leader, "Waiting times and capacity")
    picture(leader, "report-sent")
    assert breaches(leader) == []
    colleague = open_page("/outpatients/capacity/", user="olga", theme="dark")
    assert cells(colleague, "Demand and capacity of each line, per week") == sent
    assert breaches(colleague) == []
    picture(colleague, "capacity-dark")
    leader.fill("#said", "One clinic more")
    leader.get_by_role("button", name="I have read it").press("Enter")
    expect(leader.locator(".said")).to_contain_text("you have read it")

    desk.reload()
    expect(desk.get_by_role("main")).to_contain_text("One clinic more")
