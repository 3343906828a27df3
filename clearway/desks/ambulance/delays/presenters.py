"""Delays in words."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from clearway.core.layout.times import clock, local
from clearway.domain.ambulance.delays import (
    RUNGS,
    Awaited,
    Norm,
    NormKey,
    Outcome,
    Phase,
    Rung,
    ScenePolicy,
    Variance,
    missed_by,
    norms,
    variances,
)

from .models import Delay, DelayWord, StackReport
from .policy import Delays
from .queries import Standing

NO_AREA, NO_STATION, NO_SITE = "Area unknown", "Station unknown", "Hospital unknown"
FEW = 10  # below so many, a share says little
OUTCOMES: Mapping[Outcome, str] = {Outcome.CONVEYED: "Conveyed", Outcome.TREATED: "See and treat"}
KINDS: Mapping[str, str] = {
    DelayWord.Kind.CONTACTED: "Asked the crew",
    DelayWord.Kind.ADVISED: "Advised",
    DelayWord.Kind.CALLED: "Called somebody",
    DelayWord.Kind.CHALLENGED: "Challenged",
    DelayWord.Kind.ESCALATED: "Escalated",
    DelayWord.Kind.ANSWERED: "Answered an escalation",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One crew on scene or in wrap-up, as its line shows it."""

    call_sign: str
    area: str
    what: str
    since: datetime
    norm: str
    level: str
    words: str
    stack: str
    step: str
    last: str


def escalated(each: Standing) -> DelayWord | None:
    """The escalation that stands unanswered; None where there is none."""
    last = None
    for word in each.words:
        if word.kind == DelayWord.Kind.ESCALATED:
            last = None if word.answer else word
        elif word.kind == DelayWord.Kind.ANSWERED:
            last = None
    return last


def is_passed_on(each: Standing) -> bool:
    """Whether somebody escalated or answered since the present rung began."""
    kinds = (DelayWord.Kind.ESCALATED, DelayWord.Kind.ANSWERED)
    return any(word.kind in kinds and word.at >= each.since_rung for word in each.words)


def is_spoken_to(each: Standing) -> bool:
    """Whether somebody recorded anything of the crew, or it reported, since its present rung began."""
    told = [word.at for word in each.words] + [report.at for report in each.reports]
    return any(at >= each.since_rung for at in told)


def row(each: Standing, policy: Delays) -> Row:
    """One line."""
    level, words = _stands(each)
    return Row(
        call_sign=each.clock.call_sign,
        area=each.area or NO_AREA,
        what=_what(each),
        since=each.clock.since,
        norm=_norm(each, policy),
        level=level,
        words=words,
        stack=_stack(each, policy.scene),
        step=step(each, policy.scene),
        last=_said(each.words[-1]) if each.words else "",
    )


def _what(each: Standing) -> str:
    parts = [each.clock.category or "No category", each.clock.kind or ""]
    if each.clock.waits_since is not None:
        parts.append("waits for a vehicle")
    elif each.clock.waited:
        parts.append(f"waited {each.clock.waited / timedelta(minutes=1):.0f} min for a vehicle")
    elif each.is_critical:
        parts.append("time-critical")
    return ", ".join(part for part in parts if part)


def _norm(each: Standing, policy: Delays) -> str:
    if each.clock.phase is Phase.WRAP_UP:
        return f"{policy.limit:g} min"
    if each.norm is None:
        return "No norm"
    said = "" if each.clock.expected else "up to "  # nobody knows yet how the scene ends
    return f"{said}{each.norm.ninety:.0f} min"


def _stands(each: Standing) -> tuple[str, str]:
    """The level of a line and what it says."""
    if (waiting := escalated(each)) is not None:
        return "P2", f"Escalated {clock(waiting.at)} to {waiting.to}: no answer yet"
    if each.clock.phase is Phase.WRAP_UP:
        return _wraps_up(each)
    if each.rung in (Rung.OFFICER, Rung.COMMANDER):
        post = "local commander" if each.rung is Rung.COMMANDER else "service delivery officer"
        return ("", "Passed on") if is_passed_on(each) else ("P2", f"To the {post}")
    if each.rung is Rung.WITHIN:
        return "", "Within its time"
    if each.rung is Rung.CONTACT:
        return "", "In touch" if is_spoken_to(each) else "Ask whether all is well"
    return ("P3" if each.awaited is Awaited.UNANSWERED else "", _awaits(each))


def _wraps_up(each: Standing) -> tuple[str, str]:
    if each.rung is Rung.WITHIN:
        return "", "Within its time"
    if each.rung is Rung.OFFICER:
        return ("", "Passed on") if is_passed_on(each) else ("P2", "To the service delivery officer")
    return ("", "In touch") if is_spoken_to(each) else ("P3", "Over: ask")


