"""A wait from the referral to its end, each step by its own action, and what the next part makes of it."""

from datetime import date, datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.test import Client

from clearway.core.audit.models import Action
from clearway.desks.outpatients.booking import actions as booking
from clearway.desks.outpatients.booking.models import Appointment
from clearway.desks.outpatients.clinics.models import Service, Slot
from clearway.desks.outpatients.clocks import queries as pathways
from clearway.desks.outpatients.clocks.models import Pathway
from clearway.desks.outpatients.enquiries import actions as enquiries
from clearway.desks.outpatients.letters.models import Letter
from clearway.desks.outpatients.outcomes import actions as outcomes
from clearway.desks.outpatients.outcomes.models import Miss
from clearway.desks.outpatients.recycling.models import FreedSlot
from clearway.desks.outpatients.referrals import actions as referrals
from clearway.desks.outpatients.referrals.models import Referral
from clearway.desks.outpatients.waiting import actions as waiting
from clearway.desks.outpatients.waiting import checks
from clearway.desks.outpatients.waiting.models import Contact, Entry
from clearway.domain.outpatients.clock_words import Prompt
from clearway.domain.outpatients.enquiries import About
from clearway.domain.outpatients.measurement import ServiceKind
from clearway.domain.outpatients.outcomes import PRESETS, Mistake, NextStep, Said
from clearway.domain.outpatients.words import CancelledBy, RttStatus
from clearway.domain.shared.errors import NotAllowed
from tests.outpatients import a_patient, a_service, scope
from tests.therapies import NINE, TODAY, Department, a_department
from tests.trust import a_trust, signed_in, somebody, stop_the_clock

pytestmark = pytest.mark.django_db
WEEK = timedelta(weeks=1)
RECEIVED = NINE - 4 * WEEK


@pytest.fixture
def physio(db: None) -> Department:
    return a_department(a_trust())


def registered(physio: Department, **more: Any) -> Referral:
    """A whole referral, four weeks ago."""
    patient = more.pop("patient", None) or a_patient(physio.trust, f"Ada Brown{next(physio.numbers)}")
    given = {"sender": "Dr Field", "source": "03", "priority": "routine", "condition": "Knee pain", **more}
    new = referrals.New(patient.pk, physio.service.pk, RECEIVED.date(), question="Please treat", **given)
    return referrals.register(new, **scope(physio.trust, RECEIVED))


def accepted(physio: Department, row: Referral) -> Entry:
    decision = referrals.Decision("accept", priority="1", minutes=30)
    referrals.triage(row.pk, decision, **scope(physio.trust, RECEIVED + timedelta(days=1)))
    return Entry.objects.get(referral=row)


def slots(physio: Department, starts_at: datetime = NINE, count: int = 4, kind: str = "new") -> list[Slot]:
    return list(physio.session(starts_at, count, kind=kind).slots.order_by("starts_at"))


def booked(physio: Department, slot: Slot, entry: Entry, at: datetime = NINE - 2 * WEEK) -> Appointment:
    """Booked two weeks before, and the letter of it has left."""
    made = booking.book(slot.pk, entry.pk, **scope(physio.trust, at))
    Contact.objects.filter(appointment=made).update(outcome="sent")
    return made


def said(key: str, **more: Any) -> Said:
    preset = PRESETS[key]
    given = {name: getattr(preset, name) for name in ("attended", "outcome", "status", "next_step")}
    if preset.next_step in (NextStep.FOLLOW_UP, NextStep.MONITORING, NextStep.ON_REQUEST):
        given["due_on"] = TODAY + 6 * WEEK
    return Said(**{**given, "not_brought": preset.not_brought, **more})


def outcome(row: Appointment, key: str, at: datetime | None = None, **more: Any) -> str:
    """Cash one appointment up in its hour; why it was refused, "" where it was saved."""
    when = scope(row.organisation, at or row.ends_at)
    return outcomes.cash_up([(row.pk, said(key, **more))], **when)[0].why


def saved(row: Appointment, key: str, at: datetime | None = None, **more: Any) -> None:
    assert outcome(row, key, at, **more) == ""


def decided(row: Appointment, decision: str, at: datetime, **more: Any) -> Miss:
    miss = Miss.objects.get(appointment=row)
    given = {"clinician": "Robin Hale", "reason": "The knee is well", "follows_policy": True, **more}
    return outcomes.decide(miss.pk, decision, **given, **scope(row.organisation, at))


def clock(row: Referral) -> tuple[str, str]:
    pathway = Pathway.objects.get(pk=row.pathway_id)
    return pathway.state, pathway.status


