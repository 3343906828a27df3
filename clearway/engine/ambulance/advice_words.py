"""One ranking in words: the options, why, what would change it, what is to be known besides and read out."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from clearway.domain.ambulance.destination_answers import RoleAnswer, Stands
from clearway.domain.ambulance.destinations import DestinationRule, PositionSource
from clearway.domain.ambulance.words import Category

from .advice_barred import Barred, role_words, unit_words
from .advice_values import Advice, Input, Option, Part, PastReview, Unconfirmed
from .eligibility import Bar
from .forecast import NONE
from .ranking import (
    ENGINE_VERSION,
    HANDOVER,
    MINUTE,
    PARTS,
    TRAVEL,
    Picture,
    Ranking,
    Verdict,
    inputs_hash,
)
from .travel import SOURCES, Journeys

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
NAMED = 4  # places in a sentence; more are counted


def explain(ranking: Ranking, seen: Picture, journeys: Journeys, origin: int = 0) -> Advice:
    """The answer of the kernel in words."""
    return _Words(ranking, seen, journeys, origin).advice()


class _Words:
    """Everything that is said of one ranking."""

    def __init__(self, ranking: Ranking, seen: Picture, journeys: Journeys, origin: int) -> None:
        self.ranking, self.seen, self.journeys, self.origin = ranking, seen, journeys, origin
        self.case, self.places, self.rules = ranking.case, seen.rules.places, seen.rules
        self.is_ranked = ranking.verdict in (Verdict.ADVISED, Verdict.NEAREST)
        self.is_settled = ranking.eligible.unsure is None
        self.barred = Barred(ranking, seen)
        self.order = self._order()
        self.past_review = self._past_review()

    def advice(self) -> Advice:
        ranking = self.ranking
        options = tuple(self._option(row) for row in self.order[: self.seen.policy.options])
        return Advice(
            key=self.case.key,
            call_sign=self.case.call_sign,
            at=datetime.fromtimestamp(self.seen.situation.at, UTC),
            verdict=ranking.verdict,
            chosen=self._code(ranking.chosen) if self.is_settled else None,
            nearest=self._code(ranking.nearest),
            options=options,
            compared=self._option(ranking.nearest) if ranking.nearest >= 0 else None,
            exclusions=self.barred.exclusions(),
            why=self._why(),
            why_not_nearest=self._why_not_nearest(),
            would_change=self._would_change(),
            notes=tuple(self._notes()),
            may_have=self._may_have(),
            unsettled=self._unsettled(),
            past_review=self.past_review,
            ask_first=self._ask_first(),
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
        if not self.is_settled:
            return self._why_unsettled()
        if self.ranking.verdict is Verdict.ADVISED:
            return self._why_advised()
        chosen = self._name(self.ranking.chosen)
        if self.ranking.verdict is Verdict.ABSTAINED:
            why = self.ranking.cannot or f"nothing is known of waits at {self._name(self.ranking.nearest)}"
            return f"Cannot recommend: {why}. Nearest appropriate: {chosen}."
        if self.ranking.verdict is Verdict.BY_RULE:
            return self._why_by_rule(chosen)
        answers = [row for row in self.order if np.isfinite(self.ranking.decision[row])]
        best = min(answers, key=lambda row: float(self.ranking.cost[row]))
        saved = float(self.ranking.cost[self.ranking.chosen] - self.ranking.cost[best])
        return (
            f"Nearest appropriate: {chosen}. {self._name(best)} would save {max(saved, 1):.0f} min at most,"
            " which is too little to go past it."
        )

    def _why_by_rule(self, chosen: str) -> str:
        allowed = self.ranking.eligible
        said = allowed.unmet or any(rule.nearest_always for rule in allowed.applied)
        if allowed.time_critical and not said:
            treats = f"{self._urgency()}: {chosen} is the nearest that can treat"
            return f"{treats}. Time-critical: queue minutes do not count."
        return f"{self._rule_words()}: {chosen} is the only place that may be considered."

    def _urgency(self) -> str:
        """Why no queue counts for this patient."""
        rules = [rule for rule in self.ranking.eligible.applied if rule.is_time_critical]
        if rules:
            return rules[0].name
        return "Category 1" if self.case.category is Category.C1 else f"NEWS2 of {self.case.news2}"

    def _why_unsettled(self) -> str:
        """The place is not settled: whom to ask, who may have it, and who has it for certain."""
        rule, row = self.ranking.eligible.unsure, self.ranking.chosen
        assert rule is not None
        words = "Cannot recommend: the place is not settled. Ask the clinical desk"
        maybe = self._unsettled()[:NAMED]
        if maybe:
            named = ", ".join(f"{each.name}, {each.travel_minutes:.0f} min" for each in maybe)
            units = " or ".join(dict.fromkeys(each.unit for each in maybe))
            words += f": {named}, may have what is needed ({units}); nobody has confirmed it."
        else:
            words += f": nobody has said which places have a {role_words(rule)}."
        if not np.isfinite(self.ranking.travel[row]):
            return words
        known = "nearest appropriate" if rule in self.ranking.eligible.unmet else "confirmed"
        words += f" {known.capitalize()}: {self._name(row)}, {self.ranking.travel[row]:.0f} min."
        return f"{words} Besides, {self.ranking.cannot}." if self.ranking.cannot else words

    def _unsettled(self) -> tuple[Unconfirmed, ...]:
        rule = self.ranking.eligible.unsure
        if rule is None or self.ranking.chosen < 0:
            return ()
        return tuple(
            Unconfirmed(
                self.places.code[row],
                self._name(row),
                float(self.ranking.travel[row]),
                self._unit(row),
            )
            for row in self.ranking.eligible.maybe
        )

    def _unit(self, row: int) -> str:
        """What a place may be, of what the rules ask for."""
        for rule in self.ranking.eligible.applied:
            for role in (*rule.requires, *rule.fallback):
                if self.places.with_any((role,), confirmed=False)[row]:
                    return unit_words(role)
        return ""

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
        if allowed.rule is not None and allowed.rule not in allowed.unmet:
            known = ", where the birth is booked" if Bar.TREATED_ELSEWHERE in allowed.bar else ""
            return allowed.rule.name + known
        if allowed.unmet:
            rule = allowed.unmet[0]
            return f"{rule.name}, no confirmed {role_words(rule)} in reach, so the nearest"
        return (
            "Treated or booked there already" if Bar.TREATED_ELSEWHERE in allowed.bar else "The general rules"
        )

    def _why_not_nearest(self) -> str:
        ranking = self.ranking
        nearest = self._nearest_of_all()
        if nearest < 0 or nearest == ranking.chosen or ranking.chosen < 0 or not self.is_settled:
            return ""
        if ranking.eligible.bar[nearest]:
            return f"Not the nearest, {self._name(nearest)}: {self.barred.sentence(nearest)}"
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

    # What else is to be known

    def _notes(self) -> list[str]:
        allowed, case = self.ranking.eligible, self.case
        notes = [rule.say for rule in allowed.applied if rule.say]
        for rule in allowed.unmet:
            notes.append(self._unmet(rule))
        notes.extend(self._late())
        asks = allowed.rule is not None and self.is_settled
        if asks and allowed.rule is not None and (nearer := self._nearer_unconfirmed(allowed.rule)):
            notes.append(nearer)
        if self.ranking.agreed.any():
            notes.append(self._agreed())
        if ask_first := self._ask_first():
            notes.append(ask_first)
        if case.age is None:
            notes.append("Age not said: read as an adult's. A child may have to go elsewhere.")
        if not case.needs_asked:
            notes.append(
                "Needs not asked: no rule for a special need is applied, and no alternative is ranked."
            )
        if case.news2 is None:
            notes.append("NEWS2 not said: no limit by score, and no alternative is ranked.")
        if case.vehicle is not None and not case.vehicle.conveys:
            notes.append(f"A {case.vehicle} does not convey: a second crew is needed.")
        notes.extend(self._shift())
        return list(dict.fromkeys(notes))

    def _ask_first(self) -> str:
        """What nobody has said and the answer rests on: past the nearest, by a divert, to adults only."""
        ranking, spared = self.ranking, self.ranking.eligible.spared
        if self.case.is_described or ranking.chosen < 0:
            return ""
        unsaid = "needs and NEWS2" if self.case.age is not None else "age, needs and NEWS2"
        near = [row for row in spared if ranking.travel[row] <= ranking.travel[ranking.chosen]]
        if near:
            return (
                f"A divert is in force at {self._name(near[0])}. It turns away nobody whose {unsaid}"
                " are not said: say them first."
            )
        passed = self._passed()
        if passed >= 0:
            return f"This goes past {self._name(passed)}: say {unsaid} first."
        if self.case.age is None and self._takes_no_child(ranking.chosen):
            return f"{self._name(ranking.chosen)} takes no children: say the age first."
        return ""

    def _passed(self) -> int:
        """The nearer place that the answer passes without a clinical rule that asks for it; -1 for none."""
        ranking, allowed = self.ranking, self.ranking.eligible
        if ranking.chosen != ranking.nearest:
            return ranking.nearest
        goes_on = allowed.rule is None and Bar.TREATED_ELSEWHERE in allowed.bar
        return allowed.nearest if goes_on and allowed.nearest != ranking.chosen else -1

    def _takes_no_child(self, row: int) -> bool:
        """The rules would bar this place if the patient of unknown age were a child."""
        child = replace(self.case, age=self.seen.policy.eligibility.child_below - 1)
        forbidden = [role for rule in self.rules.applied(child) for role in rule.forbids]
        return bool(self.places.with_any(forbidden)[row])

    def _past_review(self) -> tuple[PastReview, ...]:
        """Rules that decided, or left it undecided, and what was answered of the places that they ask of."""
        allowed = self.ranking.eligible
        today = datetime.fromtimestamp(self.seen.situation.at, UTC).astimezone(self.rules.timezone).date()
        named = dict.fromkeys((allowed.rule, allowed.unsure, *allowed.unmet))
        decided = [rule for rule in named if rule is not None]
        asked = {role for rule in decided for role in (*rule.requires, *rule.fallback)}
        asked.update(role for rule in allowed.applied for role in rule.forbids)
        late = [PastReview(rule.name, None, rule.signed.review_on) for rule in decided]
        late += [
            PastReview(f"{self._name(row)} {_answer_words(answer)}", answer.site, answer.signed.review_on)
            for row in self._in_question()
            for answer in self.rules.answers[self.places.code[row]]
            if answer.role in asked
        ]
        return tuple(each for each in late if each.review_on < today.isoformat())

    def _in_question(self) -> list[int]:
        """The departments that the answer names and those that it passes: what is chosen, then by travel."""
        ranking, named = self.ranking, self.order[: self.seen.policy.options]
        farthest = max((float(ranking.travel[row]) for row in named), default=np.inf)
        near = np.flatnonzero(self.places.is_department & (ranking.travel <= farthest)).tolist()
        return sorted(near, key=lambda row: (row != ranking.chosen, float(ranking.travel[row]), row))

    def _late(self) -> list[str]:
        rules = [
            f"{each.what}: rule past its review date, {each.review_on}."
            for each in self.past_review
            if each.code is None
        ]
        roles = [f"{each.what} ({each.review_on})" for each in self.past_review if each.code is not None]
        if not roles:
            return rules
        more = f"; and {len(roles) - NAMED} more" if len(roles) > NAMED else ""
        return [*rules, f"Answers past their review date: {'; '.join(roles[:NAMED])}{more}."]

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
        words = f"{rule.name}: no confirmed {role_words(rule)} within reach."
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
        if not self.is_settled:
            return self._read_back_unsettled(who)
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

    def _read_back_unsettled(self, who: str) -> str:
        maybe = [
            f"{each.name}, {each.travel_minutes:.0f} minutes, not confirmed" for each in self._unsettled()
        ]
        row = self.ranking.chosen
        if self.places.code[row] not in {each.code for each in self._unsettled()}:
            confirmed = "nearest" if self.ranking.eligible.unmet else "confirmed"
            maybe.append(f"{self._name(row)}, {self.ranking.travel[row]:.0f} minutes, {confirmed}")
        places = "; or ".join(maybe[-NAMED:] if len(maybe) <= NAMED else [*maybe[: NAMED - 1], maybe[-1]])
        return f"{who}: the place is not settled: {places}. Ask the clinical desk before leaving. Read back."


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _answer_words(answer: RoleAnswer) -> str:
    unit = unit_words(answer.role)
    return f"confirmed as {unit}" if answer.stands is Stands.CONFIRMED else f"said to be no {unit}"