def _awaits(each: Standing) -> str:
    asked = clock(each.row.asked_at) if each.row and each.row.asked_at else ""
    return {
        Awaited.NOT_ASKED: "Due a STACK",
        Awaited.ASKED: f"STACK asked {asked}",
        Awaited.UNANSWERED: f"No STACK since {asked}: call",
        Awaited.SPOKEN: f"In touch, no STACK since {asked}",
        Awaited.REPORTED: "Reported",
        Awaited.NEXT_DUE: "Due its next STACK",
    }[each.awaited]


def _stack(each: Standing, policy: ScenePolicy) -> str:
    report = each.last
    if report is None:
        return ""
    leaves = f", leaves {clock(report.leaves)}" if report.leaves else ""
    return f"{clock(report.at)}: {says(report.constraints, policy)}{leaves}"


def says(codes: Sequence[str], policy: ScenePolicy) -> str:
    """What holds a crew up, in words."""
    found = [policy.constraint(code) for code in codes]
    return "; ".join(
        each.says if each else f"{code} (not in the policy)" for each, code in zip(found, codes, strict=True)
    )


def step(each: Standing, policy: ScenePolicy) -> str:
    """The first step that the policy suggests for what was reported last; "" while nothing was."""
    first = policy.constraint(each.last.constraints[0]) if each.last else None
    if first is None:
        return ""
    return f"{first.action} ({first.call})" if first.call else first.action


def _said(word: DelayWord) -> str:
    return f"{KINDS[word.kind]} {clock(word.at)}: {word.said}"


def ordered(found: Iterable[Standing], phase: Phase) -> list[Standing]:
    """The crews of a phase in the order in which they are looked at: highest rung, then longest."""
    rungs = {rung: place for place, rung in enumerate(RUNGS)}
    chosen = [each for each in found if each.clock.phase is phase]
    return sorted(chosen, key=lambda each: (-rungs[each.rung], each.runs_from, each.clock.call_sign))


def counts(found: Sequence[Standing]) -> list[tuple[str, int]]:
    """How many stand where, for the head of the board."""
    reached = [each.rung for each in found]
    over = sum(rung in (Rung.OFFICER, Rung.COMMANDER) for rung in reached)
    asked = sum(each.awaited in (Awaited.ASKED, Awaited.UNANSWERED, Awaited.SPOKEN) for each in found)
    reported = sum(each.last is not None for each in found)
    return [("On scene", len(found)), ("far over", over), ("STACK awaited", asked), ("reported", reported)]


# One crew


def history(
    reports: Sequence[StackReport], words: Sequence[DelayWord], policy: ScenePolicy, row: Delay | None
) -> list[tuple[str, str]]:
    """Everything recorded of one delay, oldest first: when and by whom, and what."""
    told = [
        (report.at, "the crew" if report.by_crew else report.by, _version(report, policy, row))
        for report in reports
    ]
    told += [(word.at, word.by, _detail(word)) for word in words]
    return [(f"{clock(at)}, {by}", what) for at, by, what in sorted(told, key=lambda each: each[0])]


def _version(report: StackReport, policy: ScenePolicy, row: Delay | None) -> str:
    parts = [
        f"STACK {report.version}{'' if report.by_crew else ', by radio'}",
        says(report.constraints, policy),
        report.situation,
        f"Assessment: {report.assessment}" if report.assessment else "",
        f"Would free it: {report.asks}" if report.asks else "",
        f"Leaves {clock(report.leaves)}{_late(report, row)}"
        if report.leaves
        else "Cannot say when it leaves",
        f"Next report {clock(report.next_at)}",
    ]
    return ". ".join(part.rstrip(".") for part in parts if part) + "."


def _late(report: StackReport, row: Delay | None) -> str:
    late = missed_by(report.leaves, row.ended_at if row else None)
    if late is None or row is None:
        return ""
    by = "at that minute" if abs(late) < 1 else f"{abs(late):.0f} min {'later' if late > 0 else 'sooner'}"
    return f" (left {clock(row.ended_at)}, {by})"


def _detail(word: DelayWord) -> str:
    to = f" (to {word.to})" if word.to else ""
    answer = f" Answer: {word.answer}" if word.answer else ""
    return f"{KINDS[word.kind]}{to}: {word.said}{answer}"


# Collation


@dataclass(frozen=True, slots=True)
class Stacked:
    """One open report among all of them."""

    call_sign: str
    barrier: str
    area: str
    since: datetime
    situation: str
    asks: str
    leaves: datetime | None
    next_at: datetime
    is_overdue: bool
    step: str


def stacked(each: Standing, policy: ScenePolicy, at: datetime) -> Stacked | None:
    """The newest report of one crew; None where it has made none."""
    report = each.last
    if report is None:
        return None
    return Stacked(
        call_sign=each.clock.call_sign,
        barrier=says(report.constraints, policy),
        area=each.area or NO_AREA,
        since=each.clock.began,
        situation=report.situation,
        asks=report.asks,
        leaves=report.leaves,
        next_at=report.next_at,
        is_overdue=at >= report.next_at,
        step=step(each, policy),
    )


