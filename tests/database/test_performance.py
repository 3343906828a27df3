"""Performance: what is counted, by whom it may be seen, targets, new baselines, and the files of it."""

import io
from datetime import UTC, date, datetime, timedelta
from typing import Any

import openpyxl
import pytest
from django.db import IntegrityError, transaction

from clearway.core.audit.actions import Actor
from clearway.core.outbox.models import Outgoing
from clearway.core.people.models import User
from clearway.desks.outpatients.booking import actions as booking
from clearway.desks.outpatients.clinics.models import Session, Slot, Template
from clearway.desks.outpatients.equality import actions as equality
from clearway.desks.outpatients.letters.models import Letter
from clearway.desks.outpatients.outcomes.models import OnRequest
from clearway.desks.outpatients.patients.models import Patient
from clearway.desks.outpatients.performance import actions, queries, standing
from clearway.desks.outpatients.performance.counting import Asked, Counted, count
from clearway.desks.outpatients.performance.models import Appointment, Baseline, FreedSlot, Target
from clearway.desks.outpatients.recycling import actions as recycling
from clearway.desks.outpatients.waiting.models import Contact, Entry
from clearway.domain.outpatients.completeness import IntakePolicy
from clearway.domain.outpatients.performance import EVERY, INDICATORS, Count, Cut, Unit, reading
from clearway.domain.outpatients.recycling import Said
from clearway.domain.outpatients.words import CancelledBy
from clearway.domain.shared.errors import NotAllowed
from tests.therapies import NINE, TODAY, Department, a_department
from tests.trust import a_trust, signed_in, somebody, stop_the_clock

pytestmark = pytest.mark.django_db
WHO = Actor("leader")
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
LAST_MONDAY = date(2026, 11, 9)  # of the last whole week before the 20th
CLINIC = NINE - 8 * DAY  # Thursday of that week
PAGE = "/outpatients/performance/"
SEEN = {"state": "attended", "attended": "5", "outcomed_by": "test"}


@pytest.fixture
def physio(db: None) -> Department:
    """One clinic of six seats: two seen, one missed, one cancelled late and filled, one cancelled by us."""
    physio = a_department(a_trust())
    slots = list(physio.session(CLINIC, slots=6).slots.all())
    soon, late = CLINIC + 4 * HOUR, CLINIC + 60 * HOUR
    first = physio.entry(physio.referral(date(2026, 10, 1)))
    physio.booked(slots[0], first, **SEEN, outcomed_at=soon)
    physio.booked(slots[1], **SEEN, outcomed_at=late)
    missed = {"state": "missed", "attended": "3", "outcomed_at": soon, "outcomed_by": "test"}
    physio.booked(slots[2], **missed)
    given_back = physio.booked(slots[3], **_cancelled("patient", CLINIC - 20 * HOUR))
    filling = physio.booked(slots[3], **SEEN, outcomed_at=soon)
    physio.booked(slots[4], **_cancelled("provider", CLINIC - 3 * DAY))
    FreedSlot.objects.create(
        organisation=physio.trust,
        slot=slots[3],
        seat=1,
        appointment=given_back,
        how="patient",
        starts_at=slots[3].starts_at,
        freed_at=CLINIC - 20 * HOUR,
        notice=21,
        state="filled",
        ended_at=CLINIC - 18 * HOUR,
        filled_by=filling,
    )
    return physio


@pytest.fixture
def lena(physio: Department) -> User:
    return somebody("lena", "outpatient_team_leader", physio.trust)


def test_a_slot_that_can_still_be_filled_does_not_count_as_unfilled(physio: Department) -> None:
    """Given back last week, and next week's: last week's share is of slots that have ended."""
    slot = physio.session(NINE + 7 * DAY, slots=1).slots.get()
    given_back = physio.booked(slot, physio.entry(minutes=30))
    before = _of("filled", physio)
    booking.cancel(
        given_back.pk,
        by_whom=CancelledBy.PATIENT,
        reason="patient_ill",
        organisation_id=physio.trust.pk,
        by=WHO,
        at=CLINIC + DAY,
    )

    assert FreedSlot.objects.filter(state="open", freed_at=CLINIC + DAY).exists()
    assert _of("filled", physio) == before == (1.0, 1)


