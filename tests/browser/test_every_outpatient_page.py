"""Every page of the outpatient desk, found by its address, breaks no accessibility rule; none is left out."""

import os
import re
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field

import psycopg
import pytest
from playwright.sync_api import Page

from clearway.config import postgres
from clearway.core.people import matrix
from clearway.domain.outpatients.performance import INDICATORS
from tests import sizes

from .accessibility import breaches
from .conftest import DATABASE, ROOT, Open, Running
from .everything import PEOPLE, SLUG

PHONE = (390, 844)
DESK = "/outpatients/"
ELSEWHERE = {f"{DESK}conversations/<int:key>/", f"{DESK}reminders/<int:key>/"}
"""Looked at in test_conversation_in_a_browser.py, where a patient has a telephone."""
ROUTES = {row["route"] for row in matrix.table() if row["method"] == "GET"}
PAGES = sorted(route for route in ROUTES - ELSEWHERE if route.startswith(DESK))
FORMS_ONLY = {
    DESK + each
    for each in (
        "asking/<int:key>/answer/",
        "asking/prepare/",
        "attendance/<int:key>/",
        "attendance/<int:key>/aside/",
        "partial/invite/",
        "cancelled-clinics/told/<int:key>/",
        "clinics/leave/<int:key>/",
        "freed/offers/<int:key>/",
        "freed/offers/<int:key>/told/",
        "letters/texts/<int:key>/ask/",
        "openings/<int:patient>/",
        "onward/<int:key>/keep/",
        "onward/<int:key>/refuse/",
        "onward/<int:key>/slot/",
        "office/away/<int:key>/",
        "letters/texts/<int:key>/decide/",
        "patients/<int:patient>/<slug:step>/",
        "outcomes/on-request/<int:key>/",
        "referrals/<int:key>/remove/",
        "referrals/file/<int:key>/again/",
        "referrals/file/<int:key>/drop/",
        "referrals/gaps/<int:key>/ask/",
        "validation/<int:key>/explain/",
        "validation/take/",
    )
}
"""Addresses that take a form of another page, and show nothing of their own."""
FILES = (".csv", ".xlsx", ".pdf", "/pdf/", "/copy/", "records/packs/<int:key>/")
# What a key or a word of an address names: a table, and which rows of it.
ROWS = {
    "cancelled-clinics/<int:key>/": "replan WHERE true",
    "cancelled-clinics/told/<int:key>/": "displaced WHERE true",
    "attendance/<int:key>/": "appointment WHERE state = 'booked'",
    "appointments/<int:key>/": "appointment WHERE state = 'booked'",
    "asking/<int:key>/answer/": "entry WHERE state = 'waiting'",
    "clinics/leave/<int:key>/": "leave WHERE decided IS NULL",
    "clinics/sessions/<int:key>/": "session WHERE true",
    "filed/<int:patient>/": "patient WHERE true",
    "freed/<int:key>/": "freed_slot WHERE true",
    "freed/offers/<int:key>/": "slot_offer WHERE true",
    "freed/offers/<int:key>/told/": "slot_offer WHERE true",
    "letters/<int:key>/": "letter WHERE true",
    "letters/<int:key>/pdf/": "letter WHERE batch_id IS NOT NULL",
    "letters/batches/<int:key>/": "letter_batch WHERE true",
    "letters/batches/<int:key>/pdf/": "letter_batch WHERE true",
    "letters/texts/<int:key>/": "letter_text WHERE true",
    "list/<int:key>/": "entry WHERE state = 'waiting'",
    "office/away/<int:key>/": "absence WHERE true",
    "office/enquiries/<int:key>/": "enquiry WHERE true",
    "office/faults/<int:key>/": "fault WHERE true",
    "office/holds/<int:key>/": "patient_hold WHERE true",
    "office/loans/<int:key>/": "item WHERE true",
    "office/messages/<int:clinician>/": "clinician WHERE user_id IS NOT NULL",
    "office/notes/<int:key>/": "volume WHERE true",
    "office/records/<int:key>/": "records_request WHERE true",
    "office/records/corrections/<int:key>/": "rectification WHERE true",
    "office/records/packs/<int:key>/": "disclosure_pack WHERE true",
    "office/scans/<int:key>/": "document WHERE true",
    "office/work/<int:key>/": "batch WHERE true",
    "onward/<int:key>/": "core_onwardrequest WHERE state = 'sent'",
    "openings/<int:patient>/": "patient WHERE true",
    "outcomes/<int:key>/": "session WHERE starts_at < now()",
    "outcomes/missed/<int:key>/": "miss WHERE true",
    "outcomes/on-request/<int:key>/": "on_request WHERE true",
    "outcomes/take-back/<int:key>/": "appointment WHERE state = 'attended'",
    "pathways/<int:key>/": "pathway WHERE true",
    "patients/<int:patient>/": "patient WHERE true",
    "reception/<int:key>/": "appointment WHERE state = 'booked'",
    "referrals/<int:key>/": "referral WHERE true",
    "referrals/file/<int:key>/": "givenfile WHERE true",
    "referrals/gaps/<int:key>/ask/": "gap WHERE closed_at IS NULL",
    "reminders/trials/<int:key>/": "trial WHERE true",
    "reports/<int:key>/": "report WHERE true",
    "reports/sent/<int:key>/": "report_sent WHERE true",
    "support/<int:key>/": "appointment WHERE state = 'booked'",
    "triage/<int:key>/": "referral WHERE state = 'triage'",
    "validation/<int:key>/explain/": "finding WHERE true",
    "validation/packs/<int:key>/": "validationpack WHERE true",
}
WORDS = {"code": "knee", "kind": "calls", "practice": "M81001", "step": "need"}
SAMPLE = ("", "list/", "diary/", "patients/<int:patient>/", "office/", "outbox/", "outcomes/<int:key>/")
"""Pages also seen in the dark theme and on a phone, beside what is seen so elsewhere."""

