"""Today's arrivals: who is here, who is late, who cannot be checked in."""

from datetime import UTC, datetime, timedelta

import pytest

from clearway.core.audit.actions import Actor
from clearway.core.audit.models import Action
from clearway.desks.outpatients.booking.models import Appointment
from clearway.desks.outpatients.reception import actions, presenters, queries
from clearway.domain.shared.errors import NotAllowed
from tests.therapies import NINE, Department, a_department
from tests.trust import a_trust, signed_in, somebody

pytestmark = pytest.mark.django_db
WHO = Actor("reception")


@pytest.fixture
def physio(db: None) -> Department:
    return a_department(a_trust())


def check_in(row: Appointment, at: datetime = NINE) -> Appointment:
    return actions.check_in(row.pk, organisation_id=row.organisation_id, by=WHO, at=at)


def test_who_comes_is_checked_in_once_and_can_be_taken_back(physio: Department) -> None:
    row = physio.booked(physio.session().slots.all()[0])

    assert check_in(row).arrived_at == NINE
    with pytest.raises(NotAllowed, match="Checked in at 09:00 already"):
        check_in(row)
    back = actions.take_back(row.pk, organisation_id=physio.trust.pk, by=WHO, at=NINE)

    assert (back.state, back.arrived_at) == ("booked", None)
    with pytest.raises(NotAllowed, match="not checked in"):
        actions.take_back(row.pk, organisation_id=physio.trust.pk, by=WHO, at=NINE)
    assert Action.objects.filter(verb__startswith="reception.").count() == 2


def test_another_day_and_a_cancelled_appointment_are_refused(physio: Department) -> None:
    row = physio.booked(physio.session().slots.all()[0])

    with pytest.raises(NotAllowed, match="20 Nov 2026, 09:00"):
        check_in(row, NINE + timedelta(days=1))
    Appointment.objects.filter(pk=row.pk).update(state="cancelled", cancelled_at=NINE, cancelled_by="patient")
    with pytest.raises(NotAllowed, match="Only a booked appointment"):
        check_in(row)


def test_who_is_late_is_told_apart_from_who_is_looked_for(physio: Department) -> None:
    here, late, later = (physio.booked(slot) for slot in physio.session(slots=3).slots.all())
    check_in(here, NINE + timedelta(minutes=3))

    at = NINE + timedelta(minutes=41)
    nothing = presenters.Held({}, {}, {})
    lines = [
        presenters.line(row, nothing, at) for row in queries.today(physio.trust.pk, physio.site.code, at)
    ]

    assert [(each.key, each.late, each.is_awaited) for each in lines] == [
        (here.pk, 0, False),
        (late.pk, 11, True),
        (later.pk, 0, False),
    ]
    assert lines[0].came_late and presenters.counts(lines) == presenters.Counts(2, 1, 1, 0)


def test_the_next_free_slots_are_those_of_today_with_a_seat_left(physio: Department) -> None:
    slots = physio.session(slots=3).slots.all()
    physio.booked(slots[1])
    physio.session(NINE + timedelta(days=1), slots=1)

    found = queries.next_free(physio.trust.pk, physio.site.code, NINE)

    assert [each.starts_at for each in found] == [slots[2].starts_at]


def test_the_page_shows_a_site_and_its_needs_and_checks_in_by_one_form(physio: Department) -> None:
    browser = signed_in(somebody("rita", "receptionist", physio.trust))
    now = datetime.now(UTC)
    row = physio.booked(physio.session(now.replace(minute=0, second=0, microsecond=0)).slots.all()[0])
    row.patient.needs.create(kind="interpreter", detail="Polish", recorded_at=NINE)
    address = f"/outpatients/reception/?site={physio.site.code}"

    page = browser.get(address).content.decode()
    assert "Interpreter: Polish" in page and str(row.patient).split(",")[0] in page
    assert "Nobody of that name" in browser.get(f"{address}&name=zzz").content.decode()

    answer = browser.post(f"/outpatients/reception/{row.pk}/", {"site": physio.site.code}, follow=True)

    assert "is checked in" in answer.content.decode()
    assert answer.content.decode().count("autofocus") == 1
    assert "autofocus" not in browser.get(f"{address}&done=x").content.decode()
    row.refresh_from_db()
    assert row.state == "arrived"
    assert browser.post("/outpatients/reception/987654/").status_code == 404
