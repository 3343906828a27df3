"""Play an invented outpatient department through the desk's own actions: its past at once, then in real time.

The simulation knows no clock and no tables; this does. A referral, a cancellation and a visit are drawn from
the seed and their own names, so nothing has to be remembered but how far was played: a player that is stopped
or killed goes on where it was, and what people did at the desk meanwhile stands.
"""

import contextlib
import json
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from clearway.core.audit.actions import Actor
from clearway.core.layout.times import local
from clearway.desks.outpatients import invented_office, invented_past, playing
from clearway.desks.outpatients.attendance import actions as attendance
from clearway.desks.outpatients.booking import actions as booking
from clearway.desks.outpatients.booking import queries as choices
from clearway.desks.outpatients.clinics import actions as clinics
from clearway.desks.outpatients.clocks import actions as clocks
from clearway.desks.outpatients.directory import actions as directory
from clearway.desks.outpatients.letters import actions as letters
from clearway.desks.outpatients.letters import queries as letters_of
from clearway.desks.outpatients.outcomes import actions as outcomes
from clearway.desks.outpatients.patients import actions as patients
from clearway.desks.outpatients.referrals import actions as referrals
from clearway.desks.outpatients.referrals import queries as received
from clearway.desks.outpatients.waiting import actions as waiting
from clearway.domain.outpatients.measurement import Measure
from clearway.domain.outpatients.outcomes import NextStep, Said
from clearway.domain.outpatients.words import Attended, CancelledBy, Outcome, RttStatus
from clearway.domain.shared.errors import NotAllowed
from clearway.domain.shared.outgoing import State
from clearway.engine.outpatients.attendance_fit import TooLittle
from clearway.interchange.clock_examples import Example
from clearway.simulation.outpatients import conduct
from clearway.simulation.outpatients.arrivals import Referred, arrivals
from clearway.simulation.outpatients.parameters import Parameters
from clearway.simulation.outpatients.past import past
from clearway.simulation.outpatients.people import Person, nhs_number, person
from clearway.simulation.outpatients.practices import directory as practices
from clearway.simulation.outpatients.practices import practice
from clearway.simulation.shared.chance import Chance

log = logging.getLogger(__name__)

BY = Actor("demo:department")
BACK, AHEAD = timedelta(weeks=13), timedelta(weeks=8)
CHANCE = 0.5  # area under the curve of a model that draws lots
FEW_DRAWS = 50  # for the intervals of a first model: the demo does not wait for more
RHYTHM = 20.0  # seconds between looks
OPENS, CLOSES = time(8), time(18)  # local hours in which the other clerks work
LEFT_TO_TRIAGE = 40  # referrals that the other clerks leave for whoever looks on
BOOKED_AN_HOUR = 15.0  # by the other clerks
TRIED = 8  # entries looked at for each that is to be booked: not all find a slot that suits
POST_AT = time(15, 30)
EVENING = 17  # local hour from which the day's clinics are cashed up
FORGOTTEN, FORGOTTEN_FOR = 0.15, timedelta(days=5)  # share of clinics left for others to find, and how long
LONGEST_PAUSE = timedelta(days=14)  # of a player that was away longer, no more is caught up
OPEN_STATES = ("ticking", "unknown_start")


@dataclass(frozen=True)
class Played:
    """Which department is played, and how far."""

    region: str
    seed: int
    until: datetime

    def save(self, path: Path) -> None:
        """Write it whole or not at all."""
        draft = path.with_suffix(".draft")
        draft.write_text(json.dumps(asdict(self), default=datetime.isoformat))
        draft.replace(path)

    @classmethod
    def load(cls, path: Path) -> "Played | None":
        """What was played so far; None before the first time."""
        if not path.is_file():
            return None
        kept = json.loads(path.read_text())
        return cls(kept["region"], kept["seed"], datetime.fromisoformat(kept["until"]))


@dataclass(frozen=True)
class Department:
    """The department that is played: whose it is, and how it behaves."""

    organisation_id: int
    parameters: Parameters
    seed: int

    def who(self, at: datetime) -> dict[str, Any]:
        return {"organisation_id": self.organisation_id, "by": BY, "at": at}


def play(
    department: Department,
    played: Played,
    *,
    clock: Callable[[], datetime],
    stop: threading.Event,
    remember: Callable[[Played], None],
) -> None:
    """Go with the clock until told to stop."""
    while not stop.is_set():
        now = clock()
        since = max(played.until, now - LONGEST_PAUSE)
        live(department, since, now, stop)
        if stop.is_set():
            return
        played = replace(played, until=now)
        remember(played)
        stop.wait(RHYTHM)


