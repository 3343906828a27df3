"""Counting what indicators are made of, by period or by group: a query for each source, and no more."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any

from django.db import models as fields
from django.db.models import Aggregate, Case, Exists, F, Func, Min, OuterRef, Q, Sum, Value, When
from django.db.models import Count as CountOf
from django.db.models.functions import Extract, TruncDate, TruncMonth, TruncWeek
from django.db.models.lookups import LessThan

from clearway.core.layout.times import LONDON, local
from clearway.domain.outpatients.booking import DISCHARGED, EARLIER
from clearway.domain.outpatients.completeness import IntakePolicy, triage_by
from clearway.domain.outpatients.performance import OF_PATIENTS, Count, Cut, Unit, start_of
from clearway.domain.outpatients.words import Attended

from ..waiting.queries import midnight
from .models import Appointment, FreedSlot, Need, Referral, Slot

STANDING = ("booked", "arrived", "attended", "missed")
SEEN = (Attended.ON_TIME, Attended.LATE_SEEN)
NOT_SEEN = (Attended.MISSED, Attended.LATE_NOT_SEEN)
DAY, SIX_WEEKS = timedelta(hours=24), timedelta(weeks=6)
AGES = ((18, "Under 18"), (40, "18 to 39"), (65, "40 to 64"), (80, "65 to 79"))
OLDEST = "80 and over"
# Cut -> the way to it from a slot.
FROM_SLOT: Mapping[Cut, str] = {
    Cut.SERVICE: "session__service__code",
    Cut.SITE: "session__room__site__code",
    Cut.CLINIC: "session__template__code",
    Cut.CLINICIAN: "session__clinician__code",
    Cut.KIND: "kind",
    Cut.MEDIUM: "medium",
}
Key = date | str


class Middle(Aggregate):
    """The middle value: half of the rows are no greater."""

    function = "PERCENTILE_CONT"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = fields.FloatField()


@dataclass(frozen=True, slots=True)
class Asked:
    """What is counted: from the first day of `starts` to before the last, which begin periods.

    only  Cut -> the code that a row must have
    by    into which groups; None for the periods
    """

    organisation_id: int
    unit: Unit
    starts: Sequence[date]
    only: Mapping[Cut, str]
    by: Cut | None = None

    @property
    def since(self) -> datetime:
        return midnight(self.starts[0])

    @property
    def until(self) -> datetime:
        return midnight(self.starts[-1])


@dataclass(slots=True)
class Counted:
    """The counts of one period or group. days: code of an indicator -> its middle number of days."""

    counts: dict[Count, float] = field(default_factory=dict)
    days: dict[str, float | None] = field(default_factory=dict)


Found = dict[Key, Counted]


def count(asked: Asked, policy: IntakePolicy, at: datetime) -> Found:
    """Every count, by period or group. Four queries; three for the groups of patients, who have no seats."""
    found: Found = defaultdict(Counted)
    if asked.by not in OF_PATIENTS:
        _seats(asked, found)
        _freed(asked, found)
    _visits(asked, found, at)
    _received(asked, found, policy, at)
    return dict(found)


def _seats(asked: Asked, found: Found) -> None:
    rows = (
        _within(Slot.objects, asked, "starts_at", "").filter(blocked="").exclude(session__state="cancelled")
    )
    sums = {Count.AVAILABLE: Sum("seats"), Count.AVAILABLE_MINUTES: Sum(F("seats") * minutes())}
    _keep(rows, found, sums)


def _visits(asked: Asked, found: Found, at: datetime) -> None:
    seen, missed = Q(attended__in=SEEN), Q(attended__in=NOT_SEEN)
    first = seen & Q(slot__kind="new")
    by_patient = Q(state="cancelled", cancelled_by="patient") & ~Q(cancel_reason=EARLIER)
    by_provider = Q(state="cancelled", cancelled_by="provider") & ~Q(cancel_reason=DISCHARGED)
    over = Q(state__in=STANDING, ends_at__lte=at)
    counted = {
        Count.BOOKED: Q(state__in=STANDING),
        Count.ATTENDED: seen,
        Count.ATTENDED_NEW: first,
        Count.ATTENDED_FOLLOW_UP: seen & Q(slot__kind="follow_up"),
        Count.MISSED: missed,
        Count.BY_PATIENT: by_patient,
        Count.BY_PATIENT_LATE: by_patient & Q(cancelled_at__gt=F("starts_at") - DAY),
        Count.BY_PROVIDER: by_provider,
        Count.BY_PROVIDER_SHORT: by_provider & Q(cancelled_at__gt=F("starts_at") - SIX_WEEKS),
        Count.ENDED: over,
        Count.OUTCOMED: over & Q(outcomed_at__lte=F("ends_at") + DAY),
        Count.FIRST_SEEN: first & Q(referral__isnull=False),
        Count.MADE: seen | missed,
    }
    sums: dict[Count, Any] = {each: CountOf("pk", filter=which) for each, which in counted.items()}
    sums[Count.ATTENDED_MINUTES] = Sum(minutes(), filter=seen)
    waited = TruncDate("starts_at", tzinfo=LONDON) - F("referral__received_on")
    days = {
        "first_wait": Middle(_days(waited), filter=counted[Count.FIRST_SEEN]),
        "notice": Middle(_days(F("starts_at") - F("made_at")), filter=counted[Count.MADE]),
    }
    _keep(_within(Appointment.objects, asked, "starts_at", "slot__"), found, sums, days)


def _freed(asked: Asked, found: Found) -> None:
    rows = _within(FreedSlot.objects, asked, "freed_at", "slot__").filter(notice__gte=1)
    sums = {
        Count.FREED: CountOf("pk"),
        Count.FILLED: CountOf("pk", filter=Q(state=FreedSlot.State.FILLED)),
        Count.FILLED_KEPT: CountOf("pk", filter=Q(filled_by__attended__in=SEEN)),
    }
    _keep(rows.exclude(state=FreedSlot.State.WITHDRAWN), found, sums)


def _received(asked: Asked, found: Found, policy: IntakePolicy, at: datetime) -> None:
    """Referrals and whether they were triaged in time: working days are counted here, not in the database."""
    if asked.by is not None and asked.by not in {Cut.SERVICE, *OF_PATIENTS}:
        return
    if set(asked.only) - {Cut.SERVICE}:
        return
    rows = Referral.objects.filter(
        organisation_id=asked.organisation_id,
        received_on__gte=asked.starts[0],
        received_on__lt=asked.starts[-1],
    )
    if Cut.SERVICE in asked.only:
        rows = rows.filter(service__code=asked.only[Cut.SERVICE])
    group: Any = F("service__code") if asked.by is Cut.SERVICE else Value("")
    if asked.by in OF_PATIENTS:
        group = _patients(asked.by, "received_on")
    rows = rows.annotate(group=group, first=Min("triages__at"))
    today = local(at).date()
    for received_on, priority, state, first, name in rows.values_list(
        "received_on", "priority", "state", "first", "group"
    ):
        due = triage_by(received_on, priority, policy)
        if first is None and (due >= today or state == "removed"):
            continue
        key = start_of(asked.unit, received_on) if asked.by is None else name
        counts = found[key].counts
        counts[Count.RECEIVED] = counts.get(Count.RECEIVED, 0) + 1
        in_time = first is not None and local(first).date() <= due
        counts[Count.TRIAGED] = counts.get(Count.TRIAGED, 0) + in_time


def _within(rows: Any, asked: Asked, when: str, slot: str) -> Any:
    """The rows of the time asked for, each with the key of its period or group."""
    rows = rows.filter(
        organisation_id=asked.organisation_id, **{f"{when}__gte": asked.since, f"{when}__lt": asked.until}
    )
    rows = rows.filter(**{f"{slot}{FROM_SLOT[cut]}": code for cut, code in asked.only.items()})
    return rows.annotate(key=_key(asked, when, slot)).values("key").order_by()


def _key(asked: Asked, when: str, slot: str) -> Any:
    if asked.by is None:
        begins = TruncWeek if asked.unit is Unit.WEEK else TruncMonth
        return begins(when, tzinfo=LONDON)
    if asked.by in OF_PATIENTS:
        return _patients(asked.by, when)
    return F(f"{slot}{FROM_SLOT[asked.by]}")


def _patients(cut: Cut, when: str) -> Any:
    """The group of a row's patient; an age is that of the day."""
    if cut is Cut.SEX:
        return F("patient__sex")
    if cut is Cut.NEED:
        needs = Need.objects.filter(
            patient=OuterRef("patient"), kind__in=("interpreter", "support"), ended_at=None
        )
        return Case(When(Exists(needs), then=Value("yes")), default=Value("no"))
    years = Func(
        F(when),
        F("patient__born_on"),
        template="EXTRACT(YEAR FROM AGE(%(expressions)s))",
        output_field=fields.IntegerField(),
    )
    return Case(
        *(When(LessThan(years, below), then=Value(name)) for below, name in AGES), default=Value(OLDEST)
    )


def minutes() -> Any:
    return Extract(F("ends_at") - F("starts_at"), "epoch") / 60


def _days(expression: Any) -> Any:
    return Extract(expression, "epoch") / 86400.0


def _keep(
    rows: Any, found: Found, sums: Mapping[Count, Any], days: Mapping[str, Any] = MappingProxyType({})
) -> None:
    """Add what the database counts to what was found. One query."""
    named = {f"n_{each.value}": expression for each, expression in sums.items()}
    named |= {f"days_{code}": expression for code, expression in days.items()}
    for row in rows.annotate(**named):
        key = local(row["key"]).date() if isinstance(row["key"], datetime) else str(row["key"])
        for each in sums:
            found[key].counts[each] = float(row[f"n_{each.value}"] or 0)
        found[key].days.update({code: row[f"days_{code}"] for code in days})
