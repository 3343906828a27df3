"""Requests for records: from the letter that asks to the pack that was sent."""

import csv
import hashlib
import io
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from clearway.core.audit.actions import Actor
from clearway.core.audit.models import Action
from clearway.core.worklist.models import Task
from clearway.desks.outpatients import rules, situation
from clearway.desks.outpatients.records import actions, queries
from clearway.desks.outpatients.records.models import DisclosurePack, RecordsRequest
from clearway.domain.outpatients.records import Kind
from clearway.domain.shared.errors import NotAllowed
from clearway.interchange import disclosure
from tests.therapies import NINE, TODAY, Department, a_department
from tests.trust import a_trust, signed_in, somebody

pytestmark = pytest.mark.django_db
WHO = Actor("coordinator")
DAY = timedelta(days=1)


@pytest.fixture
def physio(db: None) -> Department:
    return a_department(a_trust())


def who(physio: Department, after: timedelta = timedelta(0)) -> Any:
    return {"organisation_id": physio.trust.pk, "by": WHO, "at": NINE + after}


def take(physio: Department, kind: Kind = Kind.SUBJECT, **more: Any) -> RecordsRequest:
    said = {"requester": "Ann Other", "asks": "All of it", "received_on": TODAY, **more}
    patient_id = said.pop("patient_id", None) or physio.patient().pk
    return actions.take(actions.New(patient_id, kind, **said), **who(physio))


def tasks(physio: Department, after: timedelta) -> dict[str, tuple[int, str]]:
    at = NINE + after
    rules.run(physio.trust.pk, situation.read(physio.trust.pk, at), at)
    rows = Task.objects.filter(organisation=physio.trust, closed_at__isnull=True)
    found = {row.subject: (row.priority, row.role) for row in rows}
    return {subject: task for subject, task in found.items() if subject.startswith("records_request:")}


def test_a_request_goes_from_the_desk_over_a_second_persons_review_to_who_asked(physio: Department) -> None:
    booked = physio.booked(physio.session().slots.all()[0])
    patient = booked.patient
    office = signed_in(somebody("opal", "outpatient_coordinator", physio.trust))
    leader = signed_in(somebody("lena", "outpatient_team_leader", physio.trust))
    new = "/outpatients/office/records/new/"
    typed = {"kind": "subject", "requester": "The patient", "asks": "All of it", "received_on": "2026-10-01"}

    assert "choose the patient" in office.post(new, {**typed, "find": patient.number}).content.decode()
    office.post(new, {**typed, "patient": patient.pk})
    row = RecordsRequest.objects.get()
    page = f"/outpatients/office/records/{row.pk}/"
    office.post(page, {"what": "identify", "how": "Passport seen"})
    office.post(page, {"what": "gather"})
    early = office.post(page, {"what": "send", "to": "The patient", "by_way": "Post"})
    assert early.status_code == 422 and "Somebody else reviews" in early.content.decode()
    assert office.post(page, {"what": "review", "review": "Fine"}).status_code == 404
    assert "appointments.csv" in leader.get(page).content.decode()
    leader.post(page, {"what": "review", "review": "A neighbour is named", "left_out": ["contacts.csv"]})
    assert "A neighbour is named" in office.get(page).content.decode()
    office.post(page, {"what": "send", "to": "The patient", "by_way": "Recorded post"})

    row.refresh_from_db()
    assert (row.closed_as, row.sent_to, row.closed_by) == ("sent", "The patient", "opal")
    made = DisclosurePack.objects.get()
    bundle = office.get(f"/outpatients/office/records/packs/{made.pk}/").content
    assert hashlib.sha256(bundle).hexdigest() == made.sha256
    files = disclosure.files_of(bundle)
    assert "contacts.csv" not in files
    assert patient.family_name.encode() in files["patient.csv"]
    assert files["appointments.csv"].count(b"\r\n") == 2
    verbs = set(Action.objects.values_list("verb", flat=True))
    assert {"records.gather", "records.review", "records.send", "records.download"} <= verbs


def test_nobody_reviews_the_pack_that_they_gathered(physio: Department) -> None:
    lena = somebody("lena", "outpatient_team_leader", physio.trust)
    row, actor = take(physio), Actor("lena", lena.pk)
    made = actions.gather(row.pk, organisation_id=physio.trust.pk, by=actor, at=NINE)

    with pytest.raises(NotAllowed, match="Somebody else"):
        actions.review(row.pk, "Fine", organisation_id=physio.trust.pk, by=actor, at=NINE)
    with pytest.raises(IntegrityError), transaction.atomic():
        DisclosurePack.objects.filter(pk=made.pk).update(reviewer=lena)


