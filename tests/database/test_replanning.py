"""A clinic that does not take place: the plan, who is moved, who waits again, who is told, and undoing it."""

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from clearway.core.audit.actions import Actor
from clearway.core.audit.models import Action
from clearway.core.outbox.sending import Office
from clearway.core.worklist.models import Task
from clearway.desks.outpatients import rules, situation
from clearway.desks.outpatients.booking import actions as booking
from clearway.desks.outpatients.booking.models import Appointment
from clearway.desks.outpatients.clinics import actions as clinics
from clearway.desks.outpatients.clinics.models import Clinician, Session, Slot
from clearway.desks.outpatients.clocks.models import Pathway
from clearway.desks.outpatients.letters.making import LetterMaker
from clearway.desks.outpatients.letters.models import Letter
from clearway.desks.outpatients.letters.wanted import OUTBOX
from clearway.desks.outpatients.patients import actions as patients
from clearway.desks.outpatients.replanning import actions, presenters, queries
from clearway.desks.outpatients.replanning.models import Displaced, Replan
from clearway.desks.outpatients.replanning.queries import Scope
from clearway.desks.outpatients.waiting.models import Contact, Entry
from clearway.domain.outpatients import clinics as rules_of_clinics
from clearway.domain.outpatients.replanning import ReplanPolicy, Told
from clearway.domain.outpatients.words import CancelledBy
from clearway.domain.shared.errors import NotAllowed
from tests.therapies import NINE, Department, a_department
from tests.trust import a_trust, signed_in, somebody, stop_the_clock

pytestmark = pytest.mark.django_db
WHO = Actor("coordinator")
SICK = NINE + timedelta(days=3)
LATER = NINE + timedelta(days=10)
POLICY = ReplanPolicy()


@pytest.fixture
def physio(db: None) -> Department:
    return a_department(a_trust())


def who(physio: Department, at: datetime = NINE) -> dict[str, Any]:
    return {"organisation_id": physio.trust.pk, "by": WHO, "at": at}


def slots(physio: Department, starts_at: datetime, count: int = 4) -> list[Slot]:
    return list(physio.session(starts_at, slots=count).slots.order_by("pk"))


def booked(physio: Department, slot: Slot, **more: Any) -> Appointment:
    return booking.book(slot.pk, physio.entry(minutes=30, **more).pk, **who(physio, NINE - timedelta(days=1)))


def begun(physio: Department, slot: Slot, at: datetime = NINE) -> Replan:
    return actions.begin(
        Scope(session=slot.session_id), "staff_sickness", "therapist rang in sick", **who(physio, at)
    )


def planned(made: Replan, at: datetime = NINE) -> queries.Planned:
    return queries.plan(queries.rows(made.pk), made.organisation_id, POLICY, at)


def carried_out(made: Replan, physio: Department, plan: queries.Planned, at: datetime = NINE) -> actions.Done:
    chosen = {each.row.pk: each.place.slot if each.place else None for each in plan.going}
    return actions.carry_out(made.pk, chosen, **who(physio, at))


def test_freezing_takes_down_who_is_booked_and_what_is_lost(physio: Department) -> None:
    sick = slots(physio, SICK)
    row = booked(physio, sick[1])

    made = begun(physio, sick[0])

    assert Session.objects.get(pk=sick[0].session_id).state == "frozen"
    assert (made.slots, made.minutes, made.reason) == (4, 120, "staff_sickness")
    assert [each.appointment_id for each in queries.rows(made.pk)] == [row.pk]
    assert Action.objects.get(verb="replanning.begin").detail["people"] == 1
    assert begun(physio, sick[0]) == made  # a second press begins no second one


