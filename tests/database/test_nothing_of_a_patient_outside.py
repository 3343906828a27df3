"""An NHS number that the desk works with stands in no log, address, title, metric, audit or pushed row."""

import logging
import re

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test import Client

from clearway.config.logs import Lines
from clearway.config.metrics import REQUESTS
from tests.therapies import NINE, a_department
from tests.trust import a_trust, signed_in, somebody, stop_the_clock

pytestmark = [pytest.mark.django_db, pytest.mark.promise("S12")]
PLANTED = "9990000018"
LOOKS_LIKE = re.compile(r"999[\s-]?000[\s-]?0018")
KEPT = ("core_action", "core_change", "core_push", "core_task", "django_session")


def test_a_planted_number_is_seen_by_who_works_with_it_and_nowhere_else(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    stop_the_clock(monkeypatch, NINE)
    caplog.set_level(logging.DEBUG)
    physio = a_department(a_trust("own"))
    patient = physio.patient(family_name="Ownfield", nhs_number=PLANTED)
    referral = physio.referral(patient=patient)
    browser = signed_in(somebody("lead", "outpatient_team_leader", physio.trust))
    browser.raise_request_exception = False

    pages = [
        browser.get(address)
        for address in (
            f"/outpatients/patients/?q={PLANTED}",
            f"/outpatients/patients/{patient.pk}/",
            f"/outpatients/referrals/{referral.pk}/",
            "/outpatients/list/",
            f"/outpatients/{PLANTED}/",
        )
    ]
    pages.append(browser.post("/outpatients/referrals/new/", {"nhs_number": PLANTED, "family_name": "A"}))
    texts = [page.content.decode() for page in pages]
    assert any(LOOKS_LIKE.search(text) for text in texts), "the pages do show it"

    outside = {
        "logs": "\n".join(Lines().format(record) for record in caplog.records),
        "metrics": "\n".join(REQUESTS.lines()),
        "titles": "\n".join(re.findall(r"<title>.*?</title>", "\n".join(texts), re.S)),
        "links": "\n".join(
            link for text in texts for link in re.findall(r'(?:href|action|src)="([^"]*)"', text)
        ),
        "moved to": "\n".join(page.headers.get("Location", "") for page in pages),
    }
    with connection.cursor() as cursor:
        for table in KEPT:
            cursor.execute(f"SELECT coalesce(string_agg(t::text, ' '), '') FROM {table} t")
            outside[table] = cursor.fetchone()[0]
    assert '"route"' in outside["logs"] and "clearway_requests_total" in outside["metrics"]
    assert [place for place, said in outside.items() if LOOKS_LIKE.search(said)] == []


@pytest.mark.parametrize("https", [True, False])
def test_where_people_come_by_https_the_browser_is_told_to_come_no_other_way(
    https: bool, settings: LazySettings
) -> None:
    settings.SESSION_COOKIE_SECURE = https

    answer = Client().get("/sign-in/")

    assert ("Strict-Transport-Security" in answer.headers) is https


def test_who_signs_out_leaves_nothing_in_the_browser() -> None:
    answer = signed_in(somebody("lead", "outpatient_team_leader", a_trust("own"))).post("/sign-out/")

    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
