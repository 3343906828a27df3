"""Reading how hard hospitals and the trust are pressed."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet

from clearway.core.layout.times import local
from clearway.core.organisation.queries import policies
from clearway.domain.ambulance.events import HospitalEvent
from clearway.domain.ambulance.meeting import Level
from clearway.domain.ambulance.pressure import (
    LEVELS,
    Bounds,
    Framework,
    Ladder,
    Plan,
    Pulled,
    Standing,
    System,
    Value,
    disagrees,
    judge,
    pull,
    system_points,
)
from clearway.domain.ambulance.words import HospitalMeasure
from clearway.engine.ambulance import pressure as engine
from clearway.engine.ambulance.feeds import basis
from clearway.engine.ambulance.reports import site_reports

from .. import situation as situations
from ..facts import queries as facts
from ..incidents import queries as incidents
from ..situation import Reading
from .models import ActionCard, HospitalFigure, TrustLevel
from .policy import LADDERS, PressurePolicy, bare, made, pressure

LOOK_BACK = timedelta(hours=48)  # an older figure is not even shown as old
JUST_NOW = timedelta(minutes=2)
CLOSED_SHOWN = 40  # action cards of levels that were left, on the page of a ladder


@dataclass(frozen=True, slots=True)
class Declared:
    """The level that a hospital declared, when, and whether that is too old for the present."""

    level: int
    at: datetime
    is_old: bool


@dataclass(frozen=True, slots=True)
class SitePressure:
    """One hospital: what its figures say, and what it declared. `standing` is None without a framework."""

    code: str
    name: str
    standing: Standing | None
    declared: Declared | None

    @property
    def disagrees(self) -> bool:
        """What it declares now cannot be what its figures say now."""
        said = self.declared
        return (
            said is not None
            and self.standing is not None
            and not said.is_old
            and disagrees(said.level, self.standing)
        )


@dataclass(frozen=True, slots=True)
class SystemPressure:
    """Hospitals that are looked at together: their weighted points, and the levels these can mean."""

    system: System
    points: Bounds
    least: int
    most: int


@dataclass(frozen=True, slots=True)
class LadderNow:
    """One ladder of the trust: what was settled, the level that somebody set, and what triggers point to.

    seen_at   when what the triggers rest on was last heard; counts  whether that is fresh enough
    """

    plan: Plan
    row: TrustLevel | None
    pulled: tuple[Pulled, ...]
    seen_at: datetime | None
    counts: bool

    @property
    def above(self) -> tuple[Pulled, ...]:
        """The triggers that point above the level that is set; none where nobody has set one."""
        level = self.row.level if self.row else max(LEVELS)
        return tuple(each for each in self.pulled if each.level is not None and each.level > level)


@dataclass(frozen=True, slots=True)
class Levels:
    """Every level at one instant, for the desk's pages, the situation report and whoever else asks."""

    at: datetime
    framework: Framework | None
    sites: tuple[SitePressure, ...]
    systems: tuple[SystemPressure, ...]
    ladders: Mapping[Ladder, LadderNow]


def levels(organisation_id: int, at: datetime, reading: Reading | None = None) -> Levels:
    """Every level now. Four queries beside the reading, which the caller may have already."""
    reading = reading or situations.reading(organisation_id, at)
    settled = pressure(organisation_id, at)
    seen = _seen(organisation_id, reading, at)
    sites = _sites(organisation_id, settled, seen, at)
    return Levels(
        at=at,
        framework=settled.framework,
        sites=sites,
        systems=_systems(settled, sites),
        ladders=_ladders(organisation_id, settled, seen),
    )


def ladders(organisation_id: int, at: datetime) -> dict[Ladder, LadderNow]:
    """The ladders of the trust with what their triggers say now. Three queries beside the reading."""
    settled = pressure(organisation_id, at)
    return _ladders(
        organisation_id, settled, _seen(organisation_id, situations.reading(organisation_id, at), at)
    )


def _seen(organisation_id: int, reading: Reading, at: datetime) -> engine.Seen:
    situation, policy = reading.situation, reading.ground.policy
    rests_on = basis(situation, policy.freshness)
    said = {each.code: each for each in site_reports(situation, policy.reports)}
    return engine.Seen(situation, rests_on, policy.handover, incidents.held(organisation_id, at), said)


def _sites(
    organisation_id: int, settled: PressurePolicy, seen: engine.Seen, at: datetime
) -> tuple[SitePressure, ...]:
    framework = settled.framework
    values = figures(organisation_id, at)
    if framework is not None:
        names = {each.code: each.computed for each in framework.parameters if each.computed}
        found = engine.computed(seen, list(names.values()))
        for code, name in names.items():
            for site, value in found[name].items():
                values.setdefault(site, {})[code] = value
    declared = {}
    for code, report in seen.reports.items():
        figure = report.figures.get(HospitalMeasure.PRESSURE_LEVEL)
        if figure is not None:
            declared[code] = Declared(figure.value, figure.said_at, figure.is_old)
    return tuple(
        SitePressure(
            code,
            name,
            judge(framework, values.get(code, {}), at) if framework else None,
            declared.get(code),
        )
        for code, name in zip(seen.situation.sites.code, seen.situation.sites.name, strict=True)
    )


