"""A running Clearway and a browser. Skipped, with the reason, where there is no Chromium."""

import functools
import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Error,
    Page,
    Playwright,
    StorageState,
    expect,
    sync_playwright,
)

from clearway.config import postgres

from .serve import PASSWORD, WORKS_IN

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--lang=en-GB",
]
# Features that are off. Chromium reads the last such list alone, so the first lines are Playwright's own.
OFF = (
    *("AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades"),
    *("HttpsFirstBalancedModeAutoEnable", "LensOverlay", "MediaRouter", "PaintHolding"),
    *("ThirdPartyStoragePartitioning", "AvoidCorsURLLoaderRestartOnRedirect", "OptimizationHints"),
    *("NetworkTimeServiceQuerying", "AimEnabled", "PreconnectToSearch"),
    # Two pages of Chromium's own in every window, for the list under an address bar that nobody sees: they
    # took longer than the page under test. And a process in reserve for a second site; here there is one.
    *("WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "PreloadTopChromeWebUI"),
    "SpareRendererForSitePerProcess",
)
# What a person waits for is measured where it is a promise; here a busy machine only takes longer.
expect.set_options(timeout=20_000)
ROOT = Path(__file__).resolve().parents[2]
DATABASE = "clearway_browser"
FIRST = (
    "test_tutorial",
    "test_boards_in_a_browser",
    "test_every_outpatient_page",
    "test_duties_of_the_office_in_a_browser",
    "test_letters_in_a_browser",
    "test_office_in_a_browser",
    "test_delays_in_a_browser",
    "test_command_in_a_browser",
    "test_whole_day_in_outpatients",
)
PATIENCE = 300  # seconds for the whole of Clearway to be up with its data


@dataclass(frozen=True, slots=True)
class Running:
    """A Clearway that serves. `process` may be stopped and continued, to see what screens do.

    phones    where the telephones of patients are
    database  its address
    """

    address: str
    phones: str
    database: str
    process: subprocess.Popen[bytes]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The tutorial is the first in the browser: it supposes a desk at which nobody has worked.

    The longest files come next, so that no process is left alone with one at the end. (xdist keeps to this
    order only with --no-loadscope-reorder; else the files with the most tests come first.)
    """
    in_browser = [item for item in items if "tests/browser/" in item.nodeid]
    in_browser.sort(key=lambda item: FIRST.index(item.path.stem) if item.path.stem in FIRST else len(FIRST))
    following = iter(in_browser)
    items[:] = [next(following) if "tests/browser/" in item.nodeid else item for item in items]


@pytest.fixture(scope="session")
def clearway(postgres_server: postgres.Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    if not CHROMIUM.exists():
        pytest.skip(f"There is no Chromium at {CHROMIUM}: apt-get install chromium")
    link = {"host": str(postgres_server.sockets), "user": postgres.OWNER}
    with psycopg.connect(**link, dbname="postgres", autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {DATABASE}")
    port, phones = free_port(), free_port()
    url = psycopg.conninfo.make_conninfo(**link, dbname=DATABASE)
    log = tmp_path_factory.mktemp("clearway") / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.browser.serve", str(port), str(phones)],
            cwd=ROOT,
            env={**os.environ, "DATABASE_URL": url},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    running = Running(f"http://127.0.0.1:{port}", f"http://127.0.0.1:{phones}", url, process)
    try:
        _wait(running, log)
        yield running
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def chromium(clearway: Running, playwright: Playwright) -> Iterator[Browser]:
    flags = [*FLAGS, f"--disable-features={','.join(OFF)}"]
    browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=flags)
    yield browser
    browser.close()


SignedIn = Callable[[str], StorageState]


@pytest.fixture(scope="session")
def signed_in(playwright: Playwright, clearway: Running) -> SignedIn:
    """Sign somebody in, once in a run; what a browser would then keep serves every test.

    The form is sent without a browser: a window for each of thirty people takes half a minute. Signing in by
    keyboard is proved in test_boards_in_a_browser.py.
    """

    @functools.cache
    def sign_in(user: str) -> StorageState:
        asks = playwright.request.new_context(base_url=clearway.address)
        asks.get("/sign-in/")
        kept = {cookie["name"]: cookie["value"] for cookie in asks.storage_state()["cookies"]}
        form = {"username": user, "password": PASSWORD, "csrfmiddlewaretoken": kept["csrftoken"]}
        answer = asks.post("/sign-in/", form=form, max_redirects=0)
        assert answer.status == HTTPStatus.FOUND, f"{user} was not let in"
        state = asks.storage_state()
        asks.dispose()
        return state

    return sign_in


Open = Callable[..., Page]


@pytest.fixture
def open_page(chromium: Browser, clearway: Running, signed_in: SignedIn) -> Iterator[Open]:
    """Open a page as somebody, in a theme and a size.

    A console error fails the test, and a breach of the pages' policy for scripts is one. So does an NHS
    number that the browser keeps (S12).
    """
    opened: list[Page] = []
    problems: list[str] = []

    def open_(
        address: str,
        *,
        user: str = "",
        theme: str = "light",
        size: tuple[int, int] = (1440, 900),
        scripts: bool = True,
    ) -> Page:
        context = chromium.new_context(
            viewport={"width": size[0], "height": size[1]},
            base_url=clearway.address,
            locale="en-GB",
            java_script_enabled=scripts,
            storage_state=signed_in(user or WORKS_IN[theme]),
        )
        context.set_default_timeout(90_000)  # milliseconds; as for what is expected, above
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda said: problems.append(said.text) if is_problem(said) else None)
        opened.append(page)
        page.goto(address)
        assert page.get_attribute("html", "data-theme") == theme
        return page

    yield open_
    kept = [found for page in opened for found in numbers_kept(page)]
    for page in opened:
        page.context.close()
    assert problems == []
    assert kept == [], "the browser keeps NHS numbers"


# What a browser keeps of an origin. Nothing of ours uses databases or caches, so there is none to look into.
STORED = """async () => {
  if (!location.protocol.startsWith("http")) return "";
  const stores = [{ ...localStorage }, { ...sessionStorage }, history.state, document.title, location.href];
  const others = [...(await indexedDB.databases()), ...((await globalThis.caches?.keys()) ?? [])];
  return JSON.stringify(stores) + (others.length ? " also keeps 999 000 0000 " + JSON.stringify(others) : "");
}"""
PLANTED = re.compile(r"999[\s+-]?\d{3}[\s+-]?\d{4}(?!\d)")  # every NHS number of the tests begins so


def numbers_kept(page: Page) -> list[str]:
    """The NHS numbers in what a browser keeps of a page: any storage, cookies, title and address."""
    if page.is_closed():
        return []
    try:
        stored = page.evaluate(STORED)
    except Error:  # a test may end while its page is on its way to the next one: that one is looked at
        page.wait_for_load_state("load")
        stored = page.evaluate(STORED)
    return PLANTED.findall(f"{stored}{json.dumps(page.context.cookies())}")


def is_problem(said: ConsoleMessage) -> bool:
    """An error in the console, but for a form that the server refused: the browser reports its answer too."""
    return said.type == "error" and "status of 422" not in said.text


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(running: Running, log: Path) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and running.process.poll() is None:
        try:
            urllib.request.urlopen(f"{running.address}/sign-in/", timeout=2)
        except OSError:
            time.sleep(0.2)
        else:
            return
    pytest.fail(f"Clearway did not come up:\n{log.read_text()[-3000:]}")
