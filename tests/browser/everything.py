"""A department in which every page of the outpatient desk has something to show, and who may open them all.

Its own trust, so that no other test meets it; entered once the desk runs, for the one file that looks at it.
"""

from datetime import datetime, timedelta
from typing import Any

from clearway.core.audit.actions import Actor
from clearway.core.onward import actions as onward
from clearway.core.organisation.models import Organisation, PolicyVersion
from clearway.core.people.models import RoleGrant, User
from clearway.desks.outpatients import invented_office
from clearway.desks.outpatients.attendance import actions as attendance
from clearway.desks.outpatients.booking import actions as booking
from clearway.desks.outpatients.booking.models import Appointment
from clearway.desks.outpatients.clinics import actions as clinics
from clearway.desks.outpatients.clinics.models import Clinician
from clearway.desks.outpatients.intake import actions as intake
from clearway.desks.outpatients.keeping import actions as keeping
from clearway.desks.outpatients.letters import actions as letters
from clearway.desks.outpatients.onward import actions as taken
from clearway.desks.outpatients.outcomes import actions as outcomes
from clearway.desks.outpatients.patients.models import Patient
from clearway.desks.outpatients.records import actions as records
from clearway.desks.outpatients.records import rectifying
from clearway.desks.outpatients.records.models import RecordsRequest
from clearway.desks.outpatients.recycling import actions as recycling
from clearway.desks.outpatients.recycling.models import FreedSlot
from clearway.desks.outpatients.referrals import actions as referrals
from clearway.desks.outpatients.replanning import actions as replanning
from clearway.desks.outpatients.replanning.queries import Scope
from clearway.desks.outpatients.reports import actions as reports
from clearway.desks.outpatients.trials import actions as trials
from clearway.desks.outpatients.waiting import actions as waiting
from clearway.desks.outpatients.waiting import queueing
from clearway.desks.outpatients.waiting.models import Entry
from clearway.domain.outpatients.clinics import SlotPlan, Weeks
from clearway.domain.outpatients.outcomes import PRESETS, Said
from clearway.domain.outpatients.rectification import Asker, Value
from clearway.domain.outpatients.reports import Cadence, Unit, What
from clearway.domain.outpatients.trials import Days, Outcome
from clearway.domain.outpatients.words import CancelledBy
from tests.browser.journeys import FALLS, list_practices, takes_falls
from tests.letters import with_letters, work
from tests.outpatients import a_patient, a_service
from tests.past_visits import with_a_past, with_first_visits
from tests.therapies import Department, a_department
from tests.trust import a_trust, set_policy

SLUG = "every-page"
PEOPLE = {"light": "every", "dark": "every-dark"}
ROLES = (
    "outpatient_team_leader",
    "outpatient_coordinator",
    "clinician",
    "therapies_lead",
    "junior_coordinator",
)
DAY = timedelta(days=1)
HEAD = "Surname,Forename,DOB,Service,Date received\n"
ROWS = HEAD + "Larch,Ada,1970-02-30,physio,2026-11-19\nLarch,Bea,1970-03-01,physio,2026-11-19\n"


def fill(now: datetime, password: str) -> None:
    """Everything that a page can be about, entered by the actions that people use."""
    trust = a_trust(SLUG)
    Organisation.objects.filter(pk=trust.pk).update(desks=["outpatients"], name="Every page")
    users = [_user(trust, name, theme, password, now) for theme, name in PEOPLE.items()]
    physio = a_department(trust)
    Clinician.objects.filter(pk=physio.clinician.pk).update(user=users[0])
    with_letters(trust)
    who: dict[str, Any] = {"organisation_id": trust.pk, "by": Actor("every"), "at": now}
    hour = now.replace(minute=0, second=0, microsecond=0)
    list_practices(who)
    _waiting(physio, now)
    _cash_up(physio, hour, who)
    _free(physio, hour, who)
    _refer(physio, now, who)
    _plan(physio, now, who)
    _cancel(physio, hour, who)
    _ask_onward(trust, now, who)
    work(now)
    letters.make_batch(**who)
    waiting.make_packs(**who)
    queueing.check(organisation_id=trust.pk, at=now)
    invented_office.begin(seed=7, **who)
    held = Patient.objects.filter(organisation=trust).order_by("pk")[1]
    keeping.place_hold(held.pk, "Claim 4711", **who)
    records.gather(RecordsRequest.objects.get(organisation=trust).pk, **who)
    first = Patient.objects.filter(organisation=trust).order_by("pk")[0]
    wrong = rectifying.New(
        first.pk, Asker.PATIENT, "The patient", Value.FAMILY_NAME, "Larch", "Misspelt", now.date() - DAY
    )
    rectifying.take(wrong, **who)
    with_a_past(physio, now)
    model = attendance.train(**who, draws=5)
    attendance.put_in_use(model.pk, "To be looked at", **who)
    attendance.judge(**who)
    _try(physio, users[0], who)
    report = reports.enter(reports.New(What.CAPACITY, users[0].pk, Cadence(Unit.WEEKDAY, 1)), **who)
    reports.send_now(report.pk, **who)