def test_who_took_an_earlier_date_was_not_cancelled_by_the_service(physio: Department) -> None:
    """A freed slot that fills itself with a booked patient may not make the service look worse."""
    before = _of("provider", physio)
    (soon,) = physio.session(CLINIC - 40 * DAY, slots=1).slots.all()
    (late,) = physio.session(CLINIC + 6 * HOUR, slots=1).slots.all()
    scope: dict[str, Any] = {"organisation_id": physio.trust.pk, "by": WHO, "at": CLINIC - 60 * DAY}
    leaver, stayer = physio.entry(minutes=30), physio.entry(minutes=30)
    Patient.objects.filter(pk=stayer.patient_id).update(phone="01632 960000")
    given_back = booking.book(soon.pk, leaver.pk, **scope)
    moved = booking.book(late.pk, stayer.pk, **scope)
    booking.cancel(given_back.pk, by_whom=CancelledBy.PATIENT, reason="patient_ill", **scope)
    Entry.objects.exclude(pk=stayer.pk).filter(state="waiting").update(state="removed", why="other")
    (offer,) = recycling.ask(FreedSlot.objects.get(appointment=given_back).pk, **scope)

    recycling.answer(offer.pk, Said.YES, **scope)

    moved.refresh_from_db()
    assert (moved.state, moved.cancel_reason) == ("cancelled", "earlier_date")
    assert _of("provider", physio) == before


def _of(code: str, physio: Department) -> tuple[float | None, int]:
    """An indicator of the last whole week: its value and what it is of."""
    (found,) = queries.overview(physio.trust.pk, Unit.WEEK, {}, NINE, [INDICATORS[code]])
    return found.readings[-1].value, found.readings[-1].bottom


def _cancelled(by: str, at: Any) -> dict[str, Any]:
    code = {"patient": "2", "provider": "4"}[by]
    told = {"cancelled_by": by, "cancelled_at": at, "attended": code, "outcomed_at": at}
    return {"state": "cancelled", **told, "outcomed_by": "test"}


def counted(physio: Department, by: Cut | None = None, **only: str) -> dict[Any, Counted]:
    starts = [LAST_MONDAY, LAST_MONDAY + 7 * DAY]
    chosen = {Cut(name): code for name, code in only.items()}
    return count(Asked(physio.trust.pk, Unit.WEEK, starts, chosen, by), IntakePolicy(), NINE)


def value(found: Counted, code: str) -> float | None:
    return reading(INDICATORS[code], found.counts).value


def who(physio: Department) -> Any:
    return {"organisation_id": physio.trust.pk, "by": WHO, "at": NINE}


def test_every_indicator_of_a_week_is_what_one_counts_by_hand(physio: Department) -> None:
    found = counted(physio)[LAST_MONDAY]

    assert value(found, "missed") == 1 / 4
    assert value(found, "unable") == value(found, "unable_late") == 1 / 5
    assert value(found, "provider") == value(found, "provider_short") == 1 / 6
    assert value(found, "used") == 3 / 6
    assert value(found, "booked") == 4 / 6
    assert value(found, "minutes") == 90 / 180
    assert value(found, "filled") == value(found, "filled_kept") == 1.0
    assert value(found, "outcomed") == 3 / 4
    assert found.times["first_wait"] is not None


def test_days_are_those_of_the_patient_in_the_middle(physio: Department) -> None:
    found = counted(physio)[LAST_MONDAY]

    # Seen on the 12th: referred on the 1st of October, and twice on the 21st.
    assert found.times["first_wait"] == 22
    assert found.counts[Count.FIRST_SEEN] == 3


def test_a_date_given_up_for_an_earlier_one_that_we_offered_is_no_cancellation(physio: Department) -> None:
    slot = physio.session(CLINIC + DAY, slots=1).slots.get()
    physio.booked(slot, **_cancelled("patient", CLINIC), cancel_reason="earlier_date")

    assert counted(physio)[LAST_MONDAY].counts[Count.BY_PATIENT] == 1


