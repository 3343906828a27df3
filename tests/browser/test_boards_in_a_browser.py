"""What a person meets: boards that everybody can read, that follow the present, and that say when not."""

import gzip
import re
import signal

import pytest
from playwright.sync_api import Browser, Page, expect

from tests import sizes

from .accessibility import breaches
from .conftest import Open, Running, is_problem, numbers_kept
from .serve import PASSWORD

BOARDS = [
    "/handovers/",
    "/handovers/?open=RA901",
    "/handovers/RA901/",
    "/resources/",
    "/wallboard/",
    "/map/",
    "/forecast/",
    "/forecast/days/",
]
# By user, the forms and lists that only other pages lead to.
FURTHER = {
    "flow": [
        *BOARDS,
        *("/tasks/", "/policies/"),
        *("/tasks/new/", "/tasks/closed/", "/decisions/new/", "/feeds/quarantine/"),
        *("/handovers/?at=2020-01-01T00:00", "/resources/?text=nobody"),
    ],
    "liaison": ["/tasks/new/", "/tasks/closed/", "/handovers/RA901/"],
    "keeper": ["/people/acting-up/", "/people/roles/", "/people/on-call/new/", "/tasks/budget/"],
}
# Colours are tokens, whose contrast is reckoned for both themes (test_contrast.py): here only what uses many.
LOOKED_AT: set[str] = set()  # by those before, in this process
IN_THE_DARK = (
    "/handovers/",
    "/resources/",
    "/wallboard/",
    "/map/",
    "/forecast/",
    "/advice/",
    "/tasks/",
    "/roads/",
)
SIZES = {"desk": (1440, 900), "phone": (390, 844)}


@pytest.mark.promise("A1")
@pytest.mark.parametrize(
    ("user", "theme"), [("flow", "light"), ("night", "dark"), ("liaison", "light"), ("keeper", "dark")]
)
def test_no_page_that_a_role_can_open_breaks_an_accessibility_rule(
    open_page: Open, user: str, theme: str
) -> None:
    page = open_page("/", user=user, theme=theme)
    links = page.locator("nav.desk li:not(.small) > a").all()
    offered = {link.get_attribute("href") or "" for link in links}
    found = {}
    asked = set(IN_THE_DARK) if user == "night" else offered | set(FURTHER[user])
    if user == "keeper" and not sizes.of("A1", "pages seen once are seen again"):
        asked -= LOOKED_AT
    for address in sorted(asked):
        LOOKED_AT.add(address)
        page.goto(address)
        page.evaluate("document.querySelectorAll('main details').forEach((each) => { each.open = true; })")
        found[address] = breaches(page)

    assert {address: problems for address, problems in found.items() if problems} == {}


@pytest.mark.promise("A1")
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_an_incident_breaks_no_accessibility_rule(open_page: Open, theme: str) -> None:
    page = open_page("/handovers/RA901/", theme=theme)
    page.click("main a[href^='/incidents/']")
    page.evaluate("document.querySelectorAll('main details').forEach((each) => { each.open = true; })")
    assert breaches(page) == []


@pytest.mark.promise("A1")
@pytest.mark.parametrize("address", ["/handovers/", "/resources/"])
def test_a_board_breaks_no_accessibility_rule_when_small_or_empty(open_page: Open, address: str) -> None:
    assert breaches(open_page(address, size=SIZES["phone"])) == []
    assert breaches(open_page(address, user="quiet")) == []


@pytest.mark.promise("A1")
@pytest.mark.parametrize("address", BOARDS)
def test_a_board_never_scrolls_sideways_at_320_pixels(open_page: Open, address: str) -> None:
    page = open_page(address, size=(320, 700))

    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 320


def test_targets_are_at_least_24_pixels_at_the_desk_and_44_on_a_phone(open_page: Open) -> None:
    for size, least in (("desk", 24), ("phone", 44)):
        page = open_page("/handovers/", size=SIZES[size])
        small = page.evaluate(
            """least => [...document.querySelectorAll('.tools button, .tools select, .quiet, .desk li > a')]
                .filter(each => each.offsetParent).map(each => [each.textContent.trim(), each.offsetHeight])
                .filter(([, height]) => height < least)""",
            least,
        )
        assert small == []


