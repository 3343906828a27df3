"""The parts of a pack for a meeting: performance, demand and resilience of a week or month, from one look.

What cannot be known is "No data", never 0. No part names a patient, an incident or who reported something.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property

from clearway.core.decisions import queries as decisions
from clearway.core.layout.spc_charts import Plotted, chart
from clearway.core.layout.times import LONDON, clock, local, moment
from clearway.core.organisation.queries import policies, receiving_sites
from clearway.core.people.roles import name_of
from clearway.domain.ambulance.breaks import BreakState
from clearway.domain.ambulance.command import taken
from clearway.domain.ambulance.delays import Phase
from clearway.domain.ambulance.handover_month import Figures as Handed
from clearway.domain.ambulance.handover_month import by_site
from clearway.domain.ambulance.meeting import (
    DAY,
    PackPolicy,
    Tally,
    Unit,
    gathered,
    hours_at,
    midnight,
    next_day,
    points,
)
from clearway.domain.ambulance.pressure import Ladder
from clearway.domain.ambulance.quality import RULES
from clearway.domain.ambulance.release import figures as released
from clearway.domain.ambulance.rosters import hours_within
from clearway.domain.ambulance.words import Category
from clearway.domain.shared.direction import Better
from clearway.domain.shared.figures import Chart, Figures

from .. import situation as situations
from ..barriers import queries as barriers
from ..breaks import queries as breaks
from ..delays import queries as delays
from ..delays.policy import delays as delay_policy
from ..diverts import presenters as divert_words
from ..diverts import queries as diverts
from ..incidents import queries as incidents
from ..pressure import queries as pressure
from ..pressure.policy import TITLES
from ..quality import months
from ..quality import queries as quality
from ..release import queries as releases
from ..release.policy import release_policy
from ..rosters import queries as rosters
from ..situation import Reading
from ..unavailability import queries as unavailability
from ..unavailability.policy import unavailability as unavailability_policy
from .figures import CALLS, NO_DATA, Seen, hours_words, is_ours, response_minutes, standard_words
from .figures import sources as rests_on
from .policy import STANDARDS, standards

TWO, THREE = ("What", "Count"), ("What", "Count", "Note")
ALL = "All together"
LIMITS = (15, 30, 45, 60)
LEVELS = (1, 2, 3, 4)
LEVEL_BACK = timedelta(days=1)  # further back than any level of a hospital holds
Rows = list[tuple[str, ...]]


@dataclass(frozen=True)
class Look:
    """What a pack is made from: one week or month, as it is known at one instant.

    begin, end  of the period; until  its end, or the instant where it goes on
    """

    organisation_id: int
    at: datetime
    unit: Unit
    first: date
    policy: PackPolicy

    @property
    def begin(self) -> datetime:
        return midnight(self.first, LONDON)

    @property
    def end(self) -> datetime:
        return midnight(next_day(self.unit, self.first), LONDON)

    @property
    def until(self) -> datetime:
        return min(self.end, self.at)

    @cached_property
    def spans(self) -> tuple[tuple[date, date], ...]:
        """The points of its charts: whole days or weeks, the last of which ended with it."""
        return points(self.unit, self.policy, local(self.until).date())

    @property
    def charted(self) -> tuple[datetime, datetime]:
        return midnight(self.spans[0][0], LONDON), midnight(self.spans[-1][1], LONDON)

    @cached_property
    def reading(self) -> Reading:
        return situations.reading(self.organisation_id, self.at)

    @cached_property
    def runs(self) -> list[incidents.Run]:
        return incidents.runs(self.organisation_id, self.begin, self.until)

    @cached_property
    def responses(self) -> dict[tuple[date, Category], tuple[int, float, int]]:
        return incidents.responses_by_day(self.organisation_id, *self.charted)

    @cached_property
    def is_heard(self) -> bool:
        """Anything at all was heard of this period."""
        return bool(self.runs) or bool(self.handed[""].known or self.handed[""].unknown)

    @cached_property
    def handed(self) -> dict[str, Handed]:
        """The handovers of the period by hospital, of all under ""."""
        return by_site(months.counted_between(self.organisation_id, self.begin, self.until, self.at))


def handovers(look: Look) -> Figures:
    """Arrival to handover by hospital: mean, parts within limits, hours beyond 15 and beyond 30 minutes."""
    names = incidents.site_names(look.organisation_id)
    sites = sorted((code for code in look.handed if code), key=lambda code: names.get(code, code))
    rows = [_handed(names.get(code, code), look.handed[code]) for code in sites]
    rows.append(_handed(ALL, look.handed[""]))
    columns = (
        *("Hospital", "Handovers", "Mean", "Nine in ten within"),
        *(f"Within {limit}" for limit in LIMITS),
        *("Hours beyond 15", "Hours beyond 30", "Not known"),
    )
    says = "Minutes from arrival to handover. Beyond 15 and beyond 30 are never added."
    return Figures(says, columns, tuple(rows), frozenset(range(1, 11)), _of_handovers(look))


def _handed(name: str, found: Handed) -> tuple[str, ...]:
    unknown = str(found.unknown + found.doubtful)
    if not found.known or found.mean is None or found.centile_90 is None:
        return (
            name,
            "0" if unknown != "0" else NO_DATA,
            *([NO_DATA] * 8),
            unknown if unknown != "0" else NO_DATA,
        )
    over = (found.over_15, found.over_30, found.over_45, found.over_60)
    return (
        name,
        f"{found.known:,}",
        f"{found.mean / 60:.1f}",
        f"{found.centile_90 / 60:.0f}",
        *(f"{1 - each / found.known:.1%}" for each in over),
        f"{found.beyond_15 / 3600:,.1f}",
        f"{found.beyond_30 / 3600:,.1f}",
        unknown,
    )


def _of_handovers(look: Look) -> tuple[Chart, ...]:
    by_day = incidents.handovers_by_day(look.organisation_id, *look.charted)
    lost = incidents.lost_by_day(look.organisation_id, *look.charted, 15)
    means = {day: Tally(count, seconds / 60) for day, (count, seconds, _) in by_day.items()}
    over = {day: Tally(count, 100 * long) for day, (count, _, long) in by_day.items()}
    hours = {day: Tally(1, seconds / 3600) for day, seconds in lost.items()}
    return _charts(
        _chart(look, "Mean handover", means, Better.LOWER, _minutes, "handovers"),
        _chart(look, "Handovers longer than 30 minutes", over, Better.LOWER, _percent, "handovers"),
        _chart(look, "Hours lost beyond 15 minutes a day", hours, Better.LOWER, _hours, "days"),
    )


def responses(look: Look) -> Figures:
    """Response by category against the standards of policy `response_standards`."""
    on = local(look.until).date()
    limits = standards(policies(look.organisation_id, [STANDARDS], on).get(STANDARDS, {}))
    rows: Rows = []
    for each in CALLS:
        took = taken(response_minutes(look.runs, each))
        said = standard_words(limits[each]) if each in limits else ""
        numbers = (
            (NO_DATA, NO_DATA, NO_DATA)
            if took is None
            else (f"{took.count:,}", f"{took.mean:.1f} min", f"{took.ninetieth:.1f} min")
        )
        rows.append((f"{each} response", *numbers, said))
    drawn = []
    for each in (Category.C1, Category.C2):
        by_day = {
            day: Tally(count, minutes)
            for (day, category), (count, minutes, _) in look.responses.items()
            if category is each and count
        }
        aim = limits[each].mean_minutes if each in limits else None
        drawn.append(_chart(look, f"Mean {each} response", by_day, Better.LOWER, _minutes, "responses", aim))
    says = (
        "From the start of the clock to the first crew at the scene, of incidents that began in the period."
    )
    columns = ("What", "Counted", "Mean", "Nine in ten within", "Standard")
    return Figures(says, columns, tuple(rows), frozenset({1, 2, 3}), _charts(*drawn))


def demand(look: Look) -> Figures:
    """Incidents by category; how many a day."""
    known = Counter(each.category for each in look.runs)
    rows: Rows = [
        (f"{each} incidents", f"{known[each]:,}" if look.runs else NO_DATA)
        for each in Category
        if each in CALLS or known[each]
    ]
    if known[None]:
        rows.append(("Without a category", f"{known[None]:,}"))
    rows.append((ALL, f"{len(look.runs):,}" if look.runs else NO_DATA))
    a_day: dict[date, Tally] = {}
    for (day, _), (_, _, count) in look.responses.items():
        a_day[day] = Tally(1, a_day.get(day, Tally()).total + count)
    drawn = _chart(look, "Incidents with a category a day", a_day, Better.NEITHER, _count, "days")
    return Figures("Incidents that began in the period.", TWO, tuple(rows), frozenset({1}), _charts(drawn))


def scenes(look: Look) -> Figures:
    """How long crews were on scene, by category, and in wrap-up."""
    found = delays.scenes(look.organisation_id, look.begin, look.until)
    wrapped = delays.wrap_ups(look.organisation_id, look.begin, look.until)
    rows = [
        _lasted(f"On scene, {each}", [scene.minutes for scene in found if scene.category is each])
        for each in CALLS
    ]
    rows.append(_lasted("In wrap-up, handover to clear", [minutes for *_, minutes in wrapped]))
    limit = delay_policy(look.organisation_id, look.until).limit
    over = sum(minutes > limit for *_, minutes in wrapped)
    share = f"{over / len(wrapped):.1%}" if wrapped else NO_DATA
    rows.append((f"Wrap-ups longer than {limit:g} minutes", f"{over:,}" if wrapped else NO_DATA, share, ""))
    columns = ("What", "Counted", "Mean or part", "Nine in ten within")
    return Figures("", columns, tuple(rows), frozenset({1, 2, 3}))


def _lasted(name: str, minutes: Sequence[float]) -> tuple[str, ...]:
    took = taken(minutes)
    if took is None:
        return (name, NO_DATA, NO_DATA, NO_DATA)
    return (name, f"{took.count:,}", f"{took.mean:.1f} min", f"{took.ninetieth:.1f} min")


def unit_hours(look: Look) -> Figures:
    """Unit-hours planned, there, and lost by reason."""
    standing = {name: each.standing for name, each in look.reading.seen.items()}
    found = rosters.unit_hours(look.organisation_id, standing, look.begin, look.end, look.at)
    policy = unavailability_policy(look.organisation_id, look.until)
    lost = Counter[str]()
    for (code, _), hours in unavailability.lost(look.organisation_id, policy, look.begin, look.until).items():
        lost[policy.reason("", code).says] += hours  # type: ignore[assignment]
    short = None if found.planned is None or found.there is None else found.planned - found.there
    total = sum(lost.values()) if found.there is not None or lost else None
    rows: Rows = [
        ("Planned", hours_words(found.planned)),
        ("There", hours_words(found.there)),
        ("Planned and not there", hours_words(short)),
        ("Lost to being unavailable", hours_words(total)),
        *((f"Lost to: {says}", hours_words(hours)) for says, hours in lost.most_common()),
    ]
    since = f" From {moment(found.known_from, look.until)} on, when crews were first heard."
    says = "Crews' hours." + (since if found.known_from and found.known_from > look.begin else "")
    return Figures(says, ("Unit-hours", "Hours"), tuple(rows), frozenset({1}), _charts(_of_lost(look)))


def _of_lost(look: Look) -> Chart | None:
    begin, end = look.charted
    days = [begin_day + step * DAY for begin_day in [look.spans[0][0]] for step in range(_days(look) + 1)]
    edges = [midnight(day, LONDON) for day in days]
    rows = unavailability.of_late(look.organisation_id, begin).filter(since__lt=end)
    spans = [
        hours_within(since, ended or look.at, edges) for since, ended in rows.values_list("since", "ended_at")
    ]
    sums = [sum(each) for each in zip(*spans, strict=True)]
    by_day = {day: Tally(1, hours) for day, hours in zip(days, sums, strict=False) if hours}
    title = "Unit-hours lost to being unavailable a day"
    return _chart(look, title, by_day, Better.LOWER, _hours, "days")


def _days(look: Look) -> int:
    return (look.spans[-1][1] - look.spans[0][0]).days


def meal_breaks(look: Look) -> Figures:
    """Breaks of the shifts that ended: had, missed, begun late."""
    rows = list(breaks.ended_between(look.organisation_id, look.begin, look.until))
    if not rows:
        return Figures("No shift of which breaks are known ended in it.", TWO, (("Shifts", NO_DATA),))
    states = Counter(row.state for row in rows)
    late = [row.late_by for row in rows if row.late_by > 0]
    took = taken(late)
    found: Rows = [
        ("Shifts that ended", f"{len(rows):,}", ""),
        ("Had in full", f"{states[BreakState.TAKEN]:,}", f"{states[BreakState.TAKEN] / len(rows):.1%}"),
        ("Missed", f"{states[BreakState.MISSED]:,}", f"{states[BreakState.MISSED] / len(rows):.1%}"),
        ("Begun late", f"{len(late):,}", f"mean {took.mean:.0f} min late" if took else ""),
        ("Interrupted", f"{sum(row.interrupted > 0 for row in rows):,}", ""),
        ("Not known", f"{states[BreakState.UNKNOWN]:,}", ""),
    ]
    return Figures("By call sign and shift.", THREE, tuple(found), frozenset({1}))


def held_up(look: Look) -> Figures:
    """Delays on scene and in wrap-up, what held crews up, and barriers."""
    begun = list(delays.begun_between(look.organisation_id, look.begin, look.until))
    rows: Rows = []
    for phase, says in ((Phase.SCENE, "on scene"), (Phase.WRAP_UP, "in wrap-up")):
        there = [row for row in begun if row.phase == phase]
        asked = sum(row.asked_at is not None for row in there)
        count = f"{len(there):,}" if look.is_heard else NO_DATA
        rows.append((f"Delays {says}", count, f"{asked:,} asked for a STACK" if there else ""))
    policy = delay_policy(look.organisation_id, look.until)
    held = Counter[str]()
    for row in delays.told(look.organisation_id, look.begin, look.until):
        held.update({code for report in row.reports.all() for code in report.constraints})
    for code, scenes_held in held.most_common():
        known = policy.scene.constraint(code)
        says = known.says if known else code
        rows.append((f"Held up by: {says}", f"{scenes_held:,}", "scenes with a STACK"))
    found = barriers.ended_between(look.organisation_id, look.begin, look.until, look.until)
    for what, many, middle, total in found:
        note = f"median {middle:.0f} min, together {total / 60:.1f} h"
        rows.append((f"Barrier: {str(what).replace('_', ' ')}", f"{many:,}", note))
    return Figures("", THREE, tuple(rows), frozenset({1}))


def data_quality(look: Look) -> Figures:
    """Findings about times that cannot be right: found, settled, and open at the end, by rule."""
    rows = [
        (
            f"{code}: {RULES[code].sentence}" if code in RULES else code,
            f"{found:,}",
            f"{ended:,}",
            f"{still:,}",
        )
        for code, found, ended, still in quality.cases_by_rule(look.organisation_id, look.begin, look.until)
    ]
    columns = ("Rule", "Found", "Settled", "Open at the end")
    return Figures("" if rows else "No finding.", columns, tuple(rows), frozenset({1, 2, 3}))


def levels(look: Look) -> Figures:
    """Hours at each level: of the trust as it was set, of hospitals as they said."""
    rows: Rows = []
    for ladder in Ladder:
        said = pressure.set_between(look.organisation_id, ladder, look.begin, look.until)
        hours: Counter[int] = Counter()
        for place, row in enumerate(said):
            until = said[place + 1].at if place + 1 < len(said) else look.until
            hours[row.level] += (until - max(row.at, look.begin)).total_seconds() / 3600  # type: ignore[assignment]
        known = sum(hours.values())
        whole = (look.until - look.begin).total_seconds() / 3600
        changed = "; ".join(f"{row.level} at {_when(row.at)}" for row in said if row.at > look.begin)
        rows.append(_at_levels(TITLES[ladder], dict(hours), max(0.0, whole - known), changed))
    sites = {site.code: site.name for site in receiving_sites(look.organisation_id)}
    holds = look.reading.ground.policy.reports.holds_for
    found = pressure.declared_between(look.organisation_id, sites, look.begin, look.until, LEVEL_BACK)
    told = {code: name for code, name in sites.items() if found.get(code)}
    for code, name in sorted(told.items(), key=lambda each: each[1]):
        by_level = hours_at(found[code], look.begin, look.until, holds)
        unknown = by_level.pop(0, 0.0)
        rows.append(_at_levels(f"OPEL of {name}", by_level, unknown, ""))
    columns = ("Hours at level", *(str(level) for level in LEVELS), "Not known", "Changed")
    says = "Of the trust as a person set it; of hospitals as they said, for as long as a level holds."
    if silent := len(sites) - len(told):
        says += f" {NO_DATA} of {silent} of {len(sites)} hospitals: they said no level."
    return Figures(says, columns, tuple(rows), frozenset({1, 2, 3, 4, 5}))


def _at_levels(name: str, hours: Mapping[int, float], unknown: float, changed: str) -> tuple[str, ...]:
    if not hours:
        return (name, *([NO_DATA] * len(LEVELS)), f"{unknown:.1f}", changed)
    return (name, *(f"{hours.get(level, 0):.1f}" for level in LEVELS), f"{unknown:.1f}", changed)


def turned(look: Look) -> Figures:
    """Diverts that were in force at any time."""
    names = incidents.site_names(look.organisation_id)
    rows = []
    for row in diverts.between(look.organisation_id, look.begin, look.until):
        assert row.starts_at is not None
        until = min(row.ends_at or look.until, look.until)
        hours = (until - max(row.starts_at, look.begin)).total_seconds() / 3600
        rows.append((divert_words.title(row, names), _when(row.starts_at), f"{hours:.1f} h in it"))
    return Figures("" if rows else "None was in force.", ("Divert", "From", "Lasted"), tuple(rows))


def let_go(look: Look) -> Figures:
    """Releases at the maximum, by hospital, beside what patients waited."""
    policy = release_policy(look.organisation_id, look.until)
    names = incidents.site_names(look.organisation_id)
    told = releases.told(look.organisation_id, look.begin, look.until)
    ended = releases.ended(look.organisation_id, look.begin, look.until, None)
    rows = [
        (
            names.get(site, site),
            f"{each.arrivals:,}",
            f"{each.beyond:,}",
            f"{each.minutes_beyond / 60:,.1f}",
            f"{each.releases:,}",
            f"{each.in_time:,}",
            f"{sum(each.reasons.values()):,}",
        )
        for site, each in released(told, ended, policy).items()
    ]
    rows.sort()
    limit = f"{policy.release:g}"
    columns = (
        *("Hospital", "Handed over", f"Beyond {limit} min", f"Hours beyond {limit}", "Releases"),
        *("In time", "Exceptions"),
    )
    says = "" if rows else f"{NO_DATA}: nobody was handed over or released."
    return Figures(says, columns, tuple(rows), frozenset(range(1, 7)))


def decided(look: Look) -> Figures:
    """Decisions of this desk by role, and those whose review is outstanding now."""
    found = [
        row for row in decisions.between(look.organisation_id, look.begin, look.until) if is_ours(row.role)
    ]
    by_role = Counter(name_of(row.role) for row in found)
    rows: Rows = [(f"Decisions, {role}", f"{count:,}", "") for role, count in by_role.most_common()]
    rows.append(("Decisions in all", f"{len(found):,}", ""))
    due = [row for row in decisions.ringing(look.organisation_id, look.at) if is_ours(row.role)]
    rows.append(("Reviews outstanding", f"{len(due):,}", f"at {clock(look.at)}"))
    rows += [
        (
            f"Entry {row.pk}: {row.decision[:120]}",
            "",
            f"{name_of(row.role)}, since {moment(row.review_at, look.at)}",
        )
        for row in due
    ]
    return Figures("", THREE, tuple(rows), frozenset({1}))


def _when(at: datetime) -> str:
    return f"{local(at):%a} {local(at).day} {local(at):%b} {clock(at)}"


def _charts(*found: Chart | None) -> tuple[Chart, ...]:
    return tuple(each for each in found if each is not None)


def _chart(
    look: Look,
    title: str,
    by_day: dict[date, Tally],
    better: Better,
    shown: Callable[[float], str],
    counted: str,
    target: float | None = None,
) -> Chart | None:
    """The chart of what days add up to: the mean of what is counted in each day or week."""
    series = [
        _plotted(span, tally, counted, is_day=look.unit is Unit.WEEK)
        for span, tally in zip(look.spans, gathered(by_day, look.spans), strict=True)
    ]
    return chart(title, series, better, shown, target)


def _plotted(span: tuple[date, date], tally: Tally | None, counted: str, *, is_day: bool) -> Plotted:
    first = span[0]
    label = f"{first.day} {first:%b}"
    name = f"{first:%a} {label}" if is_day else f"Week of {label}"
    if tally is None or not tally.count:
        return Plotted(name, label, None)
    return Plotted(name, label, tally.total / tally.count, f"{tally.count:,} {counted}")


def _minutes(value: float) -> str:
    return f"{value:.1f} min"


def _percent(value: float) -> str:
    return f"{value:.1f}%"


def _hours(value: float) -> str:
    return f"{value:,.1f} h"


def _count(value: float) -> str:
    return f"{value:,.0f}"


def sources(look: Look) -> Figures:
    """What all else rests on, at the instant at which the pack was made."""
    return rests_on(Seen(look.organisation_id, look.at, look.reading, look.begin))


PARTS: Mapping[str, tuple[str, Callable[[Look], Figures]]] = {
    "sources": ("What this rests on", sources),
    "handovers": ("Handover times", handovers),
    "responses": ("Response", responses),
    "demand": ("Demand", demand),
    "scenes": ("On scene and wrap-up", scenes),
    "unit_hours": ("Unit-hours", unit_hours),
    "breaks": ("Meal breaks", meal_breaks),
    "delays": ("Delays and barriers", held_up),
    "quality": ("Data quality", data_quality),
    "levels": ("Levels over time", levels),
    "diverts": ("Diverts", turned),
    "releases": ("Releases", let_go),
    "decisions": ("Decisions", decided),
}