def places(row: Referral) -> list[tuple[str, str]]:
    return list(Entry.objects.filter(referral=row).order_by("id").values_list("state", "why"))


def left_behind(physio: Department, at: datetime) -> list[str]:
    return [each.subject for each in checks.all_found(physio.trust.pk, at) if each.code == "CW01"]


# A discharge leaves nobody booked


def a_follow_up_to_come(physio: Department) -> tuple[Referral, Appointment, Appointment]:
    """Seen once and booked for a follow-up next week, while a class of the same referral is waited for."""
    row = registered(physio)
    first = booked(physio, slots(physio)[0], accepted(physio, row))
    saved(first, "s")
    follow_up = Entry.objects.get(outcome_of=first)
    (soon,) = slots(physio, NINE + WEEK, 1, kind="follow_up")
    (late,) = slots(physio, NINE + 2 * WEEK, 1, kind="follow_up")
    one = booked(physio, soon, follow_up, at=first.ends_at)
    course = waiting.New(
        patient_id=row.patient_id, service_id=row.service_id, kind="follow_up", priority="1", minutes=30,
        referral_id=row.pk, pathway_id=row.pathway_id, due_on=TODAY + 8 * WEEK,
    )  # fmt: skip
    other = waiting.add(course, **scope(physio.trust, first.ends_at))
    two = booked(physio, late, other, at=first.ends_at)
    return row, one, two


def test_a_discharge_names_the_visits_still_booked_and_saves_nothing(physio: Department) -> None:
    row, one, two = a_follow_up_to_come(physio)

    why = outcome(one, "d")

    assert why.startswith("1 visit is still booked: ") and "4 Dec" in why and "Tick to cancel" in why
    one.refresh_from_db()
    two.refresh_from_db()
    assert (one.state, two.state) == ("booked", "booked")
    assert clock(row)[0] == "ticking"


def test_a_confirmed_discharge_cancels_them_frees_their_seats_and_ends_every_place_on_the_list(
    physio: Department,
) -> None:
    row, one, two = a_follow_up_to_come(physio)
    waits = waiting.New(row.patient_id, row.service_id, "group", "1", 60, row.pk, row.pathway_id)
    waiting.add(waits, **scope(physio.trust, NINE))

    saved(one, "d", cancels_booked=True)

    two.refresh_from_db()
    assert (two.state, two.cancelled_by, two.cancel_reason) == ("cancelled", "provider", "discharged")
    assert FreedSlot.objects.filter(appointment=two, state="open").count() == 1
    assert places(row) == [("seen", ""), ("seen", ""), ("removed", "clinician"), ("removed", "clinician")]
    assert clock(row) == ("stopped", "34")
    told = Letter.objects.filter(appointment__in=(one, two)).exclude(kind="confirmation")
    assert sorted(told.values_list("kind", "audience", "appointment")) == [
        ("cancellation", "patient", two.pk),
        ("discharge", "patient", one.pk),
        ("discharge", "referrer", one.pk),
    ]
    assert Action.objects.filter(verb="outcomes.cash_up").latest("id").detail["cancelled"] == [two.pk]
    assert left_behind(physio, one.ends_at) == []


def test_what_a_discharge_ended_waits_again_when_it_is_taken_back(physio: Department) -> None:
    row, one, _ = a_follow_up_to_come(physio)
    saved(one, "d", cancels_booked=True)

    outcomes.take_back(one.pk, Mistake.SLIP, **scope(physio.trust, one.ends_at + timedelta(minutes=5)))

    assert places(row) == [("seen", ""), ("booked", ""), ("waiting", "")]
    assert clock(row)[0] == "ticking"


def test_a_discharge_after_a_miss_names_what_is_booked_too_and_ends_all_of_it(physio: Department) -> None:
    row, one, two = a_follow_up_to_come(physio)
    saved(one, "n")
    soon = one.ends_at + timedelta(minutes=20)

    with pytest.raises(NotAllowed, match="1 visit is still booked"):
        decided(one, "discharge", one.ends_at)
    decided(one, "discharge", one.ends_at, cancels_booked=True)

    two.refresh_from_db()
    assert two.state == "cancelled"
    assert places(row) == [("seen", ""), ("removed", "clinician"), ("removed", "clinician")]
    assert clock(row) == ("stopped", "34")
    assert left_behind(physio, soon) == []