@pytest.mark.parametrize("address", BOARDS)
def test_a_board_can_be_read_without_a_script(open_page: Open, address: str) -> None:
    page = open_page(address, scripts=False)

    assert page.locator("h1").count() == 1
    told = page.text_content("main") or ""
    assert ("Ambulances delayed" if address == "/forecast/days/" else "Torbay") in told


def test_vehicles_open_without_a_script(open_page: Open) -> None:
    page = open_page("/handovers/", scripts=False)
    page.click("#handovers-RA901 [data-expand]")

    expect(page.locator("#handovers-RA901 .detail")).to_be_visible()


def test_ages_count_by_the_time_of_the_server(open_page: Open) -> None:
    page = open_page("/handovers/")

    wait_until(page, "document.querySelector('td.wait time')?.textContent.endsWith('min')", seconds=5)


@pytest.mark.parametrize("address", BOARDS)
def test_the_first_load_of_a_board_is_under_150_kilobytes(open_page: Open, address: str) -> None:
    page = open_page("/sign-in/")
    sizes: dict[str, int] = {}
    page.on("response", lambda answer: sizes.update(_weight(answer)) if answer.ok else None)
    page.goto(address)
    page.wait_for_timeout(500)

    assert sum(sizes.values()) < 150_000, sizes


def _weight(answer: object) -> dict[str, int]:
    """Transferred size of one file, as the server sends it compressed."""
    url = answer.url  # type: ignore[attr-defined]
    if "/live/" in url:
        return {}
    return {url: len(gzip.compress(answer.body()))}  # type: ignore[attr-defined]


def test_a_pushed_row_takes_the_place_of_the_old_and_keeps_focus_and_what_is_open(open_page: Open) -> None:
    page = open_page("/handovers/")
    row = page.locator("#handovers-RA901")
    row.locator("[data-expand]").click()
    row.locator("[data-expand]").focus()
    before = [each.get_attribute("id") for each in page.locator("tbody.site").all()]

    push(page, "handovers", "RA901", page.evaluate("document.getElementById('handovers-RA901').outerHTML"))

    expect(row).to_have_class(re.compile(r"\bopen\b"))
    assert page.evaluate("document.activeElement.closest('tbody').id") == "handovers-RA901"
    assert page.evaluate("document.activeElement.getAttribute('aria-expanded')") == "true"
    assert [each.get_attribute("id") for each in page.locator("tbody.site").all()] == before


@pytest.mark.promise("R12")
def test_a_board_follows_pushes_and_heartbeats_for_as_long_as_it_is_open(open_page: Open) -> None:
    page = open_page("/handovers/")
    page.evaluate(
        """() => {
            window.heard = {beat: 0, push: 0};
            const after = document.body.dataset.liveAfter;
            const stream = new EventSource(`/live/?topics=handovers%20feeds&after=${after}`);
            for (const what of ['beat', 'push']) {
                stream.addEventListener(what, () => { window.heard[what] += 1; });
            }
        }"""
    )

    # Minutes lost are counted to the whole minute, so rows change within one; beats go on after that.
    wait_until(page, "window.heard.push > 0", seconds=70)
    beats = page.evaluate("window.heard.beat")
    wait_until(page, f"window.heard.beat >= {beats} + 2", seconds=12)


def wait_until(page: Page, expression: str, seconds: float) -> None:
    """Ask the page again and again; Playwright's own wait needs eval, which the pages' policy refuses."""
    for _ in range(int(seconds * 5)):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(200)
    pytest.fail(f"not within {seconds} s: {expression}")


def push(page: Page, topic: str, key: str, html: str) -> None:
    """Let the page's own module apply a fragment, as when the stream brings it."""
    page.evaluate(
        """async ({topic, key, html}) => {
            const live = await import('/static/js/live.js');
            live.apply(document, live.freshState(), {topic, key, html});
        }""",
        {"topic": topic, "key": key, "html": html},
    )