def test_everybody_is_moved_to_where_the_plan_says_and_no_clock_moves(physio: Department) -> None:
    sick, free = slots(physio, SICK), slots(physio, LATER)
    rows = [booked(physio, slot) for slot in sick[:3]]
    clocks = list(Pathway.objects.order_by("pk").values_list("state", "started_on", "treat_by"))
    made = begun(physio, sick[0])

    plan = planned(made)
    done = carried_out(made, physio, plan)

    assert plan.is_proved and (done.moved, done.returned, done.refused) == (3, 0, 0)
    for row in rows:
        row.refresh_from_db()
        assert (row.state, row.cancelled_by, row.cancel_reason) == ("cancelled", "provider", "staff_sickness")
        assert row.moved_to is not None and row.moved_to.slot_id in {slot.pk for slot in free}
    assert list(Pathway.objects.order_by("pk").values_list("state", "started_on", "treat_by")) == clocks
    letters = Letter.objects.filter(appointment_id__in=[row.moved_to_id for row in rows], kind="change")
    assert letters.count() == 3


def test_the_urgent_go_first_and_who_cannot_be_placed_keeps_the_place_on_the_list(physio: Department) -> None:
    sick, (free, *_) = slots(physio, SICK), slots(physio, LATER, 1)
    routine, urgent = booked(physio, sick[0]), booked(physio, sick[1], priority="2")
    before = Entry.objects.get(pk=routine.entry_id).added_at
    made = begun(physio, sick[0])

    plan = planned(made)
    (line,) = presenters.not_placed(plan)
    done = carried_out(made, physio, plan)

    assert line.changes.startswith("1 seat fits and goes to others in the plan.")
    assert (done.moved, done.returned) == (1, 1)
    urgent.refresh_from_db()
    assert urgent.moved_to is not None and urgent.moved_to.slot_id == free.pk
    entry = Entry.objects.get(pk=routine.entry_id)
    assert (entry.state, entry.added_at) == ("waiting", before)


def test_a_seat_that_goes_to_somebody_else_is_lost_for_one_and_planned_again(physio: Department) -> None:
    sick, free = slots(physio, SICK), slots(physio, LATER, 3)
    for slot in sick[:2]:
        booked(physio, slot)
    made = begun(physio, sick[0])
    plan = planned(made)
    first = plan.going[0]
    assert first.place is not None
    booked(physio, next(slot for slot in free if slot.pk == first.place.slot))

    done = carried_out(made, physio, plan)

    assert (done.moved, done.refused) == (1, 1)
    row = Displaced.objects.get(pk=first.row.pk)
    assert row.state == "planned" and row.problem.startswith("Somebody else has this slot now.")
    again = planned(made)
    assert [each.row.pk for each in again.going] == [row.pk]
    assert carried_out(made, physio, again).moved == 1
    assert Displaced.objects.get(pk=row.pk).problem == ""


def test_two_who_carry_out_the_same_plan_move_each_patient_once(physio: Department) -> None:
    sick = slots(physio, SICK)
    slots(physio, LATER)
    booked(physio, sick[0])
    made = begun(physio, sick[0])
    plan = planned(made)

    assert carried_out(made, physio, plan).moved == 1
    assert carried_out(made, physio, plan) == actions.Done()
    assert Appointment.objects.filter(state="booked").count() == 1


def test_whom_a_letter_reaches_too_late_is_rung_until_nobody_is_left(physio: Department) -> None:
    soon, free = slots(physio, NINE + timedelta(hours=2)), slots(physio, LATER)
    booked(physio, soon[0])
    booked(physio, soon[1])
    made = begun(physio, soon[0])
    assert len(free) == 4 and queries.remaining(queries.rows(made.pk), NINE) == 2

    carried_out(made, physio, planned(made))
    first, second = queries.rows(made.pk)
    assert first.by_phone and second.by_phone
    actions.answer(first.pk, Told.NOBODY, **who(physio))
    actions.answer(second.pk, Told.OTHER, **who(physio))
    assert queries.remaining(queries.rows(made.pk), NINE) == 2
    actions.answer(first.pk, Told.TOLD, **who(physio))
    assert queries.remaining(queries.rows(made.pk), NINE) == 1
    actions.answer(second.pk, Told.TOLD, **who(physio))

    made.refresh_from_db()
    assert queries.remaining(queries.rows(made.pk), NINE) == 0 and made.closed_at == NINE
    outcomes = Contact.objects.filter(channel="phone", purpose="change").values_list("outcome", flat=True)
    assert sorted(outcomes) == ["answered", "answered", "answered", "no_answer"]
    with pytest.raises(NotAllowed, match="nothing to tell"):
        actions.answer(first.pk, Told.TOLD, **who(physio))


