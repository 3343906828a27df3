"""Conveyance advice: the ranked places with their minutes and reasons, as people and machines read them.

Advice and never an order: the treating clinician decides. What cannot be said is not said: with stale inputs
or a difference that is noise the answer is the nearest appropriate department, and it says so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np

from clearway.domain.ambulance.destinations import Case, DestinationRule, PositionSource
from clearway.domain.ambulance.situation import JOB_STATES, UNKNOWN, Situation
from clearway.domain.ambulance.words import JobState

from .eligibility import Bar, Rulebook
from .forecast import NONE, Forecast
from .ranking import (
    ENGINE_VERSION,
    HANDOVER,
    MINUTE,
    PARTS,
    TRAVEL,
    AdvicePolicy,
    Picture,
    Ranking,
    Verdict,
    blue_light,
    inputs_hash,
    picture,
    rank,
    rank_together,
)
from .travel import SOURCES, Journeys, Network

__all__ = [
    "Advice",
    "AdvicePolicy",
    "Verdict",
    "advise",
    "advise_together",
    "blue_light",
    "journeys_of",
    "leave_out",
]

PART_WORDS = {
    "travel": "travel",
    "handover": "handover",
    "others": "delay for others",
    "return": "return and cover",
    "repatriation": "away from home",
    "uncertainty": "uncertainty",
}
POSITION_WORDS = {
    PositionSource.SAID: "Place given",
    PositionSource.VEHICLE: "Crew's position",
    PositionSource.SCENE: "Place of the scene, as the crew said it was there",
    PositionSource.SCENE_LEFT: "Place of the scene, which the crew has left",
}
ROLES: Mapping[str, str] = {
    "burns": "burns unit",
    "children": "emergency department for children",
    "children_only": "emergency department for children",
    "eye": "eye unit",
    "major_trauma_centre_adult": "major trauma centre for adults",
    "major_trauma_centre_children": "major trauma centre for children",
    "obstetrics": "maternity unit",
    "primary_pci": "heart attack centre",
    "renal": "kidney unit",
    "spinal": "spinal unit",
    "stroke": "stroke unit",
    "vascular": "vascular centre",
}
ROLES_FORBIDDEN: Mapping[str, str] = {"children_only": "department for children only"}
NAMED = 4  # places in a sentence; more are counted


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a place's minutes: as they are expected, and as they count (policy weights)."""

    name: str
    minutes: float
    counted: float


@dataclass(frozen=True, slots=True)
class Option:
    """One place that may be considered. `total` is the sum of its counted parts, None where unranked.

    wait_low, wait_high  tenth and eightieth centile of the handover wait; None where nothing is known
    call_first           how an alternative is asked before the crew leaves; "" for a department
    """

    code: str
    name: str
    is_department: bool
    total: float | None
    parts: tuple[Part, ...]
    arrival_at: datetime
    travel_minutes: float
    travel_error: float
    travel_source: str
    travel_penalty: float
    wait_minutes: float | None
    wait_low: float | None
    wait_high: float | None
    method: str
    call_first: str


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A place that may not be considered, and why, in a sentence."""

    code: str
    name: str
    cause: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Input:
    """One input of the answer and how old it is; None where no age is known."""

    name: str
    age_minutes: float | None


@dataclass(frozen=True, slots=True)
class Advice:
    """The answer to one case.

    options     those that may be considered, the answer first; as many as the policy explains
    chosen      code of the answer, None for nowhere; nearest  that of the nearest that may be considered
    compared    the nearest that may be considered with its parts, among the options or not
    why, why_not_nearest, would_change  sentences; "" where there is nothing to say
    notes       what the rules ask for besides, what is not confirmed, what is not known
    may_have    alternatives that nobody has confirmed: to be named, never ranked
    """

    key: str
    call_sign: str
    at: datetime
    verdict: Verdict
    chosen: str | None
    nearest: str | None
    options: tuple[Option, ...]
    compared: Option | None
    exclusions: tuple[Exclusion, ...]
    why: str
    why_not_nearest: str
    would_change: str
    notes: tuple[str, ...]
    may_have: tuple[str, ...]
    inputs: tuple[Input, ...]
    read_back: str
    engine_version: str
    inputs_hash: str

    @property
    def answer(self) -> Option | None:
        """The option that is advised."""
        return self.options[0] if self.options and self.chosen is not None else None

    def option(self, code: str | None) -> Option | None:
        return next((option for option in self.options if option.code == code), None)


def advise(
    case: Case,
    situation: Situation,
    forecast: Forecast,
    journeys: Journeys,
    rules: Rulebook,
    policy: AdvicePolicy,
) -> Advice:
    """The advice for one case.

    journeys  one row of minutes to every place of the rulebook (see journeys_of)
    """
    seen = picture(situation, forecast, rules, policy)
    return explain(rank(case, seen, journeys), seen, journeys)


def advise_together(
    cases: Sequence[Case],
    situation: Situation,
    forecast: Forecast,
    journeys: Journeys,
    rules: Rulebook,
    policy: AdvicePolicy,
) -> tuple[Advice, ...]:
    """The advice for several crews at once, each with the others in mind. Row i of journeys is case i's."""
    seen = picture(situation, forecast, rules, policy)
    ranked = rank_together(cases, seen, journeys)
    return tuple(explain(each, seen, journeys, row) for row, each in enumerate(ranked))


