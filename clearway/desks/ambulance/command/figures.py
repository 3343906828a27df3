"""The parts of a situation report: one look at everything at one instant, each figure with its age.

What cannot be known is "No data", never 0. No part names a patient, an incident's identity or who reported.
"""

import logging
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, TypeVar

from django.db import InterfaceError, OperationalError, transaction

from clearway.core.concerns import queries as concerns
from clearway.core.decisions import queries as decisions
from clearway.core.decisions.rules import desk_of
from clearway.core.layout.times import LONDON, clock, duration, local, moment
from clearway.core.organisation.queries import policies
from clearway.core.people.roles import name_of
from clearway.domain.ambulance.breaks import BreakState
from clearway.domain.ambulance.command import METHANE, Declared, Ended, Standard, Taken, ended_as, taken
from clearway.domain.ambulance.delays import Phase, Rung
from clearway.domain.ambulance.situation import AVAILABILITIES, UNKNOWN, instant
from clearway.domain.ambulance.unavailability import Timer
from clearway.domain.ambulance.words import Availability, Category
from clearway.domain.shared.figures import Figures
from clearway.domain.shared.freshness import freshness
from clearway.domain.shared.region import Desk
from clearway.engine.ambulance.forecast import HORIZON_MINUTES
from clearway.engine.ambulance.handovers import HospitalPicture, Stage, local_midnight
from clearway.engine.ambulance.pressure import Seen as Basis
from clearway.engine.ambulance.pressure import handover_mean

from .. import situation as situations
from .. import words
from ..breaks import queries as breaks
from ..delays import queries as delays
from ..delays.policy import delays as delay_policy
from ..diverts import presenters as divert_words
from ..diverts import queries as diverts
from ..forecast import presenters as forecast_words
from ..forecast import queries as forecast
from ..handovers import queries as handovers
from ..incidents import queries as incidents
from ..pressure import presenters as pressed
from ..pressure import queries as pressure
from ..quality import queries as quality
from ..rosters import queries as rosters
from ..safeguarding import queries as safeguarding
from ..situation import Reading
from ..travel import queries as roads
from ..unavailability import queries as unavailability
from ..unavailability.policy import unavailability as unavailability_policy
from . import queries
from .policy import STANDARDS, standards

NO_DATA = "No data"
THREE = ("What", "Now", "As of")
CALLS = (Category.C1, Category.C2, Category.C3, Category.C4)
OF_LATE = timedelta(hours=12)  # decisions that a report names
AHEAD = (60, 120, 240)  # minutes for which the wait is forecast
DAYS_AHEAD = 2  # today and tomorrow: the next 24 hours lie in them
TOOK_TOO_LONG = "57014"  # PostgreSQL's query_canceled: one query's fault, and the database is there
Rows = list[tuple[str, ...]]
T = TypeVar("T")
Parts = Mapping[str, tuple[str, Callable[[Any], Figures]]]  # code -> title, and who makes it
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Seen:
    """What a report is made from: one reading, and what the boards make of it when it is asked for.

    midnight  the start of the local day
    heard     when the control room's source was last heard; None when it never was
    """

    organisation_id: int
    at: datetime
    reading: Reading
    midnight: datetime

    @cached_property
    def board(self) -> handovers.Board:
        return handovers.board(self.organisation_id, self.at, reading=self.reading)

    @cached_property
    def levels(self) -> pressure.Levels:
        return pressure.levels(self.organisation_id, self.at, self.reading)

    @cached_property
    def runs(self) -> list[incidents.Run]:
        """The incidents of the local day."""
        return incidents.runs(self.organisation_id, self.midnight, self.at)

    @property
    def heard(self) -> datetime | None:
        return self.board.basis.cad.heard_at

    def old(self, since: datetime | None) -> str:
        """ "14:02, 4 min": when a figure was true, and how old that is."""
        if since is None:
            return ""
        return f"{moment(since, self.at)}, {duration((self.at - since).total_seconds() / 60)}"

    @property
    def of_the_cad(self) -> str:
        return self.old(self.heard)


def see(organisation_id: int, at: datetime) -> Seen:
    """Everything at one instant."""
    reading = situations.reading(organisation_id, at)
    midnight = instant(local_midnight(at.timestamp(), LONDON)) or at
    return Seen(organisation_id, at, reading, midnight)