def test_whom_a_letter_reaches_in_time_is_not_rung(physio: Department) -> None:
    far = slots(physio, NINE + timedelta(days=40))
    slots(physio, NINE + timedelta(days=47))
    booked(physio, far[0])
    made = begun(physio, far[0])

    carried_out(made, physio, planned(made))

    made.refresh_from_db()
    assert not Displaced.objects.get().by_phone and made.closed_at == NINE


def test_whom_the_letter_does_not_tell_is_rung(physio: Department) -> None:
    """Weeks ahead, so that letters would come in time; but the worker finds no text to write them from."""
    sick = slots(physio, NINE + timedelta(days=20))
    slots(physio, NINE + timedelta(days=30))
    booked(physio, sick[0])
    made = begun(physio, sick[0])
    carried_out(made, physio, planned(made))
    assert queries.remaining(queries.rows(made.pk), NINE) == 0

    office = Office({OUTBOX: LetterMaker()}, {})
    while office.work(NINE + timedelta(minutes=1)):
        pass

    (row,) = queries.rows(made.pk)
    assert queries.stands(row, NINE) == queries.Stands.TO_RING
    assert (queries.due(physio.trust.pk, NINE).to_ring, queries.register(physio.trust.pk)[0].to_ring) == (
        1,
        1,
    )
    actions.answer(row.pk, Told.TOLD, **who(physio))
    assert queries.due(physio.trust.pk, NINE).to_ring == 0


def test_undone_the_clinic_is_open_and_who_can_has_the_old_seat_back(physio: Department) -> None:
    sick, free = slots(physio, SICK), slots(physio, LATER, 1)
    first, second, third = (booked(physio, slot) for slot in sick[:3])
    made = begun(physio, sick[0])
    plan = planned(made)
    moved = next(each for each in plan.going if each.place)
    returned = next(each for each in plan.going if each.place is None)
    chosen = {moved.row.pk: free[0].pk, returned.row.pk: None}
    actions.carry_out(made.pk, chosen, **who(physio))  # the third stays to be placed

    done = actions.undo(made.pk, **who(physio, NINE + timedelta(hours=1)))

    assert (done.moved, done.refused) == (3, 0)
    assert Session.objects.get(pk=sick[0].session_id).state == "open"
    seats = Appointment.objects.filter(state="booked").values_list("slot_id", flat=True)
    assert set(seats) == {row.slot_id for row in (first, second, third)}
    assert not Displaced.objects.exclude(state="undone").exists()
    assert queries.booked_again(queries.one(made.pk, physio.trust.pk), NINE) == 2
    with pytest.raises(NotAllowed, match="No clinic of it is frozen"):
        actions.undo(made.pk, **who(physio))


def test_a_clinic_that_was_opened_again_can_be_given_up_again_with_everybody_in_it(
    physio: Department,
) -> None:
    """The therapist is sick, then is not, then is: nobody may be missing from the second plan."""
    sick = slots(physio, SICK)
    slots(physio, LATER)
    untouched, moved = booked(physio, sick[0]), booked(physio, sick[1])
    first = begun(physio, sick[0])
    plan = planned(first)
    going = next(each for each in plan.going if each.row.appointment_id == moved.pk)
    assert going.place is not None
    actions.carry_out(first.pk, {going.row.pk: going.place.slot}, **who(physio))
    actions.undo(first.pk, **who(physio))

    second = begun(physio, sick[0], NINE + timedelta(hours=1))

    assert second.pk != first.pk
    assert {each.appointment.slot_id for each in queries.rows(second.pk)} == {sick[0].pk, sick[1].pk}
    assert {each.appointment_id for each in queries.rows(second.pk)} >= {untouched.pk}
    assert carried_out(second, physio, planned(second)).moved == 2
    assert queries.remaining(queries.rows(first.pk), NINE) == 0  # nobody hears of a date that is gone