def _systems(settled: PressurePolicy, sites: tuple[SitePressure, ...]) -> tuple[SystemPressure, ...]:
    framework = settled.framework
    if framework is None:
        return ()
    standings = {each.code: each.standing for each in sites if each.standing is not None}
    found = []
    for system in settled.systems:
        points = system_points(system, standings, framework)
        found.append(
            SystemPressure(system, points, framework.level(points.least), framework.level(points.most))
        )
    return tuple(found)


def _ladders(organisation_id: int, settled: PressurePolicy, seen: engine.Seen) -> dict[Ladder, LadderNow]:
    rows = newest(organisation_id)
    cad = seen.basis.cad
    counts = cad.freshness.may_be_relied_on
    return {
        ladder: LadderNow(
            plan,
            rows.get(ladder),
            pull(plan.triggers, engine.measured(seen, plan.triggers), counts),
            cad.heard_at,
            counts,
        )
        for ladder, plan in settled.plans.items()
    }


def figures(organisation_id: int, at: datetime) -> dict[str, dict[str, Value]]:
    """The newest figure that was said of each hospital of late, by site code and parameter. One query."""
    rows = HospitalFigure.objects.filter(
        organisation_id=organisation_id, true_at__gt=at - LOOK_BACK, true_at__lte=at
    )
    found: dict[str, dict[str, Value]] = {}
    for row in rows.order_by("site", "parameter", "-true_at", "-pk").distinct("site", "parameter"):
        found.setdefault(row.site, {})[row.parameter] = Value(row.value, row.true_at, row.told_by or row.role)
    return found


def newest(organisation_id: int) -> dict[Ladder, TrustLevel]:
    """The level of each ladder that was set last. One query."""
    rows = TrustLevel.objects.filter(organisation_id=organisation_id)
    return {Ladder(row.ladder): row for row in rows.order_by("ladder", "-number").distinct("ladder")}


def history(organisation_id: int, ladder: Ladder) -> QuerySet[TrustLevel]:
    """Every level that was set, newest first."""
    return TrustLevel.objects.filter(organisation_id=organisation_id, ladder=ladder).order_by("-number")


def set_between(organisation_id: int, ladder: Ladder, begin: datetime, end: datetime) -> list[TrustLevel]:
    """The levels that held at any time between two instants, in order. Two queries."""
    rows = history(organisation_id, ladder)
    before = rows.filter(at__lte=begin).first()
    later = rows.filter(at__gt=begin, at__lt=end)
    return [*([before] if before else []), *reversed(later)]


def declared_between(
    organisation_id: int, sites: Collection[str], begin: datetime, end: datetime, holds: timedelta
) -> dict[str, list[Level]]:
    """The levels that hospitals said from so long before a time until its end, by site code. One query."""
    streams = {f"hospital:{site}": site for site in sites}
    told = facts.by_stream(organisation_id, list(streams), end, known_from=begin - holds)
    return {
        streams[stream]: [
            Level(each.event.occurred_at, each.event.counts[HospitalMeasure.PRESSURE_LEVEL])
            for each in facts.of_kind(HospitalEvent, found)
            if HospitalMeasure.PRESSURE_LEVEL in each.event.counts
        ]
        for stream, found in told.items()
    }


def open_cards(organisation_id: int) -> list[ActionCard]:
    """What the levels of now ask, unanswered first. One query."""
    rows = ActionCard.objects.filter(entered__organisation_id=organisation_id, closed_at=None)
    found = rows.select_related("entered").order_by("due_at", "pk")
    return sorted(found, key=lambda card: card.answered_at is not None)


def just_closed(organisation_id: int, at: datetime) -> list[int]:
    """The keys of cards whose level was left a moment ago, for screens that still show them. One query."""
    rows = ActionCard.objects.filter(
        entered__organisation_id=organisation_id, closed_at__gt=at - JUST_NOW, closed_at__lte=at
    )
    return list(rows.values_list("pk", flat=True))


def closed_cards(organisation_id: int, ladder: Ladder) -> list[ActionCard]:
    """What levels asked that were left since, newest first. One query."""
    rows = ActionCard.objects.filter(
        entered__organisation_id=organisation_id, entered__ladder=ladder, closed_at__isnull=False
    )
    return list(rows.select_related("entered").order_by("-closed_at", "due_at", "pk")[:CLOSED_SHOWN])


def set_now(organisation_id: int, at: datetime) -> dict[Ladder, LadderNow]:
    """The ladders of the trust with their levels, without what triggers say. Two queries.

    Other boards show them: where a policy is wrong its levels have numbers alone (the rules say so).
    """
    values = policies(organisation_id, LADDERS.values(), local(at).date())
    try:
        plans = made(values).plans
    except (KeyError, TypeError, ValueError):
        plans = bare()
    rows = newest(organisation_id)
    return {ladder: LadderNow(plan, rows.get(ladder), (), None, False) for ladder, plan in plans.items()}


def names(organisation_id: int, at: datetime) -> list[str]:
    """The levels of the trust that are set, in words, e.g. "REAP 3 severe". Two queries."""
    now = set_now(organisation_id, at).values()
    return [f"{each.plan.title} {each.plan.named(each.row.level)}" for each in now if each.row]
