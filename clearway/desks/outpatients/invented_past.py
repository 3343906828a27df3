"""An invented past put into the tables in one go, so that a demonstration begins with a department at work.

The same rows come about as if each had been typed: clocks are folded by the same engine, the database holds
the same constraints. Only the audit is one row for all, because nobody did any of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db import transaction

from clearway.core.audit.actions import Actor
from clearway.core.audit.actions import Entry as AuditEntry
from clearway.core.audit.actions import record as audit
from clearway.core.layout.times import local
from clearway.core.organisation.models import Organisation
from clearway.domain.outpatients import completeness
from clearway.domain.outpatients.clock_events import ClockEvent
from clearway.domain.outpatients.clocks import explain
from clearway.domain.outpatients.identity import pathway_identifier
from clearway.domain.outpatients.words import Attended, MeasurementType, NhsNumberStatus, Outcome
from clearway.simulation.outpatients.arrivals import Referred
from clearway.simulation.outpatients.backgrounds import decile, ethnicity
from clearway.simulation.outpatients.conduct import FOLLOW_UP, NEW
from clearway.simulation.outpatients.past import Case, Slot, Visit
from clearway.simulation.outpatients.practices import practice

from . import models
from .clocks import queries as clocks
from .numbers import next_numbers
from .policy import clock_policy, clock_switches
from .referrals import queries as referrals
from .waiting.queueing import ask_returns_again

OFFICE, CLINICIAN = "Outpatient office", "Therapist"
BATCH = 2000
SEED = 1  # of ethnic categories and deprivation, on which nothing else depends
CHASED_OUT = timedelta(days=9)  # two and five working days, with a weekend
CASHED_AFTER = timedelta(hours=1)
CANCELLED_CODE = {"patient": Attended.CANCELLED_BY_PATIENT, "provider": Attended.CANCELLED_BY_PROVIDER}
MINUTES = {NEW: 45, FOLLOW_UP: 30}
LATEST_AFTER = timedelta(days=28)  # a follow-up is no use later than so long after it is due; assumed


def slots(organisation_id: int) -> list[Slot]:
    """Every slot of sessions that are held, as the simulation takes them; one query."""
    rows = models.Slot.objects.filter(organisation_id=organisation_id, session__state="open", blocked="")
    columns = ("pk", "session__service__code", "starts_at", "ends_at", "kind", "held", "seats")
    return [
        Slot(key, service, starts_at, ends_at, kind, bool(held), seats)
        for key, service, starts_at, ends_at, kind, held, seats in rows.values_list(*columns)
    ]


@transaction.atomic
def put(cases: Sequence[Case], *, organisation_id: int, by: Actor, at: datetime) -> Mapping[str, int]:
    """Write the rows of every case; how many of each table. The department has to be loaded, and empty."""
    rows = _Rows(organisation_id, at)
    rows.add(cases)
    counts = rows.save()
    ask_returns_again(organisation_id)
    entry = AuditEntry("outpatients.invent_past", f"organisation:{organisation_id}", counts)
    audit([entry], organisation_id=organisation_id, by=by, at=at)
    return counts


@dataclass
class _Rows:
    """The rows to be, table by table, with the numbers they will have."""

    organisation_id: int
    at: datetime
    made: dict[Any, list[Any]] = field(default_factory=dict)
    postcodes: set[str] = field(default_factory=set)
    given_back: list[tuple[Any, Visit]] = field(default_factory=list)

    def add(self, cases: Sequence[Case]) -> None:
        self.trust = Organisation.objects.get(pk=self.organisation_id).code
        services = models.Service.objects.filter(organisation_id=self.organisation_id)
        self.services = {service.code: service for service in services}
        self.switches = clock_switches(self.organisation_id, local(self.at).date())
        self.numbers = {
            table: iter(next_numbers(table._meta.db_table, count))
            for table, count in (
                (models.Patient, len(cases)),
                (models.Pathway, len(cases)),
                (models.Referral, len(cases)),
                (models.Entry, sum(1 + len(case.visits) for case in cases)),
                (models.Appointment, sum(len(case.visits) for case in cases)),
            )
        }
        for case in cases:
            self._case(case)
        self._freed()
        for code in sorted(self.postcodes):
            area = {"postcode": code, "decile": decile(code, SEED), "edition": "invented"}
            self._keep(models.DeprivedArea(organisation_id=self.organisation_id, **area))

    def save(self) -> dict[str, int]:
        order = (
            *(
                models.Patient,
                models.Background,
                models.DeprivedArea,
                models.Need,
                models.Flag,
                models.Pathway,
                models.ClockEvent,
                models.Referral,
            ),
            *(
                models.Gap,
                models.Triage,
                models.Entry,
                models.Appointment,
                models.Offer,
                models.Contact,
                models.Miss,
                models.FreedSlot,
            ),
        )
        for table in order:
            table._default_manager.bulk_create(self.made.get(table, []), batch_size=BATCH)
        return {table._meta.model_name or "": len(self.made.get(table, [])) for table in order}

    def _keep(self, row: Any) -> Any:
        self.made.setdefault(type(row), []).append(row)
        return row

    def _new(self, table: Any, **values: Any) -> Any:
        return self._keep(table(id=next(self.numbers[table]), organisation_id=self.organisation_id, **values))

    def _case(self, case: Case) -> None:
        patient = self._patient(case.referred)
        pathway = self._pathway(case, patient)
        referral = self._referral(case, patient, pathway)
        if case.triaged_at is None:
            return
        self._keep(
            models.Triage(
                referral=referral,
                outcome="accept",
                priority=case.referred.priority,
                minutes=MINUTES[NEW],
                at=case.triaged_at,
                by=CLINICIAN,
            )
        )
        self._waits(case, patient, pathway, referral)

    def _patient(self, referred: Referred) -> Any:
        who = referred.person
        key = next(self.numbers[models.Patient])
        row = self._keep(
            models.Patient(
                id=key,
                organisation_id=self.organisation_id,
                number=f"C{key:07d}",
                nhs_number=who.nhs_number,
                nhs_number_status=NhsNumberStatus.VERIFIED,
                family_name=who.family_name,
                given_names=who.given_names,
                born_on=who.born_on,
                sex=who.sex,
                address=who.address,
                postcode=who.postcode,
                practice=practice(who.postcode),
                phone=who.phone,
                mobile=who.mobile,
                may_text=who.may_text,
                channel=who.channel,
                sites=[],
                confirmed_on=local(referred.at).date(),
                registered_at=referred.at,
            )
        )
        for kind, detail in who.needs:
            self._keep(models.Need(patient=row, kind=kind, detail=detail, recorded_at=referred.at))
        if (said := ethnicity(who.nhs_number, SEED)) is not None:
            self._keep(
                models.Background(patient=row, ethnicity=said, recorded_at=referred.at, recorded_by=OFFICE)
            )
        self.postcodes.add(who.postcode)
        if who.is_child:
            words = "A child: comes with a parent or carer"
            self._keep(models.Flag(patient=row, kind="dependent", words=words, recorded_at=referred.at))
        return row

    def _pathway(self, case: Case, patient: Any) -> Any:
        service = self.services[case.referred.service]
        measurement = (
            MeasurementType.CONSULTANT_LED if case.referred.from_consultant else MeasurementType.ALLIED_HEALTH
        )
        key = next(self.numbers[models.Pathway])
        identifier = pathway_identifier(self.trust, key)
        events = [
            ClockEvent(
                f"past:{place}",
                happened.kind,
                happened.on,
                place,
                start_on=happened.start_on,
                evidence=happened.evidence,
                function=service.function,
            )
            for place, happened in enumerate(case.events, start=1)
        ]
        folded = explain(events, local(self.at).date(), clock_policy(measurement, self.switches))
        row = self._keep(
            models.Pathway(
                id=key,
                organisation_id=self.organisation_id,
                patient=patient,
                ppid=identifier.ppid,
                issuer=identifier.issuer,
                measurement=measurement,
                function=service.function,
                **clocks.kept_of(folded),
            )
        )
        for event in events:
            self._keep(self._event(event, row))
        return row

    def _event(self, event: ClockEvent, pathway: Any) -> Any:
        return models.ClockEvent(
            organisation_id=self.organisation_id,
            pathway=pathway,
            key=event.key,
            kind=event.kind,
            on=event.on,
            sequence=event.sequence,
            said=clocks.said_by(event),
            source="past",
            recorded_at=min(_evening(event.on), self.at),
            recorded_by=OFFICE,
        )

    def _referral(self, case: Case, patient: Any, pathway: Any) -> Any:
        referred, key = case.referred, next(self.numbers[models.Referral])
        row = self._keep(
            models.Referral(
                id=key,
                organisation_id=self.organisation_id,
                number=f"R{key:07d}",
                patient=patient,
                service=self.services[referred.service],
                pathway=pathway,
                parent=pathway if referred.consultant_start else None,
                received_on=local(referred.at).date(),
                registered_at=referred.at,
                acknowledged_at=referred.at,
                route=referred.route,
                source=referred.source,
                sender=referred.sender,
                priority=referred.priority,
                condition=referred.condition,
                side=referred.side,
                question=referred.question,
                from_consultant=referred.from_consultant,
                **_standing(case),
            )
        )
        is_open = row.state in ("triage", "held", "waiting")
        asked = 1 if self.at - referred.at < CHASED_OUT else 3  # both chases are over
        for item in completeness.gaps(referrals.given(row)) if is_open else ():
            self._keep(
                models.Gap(
                    referral=row,
                    what=item.what,
                    fixer=item.fixer,
                    found_at=referred.at,
                    asked=asked,
                    asked_at=referred.at,
                )
            )
        self._contact(patient, "acknowledgement", f"Your referral {row.number} was received.", referred.at)
        self.made[models.Contact][-1].referral = row
        return row

    def _contact(self, patient: Any, purpose: str, words: str, at: datetime, **about: Any) -> None:
        self._keep(
            models.Contact(
                organisation_id=self.organisation_id,
                patient=patient,
                purpose=purpose,
                channel=patient.channel,
                to=patient.mobile if patient.channel == "text" else patient.address,
                words=words,
                at=at,
                by=OFFICE,
                outcome="delivered",
                outcome_at=at,
                **about,
            )
        )

    def _waits(self, case: Case, patient: Any, pathway: Any, referral: Any) -> None:
        """A list entry for each appointment waited for, with the bookings made for it."""
        entry: Any = None
        seen_at: Any = None
        for visit in case.visits:
            if entry is None:
                entry = self._entry(case, patient, pathway, referral, visit.kind, visit.made_at, visit.slot)
                entry.outcome_of = seen_at
            booked = self._appointment(case, visit, entry, patient, referral)
            entry.state = {"cancelled": "waiting", "booked": "booked"}.get(visit.state, "seen")
            if entry.state == "seen":
                entry.ended_at, entry = visit.slot.ends_at, None
                seen_at = booked if visit.state == "attended" else None
        if entry is None and case.waits_for:
            since = case.visits[-1].slot.ends_at if case.visits else case.triaged_at or case.referred.at
            entry = self._entry(case, patient, pathway, referral, case.waits_for, since, None)
            entry.outcome_of = seen_at

    def _entry(
        self,
        case: Case,
        patient: Any,
        pathway: Any,
        referral: Any,
        kind: str,
        since: datetime,
        slot: Slot | None,
    ) -> Any:
        minutes = int((slot.ends_at - slot.starts_at).total_seconds() // 60) if slot else MINUTES[kind]
        due_on = case.due_on if kind == FOLLOW_UP else None
        return self._new(
            models.Entry,
            patient=patient,
            service=referral.service,
            referral=referral,
            pathway=pathway,
            kind=kind,
            priority=case.referred.priority,
            minutes=minutes,
            added_at=min(since, self.at),
            due_on=due_on,
            latest_on=due_on and due_on + LATEST_AFTER,
            state="waiting",
        )

    def _appointment(self, case: Case, visit: Visit, entry: Any, patient: Any, referral: Any) -> Any:
        slot = visit.slot
        cashed_at = slot.ends_at + CASHED_AFTER if visit.attended else None
        is_cancelled = visit.state == "cancelled"
        row = self._new(
            models.Appointment,
            slot_id=slot.key,
            seat=visit.seat,
            patient=patient,
            entry=entry,
            referral=referral,
            starts_at=slot.starts_at,
            ends_at=slot.ends_at,
            state=visit.state,
            made_at=visit.made_at,
            made_by=OFFICE,
            arrived_at=slot.starts_at - timedelta(minutes=6) if visit.state == "attended" else None,
            cancelled_at=visit.cancelled_at,
            cancelled_by=visit.cancelled_by,
            cancel_reason=visit.reason,
            attended=CANCELLED_CODE[visit.cancelled_by] if is_cancelled else visit.attended,
            outcome=visit.outcome,
            status=visit.status,
            outcomed_at=visit.cancelled_at if is_cancelled else cashed_at,
            outcomed_by=OFFICE if is_cancelled or cashed_at else "",
        )
        if is_cancelled:
            self.given_back.append((row, visit))
        self._keep(
            models.Offer(
                organisation_id=self.organisation_id,
                entry=entry,
                slot_id=slot.key,
                made_at=visit.made_at,
                offered_for=local(slot.starts_at).date(),
                channel="phone",
                answer="accepted",
                answered_at=visit.made_at,
            )
        )
        words = f"Your appointment is on {local(slot.starts_at):%-d %b %Y, %H:%M}."
        self._contact(patient, "confirmation", words, visit.made_at, entry=entry, appointment=row)
        if visit.state == "missed" and cashed_at is not None:
            self._miss(case, row, self.made[models.Contact][-1], cashed_at)
        return row

    def _freed(self) -> None:
        """What became of each seat that was given back, of the slots that have begun."""
        standing = {
            (row.slot_id, row.seat): row for row in self.made[models.Appointment] if row.state != "cancelled"
        }
        latest_first = sorted(self.given_back, key=lambda pair: pair[0].cancelled_at, reverse=True)
        for row, visit in latest_first:
            if row.starts_at > self.at or row.cancelled_at >= row.starts_at:
                continue
            filling = standing.pop(
                (row.slot_id, row.seat), None
            )  # who has the seat followed the last of them
            self._keep(
                models.FreedSlot(
                    organisation_id=self.organisation_id,
                    slot_id=row.slot_id,
                    seat=row.seat,
                    appointment=row,
                    how=visit.cancelled_by,
                    starts_at=row.starts_at,
                    freed_at=row.cancelled_at,
                    notice=int((row.starts_at - row.cancelled_at).total_seconds() // 3600),
                    state="filled" if filling else "expired",
                    ended_at=max(filling.made_at, row.cancelled_at) if filling else row.starts_at,
                    filled_by=filling,
                )
            )

    def _miss(self, case: Case, appointment: Any, notice: Any, at: datetime) -> None:
        """The miss with its proof of notice, the contact of the same day, and what a clinician decided."""
        reached = "Rung about the appointment of today"
        about = {"entry": appointment.entry, "appointment": appointment}
        self._contact(appointment.patient, "missed", reached, at, **about)
        is_child = case.referred.person.is_child
        is_discharged = appointment.outcome == Outcome.DISCHARGED
        self._keep(
            models.Miss(
                organisation_id=self.organisation_id,
                appointment=appointment,
                kind="not_brought" if is_child else "missed",
                notice=notice,
                contact=self.made[models.Contact][-1],
                opened_at=at,
                is_protected=is_child,
                safeguarding_at=at if is_child else None,
                safeguarding_by=OFFICE if is_child else "",
                safeguarding_words="Spoke with the parent; no concern" if is_child else "",
                decision="discharge" if is_discharged else "reoffer",
                clinician=CLINICIAN,
                reason="Decided after the call of the same day",
                decided_at=at,
                decided_by=OFFICE,
            )
        )


def _standing(case: Case) -> dict[str, Any]:
    if case.is_treated or any(visit.state == "attended" for visit in case.visits):
        return {"state": "seen"}
    if case.ended_on is not None:
        return {"state": "removed", "removed_why": "clinician", "removed_on": case.ended_on}
    if case.triaged_at is not None:
        return {"state": "waiting"}
    return {"state": "triage" if case.referred.question else "held"}


def _evening(on: date) -> datetime:
    return datetime.combine(on, time(17), UTC)


def is_empty(organisation_id: int) -> bool:
    """Whether nobody is registered yet; one query."""
    return not models.Patient.objects.filter(organisation_id=organisation_id).exists()