@pytest.mark.parametrize("between", ["died", "cancelled"])
def test_nobody_is_rung_about_a_patient_who_died_or_a_date_that_is_gone(
    physio: Department, between: str
) -> None:
    sick = slots(physio, NINE + timedelta(days=1))
    slots(physio, LATER)
    row = booked(physio, sick[0])
    made = begun(physio, sick[0])
    carried_out(made, physio, planned(made))
    assert queries.due(physio.trust.pk, NINE).to_ring == 1
    row.refresh_from_db()
    assert row.moved_to_id is not None

    if between == "died":
        patients.record_death(row.patient_id, NINE.date(), **who(physio))
    else:
        why: dict[str, Any] = {"by_whom": CancelledBy.PATIENT, "reason": "patient_ill"}
        booking.cancel(row.moved_to_id, **why, **who(physio))

    assert queries.due(physio.trust.pk, NINE).to_ring == 0
    assert queries.remaining(queries.rows(made.pk), NINE) == 0
    (listed,) = queries.register(physio.trust.pk)
    assert (listed.people, listed.to_ring) == (1, 0)
    with pytest.raises(NotAllowed, match="nothing to tell"):
        actions.answer(Displaced.objects.get().pk, Told.TOLD, **who(physio))


def test_who_has_something_else_by_then_stays_there_when_it_is_undone(physio: Department) -> None:
    sick, free = slots(physio, SICK), slots(physio, LATER)
    row = booked(physio, sick[0])
    made = begun(physio, sick[0])
    carried_out(made, physio, planned(made))
    row.refresh_from_db()
    assert row.moved_to_id is not None and free
    Appointment.objects.filter(pk=row.moved_to_id).update(state="attended", attended="5", outcomed_at=NINE)

    done = actions.undo(made.pk, **who(physio))

    assert (done.moved, done.refused) == (0, 1)
    kept = Displaced.objects.get()
    assert kept.state == "moved" and "changed it a moment ago" in kept.problem


def test_all_clinics_of_a_site_on_a_day_are_planned_together_and_those_of_leave_too(
    physio: Department,
) -> None:
    other = Clinician.objects.create(
        organisation=physio.trust, code="second", name="Sam Reed", profession="physiotherapist"
    )
    morning, afternoon = slots(physio, SICK), slots(physio, SICK + timedelta(hours=4))
    Session.objects.filter(pk=afternoon[0].session_id).update(clinician=other)
    slots(physio, LATER)
    booked(physio, morning[0])
    booked(physio, afternoon[0])
    day = SICK.date()

    made = actions.begin(Scope(site=physio.site.code, first=day), "room", "power cut", **who(physio))

    assert made.sessions.count() == 2 and len(planned(made).going) == 2
    assert Session.objects.filter(state="frozen").count() == 2

    away = slots(physio, NINE + timedelta(days=20))
    booked(physio, away[0])
    leave = clinics.ask_leave(
        clinics.NewLeave(physio.clinician.pk, away[0].starts_at.date(), away[0].starts_at.date(), "annual"),
        **who(physio),
    )
    clinics.decide_leave(leave.pk, True, **who(physio))
    again = actions.begin(Scope(leave=leave.pk), "staff_leave", "leave", **who(physio))
    assert len(queries.rows(again.pk)) == 1
    assert Session.objects.get(pk=away[0].session_id).state == "open"  # leave blocks its slots already


def test_tasks_ask_for_those_not_placed_and_then_for_those_to_ring(physio: Department) -> None:
    soon = slots(physio, NINE + timedelta(hours=2))
    slots(physio, LATER)
    booked(physio, soon[0], priority="2")
    made = begun(physio, soon[0])

    def titles() -> list[str]:
        rules.run(physio.trust.pk, situation.read(physio.trust.pk, NINE), NINE)
        rows = Task.objects.filter(subject__startswith="displaced:", closed_at__isnull=True)
        return [row.title for row in rows]

    assert titles() == ["1 patient of cancelled clinics to be placed, 1 of them urgent"]
    carried_out(made, physio, planned(made))
    assert titles() == ["1 patient to be told by telephone that their clinic is cancelled"]
    actions.answer(Displaced.objects.get().pk, Told.TOLD, **who(physio))
    assert titles() == []


