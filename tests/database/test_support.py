"""What patients need at a visit: arranged for each booking, a task while it is not, met or not."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from clearway.core.audit.actions import Actor
from clearway.core.audit.models import Action
from clearway.core.worklist.models import Task
from clearway.desks.outpatients import rules, situation
from clearway.desks.outpatients.booking import actions as booking
from clearway.desks.outpatients.booking.models import Appointment
from clearway.desks.outpatients.patients.models import Need, Patient
from clearway.desks.outpatients.support import actions, queries
from clearway.desks.outpatients.support.models import Arrangement
from clearway.desks.outpatients.waiting import checks
from clearway.domain.outpatients.words import CancelledBy
from clearway.domain.shared.errors import NotAllowed
from tests.therapies import NINE, Department, a_department
from tests.trust import a_trust, set_policy, signed_in, somebody

pytestmark = pytest.mark.django_db
WHO = Actor("coordinator")
SOON = NINE + timedelta(days=5)


@pytest.fixture
def physio(db: None) -> Department:
    return a_department(a_trust())


def who(physio: Department, at: datetime = NINE) -> Any:
    return {"organisation_id": physio.trust.pk, "by": WHO, "at": at}


def a_visit(physio: Department, starts_at: datetime = SOON, *kinds: str) -> tuple[Appointment, list[Need]]:
    visit = physio.booked(physio.session(starts_at, slots=1).slots.get())
    needs = [
        visit.patient.needs.create(kind=kind, detail="Polish", recorded_at=NINE)
        for kind in kinds or ("interpreter",)
    ]
    return visit, needs


def tasks(physio: Department, at: datetime = NINE) -> dict[str, str]:
    rules.run(physio.trust.pk, situation.read(physio.trust.pk, at), at)
    rows = Task.objects.filter(organisation=physio.trust, closed_at__isnull=True)
    return {row.subject: row.title for row in rows if row.subject == "visits:support"}


def found(physio: Department) -> list[str]:
    return [each.subject for each in checks.all_found(physio.trust.pk, NINE) if each.code == "DQ31"]


def test_a_visit_without_its_interpreter_is_a_task_and_a_check_until_one_is_arranged(
    physio: Department,
) -> None:
    visit, (need,) = a_visit(physio)
    a_visit(physio, SOON + timedelta(days=1), "format")  # letters meet that, not visits

    assert tasks(physio) == {"visits:support": "Arrange what patients need at 1 visit"}
    assert found(physio) == [f"visit:{visit.pk}"]
    row = actions.arrange(visit.pk, need.pk, " Interpreter,  job 22 ", **who(physio))

    assert (row.how, row.arranged_by) == ("Interpreter, job 22", "coordinator")
    assert (tasks(physio), found(physio)) == ({}, [])
    assert Action.objects.get(verb="support.arrange").subject == f"appointment:{visit.pk}"
    actions.undo(visit.pk, need.pk, **who(physio))
    assert len(tasks(physio)) == len(found(physio)) == 1


def test_how_long_before_a_visit_it_becomes_a_task_is_the_trust_s_policy(physio: Department) -> None:
    visit, _ = a_visit(physio, NINE + timedelta(days=9))

    assert tasks(physio) == {}
    assert found(physio) == [f"visit:{visit.pk}"]
    set_policy(physio.trust, "support", {"days_before": 10})
    assert len(tasks(physio)) == 1


def test_what_was_arranged_stays_with_its_visit_and_the_one_it_is_moved_to_asks_anew(
    physio: Department,
) -> None:
    first, second = physio.session(NINE + timedelta(days=30), slots=2).slots.all()
    entry = physio.entry(minutes=30)
    need = entry.patient.needs.create(kind="transport", detail="Ambulance chair", recorded_at=NINE)
    made = booking.book(first.pk, entry.pk, **who(physio))
    actions.arrange(made.pk, need.pk, "Ambulance booked", **who(physio))

    moved = booking.move(
        made.pk, second.pk, by_whom=CancelledBy.PATIENT, reason="patient_work", **who(physio)
    )

    assert [each.visit for each in queries.unarranged(physio.trust.pk, NINE)] == [moved.pk]
    with pytest.raises(NotAllowed, match="while the visit is to come"):
        actions.arrange(made.pk, need.pk, "Again", **who(physio))


def test_a_need_of_a_merged_record_counts_and_one_that_ended_does_not(physio: Department) -> None:
    visit, (need,) = a_visit(physio)
    stands = physio.patient()
    Patient.objects.filter(pk=visit.patient_id).update(merged_into=stands)
    hoist = stands.needs.create(kind="adjustment", detail="Hoist", recorded_at=NINE)

    def asked() -> list[str]:
        visit.refresh_from_db()
        return [each.words for each in queries.of_visits([visit]).get(visit.pk, [])]

    assert sorted(asked()) == ["Interpreter: Polish", "Reasonable adjustment: Hoist"]
    Need.objects.filter(pk=need.pk).update(ended_at=NINE)
    assert asked() == ["Reasonable adjustment: Hoist"]
    with pytest.raises(NotAllowed, match="no such need"):
        actions.arrange(visit.pk, need.pk, "Interpreter", **who(physio))
    assert actions.arrange(visit.pk, hoist.pk, "Hoist in the gym", **who(physio)).pk


@pytest.mark.parametrize(("was_met", "why"), [(False, ""), (False, "x" * 151)])
def test_what_was_not_met_says_why(physio: Department, was_met: bool, why: str) -> None:
    visit, (need,) = a_visit(physio)
    Appointment.objects.filter(pk=visit.pk).update(state="arrived", arrived_at=NINE)

    with pytest.raises(NotAllowed, match="Say why"):
        actions.met(visit.pk, need.pk, was_met=was_met, why=why, **who(physio))

    assert not Arrangement.objects.exists()


def test_a_coordinator_arranges_reception_sees_it_and_marks_whether_it_was_met(physio: Department) -> None:
    now = datetime.now(UTC)
    visit, (need,) = a_visit(physio, now + timedelta(minutes=1))
    desk = signed_in(somebody("opal", "outpatient_coordinator", physio.trust))
    reception = signed_in(somebody("rose", "receptionist", physio.trust))
    page = f"/outpatients/support/{visit.pk}/"
    typed = {"need": need.pk, "words": "Interpreter, job 22"}

    assert "not arranged" in desk.get("/outpatients/support/").content.decode()
    assert "not arranged" in desk.get(f"/outpatients/appointments/{visit.pk}/").content.decode()
    refused = desk.post(page, {**typed, "what": "arrange", "words": ""})
    assert refused.status_code == 422 and "Say what is arranged" in refused.content.decode()
    early = reception.post(page, {**typed, "what": "met"})
    assert early.status_code == 422 and "checked in" in early.content.decode()
    desk.post(page, {**typed, "what": "arrange"})
    assert "Interpreter: Polish: arranged" in reception.get("/outpatients/reception/").content.decode()
    reception.post(f"/outpatients/reception/{visit.pk}/")
    reception.post(page, {**typed, "what": "not_met", "words": "The interpreter did not come"})

    shown = desk.get(page).content.decode()
    assert "Not met" in shown and "The interpreter did not come" in shown
    row = Arrangement.objects.get()
    assert (row.met, row.met_by) == (False, "rose")
    assert desk.post(page, {"what": "sing", "need": "1"}).status_code == 404
    assert desk.get("/outpatients/support/0/").status_code == 404
