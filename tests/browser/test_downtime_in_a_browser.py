"""The CAD fails: declared, worked by hand from the keyboard, entered late from paper and reconciled."""

import os
import re
from datetime import datetime, timedelta
from pathlib import Path

from playwright.sync_api import Browser, expect

from clearway.core.layout.times import LONDON
from clearway.desks.ambulance.downtime.carried import Table
from clearway.interchange import sealed

from .accessibility import breaches
from .conftest import ROOT, Open
from .keyboard import A_MINUTE

LATE = timedelta(minutes=10)


def test_a_status_by_hand_stands_marked_on_the_officers_board_and_paper_is_accounted_for(
    open_page: Open,
) -> None:
    officer = open_page("/resources/", user="officer")
    crew = officer.locator("tr.doing-on_scene th.main").first.inner_text()
    row = officer.locator(f"[id='resources-{crew}']")
    page = open_page("/downtime/", user="flow", size=(1280, 800))
    assert breaches(page) == []

    page.fill("#reason", "Server room flooded")
    page.keyboard.press("Enter")
    expect(officer.locator("#notices-strip")).to_contain_text("Server room flooded", timeout=10_000)
    line = page.locator("#line")
    expect(line).to_be_focused()
    page.keyboard.type(crew[:-1])
    page.keyboard.press("ArrowRight")
    line.fill(f"{crew} lft")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert").filter(has_text="Status")).to_contain_text("Did you mean")
    assert breaches(page) == []
    expect(line).to_have_value(f"{crew} lft")
    line.fill(f"{crew} left")
    expect(page.locator("#line-preview")).to_contain_text(f"{crew}: left scene, at")
    page.keyboard.press("Enter")

    expect(page.locator(".said")).to_contain_text(f"Read back: {crew}, left scene")
    expect(row).to_contain_text("Conveying")
    expect(row).to_contain_text("By hand")

    page.goto("/downtime/forms/")
    page.fill("#status", "3")
    page.keyboard.press("Enter")
    expect(page.locator(".form-number")).to_have_count(3)
    numbers = page.locator(".form-number").all_inner_texts()
    assert breaches(page) == []
    page.goto("/downtime/")
    page.get_by_role("button", name="The CAD is back").press("Enter")
    expect(officer.locator("#notices-strip")).to_be_hidden()

    page.goto("/downtime/back-entry/")
    page.keyboard.type(
        from_paper(f"#{numbers[1]} {crew} unavailable {datetime.now(LONDON) - LATE:%H%M} fuel")
    )
    page.keyboard.press("Enter")
    page.keyboard.type("#S9999 nobody clear 0001")
    page.keyboard.press("Alt+s")
    expect(page.locator("#why-1")).to_contain_text("Call sign")
    expect(page.locator("body")).to_contain_text("1 line entered")
    assert breaches(page) == []
    page.locator("input[name=line]").first.fill("")
    expect(page.locator("#account + p")).to_contain_text(numbers[0])
    page.fill("#void", numbers[0])
    page.fill("#why", "Spoilt")
    page.keyboard.press("Enter")
    expect(page.locator("#account + p")).to_contain_text("Every form up to")
    page.get_by_role("button", name="Ours is right").press("Enter")
    expect(page.locator("main")).to_contain_text(re.compile("Ours is right: to be.*Entered late", re.DOTALL))
    page.get_by_role("button", name="Close the reconciliation").press("Enter")
    expect(page.locator("main")).to_contain_text("Every failure is reconciled")


def from_paper(words: str) -> str:
    """A line with its Enter, short enough for a hundred of its like in twenty minutes."""
    assert 100 * (len(words) + 1) <= 20 * A_MINUTE
    return words


def test_a_pack_opens_from_a_folder_without_a_server_or_a_network(chromium: Browser, tmp_path: Path) -> None:
    shell = (ROOT / "clearway/desks/ambulance/downtime/templates/downtime/pack_shell.html").read_text()
    rows = Table("resources.csv", "Resources", ("Call sign", "State"), [("A1", "Queuing")])
    held = '<main><h2>Resources</h2><p class="age" data-made="2026-11-20T08:00:00Z">age unknown</p>'
    held += f'<a href="{rows.file}" download="{rows.name}">{rows.name}</a></main>'
    pack = tmp_path / "clearway-pack-south-west-20261120T0800Z.html"
    title, words, salt, nonce = "Downtime pack", "correct horse battery", os.urandom(16), os.urandom(12)
    pack.write_text(sealed.seal(held, words, salt=salt, nonce=nonce, title=title, shell=shell))
    asked: list[str] = []
    with chromium.new_context(offline=True) as context:
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.goto(pack.as_uri())

        page.keyboard.type("wrong")
        page.keyboard.press("Enter")
        expect(page.locator("#said")).to_contain_text("It does not open")
        page.keyboard.type(words)
        page.keyboard.press("Enter")
        expect(page.locator("h2")).to_have_text("Resources")
        expect(page.locator(".age")).to_contain_text("min old")
        with page.expect_download() as got:
            page.get_by_role("link", name="resources.csv").press("Enter")
        assert got.value.suggested_filename == "resources.csv"
        assert Path(got.value.path()).read_text("utf-8-sig").splitlines()[1] == "A1,Queuing"
    assert [each for each in asked if not each.startswith("data:")] == [pack.as_uri()]
