"""The tutorial's steps, followed in a browser: what it has in bold is on the screen and does what it says."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from playwright.sync_api import Page, expect

from .conftest import Open

TUTORIAL = Path(__file__).resolve().parents[2] / "docs/tutorial/your-first-hour.md"
FIRST_STEP = 2  # the demo is up already


class Reader:
    """Somebody who follows the page: every word is looked up in it first, and none is left over."""

    def __init__(self, page: Page) -> None:
        text = TUTORIAL.read_text().split(f"## {FIRST_STEP} ", 1)[1]
        self.page = page
        self.unread = {" ".join(word.split()) for word in re.findall(r"\*\*(.+?)\*\*", text, re.DOTALL)}

    def reads(self, word: str) -> str:
        """A word that the tutorial has in bold."""
        assert word in self.unread, f"The tutorial does not say {word!r}, or says it elsewhere"
        self.unread.discard(word)
        return word

    def presses(self, word: str) -> None:
        self.page.get_by_role("button", name=self.reads(word)).click()

    def chord(self, keys: str) -> None:
        """Press keys on a page whose scripts are there, as a person does who has seen it."""
        self.page.wait_for_load_state("load")
        self.page.keyboard.press(keys)

    def goes_to(self, word: str) -> None:
        self.page.get_by_role("link", name=self.reads(word)).first.click()

    def types(self, word: str, text: str) -> None:
        self.page.get_by_label(self.reads(word)).fill(text)

    def sees(self, word: str) -> None:
        expect(
            self.page.get_by_text(self.reads(word), exact=True).locator("visible=true").first
        ).to_be_visible()

    def opens_from_more(self, word: str) -> None:
        self.page.locator(".more summary").click()
        self.page.locator(".more").get_by_role("link", name=self.reads(word), exact=True).click()


def test_the_first_hour_goes_as_the_tutorial_says(open_page: Open) -> None:
    reader = Reader(open_page("/"))

    for step in (signs_in, sees_who_waits, meets_a_warning, advises, rehearses, decides, looks_back):
        step(reader)

    assert reader.unread == set()


def signs_in(reader: Reader) -> None:
    """The password of the demo is another one, so that the form itself is only looked at."""
    page = reader.page.context.browser.new_page(base_url=reader.page.url)  # type: ignore[union-attr]
    page.goto("/sign-in/")
    for word in ("User name", "Password"):
        expect(page.get_by_label(reader.reads(word), exact=True)).to_be_visible()
    page.close()
    expect(reader.page).to_have_url(re.compile("/handovers/$"))
    reader.sees("Feeds")


def sees_who_waits(reader: Reader) -> None:
    reader.goes_to("Longest wait")
    expect(reader.page.locator("tr.summary").first.locator(".wait .mark")).to_be_visible()
    reader.page.locator("a.expand").first.click()
    expect(reader.page.locator("table.vehicles").first).to_be_visible()


def meets_a_warning(reader: Reader) -> None:
    reader.goes_to("Tasks")
    expect(reader.page.get_by_role("heading", name="Tasks")).to_be_visible()
    reader.reads("More")
    reader.opens_from_more("Forecast")
    expect(reader.page.get_by_role("columnheader", name=reader.reads("Reasons"))).to_be_visible()


def advises(reader: Reader) -> None:
    page = reader.page
    page.keyboard.press("Alt+5")
    page.locator("#advice-list tbody th a").first.focus()
    page.keyboard.press("Enter")
    accept = page.locator("[data-accept]")
    expect(page.locator("#answer")).to_be_visible()
    page.wait_for_load_state()  # the page's script hears the letter
    with page.expect_response(lambda answer: "part=answer" in answer.url and "sepsis" in answer.url):
        page.keyboard.press("p")
    expect(page.get_by_label(reader.reads("Sepsis"))).to_be_checked()
    expect(page.locator("#answer")).not_to_have_attribute("aria-busy", "true")
    expect(accept).to_be_focused()
    expect(accept).to_contain_text(reader.reads("Accept"))
    page.keyboard.press("Enter")
    expect(page.locator(".said.success")).to_contain_text(reader.reads("Recorded"))


def rehearses(reader: Reader) -> None:
    page = reader.page
    reader.opens_from_more("Diverts")
    reader.goes_to("Propose a divert")
    page.get_by_label(reader.reads("Site that is passed by")).select_option("Bristol Royal Infirmary")
    page.get_by_role("group", name=reader.reads("Sites that receive")).get_by_label(
        "Southmead Hospital"
    ).check()
    page.get_by_label(reader.reads("adults for majors")).check()
    reader.types("For how many minutes", "120")
    reader.types("Why", "Twelve crews queue")
    reader.types("What the site has done already", "Full capacity protocol")
    reader.presses("Rehearse it: change nothing")
    expect(page.locator("#rehearsal")).to_contain_text("patients turned away", timeout=90_000)


def decides(reader: Reader) -> None:
    reader.chord("Alt+d")
    for word in ("What is known", "Options considered", "Decision", "Reason"):
        reader.page.get_by_label(reader.reads(word), exact=True).fill("As the tutorial says")
    reader.presses("Save the decision")
    expect(reader.page.get_by_text("As the tutorial says").first).to_be_visible()


def looks_back(reader: Reader) -> None:
    page = reader.page
    reader.chord("Alt+1")
    then = (datetime.now(UTC) - timedelta(minutes=10)).astimezone(ZoneInfo("Europe/London"))
    reader.types("As known at", f"{then:%Y-%m-%dT%H:%M}")
    reader.presses("Show")
    expect(page.locator(".past-banner")).to_contain_text(f"{then:%H:%M}")
    reader.goes_to("Back to now")
    expect(page.locator(".past-banner")).to_have_count(0)
