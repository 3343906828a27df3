"""Referrals: every one registered on its day, made complete, triaged, and accounted for."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clearway.core.audit.models import Action
from clearway.core.organisation.models import Organisation
from clearway.core.worklist.models import Task
from clearway.desks.outpatients import policy, rules, situation
from clearway.desks.outpatients.clinics.models import Service
from clearway.desks.outpatients.clocks import actions as clocks
from clearway.desks.outpatients.outcomes import actions as outcomes
from clearway.desks.outpatients.outcomes import queries as outcome_queries
from clearway.desks.outpatients.patients import actions as patients
from clearway.desks.outpatients.patients.models import Patient
from clearway.desks.outpatients.referrals import actions, queries
from clearway.desks.outpatients.referrals.models import Referral, Triage
from clearway.desks.outpatients.waiting.models import Contact, Entry
from clearway.domain.outpatients.clock_events import ClockEvent, EventKind
from clearway.domain.outpatients.measurement import Asked, ServiceKind, measure
from clearway.domain.outpatients.outcomes import PRESETS, Mistake, Said
from clearway.domain.shared.errors import NotAllowed
from tests.filled import filled
from tests.outpatients import DESK, NOW, TODAY, a_patient, a_service, scope
from tests.therapies import NINE, a_department
from tests.trust import a_trust, signed_in, somebody, stop_the_clock

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
ACCEPT = actions.Decision("accept", priority="1", minutes=45)


@pytest.fixture
def trust() -> Organisation:
    return a_trust()


@pytest.fixture
def service(trust: Organisation) -> Service:
    return a_service(trust)


@pytest.fixture
def patient(trust: Organisation, service: Service) -> Patient:
    return a_patient(trust)


def referral(patient: Patient, service: Service, **more: Any) -> actions.New:
    """A whole referral."""
    given = {
        "received_on": TODAY - 3 * DAY,
        "source": "03",
        "sender": "Dr Field",
        "priority": "routine",
        "condition": "Knee pain",
        "question": "Please assess and treat",
        **more,
    }
    return actions.New(patient.pk, service.pk, **given)


def registered(patient: Patient, service: Service, **more: Any) -> Referral:
    return actions.register(referral(patient, service, **more), **scope(patient.organisation))


def open_gaps(row: Referral) -> list[str]:
    return [gap.what for gap in row.gaps.filter(closed_at__isnull=True)]


def a_consultants_pathway(patient: Patient, start: date = date(2026, 9, 1), code: str = "TO") -> Any:
    orthopaedics = a_service(patient.organisation, code, kind=ServiceKind.CONSULTANT_LED, function="110")
    pathway = clocks.open_pathway(
        patient.pk,
        service=orthopaedics,
        measure=measure(Asked(ServiceKind.CONSULTANT_LED)),
        **scope(patient.organisation),
    )
    event = ClockEvent("received", EventKind.REFERRAL_RECEIVED, start)
    clocks.record([clocks.Recorded(pathway.pk, event, "desk")], **scope(patient.organisation))
    pathway.refresh_from_db()
    return pathway


def test_the_clock_starts_on_the_day_a_referral_was_received_and_the_patient_hears_at_once(
    patient: Patient, service: Service
) -> None:
    row = registered(patient, service)

    assert row.state == "triage"
    assert row.number == f"R{row.pk:07d}"
    assert row.pathway is not None
    assert (row.pathway.started_on, row.pathway.measurement) == (TODAY - 3 * DAY, "02")
    contact = Contact.objects.get(referral=row)
    assert (contact.purpose, contact.channel, row.acknowledged_at) == ("acknowledgement", "letter", NOW)
    said = Action.objects.get(verb="referrals.register")
    assert "Knee" not in str(said.detail) and "Brown" not in str(said.detail)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"received_on": TODAY + DAY}, "still to come"),
        ({"written_on": TODAY}, "before it was written"),
        ({"route": "pigeon"}, "route"),
        ({"side": "top"}, "side"),
        ({"source": "99"}, "source"),
        ({"ubrn": "12"}, "twelve digits"),
        ({"start_on": TODAY}, "started after"),
        ({"start_on": date(2026, 9, 1), "ppid": "abc"}, "20 letters"),
        ({"parent_id": 99}, "consultant's clock"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_saved(
    patient: Patient, service: Service, wrong: dict[str, Any], why: str
) -> None:
    with pytest.raises(NotAllowed, match=why):
        registered(patient, service, **wrong)

    assert not Referral.objects.exists()
    assert not Contact.objects.exists()


def test_a_referral_is_registered_however_little_it_holds_and_each_gap_is_named(
    trust: Organisation, service: Service
) -> None:
    nobody = a_patient(trust, "Eve Green", address="", postcode="", phone="")

    row = actions.register(actions.New(nobody.pk, service.pk, TODAY), **scope(trust))

    assert open_gaps(row) == ["identity", "reach", "sender", "condition", "question"]
    assert row.state == "held"
    assert row.pathway is not None and row.pathway.started_on == TODAY  # the clock never waits
    assert row.acknowledged_at is None  # nobody knows how to reach her


def test_a_gap_closes_by_the_value_that_arrives_and_the_referral_goes_to_triage(
    patient: Patient, service: Service
) -> None:
    row = registered(patient, service, question="")

    row = actions.supply(row.pk, {"question": " "}, **scope(patient.organisation))
    assert (row.state, open_gaps(row)) == ("held", ["question"])
    row = actions.supply(row.pk, {"question": "Weak after surgery"}, **scope(patient.organisation))

    assert (row.state, open_gaps(row)) == ("triage", [])


def test_what_becomes_known_of_a_patient_closes_the_gaps_of_the_referrals(
    trust: Organisation, service: Service
) -> None:
    unknown = a_patient(trust, "Eve Green", phone="", address="", postcode="")
    row = registered(unknown, service)
    assert open_gaps(row) == ["identity", "reach"]

    patients.change(unknown.pk, {"nhs_number": "9990548609", "email": "eve@example.org"}, **scope(trust))

    row.refresh_from_db()
    assert open_gaps(row) == []
    assert row.acknowledged_at == NOW


def test_a_gap_is_asked_for_again_after_two_and_five_working_days(patient: Patient, service: Service) -> None:
    row = registered(patient, service, question="")  # on a Friday
    trust = patient.organisation_id

    def due(days: int) -> list[bool]:
        return [each.is_due for each in queries.open_gaps(trust, NOW + days * DAY)]

    assert (due(0), due(3), due(4)) == ([False], [False], [True])  # Tuesday is two working days on
    actions.ask(row.gaps.get().pk, **scope(patient.organisation, NOW + 4 * DAY))
    assert (due(4), due(6), due(7)) == ([False], [False], [True])  # the Friday after


def test_a_second_referral_for_the_same_thing_needs_a_reason(patient: Patient, service: Service) -> None:
    first = registered(patient, service)

    with pytest.raises(actions.Repeated) as refusal:
        registered(patient, service)
    assert refusal.value.earlier == (first.pk,)
    assert registered(patient, service, again_why="The other knee").pk != first.pk


def test_an_ended_referral_counts_for_ninety_days(patient: Patient, service: Service) -> None:
    trust = patient.organisation
    first = registered(patient, service)
    actions.remove(first.pk, "no_longer_needed", **scope(trust))

    def again(days: int) -> list[Referral]:
        on = TODAY + days * DAY
        return queries.repeats(trust.pk, patient.pk, "650", on, policy.intake(trust.pk, NOW))

    assert again(90) == [first]
    assert again(91) == []


def test_one_booking_reference_is_one_referral(
    trust: Organisation, patient: Patient, service: Service
) -> None:
    registered(patient, service, ubrn="000123456789", route="ers")
    hands = a_service(trust, "HANDS", function="651")

    with pytest.raises(NotAllowed, match=r"booking reference|identifier"):
        registered(a_patient(trust, "Eve Green"), hands, ubrn="000123456789", route="ers")


def test_a_booking_reference_names_the_pathway_and_its_conversion_starts_the_clock(
    patient: Patient, service: Service
) -> None:
    row = registered(patient, service, ubrn="0001 2345 6789", route="ers")

    assert row.pathway is not None
    assert (row.pathway.ppid, row.pathway.issuer) == ("00000000000123456789", "X09")
    assert row.pathway.events.get().kind == "ubrn_converted"


def test_therapy_on_a_consultants_pathway_goes_on_with_its_clock(patient: Patient, service: Service) -> None:
    parent = a_consultants_pathway(patient)

    row = registered(patient, service, source="05", parent_id=parent.pk)

    assert row.pathway == row.parent == parent
    assert open_gaps(row) == []


def test_a_consultants_referral_without_its_start_waits_from_an_unknown_day_until_it_is_found(
    patient: Patient, service: Service
) -> None:
    row = registered(patient, service, source="05")
    assert row.pathway is not None
    assert (row.pathway.state, row.pathway.measurement) == ("unknown_start", "01")
    assert row.parent == row.pathway, "it stands in for the consultant's"
    (gap,) = row.gaps.all()
    assert gap.what == "parent"

    row = actions.supply(row.pk, {}, start_on=date(2026, 8, 3), **scope(patient.organisation))

    assert row.pathway is not None
    row.pathway.refresh_from_db()
    assert (row.pathway.state, row.pathway.started_on) == ("ticking", date(2026, 8, 3))
    assert row.pathway.treat_by == date(2026, 12, 7)  # 126 days after 3 August


def test_a_discharge_does_not_stop_a_consultants_clock_of_which_nobody_knows_the_start(
    patient: Patient, service: Service
) -> None:
    row = registered(patient, service, source="05")
    actions.triage(row.pk, ACCEPT, **scope(patient.organisation))

    actions.remove(row.pk, "no_longer_needed", **scope(patient.organisation))

    assert row.pathway is not None
    row.pathway.refresh_from_db()
    assert row.pathway.state == "unknown_start"
    assert row.pathway.events.order_by("sequence").last().kind == "therapy_ended"


def test_linking_the_consultants_pathway_withdraws_the_clock_that_stood_in_for_it(
    patient: Patient, service: Service
) -> None:
    row = registered(patient, service, source="05")
    before, parent = row.pathway, a_consultants_pathway(patient)
    actions.triage(row.pk, ACCEPT, **scope(patient.organisation))

    row = actions.supply(row.pk, {}, parent_id=parent.pk, **scope(patient.organisation))

    assert row.pathway == parent and before is not None
    before.refresh_from_db()
    assert before.state == "none"
    entry = Entry.objects.get(referral=row)
    assert (entry.pathway, entry.treat_by) == (parent, parent.treat_by)


@pytest.mark.promise("R3")
def test_of_two_who_choose_the_consultants_pathway_the_second_sees_both(
    patient: Patient, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_the_clock(monkeypatch, NOW)
    row = registered(patient, service, source="05")
    chosen = a_consultants_pathway(patient), a_consultants_pathway(patient, date(2026, 9, 8), "RH")
    desk = signed_in(somebody("two", "outpatient_coordinator", patient.organisation))
    page = f"/outpatients/referrals/{row.pk}/"
    opened = filled(desk.get(page))
    actions.supply(row.pk, {}, parent_id=chosen[0].pk, **scope(patient.organisation))

    second = desk.post(page, {**opened, "parent": str(chosen[1].pk)})

    table = second.content.decode().split("Both of you changed", 1)[1].split("</table>", 1)[0]
    assert second.status_code == 409 and "since Tue 1 Sep" in table and "since Tue 8 Sep" in table, table
    row.refresh_from_db()
    assert row.pathway == chosen[0]
    again = filled(second)
    assert again["parent"] == str(chosen[1].pk)
    assert desk.post(page, again).status_code == 302
    row.refresh_from_db()
    assert row.pathway == chosen[1]


def test_a_pathway_found_after_the_first_visit_takes_over_what_was_said_of_it(trust: Organisation) -> None:
    physio = a_department(trust)
    at: dict[str, Any] = {"organisation_id": physio.trust.pk, "by": DESK, "at": NINE + timedelta(hours=9)}
    patient = physio.patient()
    parent = a_consultants_pathway(patient)
    entry = physio.entry(physio.referral(TODAY - 30 * DAY, patient))
    visit = physio.booked(physio.session(slots=1).slots.get(), entry)
    own, preset = entry.pathway, PRESETS["s"]
    seen = Said(preset.attended, preset.outcome, preset.status, preset.next_step, due_on=TODAY + 42 * DAY)
    (outcome,) = outcomes.cash_up([(visit.pk, seen)], **at)
    assert outcome.why == "" and Referral.objects.get(pk=entry.referral_id).state == "seen"

    row = actions.supply(entry.referral_id, {}, parent_id=parent.pk, **at)

    own.refresh_from_db()
    assert (row.pathway, own.state, own.wrong_on) == (parent, "none", None)
    assert set(Entry.objects.filter(referral=row).values_list("pathway", flat=True)) == {parent.pk}
    parent.refresh_from_db()
    assert (parent.state, parent.status, parent.wrong_on) == ("ticking", "10", None)
    taken_back = outcomes.take_back(visit.pk, Mistake.SLIP, **at)
    told = [each.kind for each in outcome_queries.told_clock(taken_back)]
    assert told == [EventKind.ATTENDED, EventKind.WITHDRAWN]


def test_accepting_puts_the_patient_on_the_waiting_list(patient: Patient, service: Service) -> None:
    row = registered(patient, service)

    decision = actions.Decision("accept", priority="2", minutes=60, skills=("knee",), medium="03")
    row = actions.triage(row.pk, decision, **scope(patient.organisation))

    entry = Entry.objects.get()
    assert (row.state, row.priority) == ("waiting", "2")
    assert (entry.minutes, entry.skills, entry.medium, entry.pathway) == (60, ["knee"], "03", row.pathway)
    with pytest.raises(NotAllowed, match="triaged already"):
        actions.triage(row.pk, decision, **scope(patient.organisation))


@pytest.mark.parametrize("outcome", ["advice", "return", "self_management"])
def test_what_is_not_accepted_ends_with_its_reason_and_the_clock_stops(
    patient: Patient, service: Service, outcome: str
) -> None:
    row = registered(patient, service)
    with pytest.raises(NotAllowed, match="reason"):
        actions.triage(row.pk, actions.Decision(outcome), **scope(patient.organisation))

    row = actions.triage(row.pk, actions.Decision(outcome, reason="Exercises"), **scope(patient.organisation))

    assert row.pathway is not None
    row.pathway.refresh_from_db()
    assert (row.state, row.removed_why, row.pathway.state) == ("removed", outcome, "stopped")
    assert Triage.objects.get().reason == "Exercises"


def test_a_consultants_clock_is_not_stopped_by_a_therapist_who_sends_back(
    patient: Patient, service: Service
) -> None:
    parent = a_consultants_pathway(patient)
    row = registered(patient, service, parent_id=parent.pk)

    actions.triage(row.pk, actions.Decision("return", reason="Too early"), **scope(patient.organisation))

    parent.refresh_from_db()
    assert parent.state == "ticking"


def test_sending_on_to_another_service_keeps_the_clock_and_is_triaged_there(
    trust: Organisation, patient: Patient, service: Service
) -> None:
    hands = a_service(trust, "HANDS", function="651")
    row = registered(patient, service)
    with pytest.raises(NotAllowed, match="other service"):
        actions.triage(row.pk, actions.Decision("redirect", reason="Hand"), **scope(trust))

    there = actions.Decision("redirect", reason="Hand", service_id=hands.pk)
    actions.triage(row.pk, there, **scope(trust))

    (listed,) = queries.to_triage(trust.pk, NOW, hands.pk)
    assert listed.referral == row


def test_a_held_referral_is_not_triaged_and_an_unread_priority_must_be_chosen(
    trust: Organisation, patient: Patient, service: Service
) -> None:
    held = registered(patient, service, question="")
    with pytest.raises(NotAllowed, match="question"):
        actions.triage(held.pk, ACCEPT, **scope(trust))

    unread = registered(a_patient(trust, "Eve Green"), service, priority="soonish")
    with pytest.raises(NotAllowed, match="Choose a priority"):
        actions.triage(unread.pk, actions.Decision("accept"), **scope(trust))


def test_the_urgent_and_the_unread_come_before_the_routine(trust: Organisation, service: Service) -> None:
    routine, urgent, unread = (
        registered(a_patient(trust, f"{name} Green"), service, priority=said, received_on=TODAY - days * DAY)
        for name, said, days in (("Ann", "routine", 30), ("Bea", "urgent", 1), ("Cleo", "asap!", 0))
    )

    found = queries.to_triage(trust.pk, NOW)

    assert [each.referral for each in found] == [urgent, unread, routine]
    assert [each.is_overdue for each in found] == [False, False, True]


@pytest.mark.parametrize(
    ("why", "clock"),
    [("duplicate", "none"), ("error", "none"), ("no_longer_needed", "stopped"), ("other_service", "ticking")],
)
def test_a_removal_says_why_and_its_clock_follows(
    patient: Patient, service: Service, why: str, clock: str
) -> None:
    row = registered(patient, service)
    actions.triage(row.pk, ACCEPT, **scope(patient.organisation))

    row = actions.remove(row.pk, why, **scope(patient.organisation))

    assert row.pathway is not None
    row.pathway.refresh_from_db()
    assert (row.state, row.removed_why, row.pathway.state) == ("removed", why, clock)
    assert Entry.objects.get().state == "removed"
    with pytest.raises(NotAllowed, match="ended already"):
        actions.remove(row.pk, why, **scope(patient.organisation))


@pytest.mark.parametrize("why", ["no answer", ""])
def test_silence_removes_nobody(patient: Patient, service: Service, why: str) -> None:
    row = registered(patient, service)

    with pytest.raises(NotAllowed, match="Silence"):
        actions.remove(row.pk, why, **scope(patient.organisation))


def test_a_death_ends_referrals_places_on_lists_and_clocks(patient: Patient, service: Service) -> None:
    row = registered(patient, service)
    actions.triage(row.pk, ACCEPT, **scope(patient.organisation))

    patients.record_death(patient.pk, TODAY - DAY, **scope(patient.organisation))

    row.refresh_from_db()
    assert (row.state, row.removed_why) == ("removed", "died")
    assert Entry.objects.get().state == "removed"
    assert row.pathway is not None
    assert (row.pathway.status, row.pathway.ended_on) == ("36", TODAY - DAY)
    with pytest.raises(NotAllowed, match="record of the patient"):
        registered(patient, service)


def test_a_referral_that_fell_off_the_list_unbalances_the_ledger_and_is_named(
    patient: Patient, service: Service
) -> None:
    row = registered(patient, service)
    actions.triage(row.pk, ACCEPT, **scope(patient.organisation))
    Entry.objects.update(state="removed", why="by hand")

    found = queries.ledger(patient.organisation_id, TODAY - 7 * DAY, TODAY)

    assert not found.balances
    assert found.unaccounted == (row,)


STEPS = st.lists(
    st.tuples(st.sampled_from(["register", "triage", "remove", "supply", "seen"]), st.integers(0, 50)),
    max_size=30,
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_the_ledger_balances_after_any_steps(
    trust: Organisation, service: Service, steps: list[tuple[str, int]]
) -> None:
    outcomes = ["accept", "group", "advice", "return", "self_management"]
    whys = ["duplicate", "declined", "error", "no_longer_needed", "other_service"]
    made: list[Referral] = []
    before = Referral.objects.count()
    for step, choice in steps:
        row = made[choice % len(made)] if made else None
        try:
            if step == "register" or row is None:
                some = a_patient(trust, f"P{choice} X", phone="" if choice % 2 else "1")
                asked = "" if choice % 3 == 0 else "Please treat"
                made.append(registered(some, service, question=asked))
            elif step == "triage":
                decision = actions.Decision(outcomes[choice % 5], priority="1", reason="Because")
                actions.triage(row.pk, decision, **scope(trust))
            elif step == "remove":
                actions.remove(row.pk, whys[choice % 5], **scope(trust))
            elif step == "supply":
                actions.supply(row.pk, {"question": "Please treat"}, **scope(trust))
            else:
                actions.seen(row.pk, **scope(trust))
        except NotAllowed:
            pass

    found = queries.ledger(trust.pk, TODAY - 7 * DAY, TODAY)
    assert found.balances and not found.unaccounted
    assert found.received == before + len(made)


def test_what_is_to_be_chased_or_triaged_is_a_task_until_it_is_done(
    trust: Organisation, patient: Patient, service: Service
) -> None:
    def tasks(days: int) -> dict[str, Task]:
        at = NOW + days * DAY
        rules.run(trust.pk, situation.read(trust.pk, at), at)
        return {row.subject: row for row in Task.objects.filter(closed_at__isnull=True)}

    row = registered(patient, service, question="")  # on a Friday
    chase = f"referral:{row.pk}:question"
    assert chase not in tasks(3)
    assert tasks(4)[chase].priority == 2
    assert "BROWN" not in f"{tasks(4)[chase].title} {tasks(4)[chase].cause}"

    actions.ask(row.gaps.get().pk, **scope(trust, NOW + 4 * DAY))
    assert chase not in tasks(4)
    actions.supply(row.pk, {"question": "Assess"}, **scope(trust, NOW + 5 * DAY))
    assert chase not in tasks(7)

    assert tasks(7)["triage:routine"].role == "outpatient_coordinator"
    actions.triage(row.pk, ACCEPT, **scope(trust, NOW + 7 * DAY))
    assert "triage:routine" not in tasks(7)


def test_a_referral_that_is_measured_anew_keeps_the_identifier_of_its_booking_reference(
    trust: Organisation, patient: Patient, service: Service
) -> None:
    community = a_service(trust, "COMM", kind=ServiceKind.CONSULTANT_LED_COMMUNITY, function="651")
    row = registered(patient, service, ubrn="000123456789", route="ers")
    before = row.pathway
    assert before is not None and before.ppid.endswith("000123456789")

    there = actions.Decision("redirect", reason="Hand", service_id=community.pk)
    row = actions.triage(row.pk, there, **scope(trust))

    assert row.pathway is not None and row.pathway.pk != before.pk
    assert (row.pathway.ppid, row.pathway.issuer, row.pathway.state) == (
        before.ppid,
        before.issuer,
        "ticking",
    )
    old = type(before).objects.get(pk=before.pk)
    assert old.state == "none" and old.ppid.endswith(str(before.pk)) and old.issuer == trust.code