@pytest.mark.parametrize("by", sorted(EVERY))
def test_the_groups_add_up_to_the_whole(physio: Department, by: Cut) -> None:
    whole, groups = counted(physio)[LAST_MONDAY], counted(physio, by)

    for each in (Count.ATTENDED, Count.MISSED, Count.BY_PATIENT, Count.BY_PROVIDER, Count.MADE):
        assert sum(group.counts.get(each, 0) for group in groups.values()) == whole.counts[each]


def test_a_filter_leaves_only_what_it_says(physio: Department) -> None:
    assert counted(physio, clinician="physio-1")[LAST_MONDAY].counts[Count.ATTENDED] == 3
    assert counted(physio, clinician="somebody-else") == {}


def test_every_indicator_of_the_reference_is_there_with_what_it_is_made_of() -> None:
    """Section 8 of the reference for outpatients, line by line."""
    told = (
        *("used", "booked", "minutes", "missed", "unable", "unable_late", "unable_day", "unable_days"),
        *("unable_early", "provider", "provider_short", "filled", "filled_kept", "fill_time", "notice"),
        *(f"{each}{end}" for each in ("first_wait", "waiting") for end in ("", "_85", "_92", "_95", "_max")),
        *(
            "third_next",
            "follow_ups",
            "rtt_within",
            "rtt_over_52",
            "rtt_over_65",
            "rtt_over_78",
            "rtt_over_104",
        ),
        *("rtt_clearance", "outcomed", "unoutcomed", "unoutcomed_oldest", "triaged", "letters"),
        *("letter_hours", "questioned", "replied", "taken_off", "on_request", "asked_for", "queue_load"),
    )
    assert set(told) <= set(INDICATORS)
    assert all(each.numerator and each.denominator and each.dated for each in INDICATORS.values())


def series_of(physio: Department, code: str) -> list[float | None]:
    (found,) = queries.overview(physio.trust.pk, Unit.WEEK, {}, NINE, [INDICATORS[code]])
    return [each.value for each in found.readings]


def test_clocks_are_counted_as_they_stood_at_the_end_of_each_week(physio: Department) -> None:
    """The week ends on 15 November: who was received 130 days before it is over 18 weeks, the other not."""
    for received_on, stops_on in ((date(2026, 7, 8), None), (date(2026, 7, 13), date(2026, 11, 17))):
        row = physio.referral(received_on)
        row.pathway.measurement = "01"
        row.pathway.ended_on = stops_on
        row.pathway.save()
        if stops_on:
            row.pathway.events.create(
                organisation=physio.trust,
                key="treated",
                kind="treated",
                on=stops_on,
                sequence=1,
                source="test",
                recorded_at=NINE,
                recorded_by="test",
            )

    assert series_of(physio, "rtt_within")[-1] == 1 / 2  # 125 and 130 days; the stop was two days later
    assert series_of(physio, "rtt_over_52")[-1] == 0
    assert series_of(physio, "ahp_within")[-1] == 1.0
    assert series_of(physio, "rtt_clearance")[-1] is None  # nothing had stopped yet

    (group,) = queries.groups(
        INDICATORS["rtt_within"], Unit.WEEK, Cut.SERVICE, {}, physio.trust.pk, NINE + 7 * DAY
    )
    assert (group.name, group.reading and group.reading.value) == ("Physio", 0)  # one left, of 137 days


def test_who_waits_is_counted_as_of_the_end_of_the_week(physio: Department) -> None:
    before = CLINIC - 30 * DAY
    for days, ended_at in ((20, None), (40, CLINIC + 20 * DAY), (90, CLINIC - DAY)):
        received_on = date(2026, 11, 15) - days * DAY
        physio.entry(physio.referral(received_on), added_at=before, ended_at=ended_at)

    assert series_of(physio, "waiting_max")[-1] == 40
    assert series_of(physio, "waiting")[-1] == 30


