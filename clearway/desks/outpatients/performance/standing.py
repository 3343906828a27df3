"""How each service stands, for what its figures ask for."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Avg, Sum

from clearway.core.layout.times import local
from clearway.domain.outpatients.performance import Count, Cut, Unit, periods
from clearway.engine.outpatients.insight import Insight, Line, Service, binding, changed, in_order

from .. import policy
from ..referrals import queries as referrals
from ..waiting import figures as waiting
from .counting import Asked, count, minutes
from .models import Slot
from .queries import Series

NEW = "new"
WEEKS = 4  # over which what is lost is averaged
MINUTES = {"new": 45.0, "follow_up": 30.0}  # of a service that has no slots of the kind


def insights(found: Sequence[Series], organisation_id: int, at: datetime) -> list[Insight]:
    """What changed in the last period, and what binds each service now; the dearest first. Ten queries."""
    weeks = 1.0 if found and found[0].unit is Unit.WEEK else 365.25 / 12 / 7
    said = [
        changed(each.indicator, each.chart, each.readings[-1].bottom, weeks)
        for each in found
        if each.has_last
    ]
    bound = [each for service in services(organisation_id, at) for each in binding(service)]
    return in_order([*(each for each in said if each is not None), *bound])


def services(organisation_id: int, at: datetime) -> list[Service]:
    """Every service that somebody waits for, with what binds it."""
    starts = periods(Unit.WEEK, local(at).date(), WEEKS)
    asked = Asked(organisation_id, Unit.WEEK, starts, {Cut.KIND: NEW}, Cut.SERVICE)
    counted = count(asked, policy.intake(organisation_id, at), at)
    codes = {row.name: row.code for row in referrals.services(organisation_id)}
    overdue = Counter(
        each.referral.service.name for each in referrals.to_triage(organisation_id, at) if each.is_overdue
    )
    lengths, blocked = _minutes(organisation_id), _blocked(organisation_id, at)
    lines: dict[str, dict[str, Line]] = defaultdict(dict)
    for each in waiting.lines(organisation_id, at):
        kind = each.asked.kind
        long = lengths.get((each.service, kind), MINUTES.get(kind, 30.0))
        lines[each.service][kind] = Line(each.load.demand, each.load.capacity, long, each.asked.waiting)
    none = {kind: Line(0.0, 0.0, long, 0) for kind, long in MINUTES.items()}
    found = []
    for name, kinds in lines.items():
        counts = counted[codes[name]].counts if codes.get(name) in counted else {}
        found.append(
            Service(
                name,
                kinds.get("new", none["new"]),
                kinds.get("follow_up", none["follow_up"]),
                overdue[name],
                blocked.get(name, ()),
                counts.get(Count.MISSED, 0) / WEEKS,
            )
        )
    return found


def _minutes(organisation_id: int) -> dict[tuple[str, str], float]:
    """(name of the service, kind) -> minutes of a slot. One query."""
    rows: Any = Slot.objects.filter(organisation_id=organisation_id).order_by()
    rows = rows.values_list("session__service__name", "kind")
    return {(name, kind): float(long) for name, kind, long in rows.annotate(long=Avg(minutes()))}


def _blocked(organisation_id: int, at: datetime) -> dict[str, list[tuple[str, float]]]:
    """Service -> why seats for first visits could not be used, and how many. One query."""
    rows: Any = Slot.objects.filter(
        organisation_id=organisation_id,
        kind=NEW,
        starts_at__gte=at - timedelta(weeks=WEEKS),
        starts_at__lt=at,
    )
    rows = rows.exclude(blocked="").order_by().values_list("session__service__name", "blocked")
    found: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for name, why, seats in rows.annotate(lost=Sum("seats")):
        found[name].append((why, seats / WEEKS))
    return found