def journeys_of(
    cases: Sequence[Case],
    network: Network,
    situation: Situation,
    rules: Rulebook,
    policy: AdvicePolicy,
) -> Journeys:
    """Minutes from each case to every place of the rulebook, at the speed that the case travels."""
    shares = [blue_light(case, rules, policy) for case in cases]
    leaves = min((case.ready_at for case in cases), default=situation.at)
    plain = network.journeys(
        np.array([case.position.latitude for case in cases]),
        np.array([case.position.longitude for case in cases]),
        rules.places,
        at=max(leaves, situation.at),
        disruptions=situation.disruptions,
    )
    if all(share == 1.0 for share in shares):
        return plain
    share = np.array(shares)[:, None]
    return Journeys(
        minutes=plain.minutes * share,
        error=plain.error * share,
        source=plain.source,
        as_of=plain.as_of,
        estimated_penalty=plain.estimated_penalty * share,
    )


def leave_out(situation: Situation, key: str) -> Situation:
    """The situation as the others make it: without what this assignment itself is going to add anywhere.

    Else a crew that asks again would find its own place busier by its own coming, and be sent elsewhere.
    """
    if key not in situation.assignments.key:
        return situation
    row = situation.assignments.key.index(key)
    table = situation.assignments
    state, site, bound = table.state.copy(), table.site.copy(), table.bound.copy()
    state[row], site[row], bound[row] = JOB_STATES.index(JobState.CLEAR), UNKNOWN, UNKNOWN
    for column in (state, site, bound):
        column.setflags(write=False)
    return replace(situation, assignments=replace(table, state=state, site=site, bound=bound))


def explain(ranking: Ranking, seen: Picture, journeys: Journeys, origin: int = 0) -> Advice:
    """The answer of the kernel in words."""
    return _Words(ranking, seen, journeys, origin).advice()


