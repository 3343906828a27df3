"""Command goes from who does it to a second person's screen without reloading."""

from playwright.sync_api import expect

from .accessibility import breaches
from .conftest import Open


def test_a_situation_report_is_made_and_read_on_the_officers_screen(open_page: Open) -> None:
    officer = open_page("/sitreps/", user="officer")
    page = open_page("/sitreps/", user="flow")
    page.get_by_role("button", name="Make one now").press("Enter")

    expect(page.locator(".said")).to_contain_text("is made")
    number = page.url.rstrip("/").rsplit("/", 1)[-1]
    assert breaches(page) == []
    page.set_viewport_size({"width": 320, "height": 900})
    assert breaches(page) == []
    page.fill("#words", "The second crew at Bath is cohorting")
    page.press("#words", "Enter")
    expect(page.locator(".said")).to_contain_text("Added")

    officer.get_by_role("button", name="new").first.press("Enter")
    row = officer.locator(f"#sitreps-{number}")
    expect(row).to_contain_text("By hand")
    row.get_by_role("link").press("Enter")
    expect(officer.locator("#part-hospitals tbody tr").first).to_contain_text("min")
    expect(officer.locator(".added")).to_contain_text("The second crew at Bath is cohorting")
    with officer.expect_download() as download:
        officer.get_by_role("link", name="PDF").press("Enter")
    assert download.value.suggested_filename.startswith(f"sitrep-{number}-")
