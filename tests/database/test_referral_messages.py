"""Referrals from other systems: stored before they are read, answered one by one, and taken once."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from clearway.core.audit.actions import Actor
from clearway.core.audit.models import Action
from clearway.core.feeds.actions import issue_key, store
from clearway.core.feeds.models import Batch, Quarantined, Source
from clearway.core.organisation.models import Organisation
from clearway.desks.outpatients.clinics.models import Service
from clearway.desks.outpatients.referrals.models import Referral
from clearway.gateway import inbox, referrals
from clearway.interchange.referral_file import FIELDS
from tests.outpatients import NOW, a_service
from tests.trust import a_trust, stop_the_clock

pytestmark = pytest.mark.django_db
PAGE = (Path(__file__).resolve().parents[2] / "docs" / "how-to" / "send-referrals.md").read_text()
ADA = {
    "reference": "1",
    "family_name": "Brown",
    "given_names": "Ada",
    "born_on": "1970-03-01",
    "nhs_number": "9990548609",
    "service": "MSK",
    "received_on": "2026-11-19",
}


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    stop_the_clock(monkeypatch, NOW)


@pytest.fixture
def trust() -> Organisation:
    return a_trust()


@pytest.fixture
def service(trust: Organisation) -> Service:
    return a_service(trust)


@pytest.fixture
def source(trust: Organisation, service: Service) -> Source:
    return Source.objects.create(
        organisation=trust, name="hill", kind="referrals", expected_interval_seconds=86400
    )


@pytest.fixture
def key(source: Source) -> str:
    return issue_key(source, by=Actor("test"), at=NOW)


def sent(key: str, said: Any) -> Any:
    body = said if isinstance(said, str) else json.dumps(said)
    named = {"HTTP_AUTHORIZATION": f"Bearer {key}"} if key else {}
    return Client().post("/api/v1/referrals", body, content_type="application/json", **named)


@pytest.mark.parametrize("whole", ["{}", "[{}]", '{{"referrals": [{}]}}'])
def test_a_field_that_is_sent_twice_is_refused_by_its_name(key: str, whole: str) -> None:
    twice = json.dumps(ADA).removesuffix("}") + ', "family_name": "Green"}'

    answer = sent(key, whole.format(twice) if "{{" in whole else whole.replace("{}", twice))

    (row,) = answer.json()["rows"]
    assert (answer.status_code, row["field"]) == (422, "family_name")
    assert "twice" in row["why"] and row["fix"] == "Send every field once."
    assert not Referral.objects.exists()


def test_two_lists_in_one_message_are_refused_and_neither_is_lost_in_silence(key: str) -> None:
    one = json.dumps([ADA])

    answer = sent(key, f'{{"referrals": {one}, "referrals": {one}}}')

    assert answer.status_code == 422
    assert not Referral.objects.exists()


def test_the_example_of_the_how_to_answers_as_it_says(key: str) -> None:
    message = re.search(r"<<'END'\n(.*?)\nEND", PAGE, re.S)
    told = re.search(r"```json\n(.*?)\n```", PAGE, re.S)
    assert message and told

    answer = sent(key, message.group(1))

    expected = json.loads(told.group(1))
    expected["batch"] = Batch.objects.get().pk
    expected["rows"][0]["referral"] = Referral.objects.get().number
    assert (answer.status_code, answer.json()) == (207, expected)


def test_a_message_is_stored_as_it_came_and_its_account_adds_up(key: str) -> None:
    body = json.dumps([ADA, {**ADA, "reference": "2", "born_on": "1970-02-30"}])

    sent(key, body)

    batch = Batch.objects.get()
    assert bytes(batch.body).decode() == body
    assert (batch.lines, batch.applied, batch.duplicate, batch.quarantined) == (2, 1, 0, 1)
    row = Quarantined.objects.get()
    assert (row.place, row.why) == ("line 2, field born_on", "There is no such day.")
    referral = Referral.objects.get()
    assert referral.route == "api"
    assert Action.objects.filter(verb="referrals.register", actor="feed:hill").count() == 1


def test_the_same_reference_again_is_the_same_referral_and_other_words_are_refused(key: str) -> None:
    first = sent(key, ADA).json()["rows"][0]

    again = sent(key, ADA)
    other = sent(key, {**ADA, "question": "Something else"})

    assert (again.status_code, again.json()["rows"][0]["state"]) == (200, "repeat")
    assert again.json()["rows"][0]["referral"] == first["referral"]
    assert (other.status_code, other.json()["rows"][0]["field"]) == (422, "reference")
    assert Referral.objects.count() == 1


def test_what_a_worker_reads_first_is_answered_as_registered(source: Source, key: str) -> None:
    batch = store(source, json.dumps(ADA).encode(), at=NOW)
    inbox.process(lambda: NOW)

    (found,) = referrals.read(batch.pk, at=NOW)

    assert found.verdict == "registered" and Referral.objects.count() == 1
    batch.refresh_from_db()
    assert (batch.lines, batch.applied) == (1, 1)


def test_a_fault_in_reading_loses_nothing(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError("broken")

    with monkeypatch.context() as patched:
        patched.setattr(referrals, "record", broken)
        answer = sent(key, ADA)
    assert answer.status_code == 202 and not Referral.objects.exists()

    inbox.process(lambda: NOW)

    assert Referral.objects.get().pk and Batch.objects.get().applied == 1


def test_a_refused_one_is_replayed_once_the_cause_here_is_mended(key: str, service: Service) -> None:
    Service.objects.filter(pk=service.pk).update(code="OLD")
    answer = sent(key, ADA).json()["rows"][0]
    assert (answer["field"], answer["state"]) == ("service", "refused")
    Service.objects.filter(pk=service.pk).update(code="MSK")

    inbox.replay(Quarantined.objects.get().pk, by=Actor("leader"), at=NOW)

    assert Referral.objects.count() == 1
    assert (Batch.objects.get().applied, Batch.objects.get().quarantined) == (1, 0)


@pytest.mark.parametrize(
    ("body", "field", "why"),
    [
        ("{", "message", "not JSON"),
        ("[]", "message", "no referral"),
        ("7", "message", "no JSON object"),
        (json.dumps([ADA] * 101), "message", "more than 100"),
        ("[" * 100_000, "message", "not JSON"),
        ({**ADA, "colour": "red"}, "message", "does not name"),
        ({**ADA, "reference": ""}, "reference", "repeat could not be told"),
        ({**ADA, "nhs_number": 9990548609}, "nhs_number", "not text"),
        ({**ADA, "nhs_number": "9990548600"}, "nhs_number", "last digit"),
        ({**ADA, "family_name": "Bro\x00wn"}, "family_name", "no letters"),
        ({**ADA, "family_name": "B" * 101}, "family_name", "longer than 100"),
        ({**ADA, "received_on": "2026-11-21"}, "received_on", "still to come"),
        ({**ADA, "received_on": None}, "received_on", "empty"),
        ({**ADA, "written_on": "2026-11-20"}, "written_on", "before it was written"),
        ({**ADA, "service": "XYZ"}, "service", "No service here"),
        ({**ADA, "source": "zz"}, "source", "no such source"),
    ],
)
def test_what_cannot_be_taken_is_kept_and_refused_by_its_place(
    key: str, body: Any, field: str, why: str
) -> None:
    answer = sent(key, body)

    row = answer.json()["rows"][0]
    assert (answer.status_code, row["state"], row.get("field", "message")) == (
        422,
        "refused",
        field,
    )
    assert why in row["why"] and row["fix"] and "Brown" not in json.dumps(row)
    assert Quarantined.objects.count() == 1 and not Referral.objects.exists()


def test_without_the_key_of_such_a_source_nothing_is_stored(source: Source, key: str) -> None:
    cad = Source.objects.create(
        organisation=source.organisation, name="cad", kind="cad", expected_interval_seconds=60
    )
    other = issue_key(cad, by=Actor("test"), at=NOW)
    for wrong in ("", "wrong", other):
        assert sent(wrong, ADA).status_code == 401
    Source.objects.filter(pk=source.pk).update(enabled=False)
    assert sent(key, ADA).status_code == 401

    assert not Batch.objects.exists()


def test_the_reference_names_every_field() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs/reference/referral-messages.md").read_text()

    assert re.findall(r"^\| `(\w+)` \| (?:yes)? ?\| \d", page, re.M) == list(FIELDS)


def test_a_message_in_chunks_is_refused_with_a_sentence_and_not_read_as_empty(key: str) -> None:
    answer = Client().generic("POST", "/api/v1/referrals", HTTP_AUTHORIZATION=f"Bearer {key}")

    assert answer.status_code == 411
    assert "Content-Length" in answer.content.decode()
    assert not Batch.objects.exists()
