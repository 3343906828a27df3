"""Reading performance: indicators by period and by group, their charts, targets and baselines."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from clearway.core.layout.times import local
from clearway.domain.outpatients.performance import (
    INDICATORS,
    Count,
    Cut,
    Indicator,
    Reading,
    Unit,
    periods,
    reading,
    suppressed,
)
from clearway.domain.outpatients.performance import OF_PATIENTS as PATIENTS
from clearway.domain.outpatients.recycling import BANDS
from clearway.domain.outpatients.words import TREATMENT_FUNCTIONS, Medium
from clearway.engine.shared.spc import Chart, xmr

from .. import policy
from ..equality import queries as equality
from ..patients.presenters import SEX
from ..referrals.queries import services
from . import snapshots
from .counting import AGES, OLDEST, Asked, Counted, Found, count
from .models import Baseline, Clinician, Slot, Target, Template

BACK = {Unit.WEEK: 26, Unit.MONTH: 24}  # whole periods that a chart shows
GROUPED = {Unit.WEEK: 13, Unit.MONTH: 12}  # of these, those over which groups are compared
NEED = {"yes": "Needs one", "no": "Needs none"}


@dataclass(frozen=True, slots=True)
class Series:
    """An indicator over time.

    starts    first days of the periods, oldest first; readings  as many
    charted   places of the readings that have a value, in order; chart  of those, None where there is none
    target    what holds now, None where none was set
    """

    indicator: Indicator
    unit: Unit
    starts: tuple[date, ...]
    readings: tuple[Reading, ...]
    charted: tuple[int, ...]
    chart: Chart | None
    target: Target | None
    baselines: tuple[Baseline, ...]

    @property
    def has_last(self) -> bool:
        """Whether the last whole period has a value."""
        return bool(self.charted) and self.charted[-1] == len(self.readings) - 1


@dataclass(frozen=True, slots=True)
class Group:
    """An indicator of one group. reading  None where it is not shown, because the group is small."""

    code: str
    name: str
    reading: Reading | None


def overview(
    organisation_id: int,
    unit: Unit,
    only: Mapping[Cut, str],
    at: datetime,
    wanted: Collection[Indicator] = INDICATORS.values(),
) -> list[Series]:
    """Every wanted indicator that these filters leave, by the last whole periods. At most twenty queries."""
    starts = _from_first(_starts(unit, at), organisation_id)
    shown = [each for each in wanted if set(only) <= each.cuts]
    found = counted(Asked(organisation_id, unit, starts, only), at, shown)
    targets, baselines = _targets(organisation_id, at), _baselines(organisation_id)
    service = only.get(Cut.SERVICE, "")
    return [
        series(
            each,
            unit,
            starts,
            found,
            _target_of(targets, each.code, service),
            [row for row in baselines if row.indicator == each.code and _of(row) in ("", service)],
        )
        for each in shown
    ]


def counted(asked: Asked, at: datetime, wanted: Collection[Indicator]) -> Found:
    """What the wanted indicators are made of: what happened, and how things stood."""
    found = defaultdict(Counted, count(asked, policy.intake(asked.organisation_id, at), at, wanted))
    needed = frozenset().union(*(each.made_of for each in wanted))
    if needed & snapshots.OF_PLACES and asked.is_of_referrals:
        snapshots.places(asked, found)
    if needed & snapshots.OF_CLOCKS and asked.is_of_referrals:
        snapshots.of_clocks(asked, found)
    if asked.by not in PATIENTS and asked.by is not Cut.NOTICE:
        if Count.UNOUTCOMED in needed:
            snapshots.unoutcomed(asked, found)
        if Count.CLINICS in needed:
            snapshots.third_next(asked, found)
    return dict(found)


def series(
    indicator: Indicator,
    unit: Unit,
    starts: Sequence[date],
    found: Mapping[Any, Counted],
    target: Target | None = None,
    baselines: Sequence[Baseline] = (),
) -> Series:
    """The chart of one indicator from what was counted. No query."""
    readings = tuple(_reading(indicator, found.get(start, Counted())) for start in starts[:-1])
    charted = tuple(place for place, each in enumerate(readings) if each.value is not None)
    values = [readings[place].value or 0.0 for place in charted]
    anew = {_first_from(row.on, starts, charted) for row in baselines}
    chart = xmr(values, sorted(place for place in anew if place is not None)) if values else None
    return Series(indicator, unit, tuple(starts[:-1]), readings, charted, chart, target, tuple(baselines))


def groups(
    indicator: Indicator, unit: Unit, by: Cut, only: Mapping[Cut, str], organisation_id: int, at: datetime
) -> list[Group]:
    """The indicator of each group over the last periods, without the small ones of patients. Six queries."""
    starts = _starts(unit, at)[-GROUPED[unit] - 1 :]
    found = counted(Asked(organisation_id, unit, starts, only, by), at, [indicator])
    names = names_of(by, organisation_id)
    codes = sorted(found, key=lambda code: (_place(by, str(code)), names.get(str(code), str(code))))
    readings = [(str(code), _reading(indicator, found[code])) for code in codes]
    readings = [(code, each) for code, each in readings if each.bottom]
    hidden = suppressed([_least(each) for _, each in readings]) if by in PATIENTS else frozenset()
    return [
        Group(code, names.get(code, code) or "Not said", None if place in hidden else each)
        for place, (code, each) in enumerate(readings)
    ]


def _least(found: Reading) -> int:
    """The smallest count that would be shown; none at all tells of nobody."""
    return min(round(shown) for shown in (found.top or found.bottom, found.bottom))


def names_of(cut: Cut, organisation_id: int) -> dict[str, str]:
    """Code -> name of what an indicator can be cut by. One query at most."""
    if cut is Cut.SERVICE:
        return {row.code: row.name for row in services(organisation_id)}
    if cut is Cut.SITE:
        rows = Slot.objects.filter(organisation_id=organisation_id).order_by()
        pairs = rows.values_list("session__room__site__code", "session__room__site__name").distinct()
        return dict(sorted(pairs, key=lambda pair: pair[1]))
    if cut is Cut.CLINICIAN:
        people = Clinician.objects.filter(organisation_id=organisation_id)
        return dict(people.values_list("code", "name"))
    if cut is Cut.CLINIC:
        templates = Template.objects.filter(organisation_id=organisation_id).order_by("version")
        return dict(templates.values_list("code", "name"))
    fixed: Mapping[Cut, dict[str, str]] = {
        Cut.KIND: {each.value: each.label for each in Slot.Kind},
        Cut.MEDIUM: {each.value: each.meaning.capitalize() for each in Medium},
        Cut.SEX: SEX,
        Cut.NEED: NEED,
        Cut.DEPRIVATION: equality.names_of_quintiles(),
        Cut.ETHNICITY: equality.names_of_ethnicities(),
        Cut.FUNCTION: dict(TREATMENT_FUNCTIONS),
    }
    return fixed.get(cut, {})


def target_history(indicator: str, organisation_id: int) -> list[Target]:
    """Every target of an indicator, newest first. One query."""
    rows = Target.objects.filter(organisation_id=organisation_id, indicator=indicator)
    return list(rows.select_related("service").order_by("-from_on", "-id"))


def _reading(indicator: Indicator, counted: Counted) -> Reading:
    found = reading(indicator, counted.counts)
    if not indicator.kind.is_centile:
        return found
    return Reading(counted.times.get(indicator.code) if found.bottom else None, 0, found.bottom)


def _starts(unit: Unit, at: datetime) -> list[date]:
    return periods(unit, local(at).date(), BACK[unit])


def _from_first(starts: list[date], organisation_id: int) -> list[date]:
    """Only the periods since the first clinic: before it there is nothing to show. One query."""
    first = Slot.objects.filter(organisation_id=organisation_id).order_by("starts_at").first()
    if first is None:
        return starts[-2:]
    begun = [start for start in starts if start >= local(first.starts_at).date()]
    return begun if len(begun) > 1 else starts[-2:]


def _first_from(on: date, starts: Sequence[date], charted: Sequence[int]) -> int | None:
    """Which charted value is the first from a day on."""
    return next((nth for nth, place in enumerate(charted) if starts[place] >= on), None)


def _place(cut: Cut, code: str) -> int:
    """Ages, notice and deprivation in their order; everything else by name."""
    ages = [name for _, name in AGES] + [OLDEST]
    orders = {Cut.AGE: ages, Cut.NOTICE: [band.name for band in BANDS], Cut.DEPRIVATION: [*"12345", ""]}
    order = orders.get(cut, [])
    return order.index(code) if code in order else 0


def _targets(organisation_id: int, at: datetime) -> list[Target]:
    rows = Target.objects.filter(organisation_id=organisation_id, from_on__lte=local(at).date())
    return list(rows.select_related("service").order_by("from_on", "id"))


def _baselines(organisation_id: int) -> list[Baseline]:
    rows = Baseline.objects.filter(organisation_id=organisation_id, ended_at=None)
    return list(rows.select_related("service"))


def _target_of(rows: Sequence[Target], code: str, service: str) -> Target | None:
    """The last that was set: of the service where it has one, else of the department."""
    own = [row for row in rows if row.indicator == code and _of(row) == service]
    whole = [row for row in rows if row.indicator == code and not row.service_id]
    return next(reversed(own or whole), None)


def _of(row: Any) -> str:
    return row.service.code if row.service else ""