def begin(department: Department, examples: Sequence[Example], at: datetime) -> None:
    """Make the clinics, the past, the worked examples and the practices of patients of a department where
    nobody is registered yet."""
    if not invented_past.is_empty(department.organisation_id):
        return
    morning = datetime.combine((at - BACK).date(), time(5), UTC)
    made = {**department.who(morning), "until": (at + AHEAD).date()}
    clinics.make_sessions(**made)
    slots = invented_past.slots(department.organisation_id)
    cashed_before = datetime.combine(last_day_of_clinics(at.date()), time(), UTC)
    cases = past(slots, department.parameters, seed=department.seed, until=at, cashed_before=cashed_before)
    directory.load(practices(), "Invented practices", **department.who(at))
    invented_past.put(cases, **department.who(at))
    for place, example in enumerate(examples):
        _example(department, example, place, at)
    invented_office.begin(seed=department.seed, **department.who(at))
    _train(department, at)


def _train(department: Department, at: datetime) -> None:
    """A model of the invented past, put in use as a team leader would: only if it tells people apart.

    Too short a past trains nothing, and the page says so.
    """
    with contextlib.suppress(TooLittle, NotAllowed):
        made = attendance.train(**department.who(at), draws=FEW_DRAWS)
        _, surely, _ = made.report["measures"][made.report["chosen"]]["auc"]
        if surely > CHANCE:
            why = f"Demonstration: on later visits it told people apart, by an area of {surely:.2f} at least"
            attendance.put_in_use(made.pk, why, **department.who(at))


def last_day_of_clinics(today: date) -> date:
    """The newest weekday before today: its clinics are left to be cashed up."""
    on = today - timedelta(days=1)
    while on.isoweekday() > 5:
        on -= timedelta(days=1)
    return on


def live(department: Department, since: datetime, now: datetime, stop: threading.Event) -> None:
    """Everything that happens in (since, now]: referrals arrive, patients cancel or come, clerks work."""
    for referred in _arrived(department, since, now):
        if stop.is_set():
            return
        _register(department, referred)
    _cancel(department, since, now)
    if OPENS <= local(now).time() < CLOSES and local(now).isoweekday() <= 5:
        _triage(department, now)
        _book(department, since, now)
    _cash_up(department, now, stop)
    if since.date() != now.date():
        clinics.make_sessions(**department.who(now), until=(now + AHEAD).date())
    _post(department, now)
    booking.let_go_of_holds(**department.who(now))


def _arrived(department: Department, since: datetime, now: datetime) -> list[Referred]:
    found, on = [], since.date()
    while on <= now.date():
        found += arrivals(department.parameters, department.seed, on)
        on += timedelta(days=1)
    return [each for each in found if since < each.at <= now]


def _register(department: Department, referred: Referred) -> None:
    """A referral of a new patient, registered when it arrived; one that is here already is left alone."""
    who, at = department.who(referred.at), referred.at
    service = playing.services(department.organisation_id)[referred.service]
    try:
        patient = patients.register(_new(referred.person, at.date()), though_alike=True, **who)
    except NotAllowed:
        return
    for kind, detail in referred.person.needs:
        patients.add_need(patient.pk, kind, detail, **who)
    if referred.person.is_child:
        patients.raise_flag(patient.pk, "dependent", "A child: comes with a parent or carer", **who)
    referrals.register(
        referrals.New(
            patient_id=patient.pk,
            service_id=service.pk,
            received_on=at.date(),
            route=referred.route,
            source=referred.source,
            sender=referred.sender,
            priority=referred.priority,
            condition=referred.condition,
            side=referred.side,
            question=referred.question,
            from_consultant=referred.from_consultant,
            start_on=referred.consultant_start,
        ),
        **who,
    )


def _new(who: Person, on: date) -> patients.New:
    return patients.New(
        family_name=who.family_name,
        given_names=who.given_names,
        born_on=who.born_on,
        nhs_number=who.nhs_number,
        nhs_number_status="01",
        sex=who.sex,
        address=who.address,
        postcode=who.postcode,
        practice=practice(who.postcode),
        phone=who.phone,
        mobile=who.mobile,
        may_text=who.may_text,
        channel=who.channel,
        confirmed_on=on,
    )


def _cancel(department: Department, since: datetime, now: datetime) -> None:
    """Bookings that patients, and the service, call off."""
    parameters, seed = department.parameters, department.seed
    for each in playing.booked(department.organisation_id, now, now + AHEAD + timedelta(weeks=1)):
        found = conduct.cancellation(each.key, each.kind, each.made_at, each.starts_at, parameters, seed)
        if found is None or not since < found.at <= now:
            continue
        try:
            booking.cancel(each.id, by_whom=CancelledBy(found.by), reason=found.reason, **department.who(now))
        except NotAllowed as refused:
            log.info("Appointment %s was not cancelled: %s", each.id, refused.why)