def test_the_third_free_seat_of_each_clinic_is_that_of_the_bookings_of_then(physio: Department) -> None:
    """From the end of the week of 9 November on: two days of one clinic, one seat of which went later."""
    template = Template.objects.create(
        organisation=physio.trust,
        code="mon",
        version=1,
        name="Monday",
        service=physio.service,
        clinician=physio.clinician,
        room=physio.room,
        weekday=1,
        valid_from=TODAY - 90 * DAY,
        slots=[],
        made_at=CLINIC,
        made_by="test",
    )
    for days in (8, 15):
        session = physio.session(datetime(2026, 11, 15, 9, tzinfo=UTC) + days * DAY, slots=2)
        Session.objects.filter(pk=session.pk).update(template=template)
    first, *_ = Slot.objects.filter(session__template=template).order_by("starts_at")
    physio.booked(first, made_at=NINE)  # made after that Sunday

    assert series_of(physio, "third_next")[-1] == pytest.approx(14 + 9 / 24)  # of the third of four
    later = queries.overview(physio.trust.pk, Unit.WEEK, {}, NINE + 7 * DAY, [INDICATORS["third_next"]])[0]
    assert later.readings[-1].value == pytest.approx(7 + 9.5 / 24)  # of the fourth: one is taken by then


def test_letters_and_questions_are_counted_by_the_week_they_belong_to(physio: Department) -> None:
    entry = physio.entry(added_at=CLINIC - 30 * DAY)
    for number, hours in enumerate((2, 30, None)):
        sent = CLINIC + hours * HOUR if hours else None
        outgoing = Outgoing.objects.create(
            organisation=physio.trust,
            key=f"k{number}",
            kind="letter",
            carrier="post",
            state="sent" if sent else "ready",
            queued_at=CLINIC,
            due_at=CLINIC,
            since=CLINIC,
            sent_at=sent,
        )
        Letter.objects.create(
            organisation=physio.trust, outgoing=outgoing, kind="x", patient=entry.patient, entry=entry
        )
    for at, outcome in ((CLINIC, "sent"), (CLINIC + HOUR, "answered")):
        said = {"purpose": "validation", "channel": "letter", "words": "Still needed?", "by": "test"}
        Contact.objects.create(
            organisation=physio.trust, patient=entry.patient, entry=entry, at=at, outcome=outcome, **said
        )

    assert series_of(physio, "letters")[-1] == 1 / 3
    assert series_of(physio, "letter_hours")[-1] == 16
    found = queries.overview(physio.trust.pk, Unit.WEEK, {}, NINE, [INDICATORS["questioned"]])[0].readings[-1]
    assert (found.top, found.bottom) == (1, 1)
    assert series_of(physio, "replied")[-1] == 1.0
    assert series_of(physio, "taken_off")[-1] == 0.0


def test_visits_on_request_are_counted_by_the_visit_they_follow(physio: Department) -> None:
    seen = Appointment.objects.filter(attended="5").order_by("pk")
    for row, is_asked in zip(seen, (True, False), strict=False):
        asked = {"entry": physio.entry(), "asked_at": NINE, "asked_by": "test"} if is_asked else {}
        OnRequest.objects.create(
            organisation=physio.trust, appointment=row, until=TODAY + 60 * DAY, opened_at=CLINIC, **asked
        )

    assert value(counted(physio)[LAST_MONDAY], "on_request") == 2 / 3
    assert value(counted(physio)[LAST_MONDAY], "asked_for") == 1 / 2


def test_ethnicity_and_deprivation_cut_figures_and_who_was_not_asked_is_a_group(physio: Department) -> None:
    who = {"organisation_id": physio.trust.pk, "by": WHO, "at": NINE}
    first, second = Appointment.objects.filter(attended="5").order_by("pk")[:2]
    Patient.objects.filter(pk=first.patient_id).update(postcode="WR5 1DD")
    equality.record({first.patient_id: "J", second.patient_id: "A"}, **who)
    equality.load_areas([("wr51dd", 4)], "2025", **who)

    ethnic, deprived = counted(physio, Cut.ETHNICITY), counted(physio, Cut.DEPRIVATION)
    assert {key: each.counts[Count.ATTENDED] for key, each in ethnic.items()} == {"J": 1, "A": 1, "99": 1}
    assert deprived["2"].counts[Count.ATTENDED] == 1
    assert deprived[""].counts[Count.ATTENDED] == 2
    with pytest.raises(NotAllowed, match="one of the categories"):
        equality.record({first.patient_id: "X"}, **who)
    with pytest.raises(NotAllowed, match="1 to 10"):
        equality.load_areas([("WR5 1DD", 11)], "2025", **who)


