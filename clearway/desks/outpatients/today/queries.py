"""The day of the department at a glance: what waits for somebody, since when, and how much is free."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, F, Min, Q

from clearway.core.layout.times import local
from clearway.core.worklist.queries import open_tasks

from .. import models
from ..clinics.queries import after, midnight
from ..outcomes import queries as outcomes
from ..referrals import queries as referrals

SOON = timedelta(hours=48)
AHEAD = timedelta(days=28)


@dataclass(frozen=True, slots=True)
class Counted:
    """How many of something, and since when the oldest has been so; None where there is none.

    of   how many there are in all, where the count is a part
    """

    count: int
    oldest: datetime | None = None
    of: int | None = None


@dataclass(frozen=True, slots=True)
class Today:
    """The numbers of the page, each as of the instant that was asked for."""

    to_triage: Counted
    urgent_to_triage: Counted
    held: Counted
    gaps_due: Counted
    unoutcomed: Counted
    misses: Counted
    free_soon: Counted
    breached: Counted
    breaching: Counted
    tasks: Counted
    clinics: Counted
    patients: Counted


def today(organisation_id: int, at: datetime) -> Today:
    """The whole page. A fixed number of queries, whatever there is to do."""
    triage = _referrals(organisation_id, Q(state="triage"))
    urgent = _referrals(organisation_id, Q(state="triage") & ~Q(priority="1"))
    gaps = referrals.open_gaps(organisation_id, at)
    due = [each for each in gaps if each.is_due]
    ended = outcomes.unoutcomed(organisation_id, at)
    missed = outcomes.misses(organisation_id)
    tasks = open_tasks(organisation_id)
    return Today(
        to_triage=triage,
        urgent_to_triage=urgent,
        held=_referrals(organisation_id, Q(state="held")),
        gaps_due=Counted(len(due), min((each.gap.found_at for each in due), default=None), len(gaps)),
        unoutcomed=Counted(ended.count, ended.oldest),
        misses=Counted(len(missed), min((each.opened_at for each in missed), default=None)),
        free_soon=_free(organisation_id, at),
        breached=_breaches(organisation_id, Q(treat_by__lt=local(at).date())),
        breaching=_breaches(organisation_id, _within(at)),
        tasks=Counted(len(tasks), min((task.raised_at for task in tasks), default=None)),
        clinics=_clinics(organisation_id, at),
        patients=_patients(organisation_id, at),
    )


def _referrals(organisation_id: int, which: Q) -> Counted:
    rows = models.Referral.objects.filter(which, organisation_id=organisation_id)
    found = rows.aggregate(count=Count("pk"), oldest=Min("registered_at"))
    return Counted(found["count"], found["oldest"])


def _within(at: datetime) -> Q:
    on = local(at).date()
    return Q(treat_by__gte=on, treat_by__lte=on + AHEAD)


def _breaches(organisation_id: int, which: Q) -> Counted:
    """Of those who wait and are not booked."""
    waiting = models.Entry.objects.filter(organisation_id=organisation_id, state="waiting")
    found = waiting.aggregate(
        count=Count("pk", filter=which), of=Count("pk"), oldest=Min("added_at", filter=which)
    )
    return Counted(found["count"], found["oldest"], found["of"])


def _free(organisation_id: int, at: datetime) -> Counted:
    """Seats of the next 48 hours that nobody has, of all there are; groups count by slot."""
    slots = models.Slot.objects.filter(
        organisation_id=organisation_id,
        session__state="open",
        blocked="",
        starts_at__gt=at,
        starts_at__lte=at + SOON,
    )
    taken = Count("appointments", filter=_standing(at))
    found = slots.annotate(taken=taken).aggregate(
        count=Count("pk", filter=Q(taken__lt=F("seats"))), of=Count("pk")
    )
    return Counted(found["count"], None, found["of"])


def _standing(at: datetime) -> Q:
    states = ("booked", "arrived", "attended", "missed")
    held = Q(appointments__state="held", appointments__held_until__gt=at)
    return Q(appointments__state__in=states) | held


def _clinics(organisation_id: int, at: datetime) -> Counted:
    on = local(at).date()
    sessions = models.Session.objects.filter(
        organisation_id=organisation_id, starts_at__gte=midnight(on), starts_at__lt=after(on)
    )
    found = sessions.aggregate(count=Count("pk", filter=~Q(state="cancelled")), of=Count("pk"))
    return Counted(found["count"], None, found["of"])


def _patients(organisation_id: int, at: datetime) -> Counted:
    """Who is here or has been today, of all who are expected today."""
    on = local(at).date()
    rows = models.Appointment.objects.filter(
        organisation_id=organisation_id, starts_at__gte=midnight(on), starts_at__lt=after(on)
    ).exclude(state__in=("cancelled", "lapsed", "held"))
    found = rows.aggregate(count=Count("pk", filter=Q(state__in=("arrived", "attended"))), of=Count("pk"))
    return Counted(found["count"], None, found["of"])
