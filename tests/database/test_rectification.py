"""Requests to correct a record: from the desk to the decision, and on to whoever was given the old value."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from clearway.core.audit.actions import Actor
from clearway.core.audit.models import Action
from clearway.core.outbox.models import Outgoing
from clearway.core.worklist.models import Task
from clearway.desks.outpatients import rules, situation
from clearway.desks.outpatients.letters.models import Letter
from clearway.desks.outpatients.patients import actions as patients
from clearway.desks.outpatients.patients.models import Patient
from clearway.desks.outpatients.records import queries, rectified, rectifying
from clearway.desks.outpatients.records.models import Recipient, RecordsRequest, Rectification
from clearway.desks.outpatients.reports.models import Report, SentReport
from clearway.domain.outpatients.rectification import Asker, Value
from clearway.domain.shared.errors import NotAllowed
from clearway.interchange import disclosure
from tests.therapies import NINE, TODAY, Department, a_department
from tests.trust import a_trust, signed_in, somebody

pytestmark = pytest.mark.django_db
WHO = Actor("leader")
DAY = timedelta(days=1)
PAGES = "/outpatients/office/records/corrections/"


@pytest.fixture
def physio(db: None) -> Department:
    return a_department(a_trust())


def who(physio: Department, after: timedelta = timedelta(0)) -> Any:
    return {"organisation_id": physio.trust.pk, "by": WHO, "at": NINE + after}


def take(physio: Department, patient: Patient, value: Value = Value.BORN_ON, **more: Any) -> Rectification:
    said = {"asker": Asker.STAFF, "requester": "Ann Other", "wanted": "1981-05-01", "why": "Certificate"}
    new = rectifying.New(patient.pk, value=value, **{**said, "received_on": TODAY, **more})  # type: ignore[arg-type]
    return rectifying.take(new, **who(physio))


def outgoing(physio: Department, kind: str) -> Outgoing:
    key = f"{kind}:{Outgoing.objects.count()}"
    times = dict.fromkeys(("queued_at", "due_at", "since", "sent_at"), NINE - DAY)
    given = {"organisation": physio.trust, "key": key, "kind": kind, "carrier": "post", "state": "sent"}
    return Outgoing.objects.create(**given, **times)


def a_letter(physio: Department, patient: Patient, audience: str, words: str, address: str = "") -> Letter:
    return Letter.objects.create(
        organisation=physio.trust,
        outgoing=outgoing(physio, "letter"),
        kind="discharge",
        audience=audience,
        patient=patient,
        to_name=f"The {audience}",
        to_address=address,
        content={"blocks": [["p", words, ""]]},
        pdf=b"%PDF",
        sealed_at=NINE - DAY,
    )


def test_a_request_goes_from_the_desk_over_a_leaders_decision_to_who_has_the_old_value(
    physio: Department,
) -> None:
    patient = physio.patient(born_on=date(1980, 5, 1))
    a_letter(physio, patient, "referrer", "Born 1 May 1980")
    office = signed_in(somebody("opal", "outpatient_coordinator", physio.trust))
    leader = signed_in(somebody("lena", "outpatient_team_leader", physio.trust))
    typed = {"asker": "patient", "requester": "The patient", "value": "born_on", "wanted": "1981-05-01"}
    typed |= {"why": "Birth certificate", "received_on": "2026-10-01"}

    assert "choose the patient" in office.post(f"{PAGES}new/", {**typed, "find": patient.number}).text
    office.post(f"{PAGES}new/", {**typed, "patient": patient.pk})
    row = Rectification.objects.get()
    page = f"{PAGES}{row.pk}/"
    assert "What the patient says is wrong" in office.get(f"/outpatients/patients/{patient.pk}/").text
    assert office.post(page, {"what": "correct", "because": "Seen"}).status_code == 404
    early = leader.post(page, {"what": "correct", "because": "Seen"})
    assert early.status_code == 422 and "Check first who asks" in early.text
    office.post(page, {"what": "identify", "how": "Passport seen"})
    leader.post(page, {"what": "correct", "because": "Certificate seen"})

    patient.refresh_from_db()
    row.refresh_from_db()
    assert patient.born_on == date(1981, 5, 1)
    assert (row.was, row.became, row.decision, row.decided_by) == (
        "1980-05-01",
        "1981-05-01",
        "corrected",
        "lena",
    )
    shown = office.get(page).text
    assert "1980-05-01" in shown and "1981-05-01" in shown and "The referrer" in shown
    told = Recipient.objects.get()
    assert office.post(page, {"what": "tell", "recipient": told.pk, "told": ""}).status_code == 422
    office.post(page, {"what": "tell", "recipient": told.pk, "told": "By letter"})
    told.refresh_from_db()
    assert (told.how, told.told_by) == ("By letter", "opal")
    assert "By letter" in leader.get(page).text
    assert patient.family_name.upper() not in office.get(PAGES).text
    assert patient.family_name.upper() in office.get(f"{PAGES}?closed=1").text


def test_the_audit_names_what_was_corrected_by_whom_and_the_ordinary_change(physio: Department) -> None:
    patient = physio.patient()
    row = take(physio, patient)

    rectifying.correct(row.pk, "Certificate", **who(physio))

    subjects = (f"patient:{patient.pk}", f"rectification:{row.pk}")
    found = Action.objects.filter(subject__in=subjects).order_by("id").values_list("verb", "detail")
    assert [verb for verb, _ in found] == ["rectification.take", "patients.change", "rectification.corrected"]
    assert dict(found)["patients.change"] == {"fields": ["born_on"]}
    assert "1981" not in str(list(found))  # both values are in the request, which can go; the audit cannot


def test_a_refusal_keeps_the_value_the_reason_and_the_persons_own_words_beside_the_record(
    physio: Department,
) -> None:
    patient = physio.patient()
    row = take(physio, patient)

    with pytest.raises(NotAllowed):
        rectifying.add_statement(row.pk, "I differ", **who(physio))
    rectifying.refuse(row.pk, "The certificate says 1980", **who(physio))
    rectifying.add_statement(row.pk, "My mother says 1981", **who(physio))

    patient.refresh_from_db()
    assert patient.born_on == date(1980, 5, 1) and not Recipient.objects.exists()
    therapist = signed_in(somebody("opal", "outpatient_coordinator", physio.trust))
    assert "My mother says 1981" in therapist.get(f"/outpatients/patients/{patient.pk}/").text
    assert b"My mother says 1981" in queries.held_of(patient.pk)["corrections.csv"]
    with pytest.raises(NotAllowed):
        rectifying.add_statement(row.pk, "Another", **who(physio))


@pytest.mark.parametrize(
    ("column", "words"),
    [("was", "x"), ("wanted", "x"), ("became", "x"), ("reason", "x"), ("decision", "withdrawn")],
)
def test_the_database_changes_no_value_of_a_request_that_was_decided(
    physio: Department, column: str, words: str
) -> None:
    row = take(physio, physio.patient())
    rectifying.correct(row.pk, "Certificate", **who(physio))
    rows = Rectification.objects.filter(pk=row.pk)

    with pytest.raises(IntegrityError), transaction.atomic():
        rows.update(**{column: words})
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.delete()


def test_whoever_was_given_the_old_value_is_listed_and_the_patient_only_where_it_misled_the_post(
    physio: Department,
) -> None:
    patient = physio.patient(address="1 Old Road")
    merged = physio.patient(merged_into=patient)
    a_letter(physio, patient, "referrer", "Seen on Monday")
    a_letter(physio, merged, "referrer", "Lives at 1 Old Road")
    a_letter(physio, patient, "patient", "Dear Pat", "1 Old Road\nWR5 1DD")
    a_letter(physio, patient, "patient", "Dear Pat", "2 New Road\nWR5 1DD")
    a_letter(physio, physio.patient(), "referrer", "Somebody else at 1 Old Road")
    RecordsRequest.objects.create(
        organisation=physio.trust,
        patient=patient,
        kind="insurer",
        requester="Insurer",
        asks="All",
        received_on=TODAY,
        taken_by="opc",
        due_on=TODAY,
        identified_at=NINE,
        closed_at=NINE,
        closed_by="opc",
        closed_as="sent",
        sent_to="Insurer Ltd",
    )
    leader = somebody("lena", "outpatient_team_leader", physio.trust)
    report = Report.objects.create(
        organisation=physio.trust,
        what="waiting",
        recipient=leader,
        role="x",
        unit="weeks",
        number=1,
        due_on=TODAY,
        entered_at=NINE,
        entered_by="opc",
    )
    for csv in (patient.number.encode(), b"nobody"):
        SentReport.objects.create(
            report=report,
            outgoing=outgoing(physio, "report"),
            recipient=leader,
            csv=csv,
            sealed_at=NINE,
        )
    row = take(physio, patient, Value.ADDRESS, wanted="2 New Road")

    rectifying.correct(row.pk, "Letter of the council", **who(physio))

    found = sorted((each.to, each.given, each.has_value) for each in rectified.recipients(row))
    assert found == [
        ("Insurer Ltd", "pack", True),
        ("Lena", "report", False),
        ("The patient", "letter", True),
        ("The referrer", "letter", False),
        ("The referrer", "letter", True),
    ]


def test_what_stands_elsewhere_is_corrected_on_its_own_page_and_both_values_are_said(
    physio: Department,
) -> None:
    patient = physio.patient()
    with pytest.raises(NotAllowed):
        take(physio, patient, Value.ELSEWHERE, wanted="Came")
    row = take(
        physio, patient, Value.ELSEWHERE, wanted="Came", was="Did not come", where="The visit of 3 March"
    )

    with pytest.raises(NotAllowed):
        rectifying.correct(row.pk, "The therapist remembers", **who(physio))
    row = rectifying.correct(row.pk, "The therapist remembers", "Came", **who(physio))

    assert (row.was, row.became) == ("Did not come", "Came")


@pytest.mark.parametrize(
    ("value", "more", "why"),
    [
        (Value.BORN_ON, {"wanted": "1 May"}, "like 1970-03-01"),
        (Value.BORN_ON, {"wanted": "1980-05-01"}, "says so already"),
        (Value.BORN_ON, {"received_on": TODAY + DAY}, "after today"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_what_to_do(
    physio: Department, value: Value, more: dict[str, Any], why: str
) -> None:
    with pytest.raises(NotAllowed) as refused:
        take(physio, physio.patient(), value, **more)
    assert why in refused.value.why and not Rectification.objects.exists()


def test_a_record_that_changed_meanwhile_and_a_wrong_value_are_not_written_over(physio: Department) -> None:
    patient = physio.patient()
    row = take(physio, patient)
    number = take(physio, patient, Value.NHS_NUMBER, wanted="1234567890")
    patients.change(patient.pk, {"born_on": date(1979, 1, 1)}, **who(physio))

    for each in (row, number):
        with pytest.raises(NotAllowed):
            rectifying.correct(each.pk, "Certificate", **who(physio))

    patient.refresh_from_db()
    assert (patient.born_on, patient.nhs_number) == (date(1979, 1, 1), None)
    assert not Rectification.objects.exclude(decision="").exists()


def test_the_month_runs_from_the_proof_and_is_extended_once(physio: Department) -> None:
    row = take(physio, physio.patient(), asker=Asker.PATIENT, asks_identity=True)
    assert row.due_on == date(2026, 12, 21)  # 20 December is a Sunday

    row = rectifying.identify(row.pk, "Passport", **who(physio, 5 * DAY))
    assert row.due_on == date(2026, 12, 29)  # Friday 25 and Monday 28 are bank holidays
    row = rectifying.extend(row.pk, "Many", **who(physio, 6 * DAY))
    assert row.due_on == date(2027, 2, 25)
    with pytest.raises(NotAllowed):
        rectifying.extend(row.pk, "Many", **who(physio, 6 * DAY))


def test_a_request_is_a_task_of_the_leader_before_its_day_and_telling_one_of_the_coordinator(
    physio: Department,
) -> None:
    patient = physio.patient()
    a_letter(physio, patient, "referrer", "Born 1 May 1980")
    row = take(physio, patient)

    def task(after: timedelta) -> list[tuple[int, str]]:
        at = NINE + after
        rules.run(physio.trust.pk, situation.read(physio.trust.pk, at), at)
        rows = Task.objects.filter(subject=f"rectification:{row.pk}", closed_at__isnull=True)
        return list(rows.values_list("priority", "role"))

    assert task(DAY) == []
    assert task(25 * DAY) == [(3, "outpatient_team_leader")]
    assert task(32 * DAY) == [(2, "outpatient_team_leader")]
    rectifying.correct(row.pk, "Certificate", **who(physio, 32 * DAY))
    assert (3, "outpatient_coordinator") in task(32 * DAY + timedelta(hours=1))
    rectifying.tell(Recipient.objects.get().pk, "By letter", **who(physio, 32 * DAY))
    assert task(32 * DAY + timedelta(hours=2)) == []


def test_a_pack_holds_the_corrections_in_words(physio: Department) -> None:
    patient = physio.patient()
    take(physio, patient)

    files = queries.held_of(patient.pk)

    assert b"somebody who works here" in files["corrections.csv"]
    assert "told_of_corrections.csv" in files
    assert disclosure.pack(files, NINE)
