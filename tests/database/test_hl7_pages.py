"""The doctor of a feed, how a sender writes, and a line that is put right by hand: as pages."""

from typing import Any

import pytest
from django.test import Client

from clearway.core.audit.models import Action
from clearway.core.feeds.models import Batch, Quarantined, Source
from clearway.core.feeds.queries import accounts
from clearway.core.organisation.models import Organisation
from clearway.desks.outpatients.exchange import actions as exchange
from clearway.desks.outpatients.exchange.models import FeedMapping
from clearway.desks.outpatients.patients.models import Patient
from clearway.gateway import hl7
from tests.beside import DESK
from tests.filled import filled
from tests.pas import ADA, adt, siu
from tests.therapies import NINE
from tests.trust import a_trust, signed_in, somebody, stop_the_clock

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def at_nine(monkeypatch: pytest.MonkeyPatch) -> None:
    stop_the_clock(monkeypatch, NINE)


@pytest.fixture
def trust() -> Organisation:
    return a_trust()


@pytest.fixture
def source(trust: Organisation) -> Source:
    return Source.objects.create(organisation=trust, name="pas", kind="hl7", expected_interval_seconds=3600)


@pytest.fixture
def lead(trust: Organisation) -> Client:
    return signed_in(somebody("lena", "outpatient_team_leader", trust))


def refused(source: Source, raw: bytes) -> Quarantined:
    hl7.deliver(source, raw, lambda: NINE)
    return Quarantined.objects.get()


def words(page: Any) -> str:
    return str(page.content.decode())


def test_the_doctor_shows_each_field_and_what_would_follow_and_keeps_only_that_somebody_looked(
    lead: Client, source: Source
) -> None:
    raw = adt("A28", NINE).decode().replace("\r", "\r\n")  # as a browser sends lines

    page = lead.post("/feeds/pas/doctor/", {"message": raw})

    said = words(page)
    assert (page.status_code, page["Cache-Control"]) == (200, "no-store")
    assert "PID-5.1.1" in said and "family name" in said and "answered AA" in said
    assert not Patient.objects.exists() and not Batch.objects.exists()
    look = Action.objects.get(verb="feeds.examine")
    assert (look.actor, look.subject, look.detail) == ("lena", "source:pas", {"kind": "ADT^A28"})


def test_the_doctor_says_why_not_and_what_mends_it(lead: Client, source: Source) -> None:
    raw = siu("S12", NINE, starts_at=NINE, clinic="NEW")
    row = refused(source, raw)

    page = lead.post("/feeds/pas/doctor/", {"row": row.pk})

    assert "Add the code to [codes.clinic]" in words(page) and "answered AE" in words(page)
    assert "SCH-11.4" in words(page) and "Fri 20 Nov 2026, 09:00:00 GMT" in words(page)
    assert Action.objects.filter(verb="feeds.look", subject=f"quarantined:{row.pk}").exists()
    assert "unreadable" not in words(lead.post("/feeds/pas/doctor/", {"message": "hello"}))
    assert lead.post("/feeds/pas/doctor/", {"message": ""}).status_code == 422


def test_a_pasted_message_in_the_letters_that_it_names_reads_as_sent(lead: Client, source: Source) -> None:
    raw = adt("A28", NINE).decode().replace("|P|2.4", "|P|2.4||||||8859/1").replace("Brown", "Brön")

    assert "Brön" in words(lead.post("/feeds/pas/doctor/", {"message": raw})).split("<form")[-2]


def test_a_new_mapping_says_why_or_is_refused_with_its_place_and_keeps_what_was_typed(
    lead: Client, source: Source
) -> None:
    good = '[codes.sex]\r\n"X" = "9"\r\n'
    seen = {"seen": filled(lead.get("/feeds/pas/mapping/"))["seen"]}

    wrong = lead.post("/feeds/pas/mapping/", {"text": '[codes.sex]\n"M" = "7"', "why": "theirs", **seen})
    silent = lead.post("/feeds/pas/mapping/", {"text": good, "why": "", **seen})
    lead.post("/feeds/pas/mapping/", {"text": good, "why": "their code", **seen})

    assert wrong.status_code == 422 and "codes.sex.M" in words(wrong)
    assert "&#34;7&#34;" in words(wrong) and silent.status_code == 422
    row = FeedMapping.objects.get()
    assert (row.text, row.why, row.loaded_by) == ('[codes.sex]\n"X" = "9"\n', "their code", "lena")
    assert "their code" in words(lead.get("/feeds/pas/mapping/"))


