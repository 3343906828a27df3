"""What frequent tasks cost in keys (docs/explanation/keyboard.md); others are counted in their journeys."""

import re

from playwright.sync_api import expect

from .conftest import Open
from .keyboard import Keyboard


def test_a_patient_is_found_from_any_page_in_five_seconds(open_page: Open) -> None:
    page = open_page("/outpatients/", user="olga", theme="dark")
    keys = Keyboard(page)
    keys.press("Alt+p")
    expect(page.locator("#text")).to_be_focused()
    keys.type("quist")
    keys.press("Enter")
    expect(page.get_by_role("row", name=re.compile("quist", re.IGNORECASE)).first).to_be_visible()

    assert keys.count == 7
    assert keys.seconds < 5


def test_the_first_task_is_acknowledged_by_one_chord(open_page: Open) -> None:
    page = open_page("/tasks/", user="flow")
    first = page.locator("tr[id^=tasks-]", has=page.get_by_role("button", name="Acknowledge")).first
    line = page.locator(f"tr[id='{first.get_attribute('id')}']")
    keys = Keyboard(page)
    keys.press("Alt+a")
    expect(line.get_by_role("button", name="Acknowledge")).to_have_count(0)

    assert keys.count == 1
    other = page.get_by_role("button", name="Acknowledge").nth(1)
    chosen = other.evaluate("each => each.closest('tr').id")
    other.evaluate("each => each.closest('tr').querySelector('a').focus()")
    page.keyboard.press("Alt+a")
    expect(page.locator(f"tr[id='{chosen}']").get_by_role("button", name="Acknowledge")).to_have_count(0)