def test_filled_slots_are_cut_by_the_notice_at_which_they_were_freed(physio: Department) -> None:
    found = counted(physio, Cut.NOTICE)

    assert {key: each.counts[Count.FILLED] for key, each in found.items()} == {"under 24 hours": 1}
    assert found["under 24 hours"].times["fill_time"] == 120


def test_referrals_are_triaged_in_time_by_working_days(physio: Department) -> None:
    in_time, late, waiting = (
        physio.referral(LAST_MONDAY),
        physio.referral(LAST_MONDAY),
        physio.referral(LAST_MONDAY + 3 * DAY, state="triage", priority="3"),
    )
    in_time.triages.create(outcome="accept", at=CLINIC - 2 * DAY, by="test")
    late.triages.create(outcome="accept", at=NINE + 30 * DAY, by="test")

    found = counted(physio)[LAST_MONDAY]

    assert waiting.state == "triage"
    assert (found.counts[Count.TRIAGED], found.counts[Count.RECEIVED]) == (1, 3)


def test_groups_of_few_patients_are_not_shown(physio: Department) -> None:
    found = queries.groups(INDICATORS["missed"], Unit.WEEK, Cut.SEX, {}, physio.trust.pk, NINE)

    assert [(each.name, each.reading) for each in found] == [("Not stated", None)]


def test_a_small_numerator_is_not_shown_either(physio: Department) -> None:
    slots = physio.session(CLINIC + DAY, slots=12).slots.all()
    for slot in slots:
        physio.booked(slot, **SEEN, outcomed_at=slot.ends_at)

    (missed,) = queries.groups(INDICATORS["missed"], Unit.WEEK, Cut.SEX, {}, physio.trust.pk, NINE)
    (waited,) = queries.groups(INDICATORS["first_wait"], Unit.WEEK, Cut.SEX, {}, physio.trust.pk, NINE)

    assert missed.reading is None  # one of sixteen
    assert waited.reading is not None
    assert waited.reading.bottom == 15


def test_what_binds_a_service_counts_first_appointments_alone(physio: Department) -> None:
    missed = {"state": "missed", "attended": "3", "outcomed_by": "test"}
    slot = physio.session(CLINIC + DAY, slots=1, kind="follow_up").slots.get()
    physio.booked(slot, physio.entry(kind="follow_up"), **missed, outcomed_at=slot.ends_at)

    physio.session(NINE - 2 * DAY, slots=4, blocked="The gym is shut")
    physio.session(NINE - 3 * DAY, slots=8, kind="follow_up", blocked="The gym is shut")
    physio.entry()

    (found,) = standing.services(physio.trust.pk, NINE)

    assert found.missed == 1 / 4  # of the clinic, over four weeks; not the follow-up
    assert list(found.blocked) == [("The gym is shut", 1.0)]


def test_an_overview_takes_the_same_queries_whatever_it_counts(
    physio: Department, django_assert_max_num_queries: Any
) -> None:
    for week in range(2, 20):
        slot = physio.session(CLINIC - week * 7 * DAY, slots=1).slots.get()
        physio.booked(slot, **SEEN, outcomed_at=slot.ends_at, made_at=slot.starts_at - 9 * DAY)

    with django_assert_max_num_queries(20):
        found = queries.overview(physio.trust.pk, Unit.WEEK, {}, NINE)

    missed = next(each for each in found if each.indicator.code == "missed")
    assert len(missed.charted) == 18  # from the first whole week on
    assert missed.chart is not None
    assert missed.chart.points[-1].way == 1  # one of four, after weeks without any


def test_limits_are_drawn_anew_from_a_baseline_and_as_before_once_it_is_taken_back(
    physio: Department,
) -> None:
    for week in range(2, 8):
        slot = physio.session(CLINIC - week * 7 * DAY, slots=1).slots.get()
        physio.booked(slot, **SEEN, outcomed_at=slot.ends_at, made_at=slot.starts_at - 9 * DAY)
    made = actions.rebase("missed", TODAY - 20 * DAY, "Texts begin", **who(physio))

    def stretches() -> int:
        found = queries.overview(physio.trust.pk, Unit.WEEK, {}, NINE)
        chart = next(each.chart for each in found if each.indicator.code == "missed")
        return len(chart.stretches) if chart else 0

    assert stretches() == 2
    with pytest.raises(NotAllowed, match="already"):
        actions.rebase("missed", TODAY - 20 * DAY, "Again", **who(physio))
    actions.take_back(made.pk, **who(physio))
    assert stretches() == 1
    with pytest.raises(NotAllowed, match="already"):
        actions.take_back(made.pk, **who(physio))