def test_the_database_keeps_what_a_row_may_say(physio: Department) -> None:
    sick = slots(physio, SICK)
    booked(physio, sick[0])
    begun(physio, sick[0])

    for wrong in ({"state": "moved"}, {"told_at": NINE, "told_by": "x"}, {"by_phone": True}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Displaced.objects.update(**wrong)


# The pages


@pytest.fixture
def desk(physio: Department, monkeypatch: pytest.MonkeyPatch) -> Client:
    stop_the_clock(monkeypatch, NINE)
    return signed_in(somebody("opc", "outpatient_coordinator", physio.trust))


def test_from_the_page_of_the_clinic_to_nobody_left(physio: Department, desk: Client) -> None:
    soon = slots(physio, NINE + timedelta(hours=2))
    slots(physio, LATER)
    booked(physio, soon[0])
    clinics.freeze(soon[0].session_id, "Therapist sick", **who(physio))

    clinic = desk.get(f"/outpatients/clinics/sessions/{soon[0].session_id}/").content.decode()
    assert "Re-plan 1 patient<" in clinic
    address = f"/outpatients/cancelled-clinics/new/?session={soon[0].session_id}"
    assert "Therapist sick" in desk.get(address).content.decode()
    assert desk.post(address, {"why": "Therapist sick"}).status_code == 422
    answer = desk.post(address, {"reason": "staff_sickness", "why": "Therapist sick"}, follow=True)
    page = answer.content.decode()
    assert "No plan places more or costs less: proved." in page
    (row,) = Displaced.objects.all()
    here = f"/outpatients/cancelled-clinics/{row.replan_id}/"
    assert desk.post(here, {"what": "carry"}).status_code == 422
    value = page.split('name="row" value="')[1].split('"')[0]

    page = desk.post(here, {"what": "carry", "row": [value]}, follow=True).content.decode()
    assert "1 moved" in page and "To be rung" in page
    told = f"/outpatients/cancelled-clinics/told/{row.pk}/"
    assert "is no key. Type one of" in desk.post(told, {"key": "q"}, follow=True).content.decode()
    page = desk.post(told, {"key": "t"}, follow=True).content.decode()

    assert "Nobody is left" in page
    assert "Undo" in page and desk.get("/outpatients/cancelled-clinics/").status_code == 200
    assert "back" in desk.post(here, {"what": "undo"}, follow=True).content.decode()


def test_the_page_of_a_plan_asks_the_same_queries_for_two_and_for_four(
    physio: Department, desk: Client
) -> None:
    def asked(starts_at: datetime, count: int) -> int:
        sick = slots(physio, starts_at)
        for slot in sick[:count]:
            booked(physio, slot)
        made = begun(physio, sick[0])
        with CaptureQueriesContext(connection) as seen:
            assert desk.get(f"/outpatients/cancelled-clinics/{made.pk}/").status_code == 200
        return len(seen)

    slots(physio, LATER, 8)
    asked(SICK, 2)
    assert asked(SICK + timedelta(days=1), 2) == asked(SICK + timedelta(days=2), 4)


def test_another_trusts_plan_is_not_found_and_a_receptionist_may_not_freeze(
    physio: Department, desk: Client
) -> None:
    elsewhere = a_department(a_trust("other-valley"))
    sick = slots(elsewhere, SICK)
    booked(elsewhere, sick[0])
    made = begun(elsewhere, sick[0])

    assert desk.get(f"/outpatients/cancelled-clinics/{made.pk}/").status_code == 404
    told = f"/outpatients/cancelled-clinics/told/{Displaced.objects.get().pk}/"
    assert desk.post(told, {"key": "t"}).status_code == 404
    assert desk.get(f"/outpatients/cancelled-clinics/new/?session={sick[0].session_id}").status_code == 404
    junior = signed_in(somebody("june", "junior_coordinator", physio.trust))
    assert junior.get("/outpatients/cancelled-clinics/new/?session=1").status_code == 403


# By the workers


def many(physio: Department, count: int = actions.AT_ONCE + 4) -> tuple[Replan, list[Slot], queries.Planned]:
    """More patients than one request moves, and a seat for each."""
    sick, free = slots(physio, SICK, count), slots(physio, LATER, count)
    for slot in sick:
        booked(physio, slot)
    made = begun(physio, sick[0])
    return made, free, planned(made)


def test_many_are_ordered_and_the_workers_do_each_as_if_the_orderer_had(physio: Department) -> None:
    made, free, plan = many(physio)

    ordered = carried_out(made, physio, plan)

    count = len(plan.going)
    assert (ordered.ordered, ordered.moved) == (count, 0)
    assert {queries.stands(row, NINE) for row in queries.rows(made.pk)} == {queries.Stands.IN_HAND}
    assert planned(made).going == ()  # nobody is planned twice
    assert queries.due(physio.trust.pk, NINE).to_place == 0
    assert carried_out(made, physio, plan).ordered == 0  # a second press orders nothing more
    assert actions.tend(organisation_id=physio.trust.pk, at=NINE, most=3) == 3
    assert queries.remaining(queries.rows(made.pk), NINE) >= count - 3
    while actions.tend(organisation_id=physio.trust.pk, at=NINE):
        pass
    assert Displaced.objects.filter(state="moved", order="", moved_to__made_by=WHO.name).count() == count
    assert Appointment.objects.filter(slot__in=free, state="booked").count() == count
    assert Action.objects.filter(verb="replanning.place").count() == count


def test_a_worker_that_is_stopped_leaves_each_done_or_ordered(
    physio: Department, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, _, plan = many(physio)
    carried_out(made, physio, plan)
    say, calls = actions._say, []

    def stop(verb: str, *rest: Any) -> None:
        calls.append(verb)
        if len(calls) == 4:
            raise SystemExit  # killed at the end of the fourth patient, before it is kept
        say(verb, *rest)

    with monkeypatch.context() as patched, pytest.raises(SystemExit):
        patched.setattr(actions, "_say", stop)
        actions.tend(organisation_id=physio.trust.pk, at=NINE)

    assert Displaced.objects.filter(state="moved", order="").count() == 3
    assert Displaced.objects.filter(state="planned", order="move").count() == len(plan.going) - 3
    assert Appointment.objects.filter(state="booked").count() == len(plan.going)  # nobody is in two places
    while actions.tend(organisation_id=physio.trust.pk, at=NINE):
        pass
    assert not queries.remaining(queries.rows(made.pk), NINE)


def test_a_seat_that_is_gone_meanwhile_is_said_and_planned_anew(physio: Department) -> None:
    made, free, plan = many(physio)
    carried_out(made, physio, plan)
    booked(physio, free[0])

    while actions.tend(organisation_id=physio.trust.pk, at=NINE):
        pass

    (left,) = Displaced.objects.filter(state="planned")
    assert (left.order, left.to_slot_id) == ("", None) and left.problem
    assert queries.stands(queries.rows(made.pk)[0], NINE) != queries.Stands.IN_HAND
    assert queries.due(physio.trust.pk, NINE).to_place == 1


def test_many_get_their_old_seats_back_by_the_workers_and_what_was_not_moved_yet_is_not(
    physio: Department,
) -> None:
    made, _, plan = many(physio)
    carried_out(made, physio, plan)
    actions.tend(organisation_id=physio.trust.pk, at=NINE, most=actions.AT_ONCE + 1)

    back = actions.undo(made.pk, **who(physio))

    assert back.ordered == actions.AT_ONCE + 1
    assert Displaced.objects.filter(state="undone").count() == 3
    while actions.tend(organisation_id=physio.trust.pk, at=NINE):
        pass
    assert Displaced.objects.filter(state="undone", order="").count() == len(plan.going)
    assert Appointment.objects.filter(slot__session=made.sessions.get(), state="booked").count() == len(
        plan.going
    )


def test_the_page_says_how_many_are_in_hand_and_another_trusts_slot_is_refused(
    physio: Department, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_the_clock(monkeypatch, NINE)
    made, _, plan = many(physio)
    ticked = [f"{each.row.pk}:{each.place.slot if each.place else ''}" for each in plan.going]
    page = f"/outpatients/cancelled-clinics/{made.pk}/"
    client = signed_in(somebody("olga", "outpatient_coordinator", physio.trust))

    assert client.post(page, {"what": "carry", "row": ticked}).status_code == 302
    shown = client.get(page).content.decode()

    assert "In hand" in shown and f"<b>0 of {len(ticked)}</b>" in shown
    assert "Carry out what is ticked" not in shown
    with pytest.raises(NotAllowed, match="no slot 999999 here"):
        actions.order(made.pk, {plan.going[0].row.pk: 999999}, **who(physio))


# A weekly clinic that is moved


def weekly(physio: Department, weekday: int, start: str, first: date) -> None:
    plans = [rules_of_clinics.SlotPlan(time.fromisoformat(start), 30, "new")]
    clinics.save_template(
        clinics.NewTemplate(
            code="mon",
            name="Monday clinic",
            service_id=physio.service.pk,
            room_id=physio.room.pk,
            clinician_id=physio.clinician.pk,
            equipment_id=None,
            weeks=rules_of_clinics.Weeks(weekday, 1, first, None),
            slots=tuple(plans),
        ),
        **who(physio),
    )


def test_patients_of_a_weekly_clinic_that_moves_are_planned_into_its_new_day(physio: Department) -> None:
    weekly(physio, 1, "09:00", date(2026, 11, 23))
    clinics.make_sessions(until=date(2026, 12, 20), **who(physio))
    old = list(Slot.objects.order_by("starts_at"))
    rows = [booked(physio, slot) for slot in old[:3]]
    weekly(physio, 4, "10:00", date(2026, 11, 30))  # Thursdays from the second week on

    found = queries.outgrown("mon", physio.trust.pk, NINE)
    made = actions.begin(Scope(template="mon"), "provider_other", "clinic moves to Thursday", **who(physio))
    plan = planned(made)
    done = carried_out(made, physio, plan)

    assert [each.starts_at for each in found] == [old[1].starts_at, old[2].starts_at]  # the first week stays
    assert {each.pk for each in made.sessions.all()} == {each.pk for each in found}
    assert done.moved == 2 and plan.is_proved
    rows = [Appointment.objects.get(pk=row.pk) for row in rows]
    assert rows[0].state == "booked"
    moved = [row.moved_to for row in rows[1:] if row.moved_to]
    assert [each.starts_at.isoweekday() for each in moved] == [4, 4]
    assert [(each.starts_at - row.starts_at).days for each, row in zip(moved, rows[1:], strict=True)] == [
        3,
        3,
    ]
    assert queries.outgrown("mon", physio.trust.pk, NINE) == []


def test_a_clinic_at_another_hour_of_its_day_is_made_beside_the_one_that_is_given_up(
    physio: Department,
) -> None:
    weekly(physio, 1, "09:00", date(2026, 11, 23))
    clinics.make_sessions(until=date(2026, 12, 6), **who(physio))
    (first, second) = Slot.objects.order_by("starts_at")
    booked(physio, first)
    booked(physio, second)
    weekly(physio, 1, "14:00", date(2026, 11, 23))

    made = actions.begin(Scope(template="mon"), "provider_other", "clinic moves to 14:00", **who(physio))
    done = carried_out(made, physio, planned(made))

    assert done.moved == 2
    moved = Appointment.objects.filter(state="booked").order_by("starts_at")
    assert [each.starts_at - old.starts_at for each, old in zip(moved, (first, second), strict=True)] == [
        timedelta(hours=5)
    ] * 2
    assert actions.undo(made.pk, **who(physio)).moved == 2
    assert set(Appointment.objects.filter(state="booked").values_list("slot_id", flat=True)) == {
        first.pk,
        second.pk,
    }
