"""A trust with a model in use and two who come soon, one of whom has missed visits: for one journey alone."""

from datetime import datetime, timedelta

from clearway.core.audit.actions import Actor
from clearway.core.organisation.models import Organisation
from clearway.core.people.models import RoleGrant, User
from clearway.desks.outpatients.attendance import actions as attendance
from clearway.desks.outpatients.booking.models import Appointment
from tests.past_visits import a_model
from tests.therapies import a_department
from tests.trust import a_trust

DAY = timedelta(days=1)
PEOPLE = (
    ("cleo", "light", "outpatient_coordinator"),
    ("cyril", "dark", "outpatient_coordinator"),
)


def fill(now: datetime, password: str) -> None:
    """Two coordinators; Rover missed two of two visits and comes in three days, as Rowan does."""
    trust = a_trust("calling")
    Organisation.objects.filter(pk=trust.pk).update(desks=["outpatients"], name="Invented calling")
    for name, theme, role in PEOPLE:
        user = User.objects.create_user(name, password, display_name=name.title(), theme=theme)
        RoleGrant.objects.create(user=user, role=role, organisation=trust, starts_at=now - DAY)
    physio = a_department(trust)
    hour = now.replace(hour=11, minute=0, second=0, microsecond=0)
    coming = list(physio.session(hour + 3 * DAY, slots=2).slots.order_by("pk"))
    visits = {}
    for name, slot in zip(("Rover", "Rowan"), coming, strict=True):
        patient = physio.patient(family_name=name, mobile="07700 900456")
        entry = physio.entry(physio.referral(patient=patient), minutes=30)
        visits[name] = physio.booked(slot, entry, made_at=now - 30 * DAY)
    for back in (20, 40):
        (slot,) = physio.session(hour - back * DAY, slots=1).slots.all()
        told = {"state": "missed", "attended": "3", "outcomed_at": slot.ends_at, "outcomed_by": "test"}
        row = physio.booked(slot, made_at=now - 60 * DAY, **told)
        Appointment.objects.filter(pk=row.pk).update(patient=visits["Rover"].patient)
    model, by = a_model(physio, now - DAY), Actor("clara")
    attendance.put_in_use(
        model.pk, "Agreed with the clinical lead", organisation_id=trust.pk, by=by, at=now - DAY
    )
    attendance.judge(organisation_id=trust.pk, by=Actor("duty:attendance"), at=now)