def collated(found: Iterable[Standing], policy: ScenePolicy, at: datetime) -> list[Stacked]:
    """Every open report by what holds the crew up first, the commonest first, then the longest on scene."""
    open_ = [each for each in found if each.last is not None]
    first = [each.last.constraints[0] for each in open_ if each.last]
    lines = [
        (-first.count(code), code, each.clock.began, line)
        for each, code in zip(open_, first, strict=True)
        if (line := stacked(each, policy, at)) is not None
    ]
    return [line for *_, line in sorted(lines, key=lambda each: each[:3])]


@dataclass(frozen=True, slots=True)
class Held:
    """One barrier over a period. A delay with several counts in each of them.

    minutes  on scene; late  by how much crews left after the time that they had said, on average; of so many
    """

    says: str
    count: int
    minutes: float
    areas: tuple[int, ...]
    stations: str
    late: str


def barriers(
    rows: Sequence[Delay], policy: ScenePolicy, names: Mapping[str, str], at: datetime
) -> tuple[list[str], list[Held]]:
    """What held crews up over a period: the areas, and for each barrier how often, how long and where.

    names  of stations, by code
    """
    areas = sorted({row.area for row in rows})
    by_code: dict[str, list[Delay]] = {}
    for row in rows:
        for code in dict.fromkeys(code for report in row.reports.all() for code in report.constraints):
            by_code.setdefault(code, []).append(row)
    found = [_held(code, held, areas, policy, names, at) for code, held in by_code.items()]
    return [area or NO_AREA for area in areas], sorted(found, key=lambda each: (-each.minutes, each.says))


def _held(
    code: str,
    rows: Sequence[Delay],
    areas: Sequence[str],
    policy: ScenePolicy,
    names: Mapping[str, str],
    at: datetime,
) -> Held:
    minutes = [((row.ended_at or at) - row.began) / timedelta(minutes=1) for row in rows]
    stations = [names.get(row.station, NO_STATION) for row in rows]
    often = sorted(set(stations), key=lambda name: (-stations.count(name), name))[:3]
    return Held(
        says=says([code], policy),
        count=len(rows),
        minutes=sum(minutes),
        areas=tuple(sum(row.area == area for row in rows) for area in areas),
        stations=", ".join(f"{name} {stations.count(name)}" for name in often),
        late=_lateness(rows),
    )


def _lateness(rows: Iterable[Delay]) -> str:
    """How good the crews' own times were: the first that each said against when it left."""
    late = []
    for row in rows:
        said = next((report.leaves for report in row.reports.all() if report.leaves), None)
        missed = missed_by(said, row.ended_at)
        if missed is not None:
            late.append(missed)
    if not late:
        return ""
    mean = sum(late) / len(late)
    few = ", few" if len(late) < FEW else ""
    return f"{abs(mean):.0f} min {'later' if mean >= 0 else 'sooner'} (of {len(late)}{few})"


# Wrap-up


def wrap_ups(
    done: Sequence[tuple[str, str, datetime, float]], limit: float
) -> list[tuple[str, str, list[Variance]]]:
    """Three tables of the wrap-ups of a period: by hospital, by crew and by the hour in which they began."""
    return [
        ("Hospital", "by-hospital", variances([(site or NO_SITE, each) for _, site, _, each in done], limit)),
        ("Crew", "by-crew", variances([(call_sign, each) for call_sign, _, _, each in done], limit)[:20]),
        (
            "Hour of the day",
            "by-hour",
            sorted(
                variances([(f"{local(began):%H}:00", each) for *_, began, each in done], limit),
                key=lambda each: each.name,
            ),
        ),
    ]


# Norms


@dataclass(frozen=True, slots=True)
class NormRow:
    """One norm with where it comes from."""

    category: str
    outcome: str
    norm: Norm
    basis: str


def norm_rows(own: Mapping[NormKey, Norm], policy: ScenePolicy) -> list[NormRow]:
    """Every norm that crews are judged by, by outcome and category, and whether it is the service's own."""
    used = norms(own, policy)
    places = list(Outcome)
    return [
        NormRow(category, OUTCOMES[outcome], norm, _basis(norm, policy))
        for (category, outcome), norm in sorted(
            used.items(), key=lambda each: (places.index(each[0][1]), each[0][0])
        )
    ]


def _basis(norm: Norm, policy: ScenePolicy) -> str:
    if norm.count:
        return f"Own: {norm.count} scenes"
    if norm.own:
        return f"Seeded: only {norm.own} own scene{'' if norm.own == 1 else 's'}, {policy.least} are needed"
    return "Seeded: no own scenes yet"
