"""The account, the quarantine and the findings as pages: read, looked at, replayed."""

import re

import pytest
from django.test import Client

from clearway.core.audit.actions import Actor
from clearway.core.audit.models import Action
from clearway.core.feeds.actions import switch
from clearway.core.feeds.models import Quarantined, Source
from clearway.core.organisation.models import Organisation
from clearway.desks.ambulance.quality import casework
from clearway.gateway import inbox
from tests.trust import signed_in, somebody

from .conftest import at, conveyance, deliver, job

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(valley: Organisation) -> Client:
    return signed_in(somebody("pfc", "patient_flow_coordinator", valley))


def test_the_account_page_shows_what_became_of_every_line(desk: Client, cad: Source) -> None:
    deliver(cad, conveyance("TVH01"))
    deliver(cad, b"nonsense")

    page = desk.get("/feeds/").content.decode()

    row = page[page.index(f'<th scope="row">{cad.name}') :].split("</tr>")[0]
    numbers = re.findall(r'class="number">([^<]*)', row)
    assert numbers[:5] == ["2", "0", "8", "7", "0"]
    assert "yes" in row


def test_a_source_that_is_off_keeps_its_account_and_is_marked(desk: Client, cad: Source) -> None:
    deliver(cad, conveyance("TVH01"))
    switch(cad, False, by=Actor("test"), at=at(101))

    page = desk.get("/feeds/").content.decode()

    assert f"{cad.name} (off)" in page
    assert page.count("(off)") == 1


def test_looking_at_a_quarantined_line_is_recorded(desk: Client, cad: Source) -> None:
    deliver(cad, b"<script>nonsense</script>")
    row = Quarantined.objects.get()

    page = desk.get(f"/feeds/quarantine/{row.pk}/")
    look = Action.objects.get(verb="identity.look")  # to review, as one at who the patient of an incident is
    assert (look.subject, look.detail["reason"]) == (f"quarantined:{row.pk}", "refused_line")

    assert "&lt;script&gt;nonsense" in page.content.decode()
    assert page["Cache-Control"] == "no-store"
    assert Action.objects.get(verb="feeds.look").actor == "pfc"


def test_reading_a_line_again_that_is_not_mended_says_so_and_keeps_it(desk: Client, cad: Source) -> None:
    deliver(cad, b"nonsense")
    row = Quarantined.objects.get()

    page = desk.post(f"/feeds/quarantine/{row.pk}/replay/", follow=True).content.decode()

    assert "still cannot be read" in page
    assert Quarantined.objects.get().state == "waiting"


def test_reading_a_mended_line_again_empties_the_quarantine(
    desk: Client, cad: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(cad, b"legacy")
    mended = inbox.Received("mended", b"x" * 16, (job("allocated", 0),))
    monkeypatch.setattr(inbox, "_read_message", lambda line: mended)

    page = desk.post(f"/feeds/quarantine/{Quarantined.objects.get().pk}/replay/", follow=True)

    assert "Every line received has been read" in page.content.decode()


def test_another_trusts_quarantine_does_not_exist(cad: Source, valley: Organisation) -> None:
    deliver(cad, b"nonsense")
    elsewhere = Organisation.objects.create(code="X1", slug="elsewhere", name="Elsewhere", timezone="UTC")
    stranger = signed_in(somebody("stranger", "patient_flow_coordinator", elsewhere))

    assert stranger.get(f"/feeds/quarantine/{Quarantined.objects.get().pk}/").status_code == 404


def test_contradicting_times_stand_on_the_quality_page(desk: Client, cad: Source) -> None:
    deliver(cad, [*conveyance("TVH01", until="at_hospital"), job("clear", 30)])
    casework.follow(cad.organisation_id, at=at(101))

    page = desk.get("/quality/?rule=JC01").content.decode()

    assert "Time stamps of the job are out of order" in page
    assert ">A1</a>" in page


@pytest.mark.promise("S1")
def test_a_liaison_officer_finds_the_faults_of_one_hospital_only(
    valley: Organisation, desk: Client, cad: Source
) -> None:
    for destination, incident, call_sign in (("TVH01", "71", "AA1"), ("TVH02", "72", "BB2")):
        steps = conveyance(destination, incident=incident, call_sign=call_sign, until="at_hospital")
        deliver(cad, [*steps, job("clear", 30, incident=incident, call_sign=call_sign)])
    stamps = (("allocated", 0), ("mobile", 10), ("at_scene", 5))
    deliver(cad, [job(status, minutes, incident="73", call_sign="CC3") for status, minutes in stamps])
    officer = signed_in(somebody("halo", "halo", valley, site="TVH01"))
    casework.follow(valley.pk, at=at(101))

    everything = desk.get("/quality/").content.decode()
    page = officer.get("/quality/").content.decode()

    assert all(call_sign in everything for call_sign in ("AA1", "BB2", "CC3"))
    assert "AA1" in page
    assert not any(call_sign in page for call_sign in ("BB2", "CC3"))
    rows = page.count('<tr id="findings-')
    assert f"{rows} findings" in page
    severities = page.partition('name="severity"')[2].partition("</select>")[0]
    assert sum(int(count) for count in re.findall(r"\((\d+)\)</option>", severities)) == rows


def test_the_quality_page_of_a_day_without_faults_says_so(desk: Client, cad: Source) -> None:
    deliver(cad, conveyance("TVH01"))
    casework.follow(cad.organisation_id, at=at(101))

    assert "Nothing is open here" in desk.get("/quality/").content.decode()
