"""Counting what indicators are made of, by period or by group: a query for each source, and no more.

What happened is counted here; how things stood at the end of a period is in snapshots.py.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any

from django.db import models as fields
from django.db.models import Aggregate, Case, Exists, F, Func, Min, OuterRef, Q, Sum, Value, When
from django.db.models import Count as CountOf
from django.db.models.functions import Coalesce, Extract, TruncDate, TruncMonth, TruncWeek
from django.db.models.lookups import LessThan

from clearway.core.layout.times import LONDON, local
from clearway.domain.outpatients.booking import DIED, DISCHARGED, EARLIER
from clearway.domain.outpatients.completeness import IntakePolicy, triage_by
from clearway.domain.outpatients.performance import (
    INDICATORS,
    OF_PATIENTS,
    Count,
    Cut,
    Indicator,
    Kind,
    Unit,
    start_of,
)
from clearway.domain.outpatients.recycling import BANDS
from clearway.domain.outpatients.words import Attended

from ..equality import queries as equality
from ..waiting.queries import midnight
from .models import Appointment, Contact, FreedSlot, Letter, Need, OnRequest, Referral, Slot

NOBODYS = (EARLIER, DISCHARGED, DIED)  # reasons for which nobody let the other down
STANDING = ("booked", "arrived", "attended", "missed")
SEEN = (Attended.ON_TIME, Attended.LATE_SEEN)
NOT_SEEN = (Attended.MISSED, Attended.LATE_NOT_SEEN)
DAY, WEEK, SIX_WEEKS = timedelta(hours=24), timedelta(days=7), timedelta(weeks=6)
ASKING = "validation"  # the purpose of asking whether a place is still needed
AGES = ((18, "Under 18"), (40, "18 to 39"), (65, "40 to 64"), (80, "65 to 79"))
OLDEST = "80 and over"
# Cut -> the way to it from a slot.
FROM_SLOT: Mapping[Cut, str] = {
    Cut.SERVICE: "session__service__code",
    Cut.FUNCTION: "session__service__function",
    Cut.SITE: "session__room__site__code",
    Cut.CLINIC: "session__template__code",
    Cut.CLINICIAN: "session__clinician__code",
    Cut.KIND: "kind",
    Cut.MEDIUM: "medium",
}
BY_REFERRAL = frozenset({Cut.SERVICE, Cut.FUNCTION})
Key = date | str


class Centile(Aggregate):
    """The value that a share of the rows do not exceed, between two rows where it falls between them."""

    function = "PERCENTILE_CONT"
    template = "%(function)s(%(share)s) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = fields.FloatField()

    def __init__(self, expression: Any, share: float, **said: Any) -> None:
        super().__init__(expression, share=float(share), **said)


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
    def is_of_referrals(self) -> bool:
        """Whether what has no slot can be asked for so."""
        by_group = self.by is None or self.by in BY_REFERRAL or self.by in OF_PATIENTS
        return by_group and set(self.only) <= BY_REFERRAL

    @property
    def since(self) -> datetime:
        return midnight(self.starts[0])

    @property
    def until(self) -> datetime:
        return midnight(self.starts[-1])


@dataclass(slots=True)
class Counted:
    """The counts of one period or group. times: code of an indicator -> its centile, in its unit."""

    counts: dict[Count, float] = field(default_factory=dict)
    times: dict[str, float | None] = field(default_factory=dict)


Found = dict[Key, Counted]


def count(
    asked: Asked, policy: IntakePolicy, at: datetime, wanted: Collection[Indicator] = INDICATORS.values()
) -> Found:
    """What the wanted indicators are made of, by period or group. A query for each source that they need."""
    found: Found = defaultdict(Counted)
    needed = frozenset().union(*(each.made_of for each in wanted))
    of_patients = asked.by in OF_PATIENTS
    if needed & OF_SEATS and not of_patients and asked.by is not Cut.NOTICE:
        _seats(asked, found)
    if needed & OF_FREED and not of_patients:
        _freed(asked, found)
    if asked.by is not Cut.NOTICE:
        if needed & OF_VISITS:
            _visits(asked, found, at)
        if needed & OF_REQUESTS:
            _on_request(asked, found)
        if asked.is_of_referrals:
            _of_referrals(asked, found, needed, policy, at)
    return dict(found)


OF_SEATS = frozenset({Count.AVAILABLE, Count.AVAILABLE_MINUTES, Count.NEW_SEATS})
OF_FREED = frozenset({Count.FREED, Count.FILLED, Count.FILLED_KEPT})
OF_REQUESTS = frozenset({Count.ON_REQUEST, Count.ASKED_FOR})
OF_INTAKE = frozenset({Count.RECEIVED, Count.TRIAGED, Count.DEMAND})
OF_LETTERS = frozenset({Count.WRITTEN, Count.SENT_SAME_DAY, Count.SENT})
OF_QUESTIONS = frozenset({Count.QUESTIONED, Count.REPLIED, Count.TAKEN_OFF})
OF_VISITS = frozenset(
    {
        *(Count.BOOKED, Count.ATTENDED, Count.ATTENDED_MINUTES, Count.ATTENDED_NEW, Count.MISSED),
        *(Count.ATTENDED_FOLLOW_UP, Count.BY_PATIENT, Count.BY_PATIENT_LATE, Count.BY_PATIENT_DAY),
        *(Count.BY_PATIENT_DAYS, Count.BY_PATIENT_EARLY, Count.BY_PROVIDER, Count.BY_PROVIDER_SHORT),
        *(Count.ENDED, Count.OUTCOMED, Count.FIRST_SEEN, Count.MADE),
    }
)


def _of_referrals(
    asked: Asked, found: Found, needed: frozenset[Count], policy: IntakePolicy, at: datetime
) -> None:
    if needed & OF_INTAKE:
        _received(asked, found, policy, at)
    if needed & OF_LETTERS:
        _letters(asked, found)
    if needed & OF_QUESTIONS:
        _questions(asked, found)


def _seats(asked: Asked, found: Found) -> None:
    rows = (
        _within(Slot.objects, asked, "starts_at", "").filter(blocked="").exclude(session__state="cancelled")
    )
    sums = {
        Count.AVAILABLE: Sum("seats"),
        Count.AVAILABLE_MINUTES: Sum(F("seats") * minutes()),
        Count.NEW_SEATS: Sum("seats", filter=Q(kind="new")),
    }
    _keep(rows, found, sums)


def _visits(asked: Asked, found: Found, at: datetime) -> None:
    seen, missed = Q(attended__in=SEEN), Q(attended__in=NOT_SEEN)
    first = seen & Q(slot__kind="new")
    cancelled = Q(state="cancelled") & ~Q(cancel_reason__in=NOBODYS)
    by_patient, by_provider = cancelled & Q(cancelled_by="patient"), cancelled & Q(cancelled_by="provider")
    over = Q(state__in=STANDING, ends_at__lte=at)
    late, day, week = (Q(cancelled_at__gt=F("starts_at") - span) for span in (DAY, 2 * DAY, WEEK))
    counted = {
        Count.BOOKED: Q(state__in=STANDING),
        Count.ATTENDED: seen,
        Count.ATTENDED_NEW: first,
        Count.ATTENDED_FOLLOW_UP: seen & Q(slot__kind="follow_up"),
        Count.MISSED: missed,
        Count.BY_PATIENT: by_patient,
        Count.BY_PATIENT_LATE: by_patient & late,
        Count.BY_PATIENT_DAY: by_patient & day & ~late,
        Count.BY_PATIENT_DAYS: by_patient & week & ~day,
        Count.BY_PATIENT_EARLY: by_patient & ~week,
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
    times = {
        each.code: Centile(
            _days(F("starts_at") - F("made_at") if each.code == "notice" else waited),
            each.centile,
            filter=counted[each.bottom[0]],
        )
        for each in INDICATORS.values()
        if each.kind is Kind.DAYS and each.bottom[0] in (Count.FIRST_SEEN, Count.MADE)
    }
    _keep(_within(Appointment.objects, asked, "starts_at", "slot__"), found, sums, times)


def _on_request(asked: Asked, found: Found) -> None:
    rows = _within(OnRequest.objects, asked, "appointment__starts_at", "appointment__slot__")
    sums = {
        Count.ON_REQUEST: CountOf("pk"),
        Count.ASKED_FOR: CountOf("pk", filter=Q(entry__isnull=False)),
    }
    _keep(rows.filter(taken_back_at=None), found, sums)


def _freed(asked: Asked, found: Found) -> None:
    """By the day of the slot: by then each has ended, and none counts as unfilled because it still can be."""
    rows = _within(FreedSlot.objects, asked, "starts_at", "slot__").filter(notice__gte=1)
    is_filled = Q(state=FreedSlot.State.FILLED)
    sums = {
        Count.FREED: CountOf("pk"),
        Count.FILLED: CountOf("pk", filter=is_filled),
        Count.FILLED_KEPT: CountOf("pk", filter=Q(filled_by__attended__in=SEEN)),
    }
    took = Extract(F("ended_at") - F("freed_at"), "epoch") / 60.0
    times = {"fill_time": Centile(took, 0.5, filter=is_filled)}
    _keep(rows.exclude(state=FreedSlot.State.WITHDRAWN), found, sums, times)


def _received(asked: Asked, found: Found, policy: IntakePolicy, at: datetime) -> None:
    rows = Referral.objects.filter(
        organisation_id=asked.organisation_id,
        received_on__gte=asked.starts[0],
        received_on__lt=asked.starts[-1],
        **{f"service__{WORDS[cut]}": code for cut, code in asked.only.items()},
    )
    rows = rows.annotate(group=_group(asked, "received_on", "service__"), first=Min("triages__at"))
    today = local(at).date()
    for received_on, priority, state, first, name in rows.values_list(
        "received_on", "priority", "state", "first", "group"
    ):
        counts = found[start_of(asked.unit, received_on) if asked.by is None else name].counts
        counts[Count.DEMAND] = counts.get(Count.DEMAND, 0) + 1
        due = triage_by(received_on, priority, policy)
        if first is None and (due >= today or state == "removed"):
            continue
        counts[Count.RECEIVED] = counts.get(Count.RECEIVED, 0) + 1
        in_time = first is not None and local(first).date() <= due
        counts[Count.TRIAGED] = counts.get(Count.TRIAGED, 0) + in_time


def _letters(asked: Asked, found: Found) -> None:
    """Letters, each by when what it tells of happened and it was asked for."""
    rows: Any = Letter.objects.filter(
        organisation_id=asked.organisation_id,
        outgoing__queued_at__gte=asked.since,
        outgoing__queued_at__lt=asked.until,
    ).exclude(outgoing__state="withdrawn")
    rows = rows.annotate(
        **{
            cut.value: Coalesce(F(f"referral__service__{word}"), F(f"entry__service__{word}"), Value(""))
            for cut, word in WORDS.items()
        }
    ).filter(**{cut.value: code for cut, code in asked.only.items()})
    sent, queued = F("outgoing__sent_at"), F("outgoing__queued_at")
    same = Q(_sent_on=F("_queued_on"))
    rows = rows.annotate(
        key=_group(asked, "outgoing__queued_at", ""),
        _sent_on=TruncDate("outgoing__sent_at", tzinfo=LONDON),
        _queued_on=TruncDate("outgoing__queued_at", tzinfo=LONDON),
    )
    has_left = Q(outgoing__sent_at__isnull=False)
    sums = {
        Count.WRITTEN: CountOf("pk"),
        Count.SENT: CountOf("pk", filter=has_left),
        Count.SENT_SAME_DAY: CountOf("pk", filter=same),
    }
    times = {"letter_hours": Centile(Extract(sent - queued, "epoch") / 3600.0, 0.5, filter=has_left)}
    _keep(rows.values("key").order_by(), found, sums, times)


def _questions(asked: Asked, found: Found) -> None:
    """Who was asked whether the place is still needed; each place once in a period or group."""
    rows: Any = Contact.objects.filter(
        organisation_id=asked.organisation_id,
        purpose=ASKING,
        entry__isnull=False,
        at__gte=asked.since,
        at__lt=asked.until,
        **{f"entry__service__{WORDS[cut]}": code for cut, code in asked.only.items()},
    )
    rows = rows.annotate(key=_group(asked, "at", "entry__service__")).values("key").order_by()
    answered = Q(outcome="answered")
    off = answered & Q(entry__state="removed", entry__ended_at__gte=F("at"))
    sums = {
        Count.QUESTIONED: CountOf("entry", distinct=True),
        Count.REPLIED: CountOf("entry", distinct=True, filter=answered),
        Count.TAKEN_OFF: CountOf("entry", distinct=True, filter=off),
    }
    _keep(rows, found, sums)


WORDS: Mapping[Cut, str] = {Cut.SERVICE: "code", Cut.FUNCTION: "function"}


def _group(asked: Asked, when: str, service: str) -> Any:
    """The key of the period or group of a row that has a service and a patient, and no slot."""
    if asked.by is None:
        begins = TruncWeek if asked.unit is Unit.WEEK else TruncMonth
        return Value("") if when == "received_on" else begins(when, tzinfo=LONDON)
    if asked.by in OF_PATIENTS:
        return of_patients(asked.by, when)
    return F(f"{service}{WORDS[asked.by]}" if service else asked.by.value)


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
        patient = "appointment__patient" if when.startswith("appointment__") else "patient"
        return of_patients(asked.by, when, patient)
    if asked.by is Cut.NOTICE:
        return Case(
            *(When(notice__lt=band.under, then=Value(band.name)) for band in BANDS if band.under),
            default=Value(BANDS[-1].name),
        )
    return F(f"{slot}{FROM_SLOT[asked.by]}")


def of_patients(cut: Cut, when: str, patient: str = "patient") -> Any:
    """The group of a row's patient; an age is that of the day."""
    if cut is Cut.SEX:
        return F(f"{patient}__sex")
    if cut is Cut.ETHNICITY:
        return equality.ethnicity(patient)
    if cut is Cut.DEPRIVATION:
        return equality.quintile(patient)
    if cut is Cut.NEED:
        needs = Need.objects.filter(
            patient=OuterRef(patient), kind__in=("interpreter", "support"), ended_at=None
        )
        return Case(When(Exists(needs), then=Value("yes")), default=Value("no"))
    years = Func(
        F(when),
        F(f"{patient}__born_on"),
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
    rows: Any, found: Found, sums: Mapping[Count, Any], times: Mapping[str, Any] = MappingProxyType({})
) -> None:
    """Add what the database counts to what was found. One query."""
    named = {f"n_{each.value}": expression for each, expression in sums.items()}
    named |= {f"time_{code}": expression for code, expression in times.items()}
    for row in rows.annotate(**named):
        key = local(row["key"]).date() if isinstance(row["key"], datetime) else str(row["key"])
        for each in sums:
            found[key].counts[each] = float(row[f"n_{each.value}"] or 0)
        found[key].times.update({code: row[f"time_{code}"] for code in times})