def test_who_is_discharged_or_removed_and_yet_booked_or_waiting_is_found_until_it_is_mended(
    physio: Department,
) -> None:
    """As such rows stand from before, or come from another system."""
    row, one, two = a_follow_up_to_come(physio)
    later = one.ends_at
    with patch.object(outcomes, "_cancel_rest", return_value=[]):
        saved(one, "d", cancels_booked=True)

    assert left_behind(physio, later) == [f"entry:{two.entry_id}"]
    Entry.objects.filter(pk=two.entry_id).update(state="waiting", why="")
    Appointment.objects.filter(pk=one.pk).update(outcomed_at=later)
    assert left_behind(physio, two.ends_at) == [f"entry:{two.entry_id}"]

    referrals.leave_list(two.entry_id, "error", **scope(physio.trust, later))
    booking.cancel(
        two.pk, by_whom=CancelledBy.PROVIDER, reason="slot_cancelled", **scope(physio.trust, later)
    )
    assert places(row)[-1] == ("removed", "error")
    assert left_behind(physio, later) == []


def test_the_sheet_asks_before_it_cancels_and_does_it_on_the_second_sending(
    physio: Department, monkeypatch: pytest.MonkeyPatch
) -> None:
    row, one, two = a_follow_up_to_come(physio)
    stop_the_clock(monkeypatch, one.ends_at)
    client: Client = signed_in(somebody("ann", "outpatient_coordinator", physio.trust))
    address = f"/outpatients/outcomes/{one.slot.session_id}/"
    typed = {f"said-{one.pk}": "d"}

    asked = client.post(address, typed)
    done = client.post(address, {**typed, f"rest-{one.pk}": "on"})

    page = asked.content.decode()
    assert asked.status_code == 422 and f'name="rest-{one.pk}"' in page
    assert "Cancel the visit still booked" in page
    assert done.status_code == 302
    two.refresh_from_db()
    assert (two.state, clock(row)[0]) == ("cancelled", "stopped")


# A consultant's clock


def sent_by_a_consultant(physio: Department) -> tuple[Referral, Referral]:
    """The consultant's referral, of which nothing is recorded here yet; the one to therapy on its clock."""
    orthopaedics = a_service(physio.trust, "TO", kind=ServiceKind.CONSULTANT_LED, function="110")
    patient = a_patient(physio.trust)
    new = referrals.New(
        patient.pk, orthopaedics.pk, RECEIVED.date(), sender="Dr Field", source="03", priority="routine",
        condition="Knee", question="Please see",
    )  # fmt: skip
    theirs = referrals.register(new, **scope(physio.trust, RECEIVED))
    ours = registered(physio, patient=patient, source="05", parent_id=theirs.pathway_id)
    assert ours.pathway_id == theirs.pathway_id
    return theirs, ours


@pytest.mark.parametrize(
    ("key", "status"), [("d", "20"), ("r", "20"), ("m", "10"), ("s", "10"), ("x", "30"), ("t", "30")]
)
def test_on_a_consultants_clock_therapy_stops_it_by_treating_only(
    physio: Department, key: str, status: str
) -> None:
    theirs, ours = sent_by_a_consultant(physio)
    visit = booked(physio, slots(physio)[0], accepted(physio, ours))

    saved(visit, key)

    visit.refresh_from_db()
    assert clock(theirs) == ("stopped" if status == "30" else "ticking", status)
    assert visit.status == status
    tasks = [each.prompted.prompt for each in pathways.prompts_due(physio.trust.pk, visit.ends_at)]
    assert (Prompt.TELL_CONSULTANT in tasks) == (key in "dr")


@pytest.mark.parametrize("decision", ["reoffer", "discharge"])
def test_a_miss_of_therapy_neither_nullifies_a_consultants_clock_nor_ends_it(
    physio: Department, decision: str
) -> None:
    theirs, ours = sent_by_a_consultant(physio)
    visit = booked(physio, slots(physio)[0], accepted(physio, ours))

    assert "does not nullify" in outcome(visit, "n", status=RttStatus.FIRST_MISSED)
    saved(visit, "n")
    assert clock(theirs)[0] == "ticking"
    decided(visit, decision, visit.ends_at)

    assert clock(theirs)[0] == "ticking"
    assert Pathway.objects.get(pk=theirs.pathway_id).started_on == RECEIVED.date()
    assert places(ours) == [("waiting", "") if decision == "reoffer" else ("removed", "clinician")]


