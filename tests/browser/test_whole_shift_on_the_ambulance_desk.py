"""A whole shift of two people, with the simulator as the control room that feeds the real gateway."""

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import datetime

import pytest
from playwright.sync_api import Page, expect

from clearway.core.layout.times import LONDON

from .conftest import ROOT, Open, Running, free_port
from .moor import ControlRoom
from .test_a_divert_on_another_desk import post

BUSY, CALM = "Fordham Infirmary", "Millbrook Hospital"
COORDINATOR = re.compile("moira", re.IGNORECASE)
PATIENCE = 90.0  # seconds until the day so far is on the boards


@pytest.fixture
def control_room(clearway: Running) -> Iterator[ControlRoom]:
    """The simulator, level with the clock, through an ingest process of its own."""
    port, stop = free_port(), threading.Event()
    command = [sys.executable, "-m", "clearway", "ingest", "--port", str(port)]
    environment = {**os.environ, "DATABASE_URL": clearway.database}
    ingest = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)
    room = ControlRoom(f"http://127.0.0.1:{port}", stop)
    playing = threading.Thread(target=room.play, daemon=True)
    playing.start()
    try:
        assert room.is_level.wait(PATIENCE), "The simulator did not catch up with the clock."
        yield room
    finally:
        stop.set()
        playing.join(10)
        ingest.terminate()
        ingest.wait()


def test_a_shift_from_its_beginning_over_a_surge_a_divert_and_a_lost_cad_to_its_end(
    open_page: Open, control_room: ControlRoom
) -> None:
    officer = open_page("/shift/", user="oscar")
    page = open_page("/shift/", user="moira")
    it_begins(page, officer)
    a_surge_is_seen(page, officer)
    a_divert_is_rehearsed_agreed_and_started(page, officer)
    the_cad_is_lost(page, officer, control_room)
    it_comes_back(page, officer, control_room)
    it_is_handed_over(page, officer)


def it_begins(page: Page, officer: Page) -> None:
    """The coordinator accepts what the officer gave."""
    page.get_by_role("link", name="Sheet 1").press("Enter")
    expect(page.locator(".added")).to_contain_text("Fordham was full")
    page.get_by_role("button", name="Accept the shift").press("Enter")
    expect(page.locator(".said")).to_contain_text("You have the shift")
    expect(officer.locator("#shifts-1")).to_contain_text("by moira")


def a_surge_is_seen(page: Page, officer: Page) -> None:
    """The forecast sees a queue that grows; the coordinator takes the warning and tells the officer."""
    warning = re.compile(f"{BUSY}: handover likely beyond 45 min")
    page.goto("/tasks/")
    theirs = page.locator("tr", has_text=warning)
    give_up_at = time.monotonic() + PATIENCE
    while not theirs.is_visible() and time.monotonic() < give_up_at:
        page.wait_for_timeout(1000)
        page.reload()
    officer.goto("/tasks/")
    theirs.get_by_role("button", name="Acknowledge").press("Enter")
    expect(officer.locator("tr", has_text=warning)).to_contain_text(COORDINATOR)
    page.goto("/messages/new/")
    page.fill("#words", f"{BUSY} fills up: I prepare a divert")
    page.fill("#to", "Service delivery officer")
    page.keyboard.press("Enter")
    expect(page.locator("[data-live-rows=messages]")).to_contain_text("I prepare a divert")
    officer.goto("/messages/")
    expect(officer.locator("main")).to_contain_text("I prepare a divert")
    officer.get_by_role("button", name="Acknowledge").first.press("Enter")
    expect(page.locator("main")).to_contain_text("acknowledged")


