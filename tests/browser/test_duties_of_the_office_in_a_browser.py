"""Each duty of the office from its trigger to a second person's screen, by keyboard."""

import re
from datetime import UTC, datetime, timedelta

from playwright.sync_api import expect

from .accessibility import breaches
from .conftest import Open
from .journeys import BROKEN_IN
from .test_office_in_a_browser import OFFICE, TODAY
from .test_referrals_in_a_browser import fill, send


def test_a_frame_is_lent_asked_for_taken_back_and_cleaned_and_each_sees_where_it_is(open_page: Open) -> None:
    desk = open_page(f"{OFFICE}loans/store/", user="opal")
    send(desk, "Enter")
    expect(desk.locator(".nhsuk-error-summary")).to_be_visible()
    fill(desk, kind="Walking frame", serial="WF-77", make="Stroud")
    send(desk, "Enter")
    desk.goto(f"{OFFICE}loans/store/")
    desk.get_by_role("link", name="WF-77").press("Enter")
    fill(desk, find="wicks")
    desk.keyboard.press("Enter")
    desk.get_by_role("radio").first.check()
    send(desk, "Lend")
    expect(desk.locator(".facts")).to_contain_text("WICKS")
    item = desk.url.partition("?")[0]

    junior = open_page(f"{OFFICE}loans/", user="june")
    junior.get_by_role("row", name="WF-77").get_by_role("link").first.press("Enter")
    fill(junior, words="Brings it on Friday")
    send(junior, "Keep")
    fill(junior, condition="Dusty")
    send(junior, "Taken back")
    expect(junior.locator(".facts")).to_contain_text("to be decontaminated")

    desk.goto(item)
    expect(desk.get_by_role("table")).to_contain_text("june: Dusty")
    fill(desk, how="Wiped with chlorine")
    send(desk, "It is decontaminated")
    junior.reload()
    expect(junior.locator(".facts")).to_contain_text("Ready to be lent", ignore_case=True)


def test_a_fault_blocks_its_room_and_a_colleague_sees_whom_to_move_until_it_is_mended(
    open_page: Open,
) -> None:
    last = (datetime.now(UTC) + timedelta(days=BROKEN_IN + 1)).date().isoformat()
    desk = open_page(f"{OFFICE}faults/new/", user="june")
    room = desk.locator("#room option", has_text="speech 1").inner_text()
    fill(desk, room=room, kind="Medical or therapy equipment", weight="Cannot be used")
    fill(desk, what="Plinth is stuck")
    send(desk, "Report")
    expect(desk.locator(".nhsuk-error-summary")).to_contain_text("Say until when")
    fill(desk, until=last)
    send(desk, "Report")
    expect(desk.locator("h1")).to_contain_text("speech 1")

    colleague = open_page(f"{OFFICE}faults/", user="olga", theme="dark")
    colleague.get_by_role("row", name="Plinth is stuck").get_by_role("link").press("Enter")
    colleague.get_by_role("link", name="WICKS").press("Enter")
    expect(colleague.get_by_role("main")).to_contain_text("Its slot cannot be kept")
    assert breaches(colleague) == []

    fill(desk, how="New motor")
    send(desk, "It is mended")
    colleague.reload()
    expect(colleague.get_by_role("main")).not_to_contain_text("Its slot cannot be kept")
    colleague.goto(f"{OFFICE}faults/?mended=1")
    expect(colleague.get_by_role("main")).to_contain_text("Plinth is stuck")