def told(code: str, parts: Parts, seen: Any) -> Figures:
    """One part with its title. One that cannot be made says so in words, and loses no other.

    Raises what is the database's, for which the whole paper waits.
    """
    return tried(code, parts, seen)[0]


def tried(code: str, parts: Parts, seen: Any) -> tuple[Figures, bool]:
    """One part as `told` gives it, and whether it could be made.

    What was at fault stands in the log alone: its words may quote what no paper may hold. Raises as `told`.
    """
    title, read = parts[code]
    made, fault = attempted(code, lambda: replace(read(seen), title=title))
    if made is not None:
        return made, True
    sentence = f"This part could not be made, the others stand. It stopped: {fault}."
    return Figures(sentence, (), (), title=title), False


def attempted(code: str, make: Callable[[], T]) -> tuple[T | None, str]:
    """What a part makes; or None, and what kind of fault it was. Logs and raises as `tried`."""
    try:
        with transaction.atomic():
            return make(), ""
    except Exception as problem:  # whatever its fault, it must be seen
        took_too_long = getattr(problem.__cause__, "sqlstate", "") == TOOK_TOO_LONG
        if isinstance(problem, OperationalError | InterfaceError) and not took_too_long:
            raise
        log.exception("part %s of a paper could not be made", code)
        return None, "it took too long" if took_too_long else kind_in_words(problem)


