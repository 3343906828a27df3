"""Equipment on loan: lent, asked for, returned, decontaminated, recalled."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from clearway.core.audit.actions import Actor
from clearway.core.worklist.models import Task
from clearway.desks.outpatients import rules, situation
from clearway.desks.outpatients.loans import actions, queries
from clearway.desks.outpatients.loans.models import Item, Loan
from clearway.desks.outpatients.waiting.models import Contact
from clearway.domain.shared.errors import NotAllowed
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


def item(physio: Department, serial: str = "S1", **more: str) -> Item:
    said = {"kind": "Walking frame", "make": "Stride", **more}
    return actions.add(actions.New(serial, **said), **who(physio))


def tasks(physio: Department, after: timedelta) -> dict[str, str]:
    at = NINE + after
    rules.run(physio.trust.pk, situation.read(physio.trust.pk, at), at)
    rows = Task.objects.filter(organisation=physio.trust, closed_at__isnull=True)
    return {row.subject: row.role for row in rows}


def test_an_item_goes_out_comes_back_and_is_decontaminated_before_it_goes_out_again(
    physio: Department,
) -> None:
    first, second = physio.patient(), physio.patient()
    row = item(physio)

    loan = actions.issue(row.pk, first.pk, **who(physio))
    assert loan.due_on == TODAY + 42 * DAY
    with pytest.raises(NotAllowed, match="A patient has it"):
        actions.issue(row.pk, second.pk, **who(physio))
    actions.take_back(row.pk, "A ferrule is worn", **who(physio, DAY))
    with pytest.raises(NotAllowed, match="decontaminated first"):
        actions.issue(row.pk, second.pk, **who(physio, DAY))
    actions.clean(row.pk, "Wiped with chlorine", **who(physio, DAY))
    actions.issue(row.pk, second.pk, **who(physio, DAY))

    assert [each.patient for each in queries.of_item(Item.objects.get())] == [second, first]


def test_the_database_lends_an_item_to_one_patient_at_a_time(physio: Department) -> None:
    row = item(physio)
    actions.issue(row.pk, physio.patient().pk, **who(physio))

    with pytest.raises(IntegrityError), transaction.atomic():
        Loan.objects.create(
            organisation=physio.trust, item=row, patient=physio.patient(), issued_at=NINE, due_on=TODAY
        )


def test_what_is_overdue_is_asked_for_as_a_contact_until_the_leader_decides(physio: Department) -> None:
    patient = physio.patient(phone="01632 960001")
    row = item(physio)
    actions.issue(row.pk, patient.pk, TODAY, **who(physio))

    assert tasks(physio, 6 * DAY) == {}
    assert tasks(physio, 7 * DAY) == {"loans:late": "outpatient_coordinator"}
    for days in (7, 21, 42):
        actions.chase(row.pk, "phone", "no_answer", "", **who(physio, days * DAY))

    assert tasks(physio, 43 * DAY) == {"loans:given_up": "outpatient_team_leader"}
    assert Contact.objects.filter(patient=patient, purpose="reminder", channel="phone").count() == 3
    actions.write_off(row.pk, "Never came back", **who(physio, 43 * DAY))
    assert tasks(physio, 44 * DAY) == {}
    assert Loan.objects.get().ended_at is not None


def test_a_patient_who_cannot_be_reached_so_is_not_asked_so(physio: Department) -> None:
    row = item(physio)
    actions.issue(row.pk, physio.patient().pk, TODAY, **who(physio))

    with pytest.raises(NotAllowed, match="not agreed to text"):
        actions.chase(row.pk, "text", "sent", "", **who(physio))
    with pytest.raises(NotAllowed, match="has died"):
        actions.issue(item(physio, "S2").pk, physio.patient(died_on=date(2026, 1, 1)).pk, **who(physio))


def test_a_recall_says_who_has_one_now_and_nothing_of_it_is_lent(physio: Department) -> None:
    patient = physio.patient()
    out, stored, other = item(physio), item(physio, "S2", batch="B7"), item(physio, "S3", make="Amble")
    actions.issue(out.pk, patient.pk, **who(physio))

    found = actions.recall("stride", "The handle breaks", **who(physio))

    assert {each.pk for each in found} == {out.pk, stored.pk}
    assert [each.patient for each in queries.recalled(physio.trust.pk)] == [patient]
    assert tasks(physio, DAY)["recall:Stride"] == "outpatient_coordinator"
    with pytest.raises(NotAllowed, match="recalled"):
        actions.issue(stored.pk, patient.pk, **who(physio))
    actions.issue(other.pk, patient.pk, **who(physio))
    with pytest.raises(NotAllowed, match="still with a patient"):
        actions.end_recall(out.pk, **who(physio))
    actions.take_back(out.pk, "Handle loose", **who(physio, DAY))
    assert "recall:Stride" not in tasks(physio, 2 * DAY)
    with pytest.raises(NotAllowed, match="nothing of this make"):
        actions.recall("Stride", "Again", batch="B9", **who(physio))


def test_a_serial_number_is_entered_once(physio: Department) -> None:
    item(physio)

    with pytest.raises(NotAllowed, match="serial number"):
        item(physio)


def test_a_junior_lends_by_the_page_and_a_coordinator_sees_it(physio: Department) -> None:
    patient = physio.patient(family_name="Brown", given_names="Ada")
    junior = signed_in(somebody("june", "junior_coordinator", physio.trust))
    office = signed_in(somebody("opal", "outpatient_coordinator", physio.trust))
    store = "/outpatients/office/loans/store/"

    assert junior.post(store, {"kind": "Frame"}).status_code == 422
    junior.post(store, {"kind": "Frame", "serial": "S9", "make": "Stride"})
    page = f"/outpatients/office/loans/{Item.objects.get().pk}/"
    assert "Ada" in junior.get(f"{page}?find=brown").content.decode()
    refused = junior.post(page, {"what": "issue", "find": "brown"})
    assert refused.status_code == 422 and "choose the patient" in refused.content.decode()
    junior.post(page, {"what": "issue", "patient": patient.pk})

    assert "BROWN, Ada" in office.get("/outpatients/office/loans/").content.decode()
    assert "Nobody has anything" in office.get("/outpatients/office/loans/recall/").content.decode()
    office.post("/outpatients/office/loans/recall/", {"make": "Stride", "why": "It breaks"})
    assert "BROWN, Ada" in office.get("/outpatients/office/loans/recall/").content.decode()
    assert office.post(page, {"what": "return", "condition": ""}).status_code == 422
    office.post(page, {"what": "return", "condition": "Good"})
    assert "to be decontaminated" in junior.get(page).content.decode()
