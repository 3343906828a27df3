"""A therapies department with forty clinics tomorrow for the browser tests: full, blocked, one frozen."""

import random
from datetime import date, datetime, time, timedelta

from clearway.core.audit.actions import Actor
from clearway.core.layout.times import LONDON, local
from clearway.core.organisation.models import Organisation, Site
from clearway.core.people.models import RoleGrant, User
from clearway.desks.outpatients.booking.models import Appointment
from clearway.desks.outpatients.clinics import actions as clinics
from clearway.desks.outpatients.clinics.models import Clinician, Room, Session, Slot
from clearway.desks.outpatients.patients.models import Patient
from clearway.desks.outpatients.waiting.models import Entry
from tests.therapies import Department, a_department
from tests.trust import a_trust

CLINICS, SITES = 40, 3
SICK_IN = 9  # days until a small clinic with one patient; the day after has one that is free
WHO = Actor("test")
NAMES = ("Amara", "Bryn", "Carys", "Dilan", "Ewan", "Farah", "Gwen", "Hugo", "Ines", "Joel")
FAMILIES = ("Ashby", "Birch", "Coombe", "Dunn", "Eyre", "Frost", "Gale", "Hart", "Ivers", "Judd", "Kemp")


def fill(now: datetime, seed: int, password: str) -> None:
    """The department and two coordinators of it: desk (light) and late-desk (dark)."""
    chance = random.Random(seed)
    physio = a_department(a_trust("therapies"))
    Organisation.objects.filter(pk=physio.trust.pk).update(desks=["outpatients"], name="Invented therapies")
    for name, theme in (("desk", "light"), ("late-desk", "dark")):
        user = User.objects.create_user(name, password, display_name="Robin Tanner", theme=theme)
        RoleGrant.objects.create(
            user=user,
            role="outpatient_team_leader",
            organisation=physio.trust,
            starts_at=now - timedelta(days=1),
        )
    sites = list(Site.objects.filter(organisation=physio.trust).order_by("code"))[:SITES]
    day = local(now).date() + timedelta(days=1)
    free = [
        slot
        for number in range(CLINICS)
        for slot in _clinic(physio, sites[number % SITES], number, day, chance)
    ]
    _book([slot for slot in free if chance.random() < 0.6], physio, chance, now)
    frozen = Session.objects.order_by("pk")[3]
    clinics.freeze(frozen.pk, "Staff sickness", organisation_id=physio.trust.pk, by=WHO, at=now)
    for _ in range(4):  # two race for a slot, one is moved, one is booked in the diary that two look at
        physio.entry(physio.referral(day - timedelta(days=60), physio.patient(sites=["TV001"])), minutes=30)
    sick = now.replace(hour=10, minute=0, second=0, microsecond=0) + timedelta(days=SICK_IN)
    slot = physio.session(sick, slots=2).slots.earliest("pk")
    physio.booked(slot, physio.entry(physio.referral(day - timedelta(days=30)), minutes=30))
    physio.session(sick + timedelta(days=1), slots=2)


def _clinic(physio: Department, site: Site, number: int, day: date, chance: random.Random) -> list[Slot]:
    """One clinic; its slots that can be booked."""
    name = f"{NAMES[number % 10]} {FAMILIES[number // 10]}"
    who = {"organisation": physio.trust, "code": f"c{number}", "name": name, "profession": "physiotherapist"}
    begins = datetime.combine(day, time(chance.choice([8, 9, 9, 9, 13])), LONDON)
    minutes = timedelta(minutes=chance.choice([30, 30, 45]))
    slots = chance.choice([6, 7, 8])
    session = Session.objects.create(
        organisation=physio.trust,
        service=physio.service,
        clinician=Clinician.objects.create(**who),
        room=Room.objects.create(organisation=physio.trust, site=site, name=f"Room {number + 1}"),
        starts_at=begins,
        ends_at=begins + slots * minutes,
    )
    made = Slot.objects.bulk_create(
        Slot(
            organisation=physio.trust,
            session=session,
            starts_at=begins + place * minutes,
            ends_at=begins + (place + 1) * minutes,
            kind="group" if number == 7 else "new",
            seats=8 if number == 7 else 1,
            blocked="Couch broken" if chance.random() < 0.03 else "",
        )
        for place in range(slots)
    )
    return [slot for slot in made if not slot.blocked]


def _book(slots: list[Slot], physio: Department, chance: random.Random, now: datetime) -> None:
    """A patient in each of these slots, one in twenty of them held."""
    people = Patient.objects.bulk_create(
        Patient(
            organisation=physio.trust,
            number=f"D{number:05}",
            family_name=chance.choice(FAMILIES),
            given_names=chance.choice(NAMES),
            born_on=date(1970, 1, 1),
            registered_at=now,
        )
        for number in range(len(slots))
    )
    common = {"organisation": physio.trust, "service": physio.service, "priority": "1", "minutes": 30}
    entries = Entry.objects.bulk_create(
        Entry(**common, patient=patient, kind=slot.kind, added_at=now, state="booked")
        for patient, slot in zip(people, slots, strict=True)
    )
    Appointment.objects.bulk_create(
        Appointment(
            organisation=physio.trust,
            slot=slot,
            patient=entry.patient,
            entry=entry,
            starts_at=slot.starts_at,
            ends_at=slot.ends_at,
            state="held" if number % 20 == 0 else "booked",
            held_until=now + timedelta(minutes=20) if number % 20 == 0 else None,
            made_at=now,
            made_by="test",
        )
        for number, (slot, entry) in enumerate(zip(slots, entries, strict=True))
    )