@pytest.mark.parametrize("why", ["declined", "clinician", "treated_elsewhere"])
def test_who_leaves_the_therapys_list_leaves_the_consultants_clock_running_and_the_consultant_told(
    physio: Department, why: str
) -> None:
    theirs, ours = sent_by_a_consultant(physio)
    entry = accepted(physio, ours)

    referrals.leave_list(entry.pk, why, clinician="Robin Hale", **scope(physio.trust))

    assert clock(theirs) == ("ticking", "20")
    (task,) = pathways.prompts_due(physio.trust.pk, NINE)
    assert (task.pathway_id, task.prompted.prompt) == (theirs.pathway_id, Prompt.TELL_CONSULTANT)


# Sent on to another service


def sent_on(row: Referral, to: Service) -> Referral:
    decision = referrals.Decision("redirect", reason="It is the hand", service_id=to.pk)
    return referrals.triage(row.pk, decision, **scope(row.organisation, RECEIVED + timedelta(days=1)))


def measured(row: Referral) -> tuple[str, str, str, date | None]:
    found = Pathway.objects.get(pk=Referral.objects.get(pk=row.pk).pathway_id)
    return found.measurement, found.function, found.state, found.started_on


@pytest.mark.parametrize(
    ("before", "after", "measurement"),
    [
        (ServiceKind.THERAPY, ServiceKind.CONSULTANT_LED, "01"),
        (ServiceKind.CONSULTANT_LED, ServiceKind.THERAPY, "02"),
        (ServiceKind.THERAPY, ServiceKind.OTHER, "09"),
    ],
)
def test_a_service_that_is_measured_otherwise_has_a_clock_of_its_own_from_the_same_receipt(
    physio: Department, before: ServiceKind, after: ServiceKind, measurement: str
) -> None:
    Service.objects.filter(pk=physio.service.pk).update(kind=before)
    hands = a_service(physio.trust, "HANDS", kind=after, function="651")
    row = registered(physio)

    sent = sent_on(row, hands)

    assert measured(row) == (measurement, "651", "ticking", RECEIVED.date())
    assert Pathway.objects.get(pk=row.pathway_id).state == "none"
    entry = accepted(physio, sent)
    assert (entry.service_id, entry.pathway_id, entry.waits_from) == (
        hands.pk,
        sent.pathway_id,
        RECEIVED.date(),
    )
    assert pathways.differences(Pathway.objects.all(), NINE) == []


@pytest.mark.parametrize("before", [ServiceKind.THERAPY, ServiceKind.INTERFACE])
def test_a_service_that_is_measured_alike_goes_on_with_the_clock_under_its_function(
    physio: Department, before: ServiceKind
) -> None:
    """From an interface service the clock runs on from its receipt (example 15)."""
    Service.objects.filter(pk=physio.service.pk).update(kind=before)
    after = ServiceKind.THERAPY if before is ServiceKind.THERAPY else ServiceKind.CONSULTANT_LED
    hands = a_service(physio.trust, "HANDS", kind=after, function="651")
    row = registered(physio)

    sent = sent_on(row, hands)

    assert sent.pathway_id == row.pathway_id
    assert measured(row)[1:] == ("651", "ticking", RECEIVED.date())
    assert pathways.explained(sent.pathway_id, TODAY).periods[-1].function == "651"


def test_therapy_that_is_sent_on_stays_on_the_consultants_clock(physio: Department) -> None:
    theirs, ours = sent_by_a_consultant(physio)
    hands = a_service(physio.trust, "HANDS", function="651")

    sent_on(ours, hands)

    assert measured(ours) == ("01", "110", "ticking", RECEIVED.date())
    assert Referral.objects.get(pk=ours.pk).pathway_id == theirs.pathway_id


def test_therapy_that_is_sent_on_to_a_consultant_leaves_the_first_consultants_clock_as_it_is(
    physio: Department,
) -> None:
    theirs, ours = sent_by_a_consultant(physio)
    spine = a_service(physio.trust, "SPINE", kind=ServiceKind.CONSULTANT_LED, function="108")

    sent_on(ours, spine)

    assert measured(ours) == ("01", "108", "ticking", RECEIVED.date())
    assert measured(theirs) == ("01", "110", "ticking", RECEIVED.date())


def test_patient_and_referrer_are_told_where_it_went(physio: Department) -> None:
    hands = a_service(physio.trust, "HANDS", function="651")
    row = sent_on(registered(physio), hands)

    told = Letter.objects.filter(kind="redirected")

    assert sorted(told.values_list("audience", "referral")) == [("patient", row.pk), ("referrer", row.pk)]


# After a miss that nullified the clock


def nullified(physio: Department) -> tuple[Referral, Appointment]:
    row = registered(physio)
    visit = booked(physio, slots(physio)[0], accepted(physio, row))
    saved(visit, "n")
    assert clock(row) == ("nullified", "33")
    return row, visit