def test_records_are_asked_for_gathered_reviewed_by_the_leader_and_sent(open_page: Open) -> None:
    desk = open_page(f"{OFFICE}records/new/", user="opal")
    fill(desk, find="stillwell")
    desk.keyboard.press("Enter")
    desk.get_by_role("radio").first.check()
    fill(desk, kind="The legal department", requester="Ms Bell", asks="All notes of 2026")
    fill(desk, received_on=TODAY.isoformat())
    send(desk, "Enter")
    expect(desk.get_by_role("main")).to_contain_text("All notes of 2026")
    request = desk.url
    fill(desk, how="Known to the office, claim 12/26")
    send(desk, "Checked")
    send(desk, "Gather")
    expect(desk.get_by_role("main")).to_contain_text("A team leader who did not gather it")

    leader = open_page(request, user="lena")
    send(leader, "Reviewed")
    expect(leader.locator(".nhsuk-error-summary")).to_be_visible()
    assert breaches(leader) == []
    fill(leader, review="Nobody else is named in it")
    send(leader, "Reviewed")
    expect(leader.get_by_role("table")).to_contain_text("lena")

    desk.goto(request)
    expect(desk.get_by_role("table")).to_contain_text("Nobody else is named in it")
    fill(desk, to="Ms Bell, legal department", by_way="Secure email")
    send(desk, "Sent")
    leader.goto(f"{OFFICE}records/?closed=1")
    expect(leader.get_by_role("main")).to_contain_text("Sent to Ms Bell")


def test_a_call_for_a_therapist_is_answered_by_them_and_the_office_tells_the_caller(open_page: Open) -> None:
    desk = open_page("/outpatients/", user="opal")
    desk.keyboard.press("Alt+m")
    desk.wait_for_url(re.compile("enquiries/new"))
    fill(desk, find="stillwell", about="A question for a therapist", clinician="Robin Hale")
    send(desk, "Keep")
    expect(desk.locator(".nhsuk-error-summary")).to_be_visible()
    desk.get_by_role("radio").first.check()
    fill(desk, words="May I swim again?")
    send(desk, "Keep")
    expect(desk.locator(".said")).to_be_visible()

    therapist = open_page(f"{OFFICE}messages/", user="carla")
    expect(therapist.get_by_role("main")).to_contain_text("May I swim again?")
    message = therapist.get_by_role("region", name=re.compile("STILLWELL"))
    message.get_by_role("textbox").fill("Yes, from Monday")
    with therapist.expect_navigation():
        message.get_by_role("button").press("Enter")
    expect(therapist.get_by_role("main")).not_to_contain_text("May I swim again?")

    desk.goto(f"{OFFICE}enquiries/")
    desk.get_by_role("row", name="May I swim again?").get_by_role("link").press("Enter")
    expect(desk.get_by_role("main")).to_contain_text("Yes, from Monday")
    fill(desk, result="The caller was told")
    send(desk, "Close it")
    junior = open_page(f"{OFFICE}enquiries/?closed=1", user="june")
    expect(junior.get_by_role("row", name="May I swim again?")).to_contain_text("the caller was told")


def test_a_serious_complaint_is_passed_on_and_taken_by_the_leader(open_page: Open) -> None:
    desk = open_page(f"{OFFICE}enquiries/new/", user="june")
    fill(desk, caller="A relative or carer", caller_name="Mr Stone", number="01905 000000")
    fill(desk, about="A complaint", words="My mother was left waiting for two hours")
    send(desk, "Keep")
    desk.goto(f"{OFFICE}enquiries/")
    desk.get_by_role("row", name="left waiting for two hours").get_by_role("link").press("Enter")
    send(desk, "Acknowledged")
    send(desk, "Pass on")
    expect(desk.locator(".nhsuk-error-summary")).to_be_visible()
    fill(desk, why="She fell")
    send(desk, "Pass on")
    expect(desk.get_by_role("main")).to_contain_text("The team leader has not taken it yet")

    leader = open_page(desk.url, user="lena")
    expect(leader.get_by_role("main")).to_contain_text("She fell")
    send(leader, "I take it")
    expect(leader.get_by_role("main")).to_contain_text("Taken by lena")
    assert breaches(leader) == []
    desk.reload()
    expect(desk.get_by_role("main")).to_contain_text("Taken by lena")


