"""Faults of rooms and equipment: reported, asked about again, blocking the slots they touch, mended."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from clearway.core.audit.actions import Actor
from clearway.core.worklist.models import Task
from clearway.desks.outpatients import rules, situation
from clearway.desks.outpatients.clinics.models import Equipment, Leave, Slot
from clearway.desks.outpatients.upkeep import actions, queries
from clearway.desks.outpatients.upkeep.models import Fault
from clearway.domain.outpatients.upkeep import Kind, Weight
from clearway.domain.shared.errors import NotAllowed
from tests.therapies import NINE, TODAY, Department, a_department
from tests.trust import a_trust, signed_in, somebody

pytestmark = pytest.mark.django_db
WHO = Actor("coordinator")
EARLY = NINE - timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
def physio(db: None) -> Department:
    return a_department(a_trust())


def who(physio: Department, after: timedelta = timedelta(0)) -> Any:
    return {"organisation_id": physio.trust.pk, "by": WHO, "at": EARLY + after}


def report(physio: Department, weight: Weight = Weight.UNUSABLE, until: date | None = TODAY) -> Fault:
    new = actions.New(physio.room.pk, Kind.BUILDING, weight, "No heating", until=until)
    return actions.report(new, **who(physio))


def blocked(physio: Department) -> list[bool]:
    rows = Slot.objects.filter(organisation=physio.trust).order_by("starts_at")
    return [bool(row.blocked) for row in rows]


def tasks(physio: Department, after: timedelta = timedelta(0)) -> dict[str, tuple[int, str]]:
    at = EARLY + after
    rules.run(physio.trust.pk, situation.read(physio.trust.pk, at), at)
    rows = Task.objects.filter(organisation=physio.trust, closed_at__isnull=True)
    return {row.subject: (row.priority, row.role) for row in rows}


def test_a_fault_blocks_the_slots_it_touches_until_it_is_mended(physio: Department) -> None:
    physio.session(slots=2)
    physio.session(NINE + DAY, slots=1)

    row = report(physio)
    assert blocked(physio) == [True, True, False]
    actions.chase(row.pk, "A part is ordered", until=TODAY + DAY, **who(physio))
    assert blocked(physio) == [True, True, True]
    actions.chase(row.pk, "It came early", until=TODAY, **who(physio))
    assert blocked(physio) == [True, True, False]
    actions.mend(row.pk, "New valve", **who(physio))

    assert blocked(physio) == [False, False, False]
    with pytest.raises(NotAllowed, match="said that it is mended"):
        actions.mend(row.pk, "Again", **who(physio))


def test_what_can_still_be_used_blocks_nothing_and_what_cannot_says_until_when(physio: Department) -> None:
    physio.session(slots=1)

    report(physio, Weight.NUISANCE, None)

    assert blocked(physio) == [False]
    with pytest.raises(NotAllowed, match="until when"):
        report(physio, until=None)
    with pytest.raises(NotAllowed, match="until when"):
        report(physio, until=TODAY - DAY)


def test_a_slot_stays_blocked_by_leave_or_by_another_fault(physio: Department) -> None:
    physio.session(slots=1)
    physio.session(NINE + DAY, slots=1)
    first, second = report(physio, until=TODAY + DAY), report(physio, Weight.DANGER)
    Leave.objects.create(
        organisation=physio.trust,
        clinician=physio.clinician,
        starts_on=TODAY + DAY,
        ends_on=TODAY + DAY,
        kind="annual",
        asked_at=EARLY,
        decided=True,
        decided_at=EARLY,
    )

    actions.mend(first.pk, "Mended", **who(physio))

    words = list(Slot.objects.order_by("starts_at").values_list("blocked", flat=True))
    assert words == [f"Fault {second.pk}: No heating", "Leave"]


def test_a_broken_treadmill_blocks_the_clinics_that_take_it_and_no_others(physio: Department) -> None:
    neuro = a_department(physio.trust, "neuro")
    treadmill = Equipment.objects.create(organisation=physio.trust, room=physio.room, name="Treadmill")
    physio.session(slots=1)
    neuro.session(NINE + timedelta(hours=1), slots=1, equipment=treadmill)  # in another room
    neuro.session(NINE + timedelta(hours=2), slots=1)
    office = signed_in(somebody("opal", "outpatient_coordinator", physio.trust))

    new = actions.New(
        physio.room.pk, Kind.EQUIPMENT, Weight.DANGER, "Belt torn", until=TODAY, equipment_id=treadmill.pk
    )
    row = actions.report(new, **who(physio))

    assert blocked(physio) == [False, True, False]
    assert "Treadmill" in office.get("/outpatients/office/faults/").content.decode()
    assert (
        f'value="{physio.room.pk}-{treadmill.pk}"'
        in office.get("/outpatients/office/faults/new/").content.decode()
    )
    actions.mend(row.pk, "New belt", **who(physio))
    assert blocked(physio) == [False, False, False]


def test_who_is_booked_into_a_broken_room_is_listed_soonest_first_and_a_task(physio: Department) -> None:
    slots = list(physio.session(slots=3).slots.all())
    later, sooner = physio.booked(slots[2]), physio.booked(slots[0])

    row = report(physio)

    assert [each.pk for each in queries.to_move(row, EARLY)] == [sooner.pk, later.pk]
    assert tasks(physio)["faults:booked"] == (2, "outpatient_coordinator")
    actions.mend(row.pk, "Mended", **who(physio))
    assert tasks(physio) == {}


def test_a_fault_is_asked_about_again_until_it_is_mended(physio: Department) -> None:
    row = report(physio, Weight.DANGER)

    assert tasks(physio) == {}
    assert tasks(physio, 3 * DAY) == {f"fault:{row.pk}": (2, "outpatient_coordinator")}
    actions.chase(row.pk, "Tomorrow", until=TODAY + 5 * DAY, **who(physio, 3 * DAY))
    assert tasks(physio, 3 * DAY) == {}


def test_a_coordinator_reports_a_fault_and_a_second_person_sees_whom_to_move(physio: Department) -> None:
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    booked = physio.booked(physio.session(now + timedelta(days=2), slots=1).slots.all()[0])
    office = signed_in(somebody("opal", "outpatient_coordinator", physio.trust))
    leader = signed_in(somebody("lena", "outpatient_team_leader", physio.trust))
    typed = {"room": physio.room.pk, "kind": "equipment", "weight": "unusable", "what": "Plinth is stuck"}
    page = "/outpatients/office/faults/new/"

    refused = office.post(page, typed)
    office.post(page, {**typed, "until": (now + timedelta(days=9)).date().isoformat()})

    assert refused.status_code == 422 and "Say until when" in refused.content.decode()
    row = Fault.objects.get()
    assert row.mender == "engineers"
    one = leader.get(f"/outpatients/office/faults/{row.pk}/").content.decode()
    assert str(booked.patient) in one and "1 to be moved" in one
    assert "Plinth is stuck" in leader.get("/outpatients/office/faults/").content.decode()
    assert "Faults of rooms and equipment" in leader.get("/outpatients/office/").content.decode()
    office.post(f"/outpatients/office/faults/{row.pk}/", {"what": "mend", "how": "New motor"})
    assert "No fault stands" in leader.get("/outpatients/office/faults/").content.decode()
