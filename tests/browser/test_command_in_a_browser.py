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


def test_a_pack_for_a_meeting_is_made_and_read_on_the_officers_screen(open_page: Open) -> None:
    officer = open_page("/meeting-packs/", user="officer")
    page = open_page("/meeting-packs/", user="flow")
    page.get_by_label("with the day").press("Enter")

    expect(page.locator(".said")).to_contain_text("is made")
    number = page.url.rstrip("/").rsplit("/", 1)[-1]
    expect(page.locator("#part-handovers table").first).to_contain_text("All together")
    assert breaches(page) == []
    page.set_viewport_size({"width": 320, "height": 900})
    assert breaches(page) == []

    officer.get_by_role("button", name="new").first.press("Enter")
    officer.locator(f"#packs-{number}").get_by_role("link").press("Enter")
    expect(officer.locator("main")).to_contain_text("Making Data Count")
    with officer.expect_download() as download:
        officer.get_by_role("link", name="PDF").press("Enter")
    assert download.value.suggested_filename.startswith(f"meeting-pack-{number}-")


def test_a_shift_is_given_asked_about_and_accepted_on_a_second_screen(open_page: Open) -> None:
    officer = open_page("/shift/", user="officer")
    page = open_page("/shift/", user="flow")
    assert breaches(page) == []
    page.fill("#notes", "Bath is slow; the release plan is promised for noon")
    page.get_by_role("button", name="Give the shift").press("Enter")
    expect(page.locator(".said")).to_contain_text("Given")
    number = page.url.rstrip("/").rsplit("/", 1)[-1]
    assert breaches(page) == []
    page.set_viewport_size({"width": 320, "height": 900})
    assert breaches(page) == []

    officer.get_by_role("button", name="new").first.press("Enter")
    officer.locator(f"#shifts-{number}").get_by_role("link").press("Enter")
    expect(officer.locator("main")).to_contain_text("the release plan is promised for noon")
    officer.fill("#words", "Who promised it?")
    officer.press("#words", "Enter")
    expect(page.locator(f"#shift-{number}")).to_contain_text("Who promised it?")
    officer.get_by_role("button", name="Accept the shift").press("Enter")
    expect(officer.locator(".said")).to_contain_text("You have the shift")
    expect(page.locator(f"#shift-{number}")).to_contain_text("Accepted at")


def test_an_escalation_call_goes_from_roll_call_to_signed_minutes_by_keyboard(open_page: Open) -> None:
    page = open_page("/calls/", user="flow")
    assert breaches(page) == []
    page.fill("#because", "The officer is at a site meeting")
    page.keyboard.press("Enter")
    expect(page.locator("#line")).to_be_focused()
    assert breaches(page) == []
    officer = open_page(page.url, user="officer")

    page.keyboard.type("p Ann Lee")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert").filter(has_text="Say the role")).to_be_visible()
    expect(page.locator("#line")).to_have_value("p Ann Lee")
    page.keyboard.press("End")
    page.keyboard.type("; bronze north")
    page.keyboard.press("Enter")
    expect(page.locator("[id^=calls-]")).to_contain_text("bronze north")
    for line, shown in (
        ("s 5; Bath holds nine crews", "Bath holds nine crews"),
        ("a Ask Bath for its release plan; service delivery officer; 23:59", "Ask Bath for its release plan"),
        ("d Hold low calls for an hour; crews wait at Bath", "Hold low calls for an hour"),
        ("n 23:30", "At 23:30"),
    ):
        page.keyboard.type(line)
        page.keyboard.press("Enter")
        expect(page.get_by_text(shown).first).to_be_visible()
        expect(page.locator("#line")).to_be_focused()

    expect(officer.locator("[id^=calls-]")).to_contain_text("Ask Bath for its release plan")
    tasks = open_page("/tasks/", user="officer")
    expect(tasks.locator("main")).to_contain_text("Ask Bath for its release plan")
    page.get_by_role("button", name="Sign the minutes").press("Enter")
    expect(page.locator(".said")).to_contain_text("Signed")
    page.set_viewport_size({"width": 320, "height": 900})
    assert breaches(page) == []
    expect(officer.locator("[id^=calls-]")).to_contain_text("Signed at")
    with page.expect_download() as download:
        page.get_by_role("link", name="Minutes as PDF").press("Enter")
    assert download.value.suggested_filename.startswith("escalation-call-")
