"""A small invented therapies department, for the tests that need one: only what a claim is about is named."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

from clearway.core.organisation.models import Organisation, Site
from clearway.desks.outpatients.booking.models import Appointment
from clearway.desks.outpatients.clinics.models import Clinician, Equipment, Room, Service, Session, Slot
from clearway.desks.outpatients.clocks.models import ClockEvent, Pathway
from clearway.desks.outpatients.patients.models import Patient
from clearway.desks.outpatients.referrals.models import Referral
from clearway.desks.outpatients.waiting.models import Entry

TODAY = date(2026, 11, 20)
NINE = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


@dataclass
class Department:
    """One service, one clinician and one room at one site, and whoever a test puts into them."""

    trust: Organisation
    site: Site
    service: Service
    clinician: Clinician
    room: Room
    numbers: Any = field(default_factory=lambda: count(1))

    def patient(self, born_on: date = date(1980, 5, 1), **more: Any) -> Patient:
        number = next(self.numbers)
        # Lately by every clock, a test's or the machine's: a record of long ago opens with a reason alone.
        registered = max(NINE, datetime.now(UTC))
        said = {"family_name": f"Family{number}", "given_names": "Pat", "registered_at": registered, **more}
        return Patient.objects.create(
            organisation=self.trust, number=f"P{number:05}", born_on=born_on, **said
        )

    def referral(
        self, received_on: date = TODAY - timedelta(days=30), patient: Patient | None = None, **more: Any
    ) -> Referral:
        """A referral on the waiting list, its clock started on the day it was received."""
        patient = patient or self.patient()
        number = next(self.numbers)
        pathway = Pathway.objects.create(
            organisation=self.trust,
            patient=patient,
            ppid=f"{number:020}",
            issuer=self.trust.code,
            measurement="02",
            function="650",
            state="ticking",
            started_on=received_on,
            queue_from=received_on,
            treat_by=received_on + timedelta(days=126),
        )
        ClockEvent.objects.create(
            organisation=self.trust,
            pathway=pathway,
            key="referral",
            kind="referral_received",
            on=received_on,
            sequence=0,
            source="test",
            recorded_at=NINE - timedelta(days=30),
            recorded_by="test",
        )
        said = {"state": "waiting", "priority": "1", "route": "letter", **more}
        return Referral.objects.create(
            organisation=self.trust,
            number=f"R{number:05}",
            patient=patient,
            service=self.service,
            pathway=pathway,
            received_on=received_on,
            registered_at=NINE,
            **said,
        )

    def entry(self, referral: Referral | None = None, **more: Any) -> Entry:
        referral = referral or self.referral()
        said = {"kind": "new", "priority": "1", "minutes": 45, "added_at": NINE, **more}
        entry = Entry.objects.create(
            organisation=self.trust,
            patient=referral.patient,
            service=self.service,
            referral=referral,
            pathway=referral.pathway,
            **said,
        )
        entry.refresh_from_db()
        return entry

    def session(
        self, starts_at: datetime = NINE, slots: int = 4, equipment: Equipment | None = None, **more: Any
    ) -> Session:
        """A clinic of half-hour slots, one after the other."""
        minutes = timedelta(minutes=30)
        session = Session.objects.create(
            organisation=self.trust,
            service=self.service,
            clinician=self.clinician,
            room=self.room,
            equipment=equipment,
            starts_at=starts_at,
            ends_at=starts_at + slots * minutes,
        )
        for place in range(slots):
            Slot.objects.create(
                organisation=self.trust,
                session=session,
                starts_at=starts_at + place * minutes,
                ends_at=starts_at + (place + 1) * minutes,
                **{"kind": "new", **more},
            )
        return session

    def booked(self, slot: Slot, entry: Entry | None = None, **more: Any) -> Appointment:
        entry = entry or self.entry()
        Entry.objects.filter(pk=entry.pk).update(state="booked")
        said = {"state": "booked", "made_at": NINE - timedelta(days=20), "made_by": "test", **more}
        return Appointment.objects.create(
            organisation=self.trust,
            slot=slot,
            patient=entry.patient,
            entry=entry,
            referral=entry.referral,
            starts_at=slot.starts_at,
            ends_at=slot.ends_at,
            **said,
        )


def a_department(trust: Organisation, code: str = "physio") -> Department:
    """Physiotherapy at the first site of a trust."""
    site = trust.sites.order_by("code")[0]
    service = Service.objects.create(organisation=trust, code=code, name=code.title(), function="650")
    clinician = Clinician.objects.create(
        organisation=trust, code=f"{code}-1", name="Robin Hale", profession="physiotherapist"
    )
    room = Room.objects.create(organisation=trust, site=site, name=f"{code} 1")
    return Department(trust, site, service, clinician, room)