def a_divert_is_rehearsed_agreed_and_started(page: Page, officer: Page) -> None:
    """What it would save is rehearsed, the officer agrees, and it stands on the officer's board."""
    page.goto("/diverts/new/?site=TVH02")
    page.get_by_label(CALM).check()
    page.fill("#trigger", "The queue grows, and the forecast says beyond 45 minutes")
    page.fill("#actions_taken", "Full capacity protocol")
    page.get_by_role("button", name="Rehearse it").press("Enter")
    if page.locator("#level_reason").count():
        page.fill("#level_reason", "Both rung: level 4 and level 2")
        page.get_by_role("button", name="Rehearse it").press("Enter")
    expect(page.locator("#rehearsal")).to_contain_text("crew hours", timeout=60_000)
    page.get_by_role("button", name="Save the proposal").press("Enter")
    page.get_by_role("button", name="Ask for agreement").press("Enter")
    divert = page.url
    officer.goto(divert)
    for party in ("requesting_site:TVH02", "receiving_site:TVH01", "ambulance_service:", "system:"):
        said = {"party": party, "signatory": "A. Director, on call", "answer": "agreed"}
        post(officer, f"{divert}agree/", said)
    officer.goto("/handovers/")
    page.goto(divert)
    page.get_by_role("button", name="Start now").press("Enter")
    expect(officer.locator("#handovers-TVH02")).to_contain_text("Divert until")


def the_cad_is_lost(page: Page, officer: Page, room: ControlRoom) -> None:
    """What rests on the CAD is marked by itself; once declared, a status by hand stands, marked, at once."""
    officer.goto("/resources/")
    page.goto("/downtime/forms/")
    page.fill("#status", "3")
    page.keyboard.press("Enter")
    expect(page.locator(".form-number")).to_have_count(3)
    room.numbers = page.locator(".form-number").all_inner_texts()
    room.is_down = True
    page.goto("/downtime/")
    expect(officer.locator(".strip")).to_contain_text("stale", timeout=60_000)
    page.fill("#reason", "The CAD does not answer")
    page.keyboard.press("Enter")
    expect(officer.locator("#notices-strip")).to_contain_text("The CAD does not answer")
    crew = officer.locator("tr.doing-on_scene th.main").first.inner_text()
    page.locator("#line").fill(f"{crew} left")
    page.keyboard.press("Enter")
    expect(page.locator(".said")).to_contain_text(f"Read back: {crew}, left scene")
    expect(officer.locator(f"[id='resources-{crew}']")).to_contain_text("By hand")
    room.crew = crew


def it_comes_back(page: Page, officer: Page, room: ControlRoom) -> None:
    """The CAD sends what it held; what stands on paper is entered, until nothing is left to account for."""
    room.is_down = False
    page.get_by_role("button", name="The CAD is back").press("Enter")
    expect(officer.locator("#notices-strip")).not_to_contain_text("The CAD does not answer")
    expect(officer.locator(".strip")).not_to_contain_text("stale")
    page.goto("/downtime/back-entry/")
    page.keyboard.type(f"#{room.numbers[0]} {room.crew} unavailable {datetime.now(LONDON):%H%M} fuel")
    page.keyboard.press("Alt+s")
    expect(page.locator("body")).to_contain_text("1 line entered")
    while (other := page.get_by_role("button", name="Ours is right")).count():
        with page.expect_navigation():
            other.first.press("Enter")
    page.get_by_role("button", name="Close the reconciliation").press("Enter")
    officer.goto("/downtime/back-entry/")
    expect(officer.locator("main")).to_contain_text("Every failure is reconciled")


def it_is_handed_over(page: Page, officer: Page) -> None:
    """The sheet writes itself; the officer accepts it, which the coordinator sees."""
    page.goto("/shift/")
    page.fill("#notes", "The divert of Fordham is to be reviewed")
    page.get_by_role("button", name="Give the shift").press("Enter")
    expect(page.locator("#given-diverts")).to_contain_text(BUSY)
    officer.goto("/shift/")
    officer.get_by_role("link", name="Sheet 2").press("Enter")
    expect(officer.locator(".added")).to_contain_text("to be reviewed")
    officer.get_by_role("button", name="Accept the shift").press("Enter")
    expect(page.locator("#shift-2")).to_contain_text("oscar")
