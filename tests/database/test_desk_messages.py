"""Messages of the desk: who was shown them, who acknowledged and replied, who is rung because nobody did."""

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from clearway.core.audit.actions import Actor
from clearway.core.feeds.models import Source
from clearway.core.organisation.models import Organisation
from clearway.desks.ambulance import live
from clearway.desks.ambulance.advice import actions as advice
from clearway.desks.ambulance.messages import actions, queries, rules
from clearway.desks.ambulance.messages.models import DeskMessage, DeskMessageStep, DeskMessageTo
from clearway.domain.shared.errors import NotAllowed
from tests.trust import signed_in, somebody, stop_the_clock

from .conftest import at, conveyance, deliver

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(knowing: Organisation, cad: Source, monkeypatch: pytest.MonkeyPatch) -> Client:
    deliver(cad, conveyance("TVH01", until="at_hospital"), known=45)
    stop_the_clock(monkeypatch, at(46))
    return signed_in(somebody("pfc", "patient_flow_coordinator", knowing))


@pytest.fixture
def hospital(knowing: Organisation) -> str:
    return knowing.sites.get(code="TVH01").name


def send(desk: Client, to: str, words: str = "Use door 3", **more: Any) -> DeskMessage:
    answer = desk.post("/messages/new/", {"to": to, "words": words, **more})
    assert answer.status_code == 302, answer.content.decode()
    return DeskMessage.objects.latest("pk")


def states(desk: Client) -> str:
    return desk.get("/messages/").content.decode()


def page_of(trust: Organisation, call_sign: str = "A1") -> str:
    token = advice.link_crew(call_sign, hours=12, organisation_id=trust.pk, by=Actor("pfc"), at=at(46))
    return f"/crew/{token}/"


def test_one_message_comes_to_a_crew_a_hospital_and_a_post_each_with_its_own_state(
    desk: Client, knowing: Organisation, hospital: str
) -> None:
    send(desk, f"a1, {hospital}, Service delivery officer, A1")
    assert sorted(DeskMessageTo.objects.values_list("kind", "key")) == [
        ("crew", "A1"),
        ("role", "service_delivery_officer"),
        ("site", "TVH01"),
    ]
    assert states(desk).count("sent, not shown yet") == 3

    crew, page = Client(), page_of(knowing)
    assert "Use door 3" in crew.get(page).content.decode()
    assert "A1: shown 08:46, crew:A1" in states(desk)
    key = DeskMessageTo.objects.get(kind="crew").pk
    assert crew.post(page, {"note": key}).status_code == 302
    assert crew.post(page, {"note": key, "reply": "Door 3 is locked"}).status_code == 302

    ward = signed_in(somebody("ward", "hospital_user", knowing, site="TVH01"))
    assert "Use door 3" in ward.get("/handovers/TVH01/").content.decode()
    site = DeskMessageTo.objects.get(kind="site").pk
    assert (
        ward.post(f"/messages/{site}/answer/", {"back": "/handovers/TVH01/"})["Location"]
        == "/handovers/TVH01/"
    )
    officer = signed_in(somebody("sdo", "service_delivery_officer", knowing))
    assert "Use door 3" in officer.get("/messages/").content.decode()

    text = states(desk)
    assert "A1: acknowledged 08:46, crew:A1; reply 08:46, crew:A1: Door 3 is locked" in text
    assert f"{hospital}: acknowledged 08:46, ward" in text
    assert "Service delivery officer: shown 08:46, sdo" in text


def test_a_correction_takes_the_place_of_the_first_and_answers_to_the_first_count_no_more(
    desk: Client, knowing: Organisation
) -> None:
    first = send(desk, "A1")
    assert "Use door 3" in desk.get(f"/messages/new/?corrects={first.pk}").content.decode()
    send(desk, "A1", "Use door 4", corrects=first.pk)

    text = Client().get(page_of(knowing)).content.decode()
    assert "Use door 4" in text and "Use door 3" not in text
    scope = {"organisation_id": knowing.pk, "by": Actor("crew:A1"), "at": at(47)}
    assert actions.came(DeskMessageTo.objects.get(of=first).pk, "acknowledged", **scope) is False
    again = desk.post("/messages/new/", {"to": "A1", "words": "x", "corrects": first.pk})
    assert again.status_code == 409 and "Saved now" in again.content.decode()
    with pytest.raises(NotAllowed, match="no such message"):
        actions.send("x", [("crew", "A1", "A1")], corrects=2**40, **scope)