FORM = "main form[method=post]:has(.nhsuk-form-group, fieldset, textarea)"
WIDEST = """() => [...document.querySelectorAll('body *')]
    .filter((each) => each.getBoundingClientRect().right > innerWidth + 1)
    .slice(0, 3).map((each) => each.tagName + '.' + each.className)"""


@dataclass
class Seen:
    """What became of every address.

    wrong    route -> its status, or what axe says of the page or of its refusal
    forms    routes with a form in which something is typed; refused  those that refused it empty
    """

    wrong: dict[str, object] = field(default_factory=dict)
    kinds: Counter[str] = field(default_factory=Counter)
    forms: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


FILL = """
from datetime import UTC, datetime
import django
django.setup()
from tests.browser import everything, serve
everything.fill(datetime.now(UTC), serve.PASSWORD)
"""


@pytest.fixture(scope="module")
def addresses(postgres_server: postgres.Server, clearway: Running) -> dict[str, str]:
    """Route -> an address of this shape that names something there is."""
    link = {"host": str(postgres_server.sockets), "user": postgres.OWNER, "dbname": DATABASE}
    url = psycopg.conninfo.make_conninfo(**link)
    names = {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "clearway.config.settings"}
    subprocess.run([sys.executable, "-c", FILL], cwd=ROOT, env={**os.environ, **names}, check=True)
    with psycopg.connect(**link) as connection:
        return {route: _address(connection, route) for route in PAGES}