def test_work_is_given_to_a_junior_done_reviewed_and_comes_back_with_feedback(open_page: Open) -> None:
    desk = open_page(f"{OFFICE}enquiries/new/", user="opal")
    fill(desk, caller="A general practice", caller_name="Hill Surgery", number="01905 000001")
    fill(desk, about="Something else", words="Which forms do you take?")
    send(desk, "Keep")
    desk.goto(f"{OFFICE}work/give/calls/")
    june = desk.locator("#user option", has_text=re.compile("june|Sam Tanner")).first.inner_text()
    fill(desk, user=june, due_on=TODAY.isoformat(), reviews="1")
    for box in desk.get_by_role("checkbox").all():
        box.uncheck()
    send(desk, "Give")
    expect(desk.locator(".nhsuk-error-summary")).to_contain_text("Choose what is given")
    desk.get_by_role("checkbox", name=re.compile("^Call of")).last.check()
    send(desk, "Give")
    expect(desk.locator(".said")).to_be_visible()

    junior = open_page(f"{OFFICE}work/", user="june")
    junior.get_by_role("table").get_by_role("link").first.press("Enter")
    junior.wait_for_url(re.compile(r"/work/\d+/"))
    batch = junior.url
    junior.get_by_role("table").get_by_role("link").first.press("Enter")
    fill(junior, result="No longer wanted")
    send(junior, "Close it")
    junior.goto(batch)
    expect(junior.locator(".facts")).to_contain_text("1 of 1")
    send(junior, "Hand it in")

    desk.goto(batch)
    desk.get_by_role("button", name=re.compile("^Wrong")).press("Enter")
    expect(desk.locator(".nhsuk-error-summary")).to_contain_text("how it is done")
    desk.get_by_role("textbox", name=re.compile("^Feedback")).fill("Send them the list, too")
    with desk.expect_navigation():
        desk.get_by_role("button", name=re.compile("^Wrong")).press("Enter")
    expect(desk.get_by_role("table")).to_contain_text("Send them the list, too")
    junior.reload()
    expect(junior.get_by_role("table")).to_contain_text("Send them the list, too")


def test_a_duty_of_every_year_is_entered_by_the_leader_and_done_by_a_junior_with_its_proof(
    open_page: Open,
) -> None:
    leader = open_page("/duties/", user="lena")
    fill(
        leader,
        name="Confidentiality training",
        kind="Statutory and mandatory training",
        owner="June",
        every="12",
        unit="months",
    )
    send(leader, "Enter")
    expect(leader.locator(".nhsuk-error-summary")).to_be_visible()
    fill(leader, due_on=(TODAY - timedelta(days=3)).isoformat())
    send(leader, "Enter")
    expect(leader.locator(".facts")).to_contain_text("Late")

    junior = open_page("/duties/", user="june")
    junior.get_by_role("link", name="Confidentiality training").press("Enter")
    fill(junior, done_on=TODAY.isoformat(), evidence="Certificate 2291")
    send(junior, "Done")
    leader.goto("/duties/")
    row = leader.get_by_role("row", name="Confidentiality training")
    expect(row).to_contain_text("Certificate 2291")
    expect(row).not_to_contain_text("late")


def test_a_claim_that_is_announced_holds_a_record_until_a_second_person_agrees_to_lift_it(
    open_page: Open,
) -> None:
    desk = open_page(f"{OFFICE}holds/new/?find=quist", user="opal")
    desk.get_by_role("radio").first.check()
    send(desk, "Place the hold")
    expect(desk.locator(".nhsuk-error-summary")).to_contain_text("Enter why")
    desk.get_by_role("radio").first.check()
    fill(desk, reason="Claim 4711, Hill and Sons")
    send(desk, "Place the hold")
    expect(desk.locator(".said")).to_contain_text("Held")
    desk.get_by_role("definition").get_by_role("link").press("Enter")
    expect(desk.get_by_role("main")).to_contain_text("Legal hold since")

    leader = open_page(f"{OFFICE}holds/", user="lena")
    leader.get_by_role("row", name="Claim 4711").get_by_role("link").press("Enter")
    fill(leader, why="Settled")
    send(leader, "Ask to lift it")
    expect(leader.get_by_role("main")).to_contain_text("somebody else who may lift holds decides")
    assert breaches(leader) == []

    desk.goto(f"{OFFICE}holds/")
    expect(desk.get_by_role("row", name="Claim 4711")).to_contain_text("lena asks to lift it")