def test_two_who_acknowledge_at_once_are_one_acknowledgement(desk: Client, knowing: Organisation) -> None:
    send(desk, "A1")
    row = DeskMessageTo.objects.get()
    came = [
        actions.came(row.pk, "acknowledged", organisation_id=knowing.pk, by=Actor(name), at=at(47))
        for name in ("one", "two")
    ]

    assert came == [True, False]
    assert set(row.steps.values_list("step", "by")) == {("shown", "one"), ("acknowledged", "one")}


def test_nobody_answers_for_another_crew_site_or_post(
    desk: Client, knowing: Organisation, hospital: str
) -> None:
    send(desk, f"A1, {hospital}")
    crew, site = (DeskMessageTo.objects.get(kind=kind).pk for kind in ("crew", "site"))
    other = signed_in(somebody("other", "halo", knowing, site="TVH02"))

    assert other.post(f"/messages/{site}/answer/").status_code == 404
    assert desk.post(f"/messages/{crew}/answer/").status_code == 404
    assert Client().post(page_of(knowing, "B7"), {"note": crew}).status_code == 400
    assert "Use door 3" not in other.get("/messages/").content.decode()
    assert not DeskMessageStep.objects.exists()


def test_what_nobody_acknowledges_in_time_is_one_task_for_all(
    desk: Client, knowing: Organisation, hospital: str
) -> None:
    send(desk, f"A1, {hospital}")

    def wanted(minutes: float) -> list[tuple[str, int, str]]:
        values = {"contacts": {"message_minutes": 10}}
        found = rules.outcomes(knowing.pk, values, {}, at(minutes))
        return [(each.subject, each.priority, each.title) for each in found[0].wanted]

    assert wanted(55) == []
    assert wanted(56) == [("messages:unanswered", 2, "2 recipients have not acknowledged a message")]
    for row in queries.unanswered(knowing.pk, 10, at(56)):
        actions.came(row.pk, "acknowledged", organisation_id=knowing.pk, by=Actor("x"), at=at(57))
    assert wanted(58) == []


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"to": ""}, "Say to whom"),
        ({"to": ", ;"}, "Say to whom"),
        ({"to": "A1, Nobody Special"}, "Nobody here is called “Nobody Special”"),
        ({"to": "HALO Millbrook Hospital"}, "its staff and its HALO read alike"),
        ({"words": ""}, "Write the message"),
        ({"words": "x" * 501}, "Shorten it"),
        ({"words": "Mr X 943 476 5919"}, "Leave out the NHS number"),
    ],
)
def test_junk_is_refused_and_nothing_is_sent(desk: Client, given: dict[str, str], why: str) -> None:
    answer = desk.post("/messages/new/", {"to": "A1", "words": "Use door 3", **given})

    assert answer.status_code == 422 and why in answer.content.decode()
    assert not DeskMessage.objects.exists()


def test_messages_are_pushed_kept_as_written_and_go_whole(desk: Client, knowing: Organisation) -> None:
    row = send(desk, "A1")
    actions.came(
        DeskMessageTo.objects.get().pk, "shown", organisation_id=knowing.pk, by=Actor("crew:A1"), at=at(47)
    )
    (fragment,) = live.message_rows(knowing.pk, frozenset({str(row.pk)}), at(47))
    assert fragment.topic == "messages" and "A1: shown 08:47" in fragment.html

    for change in (
        lambda: DeskMessage.objects.update(words="Other"),
        lambda: DeskMessageTo.objects.all().delete(),
        lambda: DeskMessageStep.objects.update(by="Other"),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE ambulance_desk_message SET at = '2015-01-01+00'")
        cursor.execute("SET LOCAL session_replication_role = origin")
        cursor.execute("SELECT clearway_forget_desk_messages(%s, '2016-01-01+00', 10)", [knowing.pk])
        assert cursor.fetchone()[0] == 1
    assert not DeskMessage.objects.exists() and not DeskMessageStep.objects.exists()
