"""A television shows its code, a person at a desk puts it up, and later takes it off."""

import pytest
from playwright.sync_api import Browser, expect

from .accessibility import breaches
from .conftest import Open, Running, is_problem
from .test_boards_in_a_browser import push


@pytest.mark.promise("S4")
def test_a_screen_is_put_up_shows_its_board_and_is_told_that_it_was_taken_off(
    open_page: Open, chromium: Browser, clearway: Running
) -> None:
    problems: list[str] = []
    television = chromium.new_context(viewport={"width": 1920, "height": 1080}, base_url=clearway.address)
    wall = television.new_page()
    wall.on("console", lambda said: problems.append(said.text) if is_problem(said) else None)
    wall.goto("/screen/")
    assert breaches(wall) == []

    without = chromium.new_context(base_url=clearway.address)
    page = without.new_page()
    page.goto("/screen/")
    without.clear_cookies()  # as of a browser that keeps none
    page.evaluate("document.dispatchEvent(new Event('clearway:ended'))")  # asks now, not in five seconds
    expect(page.get_by_role("alert").last).to_contain_text("This browser keeps no cookies")
    expect(page.locator(".code")).to_be_hidden()
    without.close()

    desk = open_page("/screens/new/", user="flow")
    assert breaches(desk) == []
    desk.get_by_label("Code").fill(wall.locator(".code").inner_text())
    desk.get_by_label("Name").fill("Stairs")
    desk.get_by_role("button", name="Put it up").click()

    expect(wall.locator(".tile")).to_have_count(12)  # by itself: nobody touches the television
    # One that is not shown comes to wait longest: the server is asked at once which twelve are shown.
    hidden = wall.locator(".tile").nth(3).evaluate("tile => { tile.remove(); return tile.id; }")
    longest = f'<li id="{hidden}" class="tile" data-area="x" data-since="2000-01-01T00:00:00Z"></li>'
    push(wall, "wall", hidden.removeprefix("wall-"), longest)
    expect(wall.locator(f"[id='{hidden}'] h2")).to_have_count(1)
    expect(wall.locator(".tile")).to_have_count(12)
    # Its stream was refused, and it still counts: it is loaded anew, not left as it stood.
    with wall.expect_navigation():
        wall.evaluate(
            "const now = Date.now; Date.now = () => now() + 30_000;"
            "document.dispatchEvent(new Event('clearway:ended'))"
        )
    desk.goto("/screens/")
    expect(desk.get_by_role("row", name="Stairs")).to_contain_text("On, seen less than a minute ago")

    desk.get_by_role("row", name="Stairs").locator("summary").click()
    desk.get_by_role("button", name="Take Stairs off").click()
    expect(wall.get_by_role("heading", name="This screen was taken off")).to_be_visible()
    expect(wall.locator(".tile")).to_have_count(0)
    television.close()
    assert problems == []