def test_what_is_gathered_anew_is_reviewed_anew(physio: Department) -> None:
    row = take(physio)
    actions.identify(row.pk, "Known here", **who(physio))
    actions.gather(row.pk, **who(physio))
    actions.review(row.pk, "Fine", **who(physio))
    actions.gather(row.pk, **who(physio))

    with pytest.raises(NotAllowed, match="Somebody else reviews"):
        actions.send(row.pk, "The patient", "Post", **who(physio))


def test_a_pack_holds_what_is_held_of_this_patient_and_of_records_merged_into_it(
    physio: Department, django_assert_num_queries: Any
) -> None:
    patient, other = physio.patient(), physio.patient(family_name="Stranger")
    merged = physio.patient(family_name="Former", merged_into=patient)
    physio.referral(patient=other)

    with django_assert_num_queries(len(queries.HELD) + 3):
        files = queries.held_of(patient.pk)

    assert merged.family_name.encode() in files["patient.csv"]
    assert not any(b"Stranger" in content for content in files.values())
    assert files["referrals.csv"].count(b"\r\n") == 1


def test_every_code_in_a_pack_has_its_words_beside_it(physio: Department) -> None:
    patient = physio.patient(sex="2")
    physio.entry(physio.referral(patient=patient, priority="2"))

    files = {name: list(csv.DictReader(io.StringIO(body.decode()))) for name, body in held(patient)}

    assert files["patient.csv"][0]["sex_in_words"] == "female"
    assert files["referrals.csv"][0]["priority_in_words"] == "urgent"
    assert files["referrals.csv"][0]["state_in_words"] == "On the waiting list"
    assert files["pathways.csv"][0]["state_in_words"]
    assert files["clock_events.csv"][0]["kind_in_words"]
    for (table, name), codes in queries.CODES.items():
        assert any(field.attname == name for field in table._meta.concrete_fields), (table, name)
        assert all(each.meaning for each in codes)


def held(patient: Any) -> list[tuple[str, bytes]]:
    return [each for each in queries.held_of(patient.pk).items() if each[0].endswith(".csv")]


def test_the_month_runs_anew_from_the_proof_that_was_asked_for_and_can_be_extended(
    physio: Department,
) -> None:
    row = take(physio, asks_identity=True)
    assert row.due_on.isoformat() == "2026-12-21"  # a month later is a Sunday

    row = actions.identify(row.pk, "Passport seen", **who(physio, 5 * DAY))
    assert row.due_on.isoformat() == "2026-12-29"  # the 25th and 28th are bank holidays
    row = actions.extend(row.pk, "Forty years of notes", **who(physio, 6 * DAY))
    assert row.due_on.isoformat() == "2027-02-25"
    with pytest.raises(NotAllowed, match="once"):
        actions.extend(row.pk, "Again", **who(physio, 7 * DAY))


def test_a_request_that_is_due_becomes_a_task_and_past_its_day_the_leaders(physio: Department) -> None:
    row = take(physio, Kind.LEGAL, wanted_on=TODAY + 10 * DAY)
    subject = f"records_request:{row.pk}"

    assert tasks(physio, 2 * DAY) == {}
    assert tasks(physio, 3 * DAY) == {subject: (3, "outpatient_coordinator")}
    assert tasks(physio, 11 * DAY) == {subject: (2, "outpatient_team_leader")}
    actions.withdraw(row.pk, "The case was settled", **who(physio, 11 * DAY))
    assert tasks(physio, 11 * DAY) == {}


def test_a_request_of_another_trust_is_not_found(physio: Department) -> None:
    elsewhere = take(a_department(a_trust("elsewhere")))
    office = signed_in(somebody("opal", "outpatient_coordinator", physio.trust))

    assert office.get(f"/outpatients/office/records/{elsewhere.pk}/").status_code == 404
    with pytest.raises(RecordsRequest.DoesNotExist):
        actions.gather(elsewhere.pk, **who(physio))
    with pytest.raises(NotAllowed, match="no such patient"):
        take(physio, patient_id=elsewhere.patient_id)
