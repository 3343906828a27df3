"""A divert that one person starts is on everybody else's screen at once."""

import time
from collections.abc import Mapping

from playwright.sync_api import Page, expect

from .conftest import Open

SITE, RECEIVER = "RA901", "RH801"


def post(page: Page, address: str, fields: Mapping[str, str]) -> str:
    """Send a form of the desk as the person of this page; returns the address it leads to."""
    sent: str = page.evaluate(
        """async ([address, fields]) => {
            const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
            const body = new URLSearchParams({ ...fields, csrfmiddlewaretoken: token });
            const answer = await fetch(address, { method: "POST", body });
            if (!answer.ok) throw new Error(`${address} answered ${answer.status}`);
            return new URL(answer.url).pathname;
        }""",
        [address, dict(fields)],
    )
    return sent


def agreed(page: Page) -> str:
    """A divert that everybody has agreed to and nobody has started: the address of its page."""
    proposal = {
        "kind": "capacity",
        "site": SITE,
        "to": RECEIVER,
        "covers": "adult_majors",
        "minutes": "60",
        "trigger": "Twelve crews queue since noon",
        "actions_taken": "Full capacity protocol",
        "level_reason": "Both rung: level 4 and level 2",
    }
    divert = post(page, "/diverts/new/", proposal)
    post(page, f"{divert}requested/", {})
    for party in (f"requesting_site:{SITE}", f"receiving_site:{RECEIVER}", "ambulance_service:", "system:"):
        said = {"party": party, "signatory": "A. Director, on call", "answer": "agreed"}
        post(page, f"{divert}agree/", said)
    return divert


def test_a_divert_that_starts_is_on_another_desks_board_within_two_seconds(open_page: Open) -> None:
    officer = open_page("/diverts/new/", user="officer")
    divert = agreed(officer)
    board = open_page("/handovers/")
    row = board.locator(f"#handovers-{SITE}")
    expect(row).not_to_contain_text("Divert until")
    officer.goto(divert)

    started = time.monotonic()
    officer.get_by_role("button", name="Start now").click(no_wait_after=True)
    expect(row).to_contain_text("Divert until", timeout=5000)
    took = time.monotonic() - started

    expect(officer.get_by_role("button", name="End it now")).to_be_visible(timeout=20_000)
    post(officer, f"{divert}ended/", {"note": "The queue is gone"})
    assert took < 2
    expect(row).not_to_contain_text("Divert until", timeout=5000)
