"""Signing in through an independent provider, working, and being signed out by it: two browsers."""

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.openid.peer import PEOPLE, a_provider, settings_for

from .conftest import ROOT, Running, free_port

JO = next(iter(PEOPLE))


@dataclass(frozen=True, slots=True)
class Desk:
    address: str
    issuer: str


@pytest.fixture
def desk(clearway: Running, tmp_path: Path) -> Iterator[Desk]:
    """A web process beside the one of all tests, on the same database, for people of the provider."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    with a_provider(address=address, keys_at=f"{address}/sign-in/provider/keys/") as issuer:
        access = (tmp_path / "access.toml", "test-valley", "south-west")
        values = settings_for(tmp_path, issuer, address=address)
        access[0].write_text(access[0].read_text().replace(access[1], access[2]))
        process = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", "clearway.config.asgi:application", "--port", str(port)],
            cwd=ROOT,
            env={
                **os.environ,
                "DATABASE_URL": clearway.database,
                **{f"CLEARWAY_OPENID_{name.upper()}": value for name, value in values.items()},
            },
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            _wait(address, process)
            yield Desk(address, issuer)
        finally:
            process.kill()
            process.wait()


def _wait(address: str, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        try:
            urllib.request.urlopen(f"{address}/livez", timeout=2)
        except OSError:
            time.sleep(0.1)
        else:
            return
    pytest.fail("The web process beside did not come up")


@pytest.mark.promise("S3")
@pytest.mark.promise("S4")
def test_somebody_signs_in_through_the_provider_works_and_is_signed_out_by_it(
    desk: Desk, chromium: Browser
) -> None:
    context = chromium.new_context(base_url=desk.address, locale="en-GB")
    context.set_default_timeout(60_000)
    page = context.new_page()
    problems: list[str] = []
    ours = lambda said: said.type == "error" and said.location["url"].startswith(desk.address)  # noqa: E731
    page.on("console", lambda said: problems.append(said.text) if ours(said) else None)

    def sign_in() -> None:
        page.goto("/handovers/")
        page.get_by_role("button", name="Sign in with Trust sign-in").click()
        page.get_by_label("Name").fill(JO)
        page.get_by_role("button", name="Continue").click()
        expect(page).to_have_url(f"{desk.address}/handovers/")
        expect(page.get_by_role("button", name="Sign out Jo Osei")).to_be_visible()

    def leave() -> None:
        page.get_by_role("button", name="Yes, sign me out").click()

    sign_in()
    board = context.new_page()
    with board.expect_request("**/live/**"):
        board.goto("/handovers/")
    page.goto(f"{desk.issuer}/session/end")
    began = time.monotonic()
    leave()
    expect(board.get_by_text("You have been signed out.")).to_be_visible()
    took = time.monotonic() - began
    assert took < 10, f"the live board went on for {took:.1f} s"

    sign_in()
    page.get_by_role("button", name="Sign out").click()
    leave()
    expect(page).to_have_url(f"{desk.address}/sign-in/")

    assert problems == []
    context.close()