def test_what_is_new_waits_behind_a_button_and_moves_nothing(open_page: Open) -> None:
    page = open_page("/resources/")
    rows = page.locator("tr[id^=resources-]").count()

    push(page, "resources", "NEW1", '<tr id="resources-NEW1" data-area="x" data-doing="available"></tr>')

    assert page.locator("tr[id^=resources-]").count() == rows
    expect(page.locator("[data-live-new=resources]")).to_have_text("1 new or moved: show")


def test_a_row_under_the_pointer_stays_until_the_pointer_leaves(open_page: Open) -> None:
    page = open_page("/resources/")
    row = page.locator("tr[id^=resources-]").first
    name = (row.get_attribute("id") or "").removeprefix("resources-")
    row.hover()

    push(page, "resources", name, "")

    assert "gone" in (page.locator(f"[id='resources-{name}']").get_attribute("class") or "")


@pytest.mark.promise("R12")
def test_a_lost_server_is_said_within_seconds_and_nothing_can_be_sent(
    open_page: Open, clearway: Running
) -> None:
    page = open_page("/handovers/")
    page.wait_for_timeout(2500)  # a heartbeat has come
    clearway.process.send_signal(signal.SIGSTOP)
    try:
        banner = page.locator("#connection")
        expect(banner).to_contain_text("Connection lost. Picture from", timeout=13_000)
        expect(banner).to_contain_text("Read only")
        page.locator("summary", has_text="Views").click()
        page.fill("#view-name", "kept text")
        page.locator("text=Save this view").click(force=True)  # greyed, and pressed all the same
        assert page.input_value("#view-name") == "kept text"
        expect(page.locator("#announcer")).to_contain_text("Not sent")
    finally:
        clearway.process.send_signal(signal.SIGCONT)
    expect(banner).to_be_hidden(timeout=10_000)


def test_a_name_and_a_password_typed_by_keyboard_lead_to_the_desk(
    chromium: Browser, clearway: Running
) -> None:
    page = chromium.new_page(base_url=clearway.address, locale="en-GB")
    page.goto("/sign-in/")
    page.fill("#username", "flow")
    page.fill("#password", PASSWORD)
    page.press("#password", "Enter")
    expect(page.locator("nav.desk")).to_be_visible()
    page.context.close()


def test_whoever_was_signed_out_is_told_so_and_can_sign_in_again(open_page: Open) -> None:
    page = open_page("/handovers/?sort=name")
    page.evaluate("import('/static/js/live.js').then((live) => live.end(document, live.freshState()))")

    banner = page.locator("#connection")
    expect(banner).to_contain_text("You have been signed out. Picture from")
    expect(banner).to_contain_text("Read only")
    expect(banner.locator("a")).to_have_attribute("href", "/sign-in/?next=%2Fhandovers%2F%3Fsort%3Dname")


@pytest.mark.promise("S12")
def test_text_becomes_no_element_but_by_the_one_policy_and_a_number_that_is_kept_is_found(
    chromium: Browser, clearway: Running
) -> None:
    context = chromium.new_context(base_url=clearway.address)
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda each: said.append(each.text) if is_problem(each) else None)
    page.goto("/sign-in/")
    for sink in (
        "document.createElement('p').innerHTML = '<b>text</b>'",
        "trustedTypes.createPolicy('another', {})",
        "document.createElement('script').src = '/static/js/page.js'",
    ):
        assert (
            page.evaluate(f"() => {{ try {{ {sink} }} catch (error) {{ return error.name }} }}")
            == "TypeError"
        )
    assert any("TrustedHTML" in each for each in said)  # fails any other test

    assert numbers_kept(page) == []
    page.evaluate("sessionStorage.setItem('typed', 'of 999 000 0018')")
    assert numbers_kept(page) == ["999 000 0018"]
    page.evaluate("sessionStorage.clear(); caches.open('pages')")
    assert len(numbers_kept(page)) == 1
    context.close()


