"""The return of the month that ended last, and what of its figures is to be looked at before it is sent."""

from collections import defaultdict
from datetime import date, datetime, timedelta

import numpy as np
from django.db.models import Exists, OuterRef, Q

from clearway.core.layout.times import local
from clearway.domain.outpatients.clock_events import ClockEvent
from clearway.domain.outpatients.corrections import settled
from clearway.domain.outpatients.validation import ReturnRow
from clearway.domain.outpatients.words import MeasurementType
from clearway.engine.outpatients.bulk_clocks import EventColumns, bulk_clocks
from clearway.engine.outpatients.returns import Returns, Span, doubts, returns

from ..policy import clock_policy, clock_switches
from . import models, queries

BATCH = 2000  # pathways read at once
NATIONAL = MeasurementType.CONSULTANT_LED.value
OPEN = ("ticking", "unknown_start")


def doubted(organisation_id: int, at: datetime) -> list[ReturnRow]:
    """What of the month that ended last cannot be right, or is unlike the month before it.

    One query for each two thousand pathways that are open or of which something happened since.
    """
    last = local(at).date().replace(day=1) - timedelta(days=1)
    before = last.replace(day=1) - timedelta(days=1)
    histories = _histories(organisation_id, before.replace(day=1))
    if not histories:
        return []
    now, then = (_returned(organisation_id, histories, day) for day in (last, before))
    return [
        ReturnRow(f"{last:%Y-%m} {each.figure}", each.code, last, each.says) for each in doubts(now, then)
    ]


def _histories(organisation_id: int, since: date) -> list[list[ClockEvent]]:
    """The settled events of every national pathway that can count in a return of `since` or later.

    Nothing happened to the others since, and their clocks do not run: they are in no figure.
    """
    happened = models.ClockEvent.objects.filter(pathway=OuterRef("pk"), on__gte=since)
    rows = models.Pathway.objects.filter(Q(state__in=OPEN) | Exists(happened))
    keys = list(
        rows.filter(organisation_id=organisation_id, measurement=NATIONAL).values_list("pk", flat=True)
    )
    found = []
    for start in range(0, len(keys), BATCH):
        events: dict[int, list[ClockEvent]] = defaultdict(list)
        for row in queries.events_of(keys[start : start + BATCH]):
            events[row.pathway_id].append(queries.value_of(row))
        found += [settled(each)[0] for each in events.values()]
    return found


def _returned(organisation_id: int, histories: list[list[ClockEvent]], last: date) -> Returns:
    policy = clock_policy(NATIONAL, clock_switches(organisation_id, last))
    clocks = bulk_clocks(EventColumns.of(histories), last, policy)
    return returns(clocks, np.ones(len(histories), dtype=np.bool_), Span.MONTHLY)