def _address(connection: psycopg.Connection, route: str) -> str:
    words = {"code": next(iter(INDICATORS))} if route.startswith(f"{DESK}performance/") else WORDS
    said = re.sub(r"<slug:(\w+)>", lambda found: words[found.group(1)], route)
    if "<int:user>" in said:
        row = connection.execute("SELECT id FROM core_user WHERE username = %s", [PEOPLE["light"]]).fetchone()
        return re.sub("<int:user>", str(row and row[0]), said)
    if "<int:" not in said:
        return said
    about = max((each for each in ROWS if route.removeprefix(DESK).startswith(each)), key=len, default="")
    assert about, f"Say in ROWS which row {route} can show"
    told = ROWS[about] if ROWS[about].startswith("core_") else f"outpatients_{ROWS[about]}"
    table = told.partition(" ")[0]
    columns = connection.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s", [table]
    ).fetchall()
    owner = next((each for each in ("organisation_id", "receiver_id") if (each,) in columns), "")
    mine = f" AND {owner} = (SELECT id FROM core_organisation WHERE slug = %s)" if owner else ""
    query = f"SELECT max(id) FROM {told}{mine}"
    row = connection.execute(query.encode(), [SLUG] if owner else []).fetchone()
    assert row and row[0], f"Nothing to show at {route}: {ROWS[about]}"
    return re.sub(r"<int:\w+>", str(row[0]), said)


def _look(page: Page, route: str, address: str, seen: Seen) -> None:
    """One page, and how it answers a form that is sent empty."""
    if route.endswith(FILES):
        answer = page.request.get(address)
        seen.kinds["file"] += 1
        if answer.status != 200 or "text/html" in answer.headers["content-type"]:
            seen.wrong[route] = answer.status
        return
    if route in FORMS_ONLY:
        answer = page.request.get(address)
        assert answer.status in (404, 405) or not answer.url.endswith(address), route  # or back to its page
        seen.kinds["form"] += 1
        return
    came = page.goto(address)
    assert came is not None
    seen.kinds["page"] += 1
    if came.status != 200:
        seen.wrong[route] = came.status
    elif found := breaches(page):
        seen.wrong[route] = found
    if page.locator(FORM).count():
        seen.forms.append(route)


def _refuse(page: Page, route: str, seen: Seen) -> None:
    """Send the form of the page that is open with nothing in it, past what the browser would ask."""
    form = page.locator(FORM).first
    with page.expect_navigation() as coming:
        form.evaluate(
            """form => {
                for (const each of form.querySelectorAll('input:not([type=hidden]), textarea, select')) {
                    if (each.type === 'checkbox' || each.type === 'radio') each.checked = false;
                    else if (each.tagName === 'SELECT') each.selectedIndex = -1;
                    else each.value = '';
                }
                HTMLFormElement.prototype.submit.call(form);
            }"""
        )
    if coming.value.status == 422:
        seen.refused.append(route)
        if found := breaches(page):
            seen.wrong[f"{route} refused"] = found


@pytest.mark.promise("A1")
def test_every_page_and_its_refusal_break_no_accessibility_rule(
    open_page: Open, addresses: dict[str, str]
) -> None:
    page = open_page(DESK, user=PEOPLE["light"])
    seen = Seen()

    for route in PAGES:
        _look(page, route, addresses[route], seen)
    for route in seen.forms[:: sizes.of("A1", "one form of so many is sent empty")]:
        page.goto(addresses[route])
        if page.locator(FORM).count():
            _refuse(page, route, seen)

    assert seen.wrong == {}
    assert sum(seen.kinds.values()) == len(PAGES)
    assert len(seen.refused) >= 7, seen.refused


@pytest.mark.promise("A1")
def test_a_sample_of_pages_is_as_good_in_the_dark_and_fits_a_phone(
    open_page: Open, addresses: dict[str, str]
) -> None:
    page = open_page(DESK, user=PEOPLE["dark"], theme="dark", size=PHONE)

    found = {}
    for name in SAMPLE:
        page.goto(addresses[DESK + name])
        found[name] = breaches(page)
        if page.evaluate("document.documentElement.scrollWidth") > PHONE[0]:
            found[name].append(f"wider than a phone: {page.evaluate(WIDEST)}")
    assert found == {name: [] for name in SAMPLE}