@pytest.mark.promise("R12")
def test_a_wallboard_whose_heart_has_stopped_hatches_itself(open_page: Open, clearway: Running) -> None:
    page = open_page("/wallboard/")
    faster = page.context.new_cdp_session(page)  # the style sheet counts fifteen seconds in five
    faster.send("Animation.enable")
    faster.send("Animation.setPlaybackRate", {"playbackRate": 3})
    page.wait_for_timeout(7_000)
    hatch = "getComputedStyle(document.querySelector('.wall'), '::after').opacity"
    assert page.evaluate(hatch) == "0"  # longer than the count with a beating heart

    # The script dies: nothing starts the style sheet's count again.
    page.evaluate("window.EventSource = null; document.querySelector('.wall').removeAttribute('data-wall')")

    wait_until(page, f"{hatch} === '1'", seconds=16)
    expect(page.locator(".stopped")).to_have_css("opacity", "1")


def test_every_page_and_action_is_in_the_palette(open_page: Open) -> None:
    page = open_page("/handovers/")
    page.keyboard.press("Control+k")
    dialog = page.locator("dialog.palette")
    expect(dialog).to_be_visible()
    assert breaches(page) == []
    page.keyboard.type("resour")
    page.keyboard.press("Enter")
    page.wait_for_url("**/resources/")


def test_a_chord_opens_a_board_and_a_single_letter_does_nothing(open_page: Open) -> None:
    page = open_page("/handovers/")
    page.keyboard.press("m")
    page.keyboard.press("Alt+2")
    page.wait_for_url("**/resources/")


@pytest.mark.promise("A6")
def test_a_filter_applies_by_keyboard_alone(open_page: Open) -> None:
    page = open_page("/resources/")
    page.keyboard.press("Alt+f")
    page.keyboard.type("queuing")
    page.keyboard.press("Enter")
    page.wait_for_url("**text=queuing**")
    assert "hidden by the filter" in (page.text_content("main") or "")


def shown_columns(page: Page) -> list[str]:
    """The heads of the board that can be seen, and as many cells stand under them."""
    heads = page.locator("table.handovers > thead th:visible").all_inner_texts()
    cells = page.locator("tbody.site > tr.summary").first.locator("> :is(th, td):visible")
    assert cells.count() == len(heads)
    return heads


@pytest.mark.parametrize("scripts", [True, False], ids=["script", "no-script"])
def test_columns_are_chosen_by_keyboard_and_a_pushed_row_keeps_to_them(
    open_page: Open, scripts: bool
) -> None:
    page = open_page("/handovers/", scripts=scripts)
    assert len(shown_columns(page)) == 11

    page.get_by_text("Columns (11 of 18)").focus()
    page.keyboard.press("Enter")
    page.get_by_label("Majors").focus()
    page.keyboard.press("Space")
    page.get_by_label("Boarding").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    page.wait_for_selector(".no-boarding")

    heads = shown_columns(page)
    assert "Majors" in heads and "Boarding" not in heads
    if scripts:
        site = page.locator("tbody.site").first
        key = str(site.get_attribute("id")).removeprefix("handovers-")
        push(page, "handovers", key, str(site.evaluate("element => element.outerHTML")))
        assert shown_columns(page) == heads
        site.locator("[data-expand]").click()
        expect(site.locator(".also-boarding")).to_be_visible()
        expect(site.locator(".also-majors")).to_be_hidden()
        page.emulate_media(media="print")
        assert shown_columns(page) == heads
        page.emulate_media(media="screen")
    page.locator(".saved summary", has_text="Columns").click()
    page.get_by_role("button", name="The usual ones").click()
    expect(page.get_by_text("Columns (11 of 18)")).to_be_visible()


@pytest.mark.promise("A1")
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1366, 768), (390, 844)], ids=["desk", "phone"])
def test_choosing_columns_breaks_no_accessibility_rule(
    open_page: Open, theme: str, size: tuple[int, int]
) -> None:
    page = open_page("/handovers/", theme=theme, size=size)
    page.locator(".saved summary", has_text="Columns").click()
    page.locator("a.expand").first.click()

    assert breaches(page) == []
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0