def kind_in_words(problem: Exception) -> str:
    """ "zero division error": what kind of fault it was, without what it says."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(problem).__name__).lower()


def sources(seen: Seen) -> Figures:
    """What all else rests on."""
    feeds, policy = seen.reading.situation.feeds, seen.reading.ground.policy.freshness
    rows: Rows = []
    for row, name in enumerate(feeds.name):
        heard = instant(float(feeds.received[row]))
        age = None if heard is None else (seen.at - heard).total_seconds()
        state = freshness(age, float(feeds.expected_interval[row]), policy)
        rows.append((name, str(state).capitalize() if heard else "Never heard", seen.old(heard)))
    return Figures("" if rows else f"{NO_DATA}: no source is set up.", ("Source", "State", "Heard"), _t(rows))


def calls(seen: Seen) -> Figures:
    """Response times and calls of the local day against the standards of policy `response_standards`."""
    runs = seen.runs
    limits = standards(policies(seen.organisation_id, [STANDARDS], local(seen.at).date()).get(STANDARDS, {}))
    rows = [_response(each, runs, limits.get(each, Standard()), seen) for each in CALLS]
    answered = [(each.answer - each.connect).total_seconds() for each in runs if each.answer and each.connect]
    rows.append(("Calls answered, by incident", *_answered(taken(answered)), "", seen.of_the_cad))
    return Figures(
        "Today since midnight. A response is counted once a crew is at the scene.",
        ("What", "Counted", "Mean", "Nine in ten within", "Standard", "As of"),
        _t(rows),
        frozenset({1}),
    )


def _response(
    category: Category, runs: Iterable[incidents.Run], standard: Standard, seen: Seen
) -> tuple[str, ...]:
    took = taken(response_minutes(runs, category))
    said = standard_words(standard)
    if took is None:
        return (f"{category} response", NO_DATA, NO_DATA, NO_DATA, said, seen.of_the_cad)
    mean, ninetieth = f"{took.mean:.1f} min", f"{took.ninetieth:.1f} min"
    return (f"{category} response", str(took.count), mean, ninetieth, said, seen.of_the_cad)


def response_minutes(runs: Iterable[incidents.Run], category: Category) -> list[float]:
    """From the start of the clock to the first crew, of the incidents of a category that have both."""
    return [
        (each.at_scene - each.clock_start).total_seconds() / 60
        for each in runs
        if each.category is category and each.clock_start and each.at_scene
        if each.at_scene >= each.clock_start
    ]


def standard_words(standard: Standard) -> str:
    """ "mean 7 min; nine in ten 15 min"; "" where there is none."""
    limits = (
        (standard.mean_minutes, "mean"),
        (standard.interim_mean_minutes, "interim mean"),
        (standard.ninetieth_minutes, "nine in ten"),
    )
    return "; ".join(f"{word} {limit:g} min" for limit, word in limits if limit is not None)


def _answered(took: Taken | None) -> tuple[str, str, str]:
    if took is None:
        return NO_DATA, NO_DATA, NO_DATA
    return str(took.count), f"{took.mean:.0f} s", f"{took.ninetieth:.0f} s"


def outcomes(seen: Seen) -> Figures:
    """How the incidents of today that are closed ended."""
    found = [
        ended_as(crews_at_scene=each.crews_at_scene, conveyed=each.conveyed)
        for each in seen.runs
        if each.closed_at is not None
    ]
    names = {
        Ended.WITHOUT_A_CREW: "Closed without a crew at the scene",
        Ended.TREATED: "Seen and treated",
        Ended.CONVEYED: "Conveyed",
    }
    rows = [
        (says, f"{found.count(each)} ({found.count(each) / len(found):.0%})", seen.of_the_cad)
        if found
        else (says, NO_DATA, "")
        for each, says in names.items()
    ]
    return Figures("Incidents of today that are closed.", THREE, _t(rows))


def stack(seen: Seen) -> Figures:
    """Calls to which nobody has been sent, and the oldest of each category."""
    held = calls_held(seen)
    if held is None:
        return Figures("No call was heard of.", THREE, (("Calls without a crew", NO_DATA, ""),))
    oldest = incidents.oldest_held(seen.organisation_id, seen.at)
    rows = [
        (
            f"{each} without a crew",
            f"{held.get(each, 0)}" + (f", the oldest since {clock(oldest[each])}" if each in oldest else ""),
            seen.of_the_cad,
        )
        for each in Category
        if each in CALLS or held.get(each)
    ]
    return Figures("", THREE, _t(rows))


def calls_held(seen: Seen) -> dict[Category, int] | None:
    """Calls without a crew, by category; None where no call was heard of."""
    if not incidents.runs(seen.organisation_id, seen.at - OF_LATE, seen.at):
        return None
    return incidents.held(seen.organisation_id, seen.at)


@dataclass(frozen=True, slots=True)
class CrewCounts:
    """How many crews are on shift, free to be sent, and on a job; `status` of each."""

    on_shift: int
    free: int
    busy: int
    status: list[Availability | None]


def crew_counts(seen: Seen) -> CrewCounts | None:
    """The crews now; None where the control room was never heard."""
    if seen.heard is None:
        return None
    table = seen.reading.situation.resources
    status = [AVAILABILITIES[each] if each != UNKNOWN else None for each in table.availability]
    busy = [place != UNKNOWN for place in table.assignment]
    ready = (Availability.AVAILABLE, Availability.RESTRICTED)
    on_shift = [each not in (Availability.OFF, Availability.BOOKING_ON, None) for each in status]
    free = sum(each in ready and not is_busy for each, is_busy in zip(status, busy, strict=True))
    return CrewCounts(sum(on_shift), free, sum(busy), status)


def crews(seen: Seen) -> Figures:
    """Who is on shift, who is free, who cannot be sent and why."""
    counts = crew_counts(seen)
    if counts is None:
        return Figures("", THREE, _t([("Crews on shift", NO_DATA, ""), *_unit_hours(seen)]))
    rows: Rows = [
        ("Crews on shift", str(counts.on_shift), seen.of_the_cad),
        ("Free to be sent", str(counts.free), seen.of_the_cad),
        ("On a job", str(counts.busy), seen.of_the_cad),
        *(
            (words.AVAILABILITY[each], str(counts.status.count(each)), seen.of_the_cad)
            for each in (Availability.UNAVAILABLE, Availability.BREAK_TRAVEL, Availability.ON_BREAK)
        ),
        ("Shifts ended, still on a job", _late_finishes(seen), seen.of_the_cad),
        *_unit_hours(seen),
    ]
    return Figures("", THREE, _t(rows))


def _unit_hours(seen: Seen) -> Rows:
    """Planned against actual unit-hours of the local day: of the same hours, those that could be known."""
    edges = rosters.day_edges(local(seen.at).date())
    standing = {name: each.standing for name, each in seen.reading.seen.items()}
    found = rosters.unit_hours(seen.organisation_id, standing, edges[0], edges[-1], seen.at)
    since = f" since {clock(found.known_from)}" if found.known_from else " today"
    roster = seen.old(rosters.newest_taken(seen.organisation_id))
    short = None if found.planned is None or found.there is None else found.planned - found.there
    return [
        (f"Unit-hours planned{since}", hours_words(found.planned), roster),
        (f"Unit-hours there{since}", hours_words(found.there), seen.of_the_cad),
        ("Planned and not there", hours_words(short), seen.of_the_cad if short is not None else ""),
        ("Unit-hours planned for the rest of the day", hours_words(found.to_come), roster),
    ]


def hours_words(hours: float | None) -> str:
    """ "12.5 h"; "No data" for None."""
    return NO_DATA if hours is None else f"{hours:.1f} h"


def _late_finishes(seen: Seen) -> str:
    table = seen.reading.situation.resources
    late = (table.shift_end < seen.at.timestamp()) & (table.assignment != UNKNOWN)
    return str(int(late.sum()))


def unavailable(seen: Seen) -> Figures:
    """Unit-hours lost today by reason, and who is over the limit now."""
    policy = unavailability_policy(seen.organisation_id, seen.at)
    lasting = unavailability.lasting(seen.organisation_id, policy, seen.at)
    over = sum(each.timer in (Timer.ESCALATE, Timer.OVER) for each in lasting)
    lost: dict[str, float] = {}
    for (code, _), hours in unavailability.lost(seen.organisation_id, policy, seen.midnight, seen.at).items():
        says = policy.reason("", code).says
        lost[says] = lost.get(says, 0.0) + hours
    known = seen.heard is not None
    rows: Rows = [
        ("Unavailable now", str(len(lasting)) if known else NO_DATA, seen.of_the_cad),
        ("Of these over their time", str(over) if known else NO_DATA, seen.of_the_cad),
        ("Unit-hours lost today", f"{sum(lost.values()):.1f}" if known else NO_DATA, seen.of_the_cad),
    ]
    by_reason = sorted(lost.items(), key=lambda each: (-each[1], each[0]))
    rows += [(f"Lost to: {says}", f"{hours:.1f} h", seen.of_the_cad) for says, hours in by_reason]
    return Figures("", THREE, _t(rows))


BREAKS: Mapping[BreakState, str] = {
    BreakState.TAKEN: "Had in full",
    BreakState.ON_BREAK: "On a break now",
    BreakState.TRAVELLING: "On the way to one",
    BreakState.OPEN: "Window open, not begun",
    BreakState.NOT_YET: "Window not open yet",
    BreakState.LATE: "Late",
    BreakState.MISSED: "Missed",
    BreakState.UNKNOWN: "Not known",
}


def meal_breaks(seen: Seen) -> Figures:
    """How the shifts that go on stand with their breaks."""
    found = list(breaks.on_shift(seen.organisation_id, seen.at))
    if not found:
        return Figures("", THREE, (("Breaks of shifts that go on", NO_DATA, ""),))
    states = [BreakState(row.state) for row in found]
    rows = [
        (says, str(states.count(state)), seen.of_the_cad)
        for state, says in BREAKS.items()
        if state in states or state in (BreakState.LATE, BreakState.MISSED)
    ]
    late = sum(row.late_by > 0 for row in found)
    rows.append(("Begun late", str(late), seen.of_the_cad))
    return Figures(f"Of {len(found)} shifts that go on.", THREE, _t(rows))


HOSPITAL = (
    *("Hospital", "Inbound", "Queue", "Cohort", "Longest", "Mean today", "Over 15", "Over 30", "Over 45"),
    *("Over 60", "Lost today", "Clearing", "As of"),
)


def hospitals(seen: Seen) -> Figures:
    """Every emergency department as its board shows it."""
    policy = seen.board.policy.handover
    basis = Basis(seen.reading.situation, seen.board.basis, policy, {})
    means = handover_mean(basis)
    rows = [
        _hospital(each, means[each.code].number if each.code in means else None, seen)
        for each in _named(seen)
    ]
    limits = (policy.standard, policy.all_within, policy.maximum, policy.reportable)
    columns = [*HOSPITAL]
    columns[6:10] = [f"Over {limit:g}" for limit in limits]
    says = "Patients who wait now by minutes; minutes lost beyond the standard since midnight."
    return Figures(says, tuple(columns), _t(rows), frozenset(range(1, 12)))


def _named(seen: Seen) -> list[HospitalPicture]:
    return [each for each in seen.board.pictures if each.code is not None]


def _hospital(each: HospitalPicture, mean: float | None, seen: Seen) -> tuple[str, ...]:
    def count(*stages: Stage) -> str:
        if seen.heard is None:
            return NO_DATA
        return str(sum(len(each.at_stage(stage)) for stage in stages))

    longest = each.longest_wait
    waits = longest.wait_minutes if longest else None
    beyond = [NO_DATA] * 4 if each.waiting is None else [str(number) for number in each.waiting.beyond]
    nobody = NO_DATA if each.waiting is None else "none"
    return (
        each.name or "",
        count(Stage.INBOUND),
        count(Stage.QUEUING),
        count(Stage.COHORTING, Stage.LEFT_WAITING),
        nobody if waits is None else duration(waits),
        NO_DATA if mean is None else f"{mean:.0f} min",
        *beyond,
        NO_DATA if each.lost is None else f"{each.lost.beyond_standard / 60:.1f} h",
        count(Stage.WRAP_UP),
        seen.of_the_cad,
    )


def on_scene(seen: Seen) -> Figures:
    """Crews long on scene or in wrap-up, and STACK reports that are open."""
    policy = delay_policy(seen.organisation_id, seen.at)
    found = delays.standing(seen.organisation_id, seen.reading, policy, seen.at)
    known = seen.heard is not None
    rows: Rows = []
    for phase, says in ((Phase.SCENE, "on scene"), (Phase.WRAP_UP, "in wrap-up")):
        there = [each for each in found if each.clock.phase is phase]
        late = sum(each.rung is not Rung.WITHIN for each in there)
        rows.append((f"Crews {says}", str(len(there)) if known else NO_DATA, seen.of_the_cad))
        rows.append(
            (f"Of these beyond the first limit {says}", str(late) if known else NO_DATA, seen.of_the_cad)
        )
    stacks = sum(each.last is not None for each in found)
    rows.append(("Crews with a STACK report", str(stacks) if known else NO_DATA, seen.of_the_cad))
    return Figures("", THREE, _t(rows))


def diverted(seen: Seen) -> Figures:
    """Diverts that are live."""
    names = {site.code: site.name for site in seen.reading.ground.sites}
    live = diverts.live(seen.organisation_id)
    steps = diverts.steps_of(live)
    lines = [divert_words.line(row, steps[row.pk], names) for row in live]
    rows = [
        (each.title, f"{each.state}; {each.covers}", clock(each.ends_at) if each.ends_at else "")
        for each in lines
    ]
    return Figures("" if rows else "No divert is live.", ("Divert", "How it stands", "Ends"), _t(rows))


def levels(seen: Seen) -> Figures:
    """REAP, the clinical safety plan, and OPEL by hospital and together."""
    rows: Rows = [*ladders(seen).rows]
    for each in pressed.together(seen.levels):
        rows.append((f"{each.name}, weighted", each.says.words, ""))
    for row in pressed.rows(seen.levels):
        says = f"figures say {row.says.words}" if row.says else f"figures: {NO_DATA}"
        declared = f"declares {row.declared.words}" if row.declared else f"declares: {NO_DATA}"
        rows.append((row.name, f"{says}; {declared}", seen.old(row.declared_at)))
    return Figures("", THREE, _t(rows))


def ladders(seen: Seen) -> Figures:
    """REAP and the clinical safety plan."""
    rows: Rows = []
    for panel in pressed.strip(seen.levels.ladders, seen.at):
        says = panel.set.words if panel.set else NO_DATA
        asked = f"; triggers point to {panel.points_to}" if panel.points_to else ""
        rows.append((panel.title, says + asked, seen.old(panel.at)))
    return Figures("", THREE, _t(rows))


def risks(seen: Seen) -> Figures:
    """Open hazards, risks and incidents, without who reported them; of safeguarding the number alone."""
    found = [each for each in concerns.open_ones(seen.organisation_id, seen.at) if each.desk == "ambulance"]
    rows = [
        (
            f"{each.kind}, {each.severity.partition(':')[0].lower()}",
            f"{each.what}; answers for it: {name_of(each.owner)}" + (", overdue" if each.is_overdue else ""),
            seen.old(each.reported_at),
        )
        for each in found
    ]
    waiting = len(safeguarding.waiting(seen.organisation_id))
    rows.append(("Safeguarding concerns to be acknowledged", str(waiting), seen.old(seen.at)))
    return Figures("", THREE, _t(rows))


def is_ours(role: str) -> bool:
    """Whether what somebody in this role has to do, or decided, is of this desk: a trust may have both."""
    return desk_of(role) is Desk.AMBULANCE


def decided(seen: Seen) -> Figures:
    """Decisions of the last hours that stand, and those whose review is due."""
    found = decisions.between(seen.organisation_id, seen.at - OF_LATE, seen.at + timedelta(seconds=1))
    standing = [row for row in found if getattr(row, "superseded_by", None) is None and is_ours(row.role)]
    rows = [
        (
            f"{clock(row.decided_at)}, {name_of(row.role)}",
            row.decision,
            f"review {moment(row.review_at, seen.at)}" if row.review_at else "",
        )
        for row in standing
    ]
    return Figures("" if rows else "None in the last 12 hours.", ("Taken", "Decision", "Review"), _t(rows))


def ahead(seen: Seen) -> Figures:
    """The wait for an arrival in some hours, as far as it is forecast."""
    situation, ground = seen.reading.situation, seen.reading.ground
    made = forecast.made(situation, ground.policy.forecast, ground.records)
    rows: Rows = []
    for row, name in enumerate(situation.sites.name):
        spans = [forecast_words.ahead(made, row, minutes).span or NO_DATA for minutes in AHEAD]
        rows.append((name, *spans))
    columns = ("Wait for handover", *(f"In {minutes // 60} h" for minutes in AHEAD))
    says = f"80% intervals, made {clock(seen.at)} from what was heard {seen.of_the_cad or 'never'}."
    horizon = f"Waits are forecast {HORIZON_MINUTES / 60:g} hours ahead and no further."
    return Figures(f"{says} {horizon}", columns, _t(rows))


def days(seen: Seen) -> Figures:
    """Demand of today and tomorrow: what is forecast beyond the hours for which waits are."""
    rows: Rows = []
    for each in forecast.days_ahead(seen.organisation_id, seen.at, DAYS_AHEAD):
        made = each.forecast
        if made is None:
            rows.append((each.title, *([NO_DATA] * DAYS_AHEAD), each.short))
            continue
        spans = [f"{low:.0f} to {high:.0f}" for low, high in zip(made.p10, made.p90, strict=True)]
        rows.append((each.title, *spans, f"{made.days_used} days"))
    says = "Eight days in ten fall between the two figures. By whole days: no demand of 12 hours is forecast."
    return Figures(says, ("What", "Today", "Tomorrow", "From"), _t(rows))


def data_quality(seen: Seen) -> Figures:
    """Findings about times that cannot be right."""
    counted = quality.by_rule(seen.organisation_id, None)
    rows = [(f"Findings of rule {code}", str(number), seen.old(seen.at)) for code, number in counted.items()]
    return Figures("" if rows else "No finding.", THREE, _t(rows))


def hindered(seen: Seen) -> Figures:
    """Road disruptions now."""
    found = roads.disruptions(seen.organisation_id, seen.at)
    rows = [
        (each.words or str(each.kind), f"until {moment(each.ends_at, seen.at)}", seen.old(each.starts_at))
        for each in found
        if each.starts_at <= seen.at < each.ends_at
    ]
    return Figures("" if rows else "No disruption was entered.", THREE, _t(rows))


def _t(rows: Iterable[tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    return tuple(rows)


def major(seen: Seen) -> Figures:
    """Major incidents that are not stood down, by METHANE."""
    rows: Rows = []
    for row in queries.methane(seen.organisation_id):
        if row.state != Declared.STOOD_DOWN:
            stands = f"{row.state}, version {row.version}"
            rows.append((f"Major incident {row.number}", stands, seen.old(row.at)))
            rows += [
                (says, getattr(row, name) or NO_DATA, seen.old(row.at)) for name, says in METHANE.items()
            ]
    return Figures("" if rows else "None.", THREE, _t(rows))


def titled(code: str, seen: Seen) -> Figures:
    """One part of a situation report with its title."""
    return told(code, PARTS, seen)


PARTS: Mapping[str, tuple[str, Callable[[Seen], Figures]]] = {
    "sources": ("What this rests on", sources),
    "major": ("Major incident", major),
    "calls": ("Response and calls", calls),
    "stack": ("Calls without a crew", stack),
    "outcomes": ("How incidents ended", outcomes),
    "crews": ("Crews", crews),
    "unavailable": ("Unavailable", unavailable),
    "breaks": ("Meal breaks", meal_breaks),
    "on_scene": ("On scene and wrap-up", on_scene),
    "hospitals": ("Hospitals", hospitals),
    "diverts": ("Diverts", diverted),
    "levels": ("Levels: REAP, clinical safety plan, OPEL", levels),
    "roads": ("Roads", hindered),
    "quality": ("Data quality", data_quality),
    "risks": ("Hazards, risks and incidents", risks),
    "decisions": ("Decisions", decided),
    "ahead": ("Forecast", ahead),
    "days": ("Demand ahead", days),
}