def _cash_up(department: Department, now: datetime, stop: threading.Event) -> None:
    """By the evening every clinic is cashed up, but for some that are forgotten for days."""
    evening = local(now).replace(hour=EVENING, minute=0, second=0, microsecond=0)
    until = evening if local(now) >= evening else evening.replace(hour=0)
    open_ones = list(playing.booked(department.organisation_id, now - BACK, until))
    for each in open_ones:
        if stop.is_set():
            return
        if each.starts_at > now - FORGOTTEN_FOR and _is_forgotten(department, each.session_id):
            continue
        _say(department, each, now)


def _is_forgotten(department: Department, session_id: int) -> bool:
    return Chance(department.seed, f"forgotten/{session_id}").happens(FORGOTTEN)


def _say(department: Department, each: playing.Booked, now: datetime) -> None:
    """How the visit ended; where the clock had stopped already, without saying that treatment began."""
    end = conduct.seen(
        each.key, each.who, each.kind, each.service, each.is_child, department.parameters, department.seed
    )
    for said in (_said(end, each, treats=end.treats), _said(end, each, treats=False)):
        (outcome,) = outcomes.cash_up([(each.id, said)], **department.who(now))
        if outcome.is_saved:
            return
    log.info("Appointment %s was not cashed up: %s", each.id, outcome.why)


def _said(end: conduct.Seen, each: playing.Booked, *, treats: bool) -> Said:
    if end.attended is Attended.MISSED:
        return Said(Attended.MISSED, None, None, NextStep.DECIDE, not_brought=each.is_child)
    status = RttStatus.TREATED if treats else None
    if end.next_in is None:
        return Said(end.attended, Outcome.DISCHARGED, status, NextStep.DISCHARGE, cancels_booked=True)
    due_on = local(each.starts_at).date() + timedelta(days=end.next_in)
    return Said(end.attended, Outcome.ANOTHER_LATER, status, NextStep.FOLLOW_UP, due_on=due_on)


def _triage(department: Department, now: datetime) -> None:
    """The clinicians take one of the longest waiting at a time, and leave some for whoever looks on."""
    waiting_for = received.to_triage(department.organisation_id, now)
    for each in waiting_for[: max(0, min(3, len(waiting_for) - LEFT_TO_TRIAGE))]:
        decision = referrals.Decision("accept", priority=each.referral.priority or "2", minutes=45)
        try:
            referrals.triage(each.referral.pk, decision, **department.who(now))
        except NotAllowed as refused:
            log.info("Referral %s was not triaged: %s", each.referral.pk, refused.why)


def _book(department: Department, since: datetime, now: datetime) -> None:
    """The other clerks book whose turn it is, at a steady pace."""
    hours = min((now - since).total_seconds() / 3600, 1)
    many = Chance(department.seed, f"books/{now.isoformat()}").count(BOOKED_AN_HOUR * hours)
    left = many
    for entry in playing.to_book(department.organisation_id, now, TRIED * many):
        if left == 0:
            return
        found = choices.suitable(entry, department.organisation_id, now, limit=1).best
        if not found:
            continue
        try:
            booking.book(found[0].slot, entry, **department.who(now))
            left -= 1
        except NotAllowed as refused:
            log.info("Entry %s was not booked: %s", entry, refused.why)


def _post(department: Department, now: datetime) -> None:
    """In the afternoon the other clerks post the letters, and ring whom one would reach too late."""
    if not POST_AT <= local(now).time() < CLOSES or local(now).isoweekday() > 5:
        return
    who = department.who(now)
    for letter in letters_of.in_state(department.organisation_id, State.HELD, reason="late"):
        letters.rung(letter.pk, letters.ANSWERED, "Rung by the office: the patient knows.", **who)
    if (batch := letters.make_batch(**who)) is not None:
        letters.mark_posted(batch.pk, now, **who)


def _example(department: Department, example: Example, place: int, at: datetime) -> None:
    """One worked example as a patient who can be looked up by its number."""
    numbers = (nhs_number(serial) for serial in range(place * 3, place * 3 + 3))
    number = next(each for each in numbers if each is not None)
    chance = Chance(department.seed, f"example/{example.number}")
    invented = person(number, at.date(), chance, department.parameters.shares, is_child=False)
    who = department.who(at)
    named = replace(invented, family_name=f"Example {example.number}")
    patient = patients.register(_new(named, at.date()), though_alike=True, **who)
    service = playing.services(department.organisation_id)["MSK"]
    for events in example.pathways.values():
        measure = Measure(example.measurement, True, True, None, "2.5", example.title)
        pathway = clocks.open_pathway(patient.pk, service=service, measure=measure, **who)
        recorded = [clocks.Recorded(pathway.pk, event, f"example:{example.number}") for event in events]
        (explained,) = clocks.record(recorded, **who)
        if explained.state in OPEN_STATES:
            wait = waiting.New(patient.pk, service.pk, "new", "1", 45, pathway_id=pathway.pk)
            waiting.add(wait, **who)
