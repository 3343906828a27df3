"""The pages of the diary, of clinics, of leave and of booking: what they show, change and refuse."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from clearway.core.audit.models import Action
from clearway.desks.outpatients.booking.models import Appointment, Offer
from clearway.desks.outpatients.clinics.models import Leave, Session, Slot, Template
from clearway.desks.outpatients.waiting.models import Entry
from tests.filled import filled
from tests.therapies import NINE, Department, a_department
from tests.trust import a_trust, signed_in, somebody

pytestmark = pytest.mark.django_db
LATER = NINE + timedelta(days=28)  # 18 Dec 2026, a Friday


@pytest.fixture
def physio(db: None) -> Department:
    return a_department(a_trust())


@pytest.fixture(autouse=True)
def _at_nine(monkeypatch: pytest.MonkeyPatch) -> None:
    class At(type(NINE)):  # type: ignore[misc]
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return NINE

    monkeypatch.setattr("clearway.core.people.middleware.datetime", At)


@pytest.fixture
def desk(physio: Department) -> Client:
    return signed_in(somebody("coordinator", "outpatient_coordinator", physio.trust))


def book(desk: Client, entry: Entry, slot: Slot, what: str = "book") -> Any:
    return desk.post(f"/outpatients/list/{entry.pk}/book/", {"slot": slot.pk, "what": what})


def test_the_booking_page_lists_what_suits_with_reasons_and_why_others_do_not(
    physio: Department, desk: Client
) -> None:
    physio.session(LATER)
    physio.session(LATER + timedelta(days=3), kind="follow_up")
    entry = physio.entry(minutes=30)

    page = desk.get(f"/outpatients/list/{entry.pk}/book/").content.decode()

    assert page.count('data-key="') == 4
    assert "Fri 18 Dec 2026" in page
    assert "before the treat-by date" in page
    assert "4 not new slots" in page
    assert Action.objects.get(verb="booking.look").detail == {"entries": [entry.pk]}


def test_a_booking_leads_to_its_appointment_and_the_second_person_gets_the_alternatives(
    physio: Department, desk: Client
) -> None:
    slot, following, *_ = physio.session(LATER).slots.order_by("pk")
    first, second = physio.entry(minutes=30), physio.entry(minutes=30)

    booked, refused = book(desk, first, slot), book(desk, second, slot)

    made = Appointment.objects.get()
    assert booked["Location"] == f"/outpatients/appointments/{made.pk}/"
    assert refused.status_code == 422
    page = refused.content.decode()
    assert "Somebody else has this slot now. Next free: Fri 18 Dec 2026, 09:30" in page
    assert f'value="{following.pk}"' in page
    assert f'value="{slot.pk}"' not in page


def test_no_slot_chosen_and_a_slot_of_nobody_are_refused(physio: Department, desk: Client) -> None:
    entry = physio.entry(minutes=30)

    assert desk.post(f"/outpatients/list/{entry.pk}/book/", {}).status_code == 422
    wrong = desk.post(f"/outpatients/list/{entry.pk}/book/", {"slot": "x"})
    missing = desk.post(f"/outpatients/list/{entry.pk}/book/", {"slot": "987654"})

    assert (wrong.status_code, missing.status_code) == (422, 404)


def test_a_declined_date_is_on_the_page_with_whether_it_was_reasonable(
    physio: Department, desk: Client
) -> None:
    slot = physio.session(LATER).slots.all()[0]
    entry = physio.entry(minutes=30)

    book(desk, entry, slot, "decline")

    assert Offer.objects.get().answer == "declined"
    page = desk.get(f"/outpatients/list/{entry.pk}/book/").content.decode()
    assert "<td>declined</td><td>Yes</td>" in page


def test_a_hold_is_shown_until_when(physio: Department, desk: Client) -> None:
    slot = physio.session(LATER).slots.all()[0]
    entry = physio.entry(minutes=30)

    book(desk, entry, slot, "hold")

    assert "Held until 09:20" in desk.get(f"/outpatients/list/{entry.pk}/book/").content.decode()


def test_an_appointment_is_confirmed_moved_and_cancelled_on_its_page(
    physio: Department, desk: Client
) -> None:
    one, two, *_ = physio.session(LATER).slots.order_by("pk")
    entry = physio.entry(minutes=30)
    book(desk, entry, one)
    page = f"/outpatients/appointments/{Appointment.objects.get().pk}/"

    desk.post(page, {"what": "confirm"})
    assert "Not yet" not in desk.get(page).content.decode()
    assert desk.post(page, {"what": "cancel"}).status_code == 422
    moved = desk.post(page, {"what": "move", "why": "patient:patient_work", "slot": two.pk})
    assert Appointment.objects.get(state="booked").slot_id == two.pk
    desk.post(moved["Location"], {"what": "cancel", "why": "patient:patient_ill"})

    entry.refresh_from_db()
    assert entry.state == "waiting"
    assert (
        "Cancelled by the patient (ill) with 672 hours&#39; notice"
        in desk.get(moved["Location"]).content.decode()
    )


def test_the_diary_shows_each_slot_by_shape_and_word(physio: Department, desk: Client) -> None:
    session = physio.session(LATER)
    one, two, three, _ = session.slots.order_by("pk")
    book(desk, physio.entry(minutes=30), one)
    book(desk, physio.entry(minutes=30), two, "hold")
    Slot.objects.filter(pk=three.pk).update(blocked="Couch broken")

    page = desk.get("/outpatients/diary/?on=2026-12-18").content.decode()

    for look in ("slot booked at-4 for-2", "slot held at-6", "slot blocked at-8", "slot free at-10"):
        assert look in page
    assert "Blocked: Couch broken" in page
    week = desk.get("/outpatients/diary/?on=2026-12-18&view=week").content.decode()
    assert "1 of 4 free" in week


def test_the_diary_takes_the_same_queries_however_full(physio: Department, desk: Client) -> None:
    def asked(view: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert desk.get(f"/outpatients/diary/?on=2026-12-18{view}").status_code == 200
        return len(queries)

    book(desk, physio.entry(minutes=30), physio.session(LATER).slots.all()[0])
    asked("")
    before = asked(""), asked("&view=week")
    for hours in (3, 6):
        session = physio.session(LATER + timedelta(hours=hours))
        book(desk, physio.entry(minutes=30), session.slots.all()[0])

    assert (asked(""), asked("&view=week")) == before


def test_a_frozen_clinic_lists_whom_to_move(physio: Department, desk: Client) -> None:
    session = physio.session(LATER)
    entry = physio.entry(minutes=30)
    book(desk, entry, session.slots.all()[0])
    page = f"/outpatients/clinics/sessions/{session.pk}/"

    assert desk.post(page, {"what": "freeze"}).status_code == 422
    desk.post(page, {"what": "freeze", "why": "Staff sickness"})

    shown = desk.get(page).content.decode()
    assert "To be moved, soonest first" in shown
    assert "slot alarm" in desk.get("/outpatients/diary/?on=2026-12-18").content.decode()
    desk.post(page, {"what": "open"})
    assert Session.objects.get().state == "open"
    desk.post(page, {"what": "cancel", "why": "Staff sickness"})
    assert Session.objects.get().state == "cancelled"
    assert Appointment.objects.get().state == "booked"


def template_of(physio: Department, **more: Any) -> dict[str, Any]:
    return {
        "code": "KNEE",
        "name": "Knee clinic",
        "service": physio.service.pk,
        "room": physio.room.pk,
        "clinician": physio.clinician.pk,
        "weekday": 5,
        "every": 1,
        "valid_from": "2026-11-21",
        "valid_to": "",
        "slots": "09:00 30 new\n09:30 30 new",
        **more,
    }


def opened(desk: Client, code: str) -> dict[str, str]:
    """What the form of a clinic brings back of what it was opened with."""
    return {"seen": filled(desk.get(f"/outpatients/clinics/{code}/"))["seen"]}


def test_a_new_version_shows_every_booking_that_would_no_longer_fit_before_it_is_saved(
    physio: Department, desk: Client
) -> None:
    made = desk.post("/outpatients/clinics/new/", opened(desk, "new") | template_of(physio))
    assert made["Location"] == "/outpatients/clinics/KNEE/"
    desk.post("/outpatients/clinics/", {"until": "2026-12-18"})
    assert Session.objects.count() == 4
    slot = Slot.objects.get(starts_at=LATER + timedelta(minutes=30))
    book(desk, physio.entry(minutes=30), slot)
    later = template_of(physio, slots="09:00 30 new\n09:45 30 new", valid_from="2026-12-01")
    later = opened(desk, "KNEE") | later

    first = desk.post("/outpatients/clinics/KNEE/", later)

    page = first.content.decode()
    assert "1 booking would no longer fit" in page
    assert "No slot begins at 09:30 any more." in page
    assert Template.objects.count() == 1
    seen = str(Appointment.objects.get().pk)
    desk.post("/outpatients/clinics/KNEE/", {**later, "looked": seen})
    assert Template.objects.count() == 2
    # The three empty sessions from December on are gone, to be made anew; the booked one stays as it was.
    days = [each.starts_at.day for each in Session.objects.order_by("starts_at")]
    assert days == [27, 18]
    desk.post("/outpatients/clinics/", {"until": "2026-12-18"})
    assert Session.objects.count() == 4


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"slots": "09:00 30 lunch"}, "slot 1, kind"),
        ({"slots": "09:00 30 new often"}, "line 1"),
        ({"slots": ""}, "at least one slot"),
        ({"valid_from": "soon"}, "From: enter a date"),
        ({"valid_to": "2026-01-01"}, "ends before it begins"),
        ({"service": ""}, "Choose a service"),
        ({"room": "987654"}, "room is not one of this trust"),
    ],
)
def test_a_clinic_that_cannot_be_is_refused_with_place_and_fix(
    physio: Department, desk: Client, wrong: dict[str, Any], why: str
) -> None:
    refused = desk.post("/outpatients/clinics/new/", opened(desk, "new") | template_of(physio, **wrong))

    assert refused.status_code == 422
    assert why in refused.content.decode()
    assert Template.objects.count() == 0


def test_leave_shows_what_it_touches_and_until_when_to_decide_and_a_leader_decides(
    physio: Department, desk: Client
) -> None:
    session = physio.session(LATER)
    book(desk, physio.entry(minutes=30), session.slots.all()[0])
    asked = {
        "clinician": physio.clinician.pk,
        "kind": "annual",
        "starts_on": "2026-12-18",
        "ends_on": "2026-12-20",
    }

    refused = desk.post("/outpatients/clinics/leave/", {**asked, "ends_on": "2026-12-17"})
    assert refused.status_code == 422
    assert f'value="{asked["clinician"]}" selected' in refused.content.decode()  # nothing typed is lost
    desk.post("/outpatients/clinics/leave/", asked)

    page = desk.get("/outpatients/clinics/leave/").content.decode()
    assert "6 Nov 2026, passed" in page
    assert "1 to be moved" in page
    decide = f"/outpatients/clinics/leave/{Leave.objects.get().pk}/"
    assert desk.post(decide, {"granted": "yes"}).status_code == 403
    leader = signed_in(somebody("leader", "outpatient_team_leader", physio.trust))
    leader.post(decide, {"granted": "yes"})
    assert Slot.objects.filter(blocked="Leave").count() == 4
    assert Leave.objects.get().decided is True


def test_nothing_of_another_trust_opens(physio: Department) -> None:
    elsewhere = a_department(a_trust("elsewhere"), "speech")
    elsewhere.numbers = physio.numbers
    stranger = signed_in(somebody("stranger", "outpatient_coordinator", elsewhere.trust))
    slot = physio.session(LATER).slots.all()[0]
    made = physio.booked(slot)

    for page in (
        f"/outpatients/list/{made.entry_id}/book/",
        f"/outpatients/appointments/{made.pk}/",
        f"/outpatients/clinics/sessions/{slot.session_id}/",
    ):
        assert stranger.get(page).status_code == 404
    own = elsewhere.entry(minutes=30)
    assert stranger.post(f"/outpatients/list/{own.pk}/book/", {"slot": slot.pk}).status_code == 404