def started_on(row: Referral) -> date | None:
    return Pathway.objects.get(pk=row.pathway_id).started_on


def test_the_new_clock_starts_when_the_patient_asks_for_another_date_and_the_decision_does_not_move_it(
    physio: Department,
) -> None:
    """Example 34: missed on one day, rings five days later, decided after twelve."""
    row, visit = nullified(physio)
    rang, later = visit.ends_at + timedelta(days=5), visit.ends_at + timedelta(days=12)
    miss = Miss.objects.get()
    said = ("phone", "answered", "Was away, wants to come")
    outcomes.reach(miss.pk, *said, asked_on=rang.date(), **scope(physio.trust, rang))

    decided(visit, "reoffer", later)

    assert (clock(row)[0], started_on(row)) == ("ticking", rang.date())
    assert Entry.objects.get(referral=row).waits_from == rang.date()


def test_who_could_not_be_reached_or_another_day_than_since_the_miss_starts_no_clock(
    physio: Department,
) -> None:
    row, visit = nullified(physio)
    miss, when = Miss.objects.get(), scope(physio.trust, visit.ends_at)
    for outcome_, day in (("no_answer", TODAY), ("answered", TODAY - WEEK), ("answered", TODAY + WEEK)):
        with pytest.raises(NotAllowed):
            outcomes.reach(miss.pk, "phone", outcome_, "Rang", asked_on=day, **when)
    outcomes.reach(miss.pk, "phone", "answered", "Will think about it", **when)

    assert clock(row)[0] == "nullified"


def test_a_call_for_another_date_starts_the_clock_on_its_day_and_the_first_call_counts(
    physio: Department,
) -> None:
    row, visit = nullified(physio)
    rang = visit.ends_at + timedelta(days=2)
    new = enquiries.New(About.ANOTHER_DATE, "Forgot, is sorry", patient_id=row.patient_id)

    enquiries.take(new, **scope(physio.trust, rang))
    enquiries.take(new, **scope(physio.trust, rang + timedelta(days=3)))

    assert (clock(row)[0], started_on(row)) == ("ticking", rang.date())
    assert Miss.objects.get().contact is not None
    decided(visit, "discharge", rang + WEEK)
    assert clock(row) == ("stopped", "34")


def test_on_the_page_after_a_miss_another_date_is_a_tick_and_a_day(
    physio: Department, monkeypatch: pytest.MonkeyPatch
) -> None:
    row, visit = nullified(physio)
    stop_the_clock(monkeypatch, visit.ends_at + timedelta(days=4))
    client: Client = signed_in(somebody("ann", "outpatient_coordinator", physio.trust))
    address = f"/outpatients/outcomes/missed/{Miss.objects.get().pk}/"
    rang = visit.ends_at.date() + timedelta(days=1)
    typed = {"what": "reach", "channel": "text", "outcome": "answered", "words": "Can I have another date"}

    assert client.post(address, {**typed, "again": "on", "asked_on": rang.isoformat()}).status_code == 302

    assert started_on(row) == rang
    assert "asked for another date on" in client.get(address).content.decode()


# Why and when a visit was cancelled


@pytest.mark.parametrize(("key", "reason"), [("c", "patient_ill"), ("p", "staff_sickness")])
def test_a_cancellation_on_the_sheet_keeps_its_reason_and_when_it_was_told(
    physio: Department, key: str, reason: str
) -> None:
    row = registered(physio)
    visit = booked(physio, slots(physio)[0], accepted(physio, row))
    told = visit.starts_at - timedelta(days=3)

    assert "Choose one of" in outcome(visit, key, reason="died")
    assert "not booked yet" in outcome(visit, key, told_at=visit.made_at - WEEK)
    saved(visit, key, reason=reason, told_at=told)

    visit.refresh_from_db()
    assert (visit.state, visit.cancel_reason, visit.cancelled_at) == ("cancelled", reason, told)
    assert pathways.events_of([row.pathway_id or 0]).latest("id").on == told.date()


def test_who_cancels_after_the_start_did_not_cancel_and_unsaid_it_was_told_by_the_start(
    physio: Department,
) -> None:
    visit = booked(physio, slots(physio)[0], accepted(physio, registered(physio)))

    assert "no cancellation" in outcome(visit, "c", told_at=visit.starts_at + timedelta(minutes=1))
    saved(visit, "c", at=visit.starts_at + timedelta(hours=8))

    visit.refresh_from_db()
    assert (visit.cancelled_at, visit.cancel_reason) == (visit.starts_at, "patient_other")
