"""Templates, the sessions made of them, freezing, cancelling and leave."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.db import IntegrityError, transaction

from clearway.core.audit.actions import Actor
from clearway.core.audit.models import Action
from clearway.core.layout.times import local
from clearway.desks.outpatients.clinics import actions, queries
from clearway.desks.outpatients.clinics.models import Equipment, Room, Session, Slot, Template
from clearway.desks.outpatients.upkeep import actions as upkeep
from clearway.domain.outpatients.clinics import SlotPlan, Weeks
from clearway.domain.outpatients.upkeep import Kind, Weight
from clearway.domain.shared.errors import NotAllowed
from clearway.gateway import duties
from tests.therapies import Department, a_department
from tests.trust import a_trust, set_policy

pytestmark = pytest.mark.django_db
WHO = Actor("coordinator")
AT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)  # a Friday
MONDAY = date(2026, 11, 23)
PLANS = (SlotPlan(time(9), 45, "new"), SlotPlan(time(9, 45), 30, "follow_up", held="urgent", release_days=2))


@pytest.fixture
def physio(db: None) -> Department:
    return a_department(a_trust())


def template(
    physio: Department, *, code: str = "KNEE", valid_from: date = MONDAY, every: int = 1, **more: object
) -> Template:
    wanted = actions.NewTemplate(
        code=code,
        name="Knee clinic",
        service_id=physio.service.pk,
        room_id=physio.room.pk,
        clinician_id=physio.clinician.pk,
        weeks=Weeks(int(str(more.get("weekday", 1))), every, valid_from),
        slots=PLANS,
        equipment_id=getattr(more.get("equipment"), "pk", None),
    )
    return actions.save_template(wanted, organisation_id=physio.trust.pk, by=WHO, at=AT)


def make(physio: Department, until: date) -> actions.Made:
    return actions.make_sessions(organisation_id=physio.trust.pk, until=until, by=WHO, at=AT)


def test_sessions_and_slots_are_made_once_and_it_is_in_the_audit(physio: Department) -> None:
    template(physio)

    first, again = make(physio, MONDAY + timedelta(weeks=2)), make(physio, MONDAY + timedelta(weeks=2))

    assert (first.sessions, first.slots, again.sessions) == (3, 6, 0)
    held = Slot.objects.filter(held="urgent")[0]
    assert held.released_at == held.starts_at - timedelta(days=2)
    assert Action.objects.filter(verb="clinics.make_sessions").count() == 1  # nothing made, nothing said


def test_clinics_are_laid_out_by_themselves_as_far_ahead_as_the_policy_says(physio: Department) -> None:
    template(physio)
    physio.trust.desks = ["outpatients"]
    physio.trust.save()
    set_policy(physio.trust, "clinic_changes", {"weeks_ahead": 3})
    (duty,) = (each for group in duties.groups().values() for each in group() if each.name == "clinics")

    for _ in range(2):
        duty.work(AT)

    assert Session.objects.count() == 3
    assert Action.objects.get(verb="clinics.make_sessions").actor == "duty:clinics"


def test_no_session_is_made_on_a_bank_holiday_and_that_is_said(physio: Department) -> None:
    template(physio)

    made = make(physio, date(2026, 12, 28))

    assert made.left_out == ("Knee clinic, Mon 28 Dec 2026: Boxing Day, substitute day",)
    assert not Session.objects.filter(starts_at__gt=datetime(2026, 12, 28, tzinfo=UTC)).exists()


def test_past_the_known_bank_holidays_nothing_is_made(physio: Department) -> None:
    with pytest.raises(NotAllowed, match="bank holidays"):
        make(physio, date(2029, 1, 5))


def test_a_clinician_is_not_put_into_two_clinics_and_that_is_said(physio: Department) -> None:
    template(physio)
    template(physio, code="HIP")

    made = make(physio, MONDAY)

    assert made.sessions == 1
    assert made.left_out == ("Knee clinic, Mon 23 Nov 2026: Robin Hale has another clinic then",)


def a_treadmill(physio: Department) -> Equipment:
    return Equipment.objects.create(
        organisation=physio.trust, room=physio.room, name="Treadmill", gives="treadmill"
    )


def test_two_clinics_take_turns_with_one_treadmill_and_the_database_holds_it(physio: Department) -> None:
    treadmill, elsewhere = a_treadmill(physio), a_department(physio.trust, "neuro")
    template(physio, equipment=treadmill)
    template(elsewhere, code="GAIT", equipment=treadmill)

    made = make(physio, MONDAY)

    assert made.left_out == ("Knee clinic, Mon 23 Nov 2026: Treadmill has another clinic then",)
    (session,) = Session.objects.all()
    assert session.equipment == treadmill
    with pytest.raises(IntegrityError, match="equipment_is_in_one_session"), transaction.atomic():
        physio.session(session.starts_at, 1, equipment=treadmill)
    actions.cancel_session(session.pk, "Sickness", organisation_id=physio.trust.pk, by=WHO, at=AT)
    physio.session(session.starts_at, 1, equipment=treadmill)  # a cancelled clinic gives it back


def test_a_clinic_takes_only_equipment_of_its_own_site(physio: Department) -> None:
    other = Room.objects.create(
        organisation=physio.trust, site=physio.trust.sites.exclude(pk=physio.site.pk)[0], name="Gym"
    )
    far = Equipment.objects.create(organisation=physio.trust, room=other, name="Pool")

    with pytest.raises(NotAllowed, match="kept at another site"):
        template(physio, equipment=far)


def test_a_cancelled_session_is_not_made_again(physio: Department) -> None:
    template(physio)
    make(physio, MONDAY)
    session = Session.objects.get()
    actions.cancel_session(session.pk, "Sickness", organisation_id=physio.trust.pk, by=WHO, at=AT)

    assert make(physio, MONDAY).sessions == 0


def test_a_new_version_ends_the_one_before_and_keeps_its_sessions(physio: Department) -> None:
    old = template(physio)
    make(physio, MONDAY)

    new = template(physio, valid_from=MONDAY + timedelta(weeks=1), weekday=2)
    make(physio, MONDAY + timedelta(weeks=2))

    old.refresh_from_db()
    assert (new.version, old.valid_to) == (2, MONDAY + timedelta(days=6))
    days = [each.starts_at.date() for each in Session.objects.order_by("starts_at")]
    assert days == [MONDAY, MONDAY + timedelta(days=8)]


def test_a_version_cannot_begin_before_the_one_it_replaces(physio: Department) -> None:
    template(physio)

    with pytest.raises(NotAllowed, match="begin before"):
        template(physio, valid_from=MONDAY - timedelta(weeks=1))


def test_somebody_else_s_room_is_refused(physio: Department) -> None:
    other = a_department(a_trust("elsewhere"))
    physio.room = other.room

    with pytest.raises(NotAllowed, match="room is not one of this trust"):
        template(physio)


def test_freezing_blocks_every_slot_and_opening_frees_those_it_blocked(physio: Department) -> None:
    session = physio.session()
    fault = session.slots.order_by("pk")[0]
    Slot.objects.filter(pk=fault.pk).update(blocked="Couch broken")
    who = {"organisation_id": physio.trust.pk, "by": WHO, "at": AT}

    actions.freeze(session.pk, "Sickness", **who)
    assert set(session.slots.values_list("blocked", flat=True)) == {"Couch broken", "Frozen: Sickness"}
    actions.unfreeze(session.pk, **who)

    assert sorted(session.slots.values_list("blocked", flat=True)) == ["", "", "", "Couch broken"]
    with pytest.raises(NotAllowed):
        actions.unfreeze(session.pk, **who)


def test_opening_a_clinic_frees_no_slot_of_a_clinician_on_leave(physio: Department) -> None:
    session = physio.session()
    who = {"organisation_id": physio.trust.pk, "by": WHO, "at": AT}
    on = local(session.starts_at).date()

    actions.freeze(session.pk, "Sickness", **who)
    actions.ask_leave(actions.NewLeave(physio.clinician.pk, on, on, "sickness"), **who)
    actions.unfreeze(session.pk, **who)

    assert set(session.slots.values_list("blocked", flat=True)) == {"Leave"}


def test_granted_leave_blocks_its_days_and_those_of_clinics_made_later(physio: Department) -> None:
    template(physio)
    make(physio, MONDAY)
    who = {"organisation_id": physio.trust.pk, "by": WHO, "at": AT}
    wanted = actions.NewLeave(physio.clinician.pk, MONDAY, MONDAY + timedelta(days=7), "annual")
    asked = actions.ask_leave(wanted, **who)
    assert not Slot.objects.exclude(blocked="").exists()

    actions.decide_leave(asked.pk, True, **who)
    make(physio, MONDAY + timedelta(weeks=2))

    blocked = Slot.objects.filter(blocked="Leave")
    assert {each.starts_at.date() for each in blocked} == {MONDAY, MONDAY + timedelta(days=7)}
    with pytest.raises(NotAllowed, match="decided"):
        actions.decide_leave(asked.pk, False, **who)


def test_clinics_made_later_are_blocked_while_a_fault_stops_their_room(physio: Department) -> None:
    template(physio)
    fault = upkeep.New(physio.room.pk, Kind.BUILDING, Weight.UNUSABLE, "No heating", until=MONDAY)
    upkeep.report(fault, organisation_id=physio.trust.pk, by=WHO, at=AT)

    make(physio, MONDAY + timedelta(weeks=1))

    blocked = Slot.objects.exclude(blocked="")
    assert {each.starts_at.date() for each in blocked} == {MONDAY}
    assert Slot.objects.filter(blocked="").exists()


def test_refused_leave_blocks_nothing(physio: Department) -> None:
    physio.session()
    who = {"organisation_id": physio.trust.pk, "by": WHO, "at": AT}
    asked = actions.ask_leave(actions.NewLeave(physio.clinician.pk, MONDAY, MONDAY, "study"), **who)

    actions.decide_leave(asked.pk, False, **who)

    assert not Slot.objects.exclude(blocked="").exists()


@pytest.mark.parametrize(
    ("last", "kind"), [(MONDAY - timedelta(days=1), "annual"), (MONDAY, "gardening")], ids=["dates", "kind"]
)
def test_leave_that_cannot_be_is_refused(physio: Department, last: date, kind: str) -> None:
    with pytest.raises(NotAllowed):
        actions.ask_leave(
            actions.NewLeave(physio.clinician.pk, MONDAY, last, kind),
            organisation_id=physio.trust.pk,
            by=WHO,
            at=AT,
        )


def test_the_database_refuses_a_room_two_sessions_at_a_time(physio: Department) -> None:
    session = physio.session()

    with pytest.raises(IntegrityError, match="a_clinician_is_in_one_session"), transaction.atomic():
        physio.session(session.starts_at + timedelta(minutes=10))


def test_a_day_and_a_week_take_two_queries_however_full(
    physio: Department, django_assert_num_queries: object
) -> None:
    physio.session()
    physio.session(AT + timedelta(hours=4))

    with django_assert_num_queries(2):  # type: ignore[operator]
        assert len(queries.day(physio.trust.pk, AT.date(), site=physio.site.code)) == 2
    with django_assert_num_queries(2):  # type: ignore[operator]
        assert len(queries.week(physio.trust.pk, AT.date(), clinician_id=physio.clinician.pk)) == 2
