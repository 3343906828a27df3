"""Cashing up a mixed clinic: the clocks, the list entries and the tasks that come of it."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client

from clearway.core.audit.actions import Actor
from clearway.core.audit.models import Action
from clearway.core.organisation.models import PolicyVersion
from clearway.desks.outpatients.booking import actions as booking
from clearway.desks.outpatients.booking.models import Appointment
from clearway.desks.outpatients.clinics.models import Clinician
from clearway.desks.outpatients.clocks import queries as clocks
from clearway.desks.outpatients.clocks.models import ClockEvent, Pathway
from clearway.desks.outpatients.outcomes import actions, forms, queries
from clearway.desks.outpatients.outcomes.models import Miss, OnRequest
from clearway.desks.outpatients.referrals import actions as referrals
from clearway.desks.outpatients.waiting import actions as waiting
from clearway.desks.outpatients.waiting.models import Contact, Entry
from clearway.domain.outpatients.booking import REASONS
from clearway.domain.outpatients.outcomes import PRESETS, Mistake, Said
from clearway.domain.outpatients.words import CancelledBy, RttStatus
from clearway.domain.shared.errors import NotAllowed
from tests.therapies import NINE, TODAY, Department, a_department
from tests.trust import a_trust, signed_in, somebody

pytestmark = pytest.mark.django_db
WHO = Actor("coordinator")
EVENING = NINE + timedelta(hours=8)
SIX_WEEKS = TODAY + timedelta(weeks=6)


@pytest.fixture
def physio(db: None) -> Department:
    return a_department(a_trust())


def said(key: str, **more: object) -> Said:
    preset = PRESETS[key]
    due = SIX_WEEKS if preset.next_step in forms.DATED else None
    known = {
        "attended": preset.attended,
        "outcome": preset.outcome,
        "status": preset.status,
        "next_step": preset.next_step,
        "not_brought": preset.not_brought,
        "due_on": due,
    }
    return Said(**{**known, **more})  # type: ignore[arg-type]


def cash_up(
    physio: Department, sheet: list[tuple[Appointment, Said]], at: datetime = EVENING
) -> list[actions.Outcome]:
    return actions.cash_up(
        [(row.pk, each) for row, each in sheet], organisation_id=physio.trust.pk, by=WHO, at=at
    )


def told(row: Appointment) -> Contact:
    """Notice of an appointment."""
    attempt = waiting.Attempt(
        row.patient_id, "confirmation", "letter", "Your appointment", appointment_id=row.pk
    )
    return waiting.contact(
        attempt, organisation_id=row.organisation_id, by=WHO, at=row.starts_at - timedelta(days=14)
    )


def clinic(physio: Department, count: int) -> list[Appointment]:
    slots = physio.session(slots=count).slots.all()
    rows = [physio.booked(slot) for slot in slots]
    for row in rows:
        told(row)
    return rows


def clock(row: Appointment) -> tuple[str, str]:
    pathway = Pathway.objects.get(pk=row.entry.pathway_id)
    return pathway.state, pathway.status


def test_weeks_beside_what_has_no_follow_up_are_refused_and_not_dropped(physio: Department) -> None:
    ended, seen = rows = clinic(physio, 2)
    keys = {f"said-{ended.pk}": "d", f"said-{seen.pk}": "s"}

    sheet = forms.read({**keys, **{f"weeks-{row.pk}": "12" for row in rows}}, rows)

    assert "“Discharged” has no follow-up" in sheet.typed[ended.pk].problem
    assert [key for key, _ in sheet.said] == [seen.pk]


def test_a_course_and_a_class_are_asked_for_in_the_sheet_with_their_weeks(physio: Department) -> None:
    course, group, wrong = rows = clinic(physio, 3)
    typed = {course: "6x8", group: "2g6", wrong: "6x"}
    data = {f"said-{row.pk}": "s" for row in rows}
    data |= {f"weeks-{row.pk}": weeks for row, weeks in typed.items()}

    sheet = forms.read(data, rows)
    actions.cash_up(sheet.said, organisation_id=physio.trust.pk, by=WHO, at=EVENING)

    assert "6x8 for a course of 8 visits" in sheet.typed[wrong.pk].problem
    made = Entry.objects.filter(outcome_of__in=rows).order_by("id")
    assert [(each.kind, each.series, each.due_on) for each in made] == [
        ("follow_up", 8, SIX_WEEKS),
        ("group", 6, TODAY + timedelta(weeks=2)),
    ]


def on_request(physio: Department) -> tuple[Appointment, OnRequest]:
    """Somebody treated who can ask for the next visit within six weeks."""
    (row,) = clinic(physio, 1)
    assert [each.why for each in cash_up(physio, [(row, said("i"))])] == [""]
    return row, OnRequest.objects.get(appointment=row)


def test_who_initiates_the_next_visit_is_treated_waits_for_nothing_and_is_listed_on_asking(
    physio: Department,
) -> None:
    row, open_ = on_request(physio)
    who = {"organisation_id": physio.trust.pk, "by": WHO}

    assert clock(row) == ("stopped", "30")
    assert not Entry.objects.filter(state="waiting").exists()
    assert queries.on_request(physio.trust.pk) == [open_]
    actions.request_visit(open_.pk, at=EVENING + timedelta(days=30), **who)

    made = Entry.objects.get(state="waiting")
    assert (made.kind, made.due_on, made.outcome_of) == ("follow_up", TODAY + timedelta(days=30), row)
    assert queries.on_request(physio.trust.pk) == []
    with pytest.raises(NotAllowed, match="asked already"):
        actions.request_visit(open_.pk, at=EVENING + timedelta(days=31), **who)
    with pytest.raises(NotAllowed, match="off the list first"):
        actions.take_back(row.pk, Mistake.SLIP, at=EVENING + timedelta(days=31), **who)


def test_a_visit_on_request_ends_by_its_day_a_clinician_a_discharge_or_taking_back(
    physio: Department,
) -> None:
    row, open_ = on_request(physio)
    who = {"organisation_id": physio.trust.pk, "by": WHO, "at": EVENING}

    with pytest.raises(NotAllowed, match="until"):
        actions.request_visit(open_.pk, **{**who, "at": EVENING + timedelta(weeks=7)})
    assert queries.on_request(physio.trust.pk) == [open_]  # over, and a clinician decides
    with pytest.raises(NotAllowed, match="Say who decided"):
        actions.end_request(open_.pk, " ", **who)
    actions.take_back(row.pk, Mistake.SLIP, **who)
    assert queries.on_request(physio.trust.pk) == []
    assert clock(row)[0] == "ticking"
    cash_up(physio, [(row, said("i"))])
    again = OnRequest.objects.get(appointment=row, taken_back_at=None)
    actions.end_request(again.pk, "Robin Hale: needs no more", **who)
    with pytest.raises(NotAllowed, match="has ended"):
        actions.end_request(again.pk, "again", **who)


def test_the_page_of_those_who_ask_takes_both_and_refuses_in_words(physio: Department) -> None:
    _, open_ = on_request(physio)
    client = signed_in(somebody("olga", "outpatient_coordinator", physio.trust))
    page = "/outpatients/outcomes/on-request/"

    assert str(open_.appointment.patient) in client.get(page).content.decode()
    assert client.post(f"{page}{open_.pk}/", {"why": ""}).status_code == 422
    assert client.post(f"{page}{open_.pk}/", {"why": "Robin Hale: discharged"}).status_code == 302
    assert client.post(f"{page}{open_.pk}/", {"what": "ask"}).status_code == 422
    assert client.post(f"{page}999999/", {"what": "ask"}).status_code == 404


def test_a_mixed_clinic_leaves_the_right_clocks_and_list_entries(physio: Department) -> None:
    first, treated, discharged, missed, child, cancelled = rows = clinic(physio, 6)
    patient = child.patient
    patient.born_on = date(2018, 3, 1)
    patient.save()
    keys = ["s", "t", "d", "n", "b", "c"]

    outcomes = cash_up(physio, [(row, said(key)) for row, key in zip(rows, keys, strict=True)])

    assert [each.why for each in outcomes] == [""] * 6
    # Received 30 days ago; the clocks go on, stop by treatment, stop by discharge, are nullified twice as
    # notice is shown, and go on after the patient's cancellation.
    assert clock(first) == ("ticking", "10")
    assert clock(treated) == ("stopped", "30")
    assert clock(discharged) == ("stopped", "34")
    assert clock(missed) == ("nullified", "33")
    assert clock(child) == ("nullified", "33")
    assert clock(cancelled)[0] == "ticking"
    assert clocks.explained(treated.entry.pathway_id, TODAY).periods[0].days == 30

    follow_ups = Entry.objects.filter(kind="follow_up").order_by("id")
    assert [(each.patient_id, each.due_on, each.state) for each in follow_ups] == [
        (first.patient_id, SIX_WEEKS, "waiting"),
        (treated.patient_id, SIX_WEEKS, "waiting"),
    ]
    assert [each.clinician_id for each in follow_ups] == [physio.clinician.pk] * 2
    for row in rows:
        row.refresh_from_db()
        row.entry.refresh_from_db()
        row.referral.refresh_from_db()
    assert [row.entry.state for row in rows] == ["seen", "seen", "seen", "booked", "booked", "waiting"]
    assert [row.referral.state for row in rows] == ["seen"] * 3 + ["waiting"] * 3
    assert [row.attended for row in rows] == ["5", "5", "5", "3", "3", "2"]
    assert [row.state for row in rows] == ["attended"] * 3 + ["missed"] * 2 + ["cancelled"]
    assert {miss.appointment_id: (miss.kind, miss.is_protected) for miss in Miss.objects.all()} == {
        missed.pk: ("missed", False),
        child.pk: ("not_brought", True),
    }
    assert Action.objects.filter(verb="outcomes.cash_up").count() == 6
    assert queries.unoutcomed(physio.trust.pk, EVENING).count == 0


def test_the_illegal_rows_of_a_sheet_are_refused_and_the_legal_ones_are_saved(physio: Department) -> None:
    good, bad, other = clinic(physio, 3)

    outcomes = cash_up(
        physio,
        [
            (good, said("s")),
            (bad, said("s", status=RttStatus.FURTHER_ACTIVITY)),
            (other, said("s", due_on=None)),
        ],
    )

    assert [each.is_saved for each in outcomes] == [True, False, False]
    assert "it can be 10, 30, 99" in outcomes[1].why and "how many weeks" in outcomes[2].why
    bad.refresh_from_db()
    assert (bad.state, bad.attended) == ("booked", "")
    assert clock(bad) == ("ticking", "")
    assert Entry.objects.filter(kind="follow_up").count() == 1


def test_an_outcome_is_recorded_once_and_says_who_recorded_it(physio: Department) -> None:
    (row,) = clinic(physio, 1)
    cash_up(physio, [(row, said("s"))])

    (again,) = cash_up(physio, [(row, said("n"))])

    assert "at 17:00 by coordinator" in again.why
    assert ClockEvent.objects.filter(key=f"appointment:{row.pk}").count() == 1


def test_an_appointment_of_another_trust_or_of_tomorrow_is_refused(physio: Department) -> None:
    (row,) = clinic(physio, 1)

    (early,) = cash_up(physio, [(row, said("s"))], at=NINE - timedelta(days=1))
    other = a_trust("other")
    (foreign,) = actions.cash_up([(row.pk, said("s"))], organisation_id=other.pk, by=WHO, at=EVENING)

    assert "only a cancellation" in early.why
    assert "no such appointment" in foreign.why


def test_a_first_miss_without_notice_leaves_the_clock_running(physio: Department) -> None:
    row = physio.booked(physio.session().slots.all()[0])

    cash_up(physio, [(row, said("n"))])

    assert clock(row)[0] == "ticking"
    assert Miss.objects.get().notice is None


def test_who_was_checked_in_late_and_seen_is_coded_so(physio: Department) -> None:
    (row,) = clinic(physio, 1)
    Appointment.objects.filter(pk=row.pk).update(state="arrived", arrived_at=NINE + timedelta(minutes=9))

    cash_up(physio, [(row, said("s"))])

    row.refresh_from_db()
    assert row.attended == "6"


@pytest.mark.parametrize(
    ("key", "why", "state"),
    [("s", "declined", "stopped"), ("s", "duplicate", "ticking"), ("x", "declined", "stopped")],
)
def test_who_gives_up_the_follow_up_gives_up_the_clock_as_the_reason_says(
    physio: Department, key: str, why: str, state: str
) -> None:
    (row,) = clinic(physio, 1)
    cash_up(physio, [(row, said(key if key != "x" else "t"))])
    follow_up = Entry.objects.get(kind="follow_up")

    referrals.leave_list(follow_up.pk, why, organisation_id=physio.trust.pk, by=WHO, at=EVENING)

    follow_up.refresh_from_db()
    assert (follow_up.state, follow_up.why) == ("removed", why)
    assert clock(row)[0] == state
    told_so = ClockEvent.objects.filter(key=f"entry:{follow_up.pk}:removed").exists()
    assert told_so == (key == "s" and why == "declined")  # a clock that had stopped is told nothing


@pytest.mark.parametrize("key", ["c", "p"])
def test_a_cancellation_is_recorded_on_the_sheet_before_the_clinic_too(physio: Department, key: str) -> None:
    (row,) = clinic(physio, 1)

    (outcome,) = cash_up(physio, [(row, said(key))], at=NINE - timedelta(hours=2))

    assert outcome.why == ""
    row.refresh_from_db()
    row.entry.refresh_from_db()
    assert (row.state, row.entry.state) == ("cancelled", "waiting")
    assert row.cancel_reason in REASONS[CancelledBy(row.cancelled_by)]


def take_back(row: Appointment, at: datetime = EVENING + timedelta(minutes=5)) -> Appointment:
    return actions.take_back(row.pk, Mistake.SLIP, organisation_id=row.organisation_id, by=WHO, at=at)


def as_it_stands(row: Appointment) -> tuple[object, ...]:
    """All that cashing up touches of one appointment."""
    row = Appointment.objects.get(pk=row.pk)
    lists = Entry.objects.filter(patient_id=row.patient_id, state__in=("waiting", "booked", "seen"))
    return (
        *(row.state, row.attended, row.outcome, row.status, row.outcomed_at, row.cancelled_at),
        *(row.referral.state, list(lists.order_by("id").values_list("pk", "state", "ended_at"))),
        clocks.explained(row.entry.pathway_id, TODAY).periods,
        [miss.pk for miss in queries.misses(row.organisation_id)],
    )


@pytest.mark.parametrize("key", ["s", "t", "x", "d", "n", "c", "p", "l", "m", "r", "u"])
def test_what_is_taken_back_stands_as_before_and_is_said_again_as_if_for_the_first_time(
    physio: Department, key: str
) -> None:
    row, other = clinic(physio, 2)
    before = as_it_stands(row)
    cash_up(physio, [(row, said(key))])
    assert as_it_stands(row) != before

    take_back(row)

    assert as_it_stands(row) == before
    (again,) = cash_up(physio, [(row, said("t"))], at=EVENING + timedelta(minutes=6))
    (only,) = cash_up(physio, [(other, said("t"))], at=EVENING + timedelta(minutes=6))
    assert (again.why, only.why) == ("", "")
    assert clock(row) == clock(other) == ("stopped", "30")
    assert Action.objects.get(verb="outcomes.take_back").detail["why"] == "slip"


def test_a_course_goes_on_waiting_for_the_visit_that_was_cancelled_until_a_discharge(
    physio: Department,
) -> None:
    first, second, third = physio.session(slots=3).slots.all()
    course = physio.entry(series=3)
    one, two, three = (physio.booked(slot, course) for slot in (first, second, third))
    who = {"organisation_id": physio.trust.pk, "by": WHO, "at": NINE - timedelta(days=1)}
    booking.cancel(three.pk, by_whom=CancelledBy.PATIENT, reason="patient_ill", **who)

    cash_up(physio, [(one, said("s"))])
    course.refresh_from_db()
    assert course.state == "waiting"
    take_back(one)
    course.refresh_from_db()
    assert course.state == "waiting"
    cash_up(physio, [(one, said("s")), (two, said("x"))])

    course.refresh_from_db()
    assert course.state == "seen"


def test_a_follow_up_that_is_booked_is_not_pulled_from_under_the_patient(physio: Department) -> None:
    (row,) = clinic(physio, 1)
    cash_up(physio, [(row, said("s"))])
    Entry.objects.filter(kind="follow_up").update(state="booked")
    before = as_it_stands(row)

    with pytest.raises(NotAllowed, match="Cancel the appointment of the follow-up"):
        take_back(row)

    assert as_it_stands(row) == before


def test_only_the_follow_up_of_the_outcome_itself_leaves_the_list(physio: Department) -> None:
    """One that was added by hand in the same instant, for the same referral, stays."""
    (row,) = clinic(physio, 1)
    cash_up(physio, [(row, said("s"))])
    by_hand = physio.entry(row.referral, kind="follow_up", added_at=EVENING)

    take_back(row)

    assert [entry.pk for entry in Entry.objects.filter(kind="follow_up", state="waiting")] == [by_hand.pk]


def test_what_a_clinician_decided_after_a_miss_is_not_taken_back(physio: Department) -> None:
    miss = missed(physio)
    decide(miss, "reoffer")

    with pytest.raises(NotAllowed, match="Ask that clinician"):
        take_back(miss.appointment)


def test_a_miss_that_was_taken_back_is_kept_and_asks_nothing_more(physio: Department) -> None:
    miss = missed(physio)
    take_back(miss.appointment)

    with pytest.raises(NotAllowed, match="taken back"):
        decide(miss, "reoffer")
    cash_up(physio, [(miss.appointment, said("n"))], at=EVENING + timedelta(minutes=6))

    assert Miss.objects.filter(appointment=miss.appointment).count() == 2
    assert len(queries.misses(physio.trust.pk)) == 1


def test_an_outcome_is_taken_back_on_its_page_with_a_reason(physio: Department, coordinator: Client) -> None:
    (row,) = clinic(physio, 1)
    cash_up(physio, [(row, said("s"))])
    sheet = f"/outpatients/outcomes/{row.slot.session_id}/"
    address = f"/outpatients/outcomes/take-back/{row.pk}/"
    assert address in coordinator.get(sheet).content.decode()

    refused = coordinator.post(address, {"why": ""})
    taken = coordinator.post(address, {"why": "other_patient"})

    assert refused.status_code == 422 and "Choose why it was wrong" in refused.content.decode()
    assert (taken.status_code, taken.headers["Location"]) == (302, sheet)
    assert Appointment.objects.get(pk=row.pk).state == "booked"
    assert coordinator.get(address).status_code == 404


def missed(physio: Department, *, notice: bool = True, born_on: date = date(1980, 1, 1)) -> Miss:
    """Somebody who was seen before and missed a follow-up."""
    row = physio.booked(physio.session().slots.all()[0])
    row.patient.born_on = born_on
    row.patient.save()
    ClockEvent.objects.create(
        organisation=physio.trust,
        pathway=row.entry.pathway,
        key="seen",
        kind="attended",
        on=TODAY - timedelta(days=9),
        sequence=1,
        source="test",
        recorded_at=NINE,
        recorded_by="test",
    )
    if notice:
        told(row)
    key = "b" if born_on > date(2011, 1, 1) else "n"
    assert cash_up(physio, [(row, said(key))])[0].why == ""
    return Miss.objects.get()


def decide(miss: Miss, decision: str, **more: object) -> Miss:
    known: dict[str, object] = {"clinician": "Robin Hale", "reason": "knee is well", "follows_policy": True}
    return actions.decide(
        miss.pk,
        decision,
        organisation_id=miss.organisation_id,
        by=WHO,
        at=EVENING,
        **{**known, **more},  # type: ignore[arg-type]
    )


def test_after_a_miss_a_named_clinician_discharges_and_the_clock_stops_that_day(physio: Department) -> None:
    miss = missed(physio)
    assert clock(miss.appointment)[0] == "ticking"

    for wrong in ({"clinician": ""}, {"clinician": "zzz"}, {"follows_policy": False}):
        with pytest.raises(NotAllowed):
            decide(miss, "discharge", **wrong)
    decide(miss, "discharge")

    assert clock(miss.appointment) == ("stopped", "34")
    entry = Entry.objects.get()
    assert (entry.state, entry.why) == ("removed", "clinician")
    with pytest.raises(NotAllowed, match="decided it already"):
        decide(miss, "reoffer")


def test_without_notice_nobody_is_discharged_after_a_miss(physio: Department) -> None:
    miss = missed(physio, notice=False)

    with pytest.raises(NotAllowed, match="not shown that the patient was told"):
        decide(miss, "discharge")
    decide(miss, "reoffer")

    assert clock(miss.appointment)[0] == "ticking"
    assert Entry.objects.get().state == "waiting"


def test_a_child_who_was_not_brought_is_not_discharged_without_the_safeguarding_step(
    physio: Department,
) -> None:
    miss = missed(physio, born_on=date(2018, 1, 1))

    with pytest.raises(NotAllowed, match="Record first what was done"):
        decide(miss, "discharge")
    with pytest.raises(NotAllowed, match="Say what was done"):
        actions.safeguard(miss.pk, " ", organisation_id=physio.trust.pk, by=WHO, at=EVENING)
    actions.safeguard(miss.pk, "Rang the health visitor", organisation_id=physio.trust.pk, by=WHO, at=EVENING)
    decide(miss, "discharge")

    assert Miss.objects.get().decision == "discharge"


def test_a_nullified_clock_starts_anew_on_the_day_of_the_decision_to_offer_again(physio: Department) -> None:
    (row,) = clinic(physio, 1)
    cash_up(physio, [(row, said("n"))])
    assert clock(row)[0] == "nullified"

    decide(Miss.objects.get(), "reoffer")

    pathway = Pathway.objects.get(pk=row.entry.pathway_id)
    assert (pathway.state, pathway.started_on) == ("ticking", TODAY)
    entry = Entry.objects.get()
    assert (entry.state, entry.waits_from) == ("waiting", TODAY)


def test_the_contact_of_the_same_day_is_kept_with_the_miss(physio: Department) -> None:
    miss = missed(physio)

    actions.reach(
        miss.pk, "phone", "no_answer", "Rang twice", organisation_id=physio.trust.pk, by=WHO, at=EVENING
    )

    miss.refresh_from_db()
    assert miss.contact is not None and miss.contact.purpose == "missed"


# The pages


@pytest.fixture
def coordinator(physio: Department) -> Client:
    return signed_in(somebody("ann", "outpatient_coordinator", physio.trust))


def typed(rows: list[Appointment], keys: str) -> dict[str, str]:
    return {f"said-{row.pk}": key for row, key in zip(rows, keys, strict=True)}


def test_a_sheet_is_sent_as_a_plain_form_and_the_wrong_rows_come_back_with_reasons(
    physio: Department, coordinator: Client
) -> None:
    starts = datetime(2026, 1, 5, 9, tzinfo=UTC)
    slots = physio.session(starts, slots=4).slots.all()
    received = starts.date() - timedelta(days=9)
    rows = [physio.booked(slot, physio.entry(physio.referral(received))) for slot in slots]
    address = f"/outpatients/outcomes/{slots[0].session_id}/"

    answer = coordinator.post(address, {**typed(rows, "stbz"), f"weeks-{rows[0].pk}": "8"})

    page = answer.content.decode()
    assert answer.status_code == 422
    assert "2 outcomes saved. 2 not" in page and "none of the keys" in page and "did not attend" in page
    assert '<option value="b" selected>' in page
    follow_up = Entry.objects.filter(kind="follow_up").order_by("id")[0]
    assert follow_up.due_on == starts.date() + timedelta(weeks=8)
    assert coordinator.post(address, typed(rows[2:], "nd")).status_code == 302
    assert (
        "Every clinic up to today has been cashed up"
        in coordinator.get("/outpatients/outcomes/").content.decode()
    )


def test_the_page_of_clinics_shows_how_many_and_the_oldest(physio: Department, coordinator: Client) -> None:
    for week in range(2):
        starts = datetime(2026, 1, 5 + 7 * week, 9, tzinfo=UTC)
        physio.booked(physio.session(starts).slots.all()[0])

    page = coordinator.get("/outpatients/outcomes/").content.decode()

    assert "2 appointments that have ended" in page and "Mon 5 Jan 2026, 09:00" in page
    assert "2 older than a week" in page


@pytest.mark.parametrize(("counts", "state"), [(False, "ticking"), (True, "nullified")])
def test_who_came_too_late_waits_for_a_clinician_only_where_the_trust_counts_that_as_missed(
    physio: Department, counts: bool, state: str
) -> None:
    if counts:
        PolicyVersion.objects.create(
            organisation=physio.trust,
            name="clock_rules",
            version=1,
            valid_from=TODAY - timedelta(days=99),
            review_on=TODAY + timedelta(days=99),
            made_at=NINE,
            values={"switches": ["late_arrival_is_miss"]},
        )
    (row,) = clinic(physio, 1)

    assert cash_up(physio, [(row, said("l"))])[0].why == ""

    assert clock(row)[0] == state
    assert Miss.objects.filter(notice__isnull=False).count() == counts
    row.entry.refresh_from_db()
    assert row.entry.state == ("booked" if counts else "waiting")


def test_a_clinician_who_is_asked_decides_under_their_own_name_and_the_coordinator_sees_it(
    physio: Department, coordinator: Client
) -> None:
    miss = missed(physio)
    address = f"/outpatients/outcomes/missed/{miss.pk}/"
    hale = somebody("hale", "clinician", physio.trust)
    Clinician.objects.filter(pk=physio.clinician.pk).update(user=hale)
    clinician = signed_in(hale)
    assert coordinator.post(address, {"what": "ask", "asked": "Robin Hale"}).status_code == 302
    assert "You</span>" in clinician.get("/outpatients/outcomes/missed/").content.decode()

    said = {"decision": "reoffer", "reason": "Was ill", "clinician": "zzz"}
    assert coordinator.post(f"{address}decide/", said).status_code == 403
    assert clinician.post(address, {"what": "reach"}).status_code == 403
    assert clinician.post(f"{address}decide/", said).status_code == 302

    assert "decided by Robin Hale: Was ill" in coordinator.get(address).content.decode()


def test_who_writes_a_decision_down_chooses_one_of_those_who_see_patients(
    physio: Department, coordinator: Client
) -> None:
    miss = missed(physio)
    address = f"/outpatients/outcomes/missed/{miss.pk}/"
    lead = signed_in(somebody("lead", "therapies_lead", physio.trust))
    said = {"what": "decide", "decision": "reoffer", "reason": "Was ill"}

    for client, to in ((coordinator, address), (lead, f"{address}decide/")):
        refused = client.post(to, {**said, "clinician": "zzz"})
        assert (refused.status_code, "is called “zzz”" in refused.content.decode()) == (422, True)
        assert client.post(to, said).status_code == 422

    assert lead.post(f"{address}decide/", {**said, "clinician": "Robin Hale"}).status_code == 302
    miss.refresh_from_db()
    assert (miss.clinician, miss.decision) == ("Robin Hale", "reoffer")


def test_after_a_miss_everything_is_done_on_its_page(physio: Department, coordinator: Client) -> None:
    miss = missed(physio, born_on=date(2018, 1, 1))
    address = f"/outpatients/outcomes/missed/{miss.pk}/"
    assert "Not brought" in coordinator.get("/outpatients/outcomes/missed/").content.decode()
    decision = {"what": "decide", "decision": "discharge", "clinician": "Robin Hale", "reason": "well"}

    refused = coordinator.post(address, {**decision, "policy": "on"})
    assert refused.status_code == 422 and "Record first what was done" in refused.content.decode()
    for sent in (
        {"what": "reach", "channel": "phone", "outcome": "answered", "words": "Mother forgot"},
        {"what": "safeguard", "done": "Told the health visitor"},
        {**decision, "policy": "on"},
    ):
        assert coordinator.post(address, sent).status_code == 302

    page = coordinator.get(address).content.decode()
    assert "Mother forgot" in page and "decided by Robin Hale" in page
    assert coordinator.get("/outpatients/outcomes/missed/987/").status_code == 404