class _Words:
    """Everything that is said of one ranking."""

    def __init__(self, ranking: Ranking, seen: Picture, journeys: Journeys, origin: int) -> None:
        self.ranking, self.seen, self.journeys, self.origin = ranking, seen, journeys, origin
        self.case, self.places, self.rules = ranking.case, seen.rules.places, seen.rules
        self.is_ranked = ranking.verdict in (Verdict.ADVISED, Verdict.NEAREST)
        self.order = self._order()

    def advice(self) -> Advice:
        ranking = self.ranking
        options = tuple(self._option(row) for row in self.order[: self.seen.policy.options])
        return Advice(
            key=self.case.key,
            call_sign=self.case.call_sign,
            at=datetime.fromtimestamp(self.seen.situation.at, UTC),
            verdict=ranking.verdict,
            chosen=self._code(ranking.chosen),
            nearest=self._code(ranking.nearest),
            options=options,
            compared=self._option(ranking.nearest) if ranking.nearest >= 0 else None,
            exclusions=self._exclusions(),
            why=self._why(),
            why_not_nearest=self._why_not_nearest(),
            would_change=self._would_change(),
            notes=tuple(self._notes()),
            may_have=self._may_have(),
            inputs=self._inputs(),
            read_back=self._read_back(),
            engine_version=ENGINE_VERSION,
            inputs_hash=inputs_hash(ranking, self.seen),
        )

    def _order(self) -> list[int]:
        """The rows that may be considered: the answer, then by cost; by travel where nothing is ranked."""
        ranking = self.ranking
        rows = np.flatnonzero(ranking.eligible.allowed)
        column = ranking.cost if self.is_ranked else ranking.travel
        ordered = sorted((float(column[row]), int(row)) for row in rows)
        return [row for _, row in sorted(ordered, key=lambda each: (each[1] != ranking.chosen, *each))]

    def _code(self, row: int) -> str | None:
        return self.places.code[row] if row >= 0 else None

    def _name(self, row: int) -> str:
        return self.places.name[row]

    def _option(self, row: int) -> Option:
        ranking = self.ranking
        kind = int(self.places.kind[row])
        site = int(self.seen.site[row])
        mean = float(ranking.wait_mean[row]) if kind < 0 else float(ranking.raw[row, HANDOVER])
        return Option(
            code=self.places.code[row],
            name=self._name(row),
            is_department=kind < 0,
            total=float(ranking.cost[row]) if self.is_ranked and np.isfinite(ranking.cost[row]) else None,
            parts=tuple(
                Part(name, float(ranking.raw[row, place]), float(ranking.counted[row, place]))
                for place, name in enumerate(PARTS)
                if not np.isnan(ranking.raw[row, place])
            ),
            arrival_at=datetime.fromtimestamp(float(ranking.arrival[row]), UTC),
            travel_minutes=float(ranking.travel[row]),
            travel_error=float(self.journeys.error[self.origin, row]) if self.places.travels[row] else 0.0,
            travel_source=SOURCES[self.journeys.source[self.origin, row]] if self.places.travels[row] else "",
            travel_penalty=float(self.journeys.estimated_penalty[self.origin, row]),
            wait_minutes=None if np.isnan(mean) else mean,
            wait_low=_or_none(ranking.wait_low[row]),
            wait_high=_or_none(ranking.wait_high[row]),
            method=self.seen.forecast.method[site] if kind < 0 and site >= 0 else NONE,
            call_first="" if kind < 0 else self.rules.kinds[kind].access,
        )

    # Why

    def _why(self) -> str:
        if self.ranking.verdict is Verdict.NOWHERE:
            return "No department may be considered: ask the clinical desk."
        if self.ranking.verdict is Verdict.ADVISED:
            return self._why_advised()
        chosen = self._name(self.ranking.chosen)
        if self.ranking.verdict is Verdict.ABSTAINED:
            why = self.ranking.cannot or f"nothing is known of waits at {self._name(self.ranking.nearest)}"
            return f"Cannot recommend: {why}. Nearest appropriate: {chosen}."
        if self.ranking.verdict is Verdict.BY_RULE:
            return f"{self._rule_words()}: {chosen} is the only place that may be considered."
        answers = [row for row in self.order if np.isfinite(self.ranking.decision[row])]
        best = min(answers, key=lambda row: float(self.ranking.cost[row]))
        saved = float(self.ranking.cost[self.ranking.chosen] - self.ranking.cost[best])
        return (
            f"Nearest appropriate: {chosen}. {self._name(best)} would save {max(saved, 1):.0f} min at most,"
            " which is too little to go past it."
        )

    def _why_advised(self) -> str:
        ranking, chosen = self.ranking, self._name(self.ranking.chosen)
        rivals = [row for row in self.order[1:] if np.isfinite(ranking.decision[row])]
        if not rivals:
            return f"{chosen} is the only place whose minutes are known."
        second = self._name(rivals[0])
        saved = float(ranking.cost[rivals[0]] - ranking.cost[ranking.chosen])
        if saved < 0 and ranking.agreed[ranking.chosen]:
            return (
                f"{chosen} agreed to receive these patients: {second} is not better by"
                f" {self.seen.policy.agreed:g} min."
            )
        if saved < 0:
            return f"{chosen} stands: {second} is not better by {self.seen.policy.hysteresis:g} min."
        close = " The two are alike." if saved < self.seen.policy.noise else ""
        return f"{chosen} saves {saved:.0f} min in all against {second}.{close}"

    def _rule_words(self) -> str:
        allowed = self.ranking.eligible
        if allowed.rule is not None:
            return allowed.rule.name
        if allowed.unmet:
            return f"{allowed.unmet[0].name}, no confirmed {_role(allowed.unmet[0])} in reach, so the nearest"
        return (
            "Treated or booked there already" if Bar.TREATED_ELSEWHERE in allowed.bar else "The general rules"
        )

    def _why_not_nearest(self) -> str:
        ranking = self.ranking
        nearest = self._nearest_of_all()
        if nearest < 0 or nearest == ranking.chosen or ranking.chosen < 0:
            return ""
        if ranking.eligible.bar[nearest]:
            return f"Not the nearest, {self._name(nearest)}: {self._sentence(nearest)}"
        if not self.is_ranked:
            return ""
        more = ranking.counted[nearest] - ranking.counted[ranking.chosen]
        nearer = float(ranking.travel[ranking.chosen] - ranking.travel[nearest])
        worst = [int(place) for place in np.argsort(-more) if more[place] >= 0.5 and place != TRAVEL][:2]
        parts = " and ".join(f"{more[place]:.0f} min more {PART_WORDS[PARTS[place]]}" for place in worst)
        saved = float(ranking.cost[nearest] - ranking.cost[ranking.chosen])
        return (
            f"{self._name(nearest)} is {nearer:.0f} min nearer but counts {parts or 'more'}:"
            f" {saved:.0f} min worse in all."
        )

    def _nearest_of_all(self) -> int:
        """The nearest department, closed or diverted too, that takes such patients at all."""
        reachable = self.places.is_department & np.isfinite(self.ranking.travel)
        reachable &= self.ranking.eligible.bar != Bar.FORBIDDEN
        return int(np.where(reachable, self.ranking.travel, np.inf).argmin()) if reachable.any() else -1

    def _would_change(self) -> str:
        ranking = self.ranking
        if not self.is_ranked or len(self.order) < 2:
            return ""
        rivals = [row for row in self.order if row != ranking.chosen and np.isfinite(ranking.decision[row])]
        if not rivals:
            return ""
        rival = min(rivals, key=lambda row: float(ranking.decision[row]))
        gap = float(ranking.decision[rival] - ranking.decision[ranking.chosen])
        gap /= self.seen.policy.weights.handover or 1.0
        return (
            f"It would change to {self._name(rival)} if the wait at {self._name(ranking.chosen)} were"
            f" {max(gap, 1):.0f} min longer than forecast."
        )

    # What may not be considered

    def _exclusions(self) -> tuple[Exclusion, ...]:
        """Every department that is barred, nearest first, then the alternatives that nearly fitted."""
        bar = self.ranking.eligible.bar
        department = self.places.is_department
        told = (bar != Bar.NONE) & (department | np.isin(bar, _WORTH_SAYING))
        reach = np.where(np.isfinite(self.ranking.travel), self.ranking.travel, np.inf)
        rows = sorted(np.flatnonzero(told), key=lambda row: (not department[row], reach[row], row))
        near = [int(row) for row in rows if department[row] or reach[row] <= 60]
        return tuple(
            Exclusion(self.places.code[row], self._name(row), Bar(bar[row]).name.lower(), self._sentence(row))
            for row in near
        )

    def _sentence(self, row: int) -> str:
        """Why a place is out of the question."""
        bar = Bar(self.ranking.eligible.bar[row])
        if bar in (Bar.CLOSED, Bar.PART_TIME):
            return self._hours(row, bar)
        if bar is Bar.FORBIDDEN:
            return self._forbidden(row)
        return self._by_rule(bar, row) or self._by_limit(bar, row) or "It may not be considered."

    def _by_rule(self, bar: Bar, row: int) -> str:
        allowed, took = self.ranking.eligible, self.ranking.travel[row]
        key = allowed.diverts.get(row, "")
        unmet = _role(allowed.unmet[0]) if allowed.unmet else ""
        sentences = {
            Bar.NO_ROLE_IN_REACH: f"No confirmed {unmet} is in reach, so the nearest appropriate is meant.",
            Bar.DIVERTED: f"A divert covers this patient ({key}).",
            Bar.SITE_CLOSED: f"It is closed ({key}).",
            Bar.TREATED_ELSEWHERE: "The patient is treated or booked elsewhere.",
            Bar.RULED_OUT: "The patient's need rules it out.",
            Bar.NOT_FOR_THIS_PATIENT: "It is not for this patient.",
        }
        if (rule := allowed.rule) is not None:
            limit = f"{rule.limit_minutes:g}" if rule.limit_minutes else "no"
            sentences |= {
                Bar.NEAREST_ALWAYS: f"{rule.name}: the nearest appropriate department always.",
                Bar.ROLE: f"{rule.name}: no {_role(rule)} is confirmed here.",
                Bar.TOO_FAR_FOR_RULE: f"{took:.0f} min away; {rule.name.lower()} allows {limit} min.",
            }
        return sentences.get(bar, "")

    def _by_limit(self, bar: Bar, row: int) -> str:
        took, policy, score = self.ranking.travel[row], self.seen.policy.eligibility, self.case.news2
        nearest = self.ranking.travel[self.ranking.nearest] if self.ranking.nearest >= 0 else 0.0
        said = next(
            (each for each in self.seen.situation.answers if each.code == self.places.code[row]), None
        )
        cap = policy.load_caps.get(self.places.code[row], 0)
        most = self.rules.kinds[self.places.kind[row]].news2_most if self.places.kind[row] >= 0 else 0
        farther = f"{took - nearest:.0f} min farther than the nearest"
        sentences = {
            Bar.REFUSED: "The patient refuses it.",
            Bar.UNREACHABLE: "No open road leads there, or its place is unknown.",
            Bar.SCORE_LIMIT: f"{took:.0f} min is too far for a NEWS2 of {score}.",
            Bar.TOO_FAR: f"{farther}; the limit is {policy.most_extra:g}.",
            Bar.AT_CAP: f"{self.seen.load[row]} ambulances this hour; {cap:g} were agreed.",
            Bar.NOT_CONFIRMED: "Nobody has confirmed it: ring before relying on it.",
            Bar.SCORE: f"It takes a NEWS2 up to {most}; this one is {score}.",
            Bar.SCORE_NOT_SAID: "NEWS2 is not known.",
            Bar.SAID_FULL: f"It said at {self._time(said.full_at if said else np.nan)} that it is full.",
            Bar.AT_CAPACITY: (
                f"It has accepted {len(said.accepted) if said else 0} in the last hour;"
                f" it takes {self.places.capacity[row]:g} an hour."
            ),
        }
        return sentences.get(bar, "")

    def _hours(self, row: int, bar: Bar) -> str:
        opens, closes = (_clock(column[row]) for column in (self.places.opens, self.places.closes))
        if bar is Bar.PART_TIME:
            return f"It closes at night ({opens} to {closes}); this patient needs one that never does."
        if np.isnan(self.places.opens[row]):
            return "Closed on this day."
        at = self._time(float(self.ranking.arrival[row]))
        return f"Closed at {at}, when the crew would arrive; open {opens} to {closes}."

    def _forbidden(self, row: int) -> str:
        for rule in self.ranking.eligible.applied:
            held = [role for role in rule.forbids if self.places.with_any((role,))[row]]
            if held:
                return f"{rule.name}: not to a {_unit(held[0], ROLES_FORBIDDEN)}."
        return "It does not take such patients."

    # What else is to be known

    def _notes(self) -> list[str]:
        allowed, case = self.ranking.eligible, self.case
        notes = [rule.say for rule in allowed.applied if rule.say]
        for rule in allowed.unmet:
            notes.append(self._unmet(rule))
        if allowed.rule is not None and (nearer := self._nearer_unconfirmed(allowed.rule)):
            notes.append(nearer)
        if self.ranking.agreed.any():
            notes.append(self._agreed())
        if case.age is None:
            notes.append("Age not said: read as an adult's.")
        if case.news2 is None:
            notes.append("NEWS2 not said: no limit by score, and no alternative is ranked.")
        if case.vehicle is not None and not case.vehicle.conveys:
            notes.append(f"A {case.vehicle} does not convey: a second crew is needed.")
        notes.extend(self._shift())
        return list(dict.fromkeys(notes))

    def _agreed(self) -> str:
        names = " and ".join(self._name(int(row)) for row in np.flatnonzero(self.ranking.agreed))
        return f"{names} agreed to receive whom a divert turns away: {self.seen.policy.agreed:g} min in hand."

    def _nearer_unconfirmed(self, rule: DestinationRule) -> str:
        """Who is nearer than the answer and may hold what the rule asks for; "" when nobody may."""
        if self.ranking.chosen < 0 or not rule.requires:
            return ""
        maybe = self.places.with_any(rule.requires, confirmed=False) & self.places.is_department
        nearer = maybe & (self.ranking.travel < self.ranking.travel[self.ranking.chosen])
        rows = sorted(np.flatnonzero(nearer), key=lambda row: self.ranking.travel[row])
        if not rows:
            return ""
        names = ", ".join(
            f"{self._name(int(row))} ({self.ranking.travel[row]:.0f} min)" for row in rows[:NAMED]
        )
        return (
            f"{rule.name}: nearer, may have it, not confirmed: {names}. Ask the clinical desk before leaving."
        )

    def _unmet(self, rule: DestinationRule) -> str:
        maybe = self.places.with_any((*rule.requires, *rule.fallback), confirmed=False)
        rows = sorted(np.flatnonzero(maybe), key=lambda row: self.ranking.travel[row])
        words = f"{rule.name}: no confirmed {_role(rule)} within reach."
        if not rows:
            return f"{words} Ask the clinical desk."
        names = ", ".join(
            f"{self._name(int(row))} ({self.ranking.travel[row]:.0f} min)" for row in rows[:NAMED]
        )
        return f"{words} May have it, not confirmed: {names}. Ask the clinical desk."

    def _shift(self) -> list[str]:
        ranking, row = self.ranking, self.ranking.chosen
        if row < 0 or np.isnan(self.case.shift_end) or np.isnan(ranking.wait_mean[row]):
            return []
        minutes = float(ranking.wait_mean[row] + ranking.raw[row, PARTS.index("return")])
        over = (float(ranking.arrival[row]) + minutes * MINUTE - self.case.shift_end) / MINUTE
        return [f"The crew would be back about {over:.0f} min after its shift ends."] if over > 0 else []

    def _may_have(self) -> tuple[str, ...]:
        bar = self.ranking.eligible.bar
        near = np.where(self.places.travels, self.ranking.travel, 0.0)
        rows = sorted(np.flatnonzero(bar == Bar.NOT_CONFIRMED), key=lambda row: (near[row], row))
        return tuple(
            f"{self._name(int(row))}"
            + (f" ({near[row]:.0f} min)" if self.places.travels[row] else "")
            + ": may take this patient; not confirmed, ring first"
            for row in rows[:NAMED]
        )

    def _inputs(self) -> tuple[Input, ...]:
        now, seen = self.seen.situation.at, self.seen
        heard = seen.basis.cad.heard_at
        inputs = [
            Input("Control room", None if heard is None else (now - heard.timestamp()) / MINUTE),
            Input("Forecast", (now - seen.forecast.at) / MINUTE),
        ]
        if not np.isnan(self.case.position_at):
            inputs.append(
                Input(POSITION_WORDS[self.case.position_from], (now - self.case.position_at) / MINUTE)
            )
        site = int(seen.site[self.ranking.chosen]) if self.ranking.chosen >= 0 else -1
        if site >= 0:
            said = seen.situation.reports.said_at[site]
            newest = np.nanmax(said) if len(said) and not np.isnan(said).all() else np.nan
            inputs.append(Input("Hospital's report", _or_none((now - newest) / MINUTE)))
        inputs.append(Input("Drive times", (now - self.journeys.as_of) / MINUTE))
        return tuple(inputs)

    def _read_back(self) -> str:
        ranking, row = self.ranking, self.ranking.chosen
        who = self.case.call_sign or "Crew"
        if row < 0:
            return f"{who}: no destination can be advised. Contact the clinical desk."
        words = f"{who}: conveyance advice, {self._name(row)}"
        if self.places.kind[row] >= 0:
            words += ", after it has accepted by telephone"
        words += f". Travel {ranking.travel[row]:.0f} minutes"
        if self.is_ranked and not np.isnan(ranking.wait_mean[row]):
            words += (
                f", handover wait about {ranking.wait_mean[row]:.0f},"
                f" likely {ranking.wait_low[row]:.0f} to {ranking.wait_high[row]:.0f}"
            )
        return f"{words}. The decision is yours. Read back."

    def _time(self, at: float) -> str:
        """Seconds since 1970 as people here read them; "" for NaN."""
        if np.isnan(at):
            return ""
        return f"{datetime.fromtimestamp(at, UTC).astimezone(self.rules.timezone):%H:%M}"


_WORTH_SAYING = [Bar.CLOSED, Bar.SCORE, Bar.REFUSED, Bar.SAID_FULL, Bar.AT_CAPACITY]


def _role(rule: DestinationRule) -> str:
    return " or ".join(dict.fromkeys(_unit(role) for role in rule.requires))


def _unit(role: str, words: Mapping[str, str] | None = None) -> str:
    """What a site that holds a role is, in words; the role's own where nobody gave others."""
    return (words or ROLES).get(role, role.replace("_", " "))


def _clock(minutes: float) -> str:
    return "" if np.isnan(minutes) else f"{int(minutes) // 60:02d}:{int(minutes) % 60:02d}"


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
