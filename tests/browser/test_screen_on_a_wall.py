"""A television shows its code, a person at a desk puts it up, and later takes it off."""

import pytest
from playwright.sync_api import Browser, expect

from .accessibility import breaches
from .conftest import Open, Running, is_problem


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

    desk = open_page("/screens/new/", user="flow")
    assert breaches(desk) == []
    desk.get_by_label("Code").fill(wall.locator(".code").inner_text())
    desk.get_by_label("Name").fill("Stairs")
    desk.get_by_role("button", name="Put it up").click()

    expect(wall.locator(".tile")).to_have_count(12)  # by itself: nobody touches the television
    desk.goto("/screens/")
    expect(desk.get_by_role("row", name="Stairs")).to_contain_text("On, seen less than a minute ago")

    desk.get_by_role("row", name="Stairs").get_by_role("button", name="Take off").click()
    expect(wall.get_by_role("heading", name="This screen was taken off")).to_be_visible()
    expect(wall.locator(".tile")).to_have_count(0)
    television.close()
    assert problems == []