def _try(physio: Department, leader: User, who: dict[str, Any]) -> None:
    """A trial with enough results for a chart; nobody is reminded after it was started."""
    set_policy(physio.trust, "reminders", {"is_on": True})
    days, services = (Days(14, 4), Days(7, 2)), [physio.service.pk]
    new = trials.New("Earlier", days, services, Outcome.ATTENDED, 1000, "Many miss", key="key")
    trial = trials.start(new, **{**who, "by": Actor("every", leader.pk)})
    PolicyVersion.objects.filter(organisation=physio.trust, name="reminders").update(values={"is_on": False})
    with_first_visits(physio, who["at"])
    past = Appointment.objects.filter(organisation=physio.trust, state__in=["attended", "missed"])
    trials.draw(trial, past.order_by("starts_at"), **who)


def _user(trust: Organisation, name: str, theme: str, password: str, now: datetime) -> User:
    user = User.objects.create_user(name, password, display_name="Alex Every", theme=theme)
    for role in ROLES:
        RoleGrant.objects.create(user=user, role=role, organisation=trust, starts_at=now - DAY)
    return user


def _waiting(physio: Department, now: datetime) -> None:
    """Thirty who wait, some for a year."""
    for days in range(3, 393, 13):
        patient = physio.patient(mobile="07700 900000", phone="01905 000000")
        received = (now - timedelta(days=days)).date()
        physio.entry(physio.referral(received, patient), minutes=30, waits_from=received)


def _cash_up(physio: Department, hour: datetime, who: dict[str, Any]) -> None:
    """A clinic with one seen, one who did not come, one to ask again, one without outcome; one to arrive."""
    slots = physio.session(hour - timedelta(hours=6), slots=4).slots.order_by("pk")
    rows = [physio.booked(slot) for slot in slots]
    until = hour.date() + 60 * DAY
    for row, key, due_on in ((rows[0], "d", None), (rows[1], "n", None), (rows[2], "i", until)):
        preset = PRESETS[key]
        said = Said(
            *(preset.attended, preset.outcome, preset.status, preset.next_step, preset.not_brought), due_on
        )
        (done,) = outcomes.cash_up([(row.pk, said)], **who)
        assert done.is_saved, done.why
    physio.booked(physio.session(hour + timedelta(minutes=30), slots=1).slots.get())


def _free(physio: Department, hour: datetime, who: dict[str, Any]) -> None:
    """A clinic to come: one booked, one booked and cancelled, about whose seat people are asked."""
    booked, freed, *_ = physio.session(hour + 4 * DAY, slots=6).slots.order_by("pk")
    first, second = Entry.objects.filter(organisation=physio.trust, state="waiting").order_by("pk")[:2]
    booking.book(booked.pk, first.pk, **who)
    made = booking.book(freed.pk, second.pk, **who)
    booking.cancel(made.pk, by_whom=CancelledBy.PATIENT, reason="patient_ill", **who)
    recycling.ask(FreedSlot.objects.get(appointment=made).pk, **who)
    assert Appointment.objects.filter(organisation=physio.trust, state="booked").exists()


def _refer(physio: Department, now: datetime, who: dict[str, Any]) -> None:
    """A referral to be triaged, one that lacks something, and a file of them."""
    hands = a_service(physio.trust, "HANDS", name="Hand therapy")
    day = now.date()
    whole = {"source": "03", "sender": "Dr Field", "priority": "routine", "condition": "Stiff wrist"}
    for name, question in (("Ada Whole", "Please assess"), ("Bea Lacking", "")):
        patient = a_patient(physio.trust, name)
        referrals.register(referrals.New(patient.pk, hands.pk, day, question=question, **whole), **who)  # type: ignore[arg-type]
    row = intake.give(ROWS.encode(), "list.csv", "Hill Surgery", **who)
    heading = HEAD.strip().split(",")
    names = ("family_name", "given_names", "born_on", "service", "received_on")
    intake.map_columns(row.pk, dict(zip(names, heading, strict=True)), **who)


def _plan(physio: Department, now: datetime, who: dict[str, Any]) -> None:
    """A template of a clinic, and leave that is asked for."""
    begins = (now + 7 * DAY).date()
    nine = (now.replace(hour=9, minute=0, second=0, microsecond=0)).time()
    wanted = clinics.NewTemplate(
        code="knee",
        name="Knee clinic",
        service_id=physio.service.pk,
        room_id=physio.room.pk,
        clinician_id=physio.clinician.pk,
        weeks=Weeks(begins.isoweekday(), 1, begins),
        slots=(SlotPlan(nine, 45, "new"),),
    )
    clinics.save_template(wanted, **who)
    leave = clinics.NewLeave(physio.clinician.pk, begins + 9 * DAY, begins + 9 * DAY, "annual")
    clinics.ask_leave(leave, **who)


def _ask_onward(trust: Organisation, now: datetime, who: dict[str, Any]) -> None:
    """Two requests of another desk: one to be read, one with a referral to hold a slot for."""
    takes_falls(trust, now, also=())
    for name in ("Rowan", "Hazel"):
        person = onward.Person(name, "Ada", (now - 80 * 365 * DAY).date())
        row = onward.send(onward.New((trust.code, FALLS), "falls", "Fell, unhurt", person), **who)
    taken.receive(row.pk, **who)


def _cancel(physio: Department, hour: datetime, who: dict[str, Any]) -> None:
    """A clinic that does not take place, with somebody booked into it."""
    session = physio.session(hour + 6 * DAY, slots=2)
    physio.booked(session.slots.order_by("pk")[0])
    replanning.begin(Scope(session=session.pk), "staff_sickness", "Flu", **who)