def test_what_waits_for_no_other_message_is_read_again_first_and_what_was_not_tried_is_counted(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hl7, "MOST_TRIED", 1)
    visit = ("PV1|1|O" + "|" * 17 + "F1",)
    hl7.deliver(source, adt("A04", NINE, pid=ADA.replace("M1", "M9"), more=visit), lambda: NINE)
    hl7.deliver(source, adt("A28", NINE, pid=ADA.replace("|F|", "|Q|")), lambda: NINE)
    exchange.load_mapping(source, '[codes.sex]\n"Q" = "9"', "their code", by=DESK, at=NINE)

    read = hl7.read_waiting(source, by=DESK, at=NINE)

    assert (read.taken, read.left, read.untried) == (1, 1, 1)
    assert "1 were not tried" in str(read) and Patient.objects.get().sex == "9"


def test_a_mended_mapping_reads_again_what_waited_and_says_how_much_of_it_waits_on(
    lead: Client, source: Source
) -> None:
    waits = adt("A28", NINE, pid=ADA.replace("|F|", "|Q|"))
    hl7.deliver(source, waits, lambda: NINE)
    hl7.deliver(source, b"hello", lambda: NINE)

    opened = filled(lead.get("/feeds/pas/mapping/"))
    sent = {**opened, "text": '[codes.sex]\n"Q" = "9"', "why": "their code"}
    page = lead.post("/feeds/pas/mapping/", sent, follow=True)

    assert "Of 2 messages that waited, 1 could be read now and 1 wait on." in words(page)
    assert Patient.objects.get().sex == "9"
    assert Action.objects.get(verb="feeds.replay").actor == "lena"


def test_a_line_is_settled_with_words_and_never_without(lead: Client, source: Source) -> None:
    row = refused(source, adt("A13", NINE, more=("PV1|1|O" + "|" * 17 + "V1",)))

    silent = lead.post(f"/feeds/quarantine/{row.pk}/settle/", {"words": " "})
    done = lead.post(f"/feeds/quarantine/{row.pk}/settle/", {"words": "Outcome taken back."}, follow=True)
    again = lead.post(f"/feeds/quarantine/{row.pk}/settle/", {"words": "Twice."})

    assert silent.status_code == 422 and "Say what was done instead" in words(silent)
    assert "settled by hand" in words(done)
    assert again.status_code == 422 and "settled already" in words(again)
    (account,) = accounts(source.organisation_id)
    assert (account.aside, account.quarantined, account.adds_up) == (1, 0, True)


def test_nobody_reads_the_messages_of_another_trust_or_of_another_kind_of_source(
    lead: Client, trust: Organisation, source: Source
) -> None:
    other = a_trust("other")
    stranger = signed_in(somebody("stranger", "outpatient_team_leader", other))
    Source.objects.create(organisation=trust, name="cad", kind="cad", expected_interval_seconds=60)
    row = refused(source, b"hello")

    for path in ("/feeds/pas/doctor/", "/feeds/pas/mapping/", f"/feeds/quarantine/{row.pk}/settle/"):
        assert stranger.post(path, {"words": "x", "message": "x", "text": "", "why": "x"}).status_code == 404
    assert stranger.post("/feeds/cad/doctor/", {"row": row.pk}).status_code == 404
    assert lead.get("/feeds/cad/doctor/").status_code == 404
    assert not FeedMapping.objects.exists()


def test_the_feeds_page_leads_to_the_doctor_and_the_mapping(lead: Client, source: Source) -> None:
    page = words(lead.get("/feeds/"))

    assert 'href="/feeds/pas/doctor/"' in page and 'href="/feeds/pas/mapping/"' in page
    assert lead.get("/feeds/pas/doctor/").status_code == 200
