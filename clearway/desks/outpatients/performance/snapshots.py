"""How things stood at the end of each period: the list, its clocks, and what had no outcome.

Each source is read once as columns and looked at as of every end, so that a period long past says what was
true then: a clock by its events, a place by when it was added and ended. Groups are those of the last end.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from django.db.models import F, Q
from django.db.models.functions import Coalesce

from clearway.core.layout.times import local
from clearway.domain.outpatients import counting as waits
from clearway.domain.outpatients.performance import INDICATORS, OF_PATIENTS, Count, Cut
from clearway.domain.outpatients.words import ClockState, MeasurementType
from clearway.engine.outpatients.bulk_clocks import STATE_CODE, Clocks, day_number
from clearway.engine.outpatients.returns import STOPS

from ..clocks import queries as clocks
from ..waiting.queries import midnight
from .counting import FROM_SLOT, STANDING, WORDS, Asked, Found, Key, of_patients
from .models import Appointment, Entry, Referral, Slot

AHEAD = timedelta(weeks=8)  # that are looked through for free seats
WEEKS = 4  # over which stops a week are averaged
OF_PLACES = frozenset({Count.LISTED, Count.WAITING_NEW})
OF_CLOCKS = frozenset(each for each in Count if each.value.startswith(("rtt_", "ahp_")))
OVER = {52: Count.RTT_OVER_52, 65: Count.RTT_OVER_65, 78: Count.RTT_OVER_78, 104: Count.RTT_OVER_104}
MEASURED = {
    MeasurementType.CONSULTANT_LED: (Count.RTT_OPEN, Count.RTT_WITHIN, Count.RTT_STOPS, OVER),
    MeasurementType.ALLIED_HEALTH: (
        *(Count.AHP_OPEN, Count.AHP_WITHIN, Count.AHP_STOPS),
        {52: Count.AHP_OVER_52},
    ),
}


def places(asked: Asked, found: Found) -> None:
    """Who was on the list, and how long those had waited who wait for a first appointment. One query."""
    rows = Entry.objects.filter(
        Q(ended_at=None) | Q(ended_at__gte=_ends(asked)[0][1]),
        organisation_id=asked.organisation_id,
        added_at__lt=asked.until,
        **{f"service__{WORDS[cut]}": code for cut, code in asked.only.items()},
    )
    rows = rows.annotate(group=_group(asked, "added_at", "service__"))
    held = list(rows.values_list("added_at", "ended_at", "kind", "waits_from", "group"))
    added = np.array([row[0].timestamp() for row in held])
    ended = np.array([np.inf if row[1] is None else row[1].timestamp() for row in held])
    since = np.array([row[3].toordinal() if row[2] == "new" and row[3] else 0 for row in held])
    group = np.array([row[4] for row in held])
    for key, end in _ends(asked):
        stood = (added < end.timestamp()) & (ended >= end.timestamp())
        names = [key] if asked.by is None else sorted(set(group[stood].tolist()))
        for name in names:
            mine = stood if asked.by is None else stood & (group == name)
            days = np.maximum(0, _last_day(end).toordinal() - since[mine & (since > 0)])
            found[name].counts |= {Count.LISTED: int(mine.sum()), Count.WAITING_NEW: len(days)}
            if len(days):
                found[name].times |= {each.code: float(np.quantile(days, each.centile)) for each in WAITING}


WAITING = tuple(each for each in INDICATORS.values() if each.bottom == (Count.WAITING_NEW,))


def unoutcomed(asked: Asked, found: Found) -> None:
    """What had ended, stood, and had no outcome. One query."""
    first = _ends(asked)[0][1]
    rows = Appointment.objects.filter(
        Q(outcomed_at=None) | Q(outcomed_at__gte=first),
        organisation_id=asked.organisation_id,
        state__in=STANDING,
        ends_at__lt=asked.until,
        **{f"slot__{FROM_SLOT[cut]}": code for cut, code in asked.only.items()},
    )
    if asked.by is not None:
        rows = rows.annotate(group=F(f"slot__{FROM_SLOT[asked.by]}"))
    held = list(rows.values_list("ends_at", "outcomed_at", *(["group"] if asked.by else [])))
    for key, end in _ends(asked):
        if asked.by is None:
            found[key].counts[Count.UNOUTCOMED] = 0
        for ends_at, outcomed_at, *group in held:
            if ends_at >= end or (outcomed_at is not None and outcomed_at < end):
                continue
            counted = found[group[0] if group else key]
            counted.counts[Count.UNOUTCOMED] = counted.counts.get(Count.UNOUTCOMED, 0) + 1
            days = float((_last_day(end) - local(ends_at).date()).days)
            counted.times["unoutcomed_oldest"] = max(days, counted.times.get("unoutcomed_oldest") or 0.0)


def third_next(asked: Asked, found: Found) -> None:
    """Days to the third free first appointment of each clinic, in the middle of the clinics. Two queries.

    As it was booked then; that the slots were laid out by then is taken for granted.
    """
    ends = _ends(asked)
    slots = Slot.objects.filter(
        organisation_id=asked.organisation_id,
        starts_at__gte=ends[0][1],
        starts_at__lt=ends[-1][1] + AHEAD,
        kind="new",
        blocked="",
        held="",
        session__state="open",
        session__template__isnull=False,
        **{FROM_SLOT[cut]: code for cut, code in asked.only.items()},
    ).order_by("starts_at", "pk")
    of = FROM_SLOT[asked.by] if asked.by else "session__template__code"
    held = list(slots.values_list("pk", "starts_at", "seats", "session__template__code", of))
    place = {row[0]: nth for nth, row in enumerate(held)}
    booked = Appointment.objects.filter(slot__in=slots.order_by()).exclude(state="lapsed")
    taken = [
        (place[slot], made.timestamp(), np.inf if until is None else until.timestamp())
        for slot, made, until in booked.values_list("slot_id", "made_at", "cancelled_at")
        if slot in place
    ]
    which = np.array([row[0] for row in taken], np.int64)
    made_at, until = (np.array([row[nth] for row in taken]) for nth in (1, 2))
    starts = np.array([row[1].timestamp() for row in held])
    seats = np.array([row[2] for row in held], np.int64)
    for key, end in ends:
        now = end.timestamp()
        stood = which[(made_at <= now) & (until > now)]
        free = seats - np.bincount(stood, minlength=len(held))
        ahead = (starts > now) & (starts < now + AHEAD.total_seconds()) & (free > 0)
        days: dict[Key, list[float]] = {}
        for (group, _), third in _thirds(held, np.flatnonzero(ahead), free).items():
            days.setdefault(group if asked.by else key, []).append((starts[third] - now) / 86400)
        for name, each in days.items():
            found[name].counts[Count.CLINICS] = len(each)
            found[name].times["third_next"] = float(np.median(each))


def _thirds(held: Sequence[Any], rows: Any, free: Any) -> dict[tuple[str, str], int]:
    """(Group, clinic) -> the row in which its third free seat is; those that have fewer are left out."""
    seen: dict[tuple[str, str], int] = {}
    found: dict[tuple[str, str], int] = {}
    for row in rows.tolist():
        clinic = held[row][4], held[row][3]
        seen[clinic] = seen.get(clinic, 0) + int(free[row])
        if seen[clinic] >= 3:
            found.setdefault(clinic, row)
    return found


def of_clocks(asked: Asked, found: Found) -> None:
    """How long the clocks had run that ran then, and how many stop. Five queries."""
    ends = _ends(asked)
    since = _last_day(ends[0][1]) - timedelta(weeks=WEEKS)
    groups = _of_pathways(asked)
    for measurement, names in MEASURED.items():
        read = clocks.since(asked.organisation_id, measurement, since, _last_day(ends[-1][1]))
        chosen = np.array([key in groups for key in read.keys] if groups is not None else [], np.bool_)
        mine = chosen[read.clocks.pathway] if groups is not None else np.ones(len(read.clocks.start), bool)
        for key, end in ends:
            if asked.by is None:
                _one_end(read.clocks, mine, _last_day(end), names, found[key].counts)
                continue
            of_period = np.array([(groups or {}).get(key, "") for key in read.keys] or [""])
            of_period = of_period[read.clocks.pathway]
            for group in sorted(set(of_period[mine].tolist())):
                _one_end(read.clocks, mine & (of_period == group), _last_day(end), names, found[group].counts)


def _one_end(held: Clocks, mine: Any, day: date, names: Any, counts: dict[Count, float]) -> None:
    """What ran at the end of a day, by how long; and what had stopped in the weeks before it."""
    is_open, within, stops, over = names
    number = day_number(day)
    is_known = held.period_state != STATE_CODE[ClockState.UNKNOWN_START]
    ran = mine & is_known & (held.opened_on <= number) & (held.ended_on > number) & (held.start <= number)
    days = number - held.start[ran]
    counts[is_open] = len(days)
    counts[within] = int((days <= waits.STANDARD_DAYS).sum())
    for weeks, count in over.items():
        counts[count] = int((days > waits.LONG_WAITS[weeks]).sum())
    stopped = mine & np.isin(held.period_status, STOPS)
    stopped &= held.period_state != STATE_CODE[ClockState.NULLIFIED]
    stopped &= (held.ended_on <= number) & (held.ended_on > number - 7 * WEEKS)
    counts[stops] = int(stopped.sum()) / WEEKS


def _of_pathways(asked: Asked) -> dict[int, str] | None:
    """Pathway -> its group, of those that are asked for; None where everything is."""
    if asked.by is None and not asked.only:
        return None
    rows = Referral.objects.filter(
        organisation_id=asked.organisation_id,
        **{f"service__{WORDS[cut]}": code for cut, code in asked.only.items()},
    ).annotate(of=Coalesce("pathway_id", "parent_id"), group=_group(asked, "received_on", "service__"))
    return dict(rows.filter(of__isnull=False).order_by("pk").values_list("of", "group"))


def _group(asked: Asked, when: str, service: str) -> Any:
    if asked.by in OF_PATIENTS:
        return of_patients(asked.by, when)
    return F(f"{service}{WORDS[asked.by or Cut.SERVICE]}")


def _ends(asked: Asked) -> list[tuple[date, datetime]]:
    """The first day and the end of each period; of groups, the last alone."""
    pairs = list(zip(asked.starts, asked.starts[1:], strict=False))
    return [(start, midnight(end)) for start, end in (pairs if asked.by is None else pairs[-1:])]


def _last_day(end: datetime) -> date:
    """The last day that is over at a midnight."""
    return local(end).date() - timedelta(days=1)