def test_the_database_keeps_one_baseline_a_day_and_asks_why(physio: Department) -> None:
    told = {"organisation": physio.trust, "indicator": "missed", "on": TODAY, "set_at": NINE, "set_by": "x"}
    Baseline.objects.create(**told, why="Texts begin")

    with pytest.raises(IntegrityError, match="one_baseline_on_a_day"), transaction.atomic():
        Baseline.objects.create(**told, why="Again")
    with pytest.raises(IntegrityError, match="a_target_says_why"), transaction.atomic():
        Target.objects.create(
            organisation=physio.trust, indicator="missed", value=0.1, from_on=TODAY, set_at=NINE, set_by="x"
        )


def test_the_last_target_of_a_service_goes_before_that_of_the_department(physio: Department) -> None:
    actions.set_target("missed", 0.10, TODAY - 9 * DAY, "The trust's", **who(physio))
    actions.set_target("missed", 0.08, TODAY - 5 * DAY, "The trust's", **who(physio))
    actions.set_target("missed", 0.05, TODAY - 9 * DAY, "Our own", service="physio", **who(physio))
    actions.set_target("missed", 0.01, TODAY + DAY, "To come", **who(physio))

    def target(only: dict[Cut, str]) -> float | None:
        found = queries.overview(physio.trust.pk, Unit.WEEK, only, NINE)
        kept = next(each.target for each in found if each.indicator.code == "missed")
        return kept.value if kept else None

    assert target({}) == 0.08
    assert target({Cut.SERVICE: "physio"}) == 0.05


def test_a_leader_sets_a_target_by_the_page_and_what_is_wrong_is_said(
    physio: Department, lena: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_the_clock(monkeypatch, NINE)
    client, page = signed_in(lena), f"{PAGE}missed/"
    given = {"what": "target", "value": "8", "from_on": "2026-11-01", "why": "The trust's plan"}

    assert client.post(page, given).status_code == 302
    assert Target.objects.get().value == 0.08
    assert b"8.0%" in client.get(page).content
    refused = client.post(page, {**given, "value": "800"})
    assert refused.status_code == 422
    assert b"from 0 to 100" in refused.content
    refused = client.post(page, {"what": "baseline", "on": "2027-01-01", "reason": "Later"})
    assert refused.status_code == 422
    assert b"a day that has been" in refused.content
    assert client.post(page, {"what": "back", "key": "999"}).status_code == 404
    assert client.get(f"{PAGE}nothing/").status_code == 404


def test_a_single_clinician_is_seen_by_the_leader_alone(
    physio: Department, lena: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_the_clock(monkeypatch, NINE)
    olga = somebody("olga", "outpatient_coordinator", physio.trust)
    page = f"{PAGE}missed/?by=clinician"

    assert b"Robin Hale" in signed_in(lena).get(page).content
    seen = signed_in(olga)
    assert b"Robin Hale" not in seen.get(page).content
    assert b"Robin Hale" not in seen.get(f"{PAGE}missed/?clinician=physio-1").content
    assert seen.post(f"{PAGE}missed/", {"what": "target"}).status_code == 403


def test_the_files_hold_what_the_page_shows(
    physio: Department, lena: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_the_clock(monkeypatch, NINE)
    client = signed_in(lena)
    lines = client.get(f"{PAGE}figures.csv").content.decode("utf-8-sig").splitlines()
    book = openpyxl.load_workbook(io.BytesIO(client.get(f"{PAGE}figures.xlsx").content))
    page = client.get(PAGE).content.decode()

    assert lines[1].startswith("Did not attend,25.0%,1 of 4,25.0%")
    assert [cell.value for cell in list(book.active.rows)[1]][:4] == [
        "Did not attend",
        "25.0%",
        "1 of 4",
        "25.0%",
    ]
    assert "1 of 4" in page
    assert client.get(f"{PAGE}definitions/").status_code == 200
