"""Where crews go while diverts are in force: the nearest, and for the covered those who agreed to receive."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from clearway.domain.ambulance.destinations import Case
from clearway.domain.ambulance.diverts import Cover, Divert
from clearway.domain.ambulance.situation import Situation
from clearway.domain.ambulance.words import Category, Need
from clearway.domain.shared.geography import Point
from clearway.engine.ambulance.conveyance import Choice, nearest_hospital
from clearway.engine.ambulance.eligibility import covering, share_of
from clearway.engine.ambulance.forecast import Forecast

from .policies import ADULT_AGE, Question, nearest

SPECIAL_NEEDS: Mapping[Cover, Need] = {
    Cover.STROKE: Need.STROKE,
    Cover.STEMI: Need.STEMI,
    Cover.MAJOR_TRAUMA: Need.MAJOR_TRAUMA,
    Cover.MATERNITY: Need.MATERNITY,
}
LEAVING_SECONDS = 195.0  # from the choice to leaving the scene, in the middle


@dataclass(slots=True)
class Turning:
    """A policy: the nearest department, unless a divert in force when the crew arrives covers the patient.

    Whom it covers is the engine's rule (`covering`). What nobody knows of an invented patient, the need and
    whether among the most serious, whom no shift of load turns away, is drawn from the patient's own key, so
    that as many are turned away as `covered` says. They go to the receiver with the least driving and
    expected wait, or to the nearest other department where no receiver is open and right for them.

    covered   of those who come by ambulance, the share that each cover takes in (policy `diverts`)
    expected  the forecast at the start; its row of a site is that of `codes`
    turned    counted: how many were turned away
    """

    diverts: Sequence[Divert]
    covered: Mapping[str, float]
    codes: Sequence[str]
    expected: Forecast | None = None
    turned: int = field(default=0, init=False)

    def __call__(self, situation: Situation, question: Question) -> tuple[Choice, ...]:
        near = nearest(situation, question)
        passed = {each.site: each for each in self.diverts if self._turns_away(each, near[0], question)}
        if near[0].code not in passed:
            return near
        every = nearest_hospital(
            situation, question.destinations, question.latitude, question.longitude, within=float("inf")
        )
        left = [each for each in every if not self._is_passed(each, question)]
        if not left:
            return near
        self.turned += 1
        to = passed[near[0].code].to
        receivers = [each for each in left if each.code in to]
        chosen = min(receivers, key=lambda each: self._cost(each, question)) if receivers else left[0]
        return (chosen, *(each for each in left if each is not chosen))

    def _is_passed(self, choice: Choice, question: Question) -> bool:
        return any(
            self._turns_away(each, choice, question) for each in self.diverts if each.site == choice.code
        )

    def _turns_away(self, divert: Divert, choice: Choice, question: Question) -> bool:
        if divert.site != choice.code:
            return False
        arrives = question.at + LEAVING_SECONDS + 60 * choice.minutes
        if not divert.is_in_force(datetime.fromtimestamp(arrives, UTC)):
            return False
        case = self._case(question)
        spared = divert.kind.shifts_load and case.news2 != 0
        return bool(covering(divert, case)) and not spared

    def _case(self, question: Question) -> Case:
        call = question.call
        need, below = None, 0.0
        drawn = share_of("special need", call.key)
        if call.age >= ADULT_AGE:
            for cover, each in SPECIAL_NEEDS.items():
                below += self.covered.get(cover.value, 0.0)
                if need is None and drawn < below:
                    need = each
        serious = call.category is Category.C1 or share_of("serious", call.key) >= self._spared_less(below)
        return Case(
            key=question.key,
            position=Point(question.latitude, question.longitude),
            ready_at=question.at,
            age=call.age,
            needs=frozenset() if need is None else frozenset({need}),
            news2=7 if serious else 0,
            category=call.category,
        )

    def _spared_less(self, special: float) -> float:
        """Of adults who are neither a C1 nor special, the share whom a shift of load turns away."""
        adults = 1 - self.covered.get(Cover.CHILDREN.value, 0.0) - special
        return min(
            1.0, self.covered.get(Cover.ADULT_MAJORS.value, 1.0) / max(0.01, adults * (1 - SHARE_OF_C1))
        )

    def _cost(self, choice: Choice, question: Question) -> float:
        """Minutes to drive and to wait there."""
        if self.expected is None or choice.code not in self.codes:
            return choice.minutes
        made, row = self.expected, self.codes.index(choice.code)
        ahead = (question.at + 60 * choice.minutes - made.at) / 60 / made.step_minutes
        wait = float(made.mean[row, min(made.mean.shape[1] - 1, max(0, round(ahead)))])
        return choice.minutes + (0.0 if math.isnan(wait) else wait)


SHARE_OF_C1 = 0.13  # of the patients conveyed to departments (AmbSYS 2025/26, derived from the packs' shares)
