"""A death that was recorded of the wrong patient is withdrawn, and what it ended stands again."""

from datetime import timedelta
from typing import Any

import pytest

from clearway.core.audit.actions import Actor
from clearway.core.worklist.models import Task
from clearway.desks.outpatients import rules, situation
from clearway.desks.outpatients.booking import actions as booking
from clearway.desks.outpatients.booking.models import Appointment
from clearway.desks.outpatients.clocks import queries as clocks
from clearway.desks.outpatients.clocks.models import ClockEvent
from clearway.desks.outpatients.patients import actions
from clearway.desks.outpatients.waiting.models import Entry
from clearway.domain.shared.errors import NotAllowed
from tests.therapies import NINE, TODAY, Department, a_department
from tests.trust import a_trust, signed_in, somebody, stop_the_clock

pytestmark = pytest.mark.django_db
LATER = NINE + timedelta(days=30)
DIED_ON = TODAY - timedelta(days=2)


@pytest.fixture
def physio(db: None) -> Department:
    return a_department(a_trust())


def who(physio: Department) -> dict[str, Any]:
    return {"organisation_id": physio.trust.pk, "by": Actor("desk"), "at": NINE}


def booked(physio: Department) -> tuple[Entry, Appointment]:
    entry = physio.entry(minutes=30)
    slot = physio.session(LATER).slots.order_by("pk")[0]
    return entry, booking.book(slot.pk, entry.pk, **who(physio))


def tasks(physio: Department) -> list[Task]:
    rules.run(physio.trust.pk, situation.read(physio.trust.pk, NINE), NINE)
    return list(Task.objects.filter(rule="book_anew", closed_at__isnull=True))


def test_clock_referral_and_entry_stand_as_before_and_the_history_keeps_both(physio: Department) -> None:
    entry, made = booked(physio)
    assert entry.referral is not None
    assert entry.pathway is not None
    before = clocks.explained(entry.pathway.pk, TODAY)
    dates = entry.treat_by, entry.waits_from
    actions.record_death(entry.patient_id, DIED_ON, **who(physio))
    entry.pathway.refresh_from_db()
    assert entry.pathway.state == "stopped"

    actions.withdraw_death(entry.patient_id, "The notice was another patient's", **who(physio))

    entry = Entry.objects.select_related("referral", "pathway", "patient").get(pk=entry.pk)
    made.refresh_from_db()
    after = clocks.explained(entry.pathway_id or 0, TODAY)
    assert (after.state, after.status, after.periods) == (before.state, before.status, before.periods)
    assert (entry.state, entry.why, entry.ended_at) == ("waiting", "", None)
    assert (entry.treat_by, entry.waits_from) == dates
    assert entry.referral is not None
    assert (entry.referral.state, entry.referral.removed_on) == ("waiting", None)
    assert (entry.patient.died_on, made.state) == (None, "cancelled")
    kinds = list(ClockEvent.objects.filter(pathway_id=entry.pathway_id).values_list("kind", flat=True))
    assert kinds.count("withdrawn") == 2  # the death, and the cancellation that it brought


def test_a_referral_that_nobody_had_triaged_is_to_be_triaged_again(physio: Department) -> None:
    referral = physio.referral(state="triage", question="What next?")
    actions.record_death(referral.patient_id, DIED_ON, **who(physio))

    actions.withdraw_death(referral.patient_id, "Another patient's notice", **who(physio))

    referral.refresh_from_db()
    assert (referral.state, referral.removed_why) == ("triage", "")


def test_what_was_cancelled_is_a_task_until_it_is_booked_anew(physio: Department) -> None:
    entry, made = booked(physio)
    actions.record_death(entry.patient_id, DIED_ON, **who(physio))
    assert tasks(physio) == []
    actions.withdraw_death(entry.patient_id, "Another patient's notice", **who(physio))

    (task,) = tasks(physio)
    assert (task.priority, task.role) == (2, "outpatient_coordinator")
    assert task.title.startswith("1 appointment is to be booked anew")

    booking.book(made.slot_id, entry.pk, **{**who(physio), "at": NINE + timedelta(minutes=1)})
    assert tasks(physio) == []


def test_a_death_that_is_recorded_again_stops_the_clock_again(physio: Department) -> None:
    entry, _ = booked(physio)
    for _time in range(2):
        actions.record_death(entry.patient_id, DIED_ON, **who(physio))
        entry.refresh_from_db()
        assert entry.pathway is not None
        assert (entry.pathway.state, entry.pathway.status, entry.state) == ("stopped", "36", "removed")
        actions.withdraw_death(entry.patient_id, "Another patient's notice", **who(physio))
        entry.refresh_from_db()
        assert (entry.pathway.state, entry.state) == ("ticking", "waiting")


def test_a_corrected_day_of_death_is_withdrawn_with_the_first(physio: Department) -> None:
    entry, _ = booked(physio)
    actions.record_death(entry.patient_id, DIED_ON, **who(physio))
    actions.record_death(entry.patient_id, DIED_ON - timedelta(days=1), **who(physio))

    actions.withdraw_death(entry.patient_id, "Another patient's notice", **who(physio))

    entry.refresh_from_db()
    assert entry.pathway is not None
    assert (entry.pathway.state, entry.pathway.status) == ("ticking", "10")


@pytest.mark.parametrize(("is_dead", "why", "says"), [(False, "Lives", "No death"), (True, " ", "Say how")])
def test_only_a_recorded_death_is_withdrawn_and_with_a_reason(
    physio: Department, is_dead: bool, why: str, says: str
) -> None:
    patient = physio.patient(died_on=DIED_ON if is_dead else None)

    with pytest.raises(NotAllowed, match=says):
        actions.withdraw_death(patient.pk, why, **who(physio))


def test_it_is_a_step_on_the_page_of_the_patient(physio: Department, monkeypatch: pytest.MonkeyPatch) -> None:
    stop_the_clock(monkeypatch, NINE)
    entry, _ = booked(physio)
    actions.record_death(entry.patient_id, DIED_ON, **who(physio))
    desk = signed_in(somebody("desk", "outpatient_coordinator", physio.trust))
    page = f"/outpatients/patients/{entry.patient_id}/"
    assert "have to be booked anew" in desk.get(page).content.decode()

    assert desk.post(f"{page}lives/", {"why": ""}).status_code == 422
    assert desk.post(f"{page}lives/", {"why": "Another patient's notice"}).status_code == 302

    assert "The death was withdrawn" in desk.get(page).content.decode()
