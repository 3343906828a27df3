"""Which places may be considered for a patient at all: clinical rules, hours, diverts and limits.

A filter, never a ranking: what is barred here cannot be bought back with minutes. Every place that is barred
keeps the first cause, which can be said in a sentence. What nobody has confirmed is named and never used. Nor
is it gone past as if it were not there: where it may be what a rule asks for, the place is not settled.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntEnum
from functools import lru_cache
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from clearway.domain.ambulance import destinations
from clearway.domain.ambulance.destinations import (
    AlternativeKind,
    Case,
    DestinationRule,
)
from clearway.domain.ambulance.diverts import Cover, Divert, DivertKind
from clearway.domain.ambulance.situation import Situation
from clearway.domain.ambulance.words import Category, Need
from clearway.domain.shared.region import Mark

from .rulebook import Column, Mask, Rulebook, holds_at, open_at

SPECIALIST = frozenset(
    {
        *(Need.MAJOR_TRAUMA, Need.STROKE, Need.STEMI, Need.RETURN_OF_CIRCULATION, Need.CARDIAC_ARREST),
        *(
            Need.UNSAFE_AIRWAY,
            Need.SEPSIS,
            Need.GI_BLEED,
            Need.VASCULAR,
            Need.MATERNITY,
            Need.BURNS,
            Need.SPINAL,
        ),
    }
)
BY_AGE = frozenset({Cover.EVERYBODY, Cover.ADULT_MAJORS, Cover.CHILDREN})


class Bar(IntEnum):
    """Why a place is out of the question, in the order in which causes are looked for."""

    NONE = 0
    REFUSED = 1
    FORBIDDEN = 2
    PART_TIME = 3
    CLOSED = 4
    SITE_CLOSED = 5
    DIVERTED = 6
    UNREACHABLE = 7
    NEAREST_ALWAYS = 8
    ROLE = 9
    TOO_FAR_FOR_RULE = 10
    NO_ROLE_IN_REACH = 11
    TREATED_ELSEWHERE = 12
    SCORE_LIMIT = 13
    TOO_FAR = 14
    AT_CAP = 15
    NOT_CONFIRMED = 16
    NOT_FOR_THIS_PATIENT = 17
    SCORE = 18
    SCORE_NOT_SAID = 19
    RULED_OUT = 20
    SAID_FULL = 21
    AT_CAPACITY = 22
    AT_AGREED_LOAD = 23  # looked for after AT_CAP
    TIME_CRITICAL = 24  # looked for after TOO_FAR
    NEEDS_NOT_ASKED = 25  # this and the next only of an alternative that would be considered else
    CATEGORY_1 = 26


@dataclass(frozen=True, slots=True)
class EligibilityPolicy:
    """Limits that bar (part of policy conveyance_advice). Minutes of driving unless a name says otherwise.

    most_extra          beyond the nearest place that may be considered
    continuing_extra    the same, to a site that treats the patient already or where the birth is booked
    continuing_score    NEWS2 from which neither that nor a booking counts any more; nor for a C1
    score_limits        (lowest NEWS2, longest drive); the nearest place is never barred by it
    child_below         years
    never_diverted_score  NEWS2 from which the nearest that can treat is the answer whatever waits there, as
                  for a C1 and under a time-critical rule. No divert that only shifts load turns these away,
                  or anybody whose needs and NEWS2 nobody said; a service that is off or a closure does
    load_caps           site code -> most ambulances an hour, where one was agreed
    others_share        of its usual ambulances a day, that a department takes of others' patients (loads.py);
                  None for no bound
    usual_a_day         site code -> ambulances on a usual day, for others_share; who is not in it takes none
    full_for            minutes for which an alternative that said it is full is not considered
    alternatives        whether anything but a department may be considered
    """

    most_extra: float = 20
    continuing_extra: float = 30
    continuing_score: int = 5
    score_limits: tuple[tuple[int, float], ...] = ((7, 30), (5, 45))
    child_below: int = 16
    never_diverted_score: int = 7
    load_caps: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    others_share: float | None = None
    usual_a_day: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    full_for: float = 60
    alternatives: bool = True


@dataclass(frozen=True, slots=True)
class Eligible:
    """The outcome of the filter for one case.

    arrival   (n,) when the patient would be at each place, seconds
    bar       (n,) Bar of each place of the rulebook
    rule      the rule that narrowed the choice, None where the general rules alone did
    unmet     rules that ask for a role that nobody confirmed in reach: the nearest appropriate is meant then
    unsure    the rule of which nobody can say where it is met nearest, None where that is settled
    time_critical  only the nearest that can treat may be considered: no minutes of a queue count
    spared    rows whose divert would cover the patient, but needs or NEWS2 are not said -> its key
    maybe     rows that may meet it: they hold what it asks for, and nobody has confirmed that; nearest first.
              Empty with an unsure rule: the pack names nobody at all who holds it
    applied   every rule that holds for the patient
    nearest   row of the nearest department that clinical rules and hours allow; -1 if there is none
    diverts   rows barred by a divert -> its key
    """

    arrival: Column
    bar: npt.NDArray[np.int8]
    rule: DestinationRule | None
    unmet: tuple[DestinationRule, ...]
    applied: tuple[DestinationRule, ...]
    nearest: int
    diverts: Mapping[int, str]
    unsure: DestinationRule | None = None
    maybe: tuple[int, ...] = ()
    spared: Mapping[int, str] = field(default_factory=lambda: MappingProxyType({}))
    time_critical: bool = False

    @property
    def allowed(self) -> Mask:
        return np.asarray(self.bar == 0, dtype=np.bool_)


def eligible(
    case: Case,
    situation: Situation,
    travel: Column,
    rules: Rulebook,
    policy: EligibilityPolicy,
    arrivals_in_hour: npt.NDArray[np.int64] | None = None,
    spare: Column | None = None,
) -> Eligible:
    """Which places may be considered.

    travel            (n,) minutes to each place of the rulebook, inf or NaN where none leads there
    arrivals_in_hour  (n,) ambulances of the last hour and committed to each place, for the load caps
    spare             (n,) how many more of others' patients each may be asked to take (see loads.py)
    """
    return _Filter(case, situation, travel, rules, policy).run(arrivals_in_hour, spare)


class _Filter:
    """One pass over all places; `bar` keeps the first cause of each."""

    def __init__(
        self, case: Case, situation: Situation, travel: Column, rules: Rulebook, policy: EligibilityPolicy
    ) -> None:
        self.case, self.situation, self.rules, self.policy = case, situation, rules, policy
        self.places = rules.places
        self.travel = travel
        self.department = self.places.is_department
        self.is_reachable = np.isfinite(travel)
        self.all_reachable = bool(self.is_reachable.all())
        drive = travel if self.all_reachable else np.where(self.is_reachable, travel, 0.0)
        self.arrival = case.ready_at + drive * 60
        self.bar = np.zeros(len(travel), dtype=np.int8)
        self.is_open = open_at(self.places, self.arrival, rules.timezone)
        self.applied = rules.applied(case)
        self.nearest_rule = next((rule for rule in self.applied if rule.nearest_always), None)
        self.is_serious = case.category is Category.C1 or (
            case.news2 is not None and case.news2 >= policy.never_diverted_score
        )
        self.rule_is_critical = any(rule.is_time_critical for rule in self.applied)
        self.is_time_critical = self.rule_is_critical or self.is_serious
        self.diverts: dict[int, str] = {}
        self.spared: dict[int, str] = {}
        self.unsure: DestinationRule | None = None
        self.maybe: set[int] = set()

    def run(self, arrivals_in_hour: npt.NDArray[np.int64] | None, spare: Column | None = None) -> Eligible:
        self._who_may_be_received()
        nearest = self._nearest(self._open())
        rule, unmet = self._narrow()
        booked_at = self.case.booked_at if Need.MATERNITY in self.case.needs else None
        if rule is None and not unmet:
            rule = self._go_on_at(booked_at or self.case.continuing_care)
        elif rule is not None and Need.MATERNITY not in {need for each in unmet for need in each.needs}:
            self._go_on_at(booked_at)
        self._limits(narrowed=rule is not None)
        if self.is_time_critical:
            self._keep_only(self._one(self._nearest(self._open())), Bar.TIME_CRITICAL)
        elif rule is None and not unmet:
            self._caps(arrivals_in_hour)
        if spare is not None:
            self._agreed_loads(spare)
        self._alternatives(nearest, is_ruled_out=self.rule_is_critical or bool(unmet))
        chosen = None if rule is TREATED else rule
        return Eligible(
            self.arrival,
            self.bar,
            chosen,
            unmet,
            self.applied,
            nearest,
            MappingProxyType(self.diverts),
            self.unsure,
            tuple(sorted(self.maybe, key=lambda row: (float(self.travel[row]), row))),
            MappingProxyType(self.spared),
            self.is_time_critical,
        )

    def _put(self, mask: Mask, cause: Bar) -> None:
        self.bar[mask & (self.bar == 0)] = cause

    def _open(self) -> Mask:
        return np.asarray(self.department & (self.bar == 0), dtype=np.bool_)

    def _nearest(self, among: Mask) -> int:
        """The row of the nearest of some places, ties by code order of the pack; -1 if there is none."""
        if not among.any():
            return -1
        return int(np.where(among, self.travel, np.inf).argmin())

    def _who_may_be_received(self) -> None:
        places = self.places
        if not self.all_reachable:
            self._put(self.department & ~self.is_reachable, Bar.UNREACHABLE)
        for code in self.case.refused:
            if (row := self.rules.row_of.get(code)) is not None:
                self._put_one(row, Bar.REFUSED)
        forbidden = [role for rule in self.applied for role in rule.forbids]
        if forbidden:
            self._put(self.department & places.with_any(forbidden), Bar.FORBIDDEN)
        if any(rule.always_open for rule in self.applied) and self.nearest_rule is None:
            self._put(self.department & ~np.isnan(places.opens), Bar.PART_TIME)
        self._put(self.department & ~self.is_open, Bar.CLOSED)
        self._apply_diverts()

    def _apply_diverts(self) -> None:
        for divert in self.situation.diverts:
            row = self.rules.row_of.get(divert.site)
            if row is None or not _in_force(divert, float(self.arrival[row])):
                continue
            whole = divert.kind is DivertKind.CLOSURE and Cover.EVERYBODY in divert.covers
            covered = covering(divert, self.case, self.policy.child_below)
            if not whole and not self._turns_away(divert, covered):
                if self._may_turn_away(divert):
                    self.spared.setdefault(row, divert.key)
                continue
            if whole or self._is_known_to_be(covered, divert):
                self._put_one(row, Bar.SITE_CLOSED if whole else Bar.DIVERTED)
                self.diverts.setdefault(row, divert.key)
            else:  # whoever may be among the most serious is turned away by no capacity divert
                self.spared.setdefault(row, divert.key)

    def _turns_away(self, divert: Divert, covered: frozenset[Cover]) -> bool:
        """Where a service is off, it is off for the sickest too; load alone is never shifted by them.

        Whom a rule takes to the nearest always needs the department and no service besides: only one that
        is closed to patients of that age turns those away. The safe reading where no rule is written.
        """
        if self.nearest_rule is not None:
            return divert.kind is DivertKind.CLOSURE and bool(covered & BY_AGE)
        return bool(covered) and not (divert.kind.shifts_load and self._is_held(divert))

    def _may_turn_away(self, divert: Divert) -> bool:
        """A service is off that the patient may need, and nobody has asked."""
        unasked = not self.case.needs_asked and self.nearest_rule is None
        return unasked and not divert.kind.shifts_load and bool(divert.covers - BY_AGE)

    def _is_held(self, divert: Divert) -> bool:
        """Among the most serious, or treated or booked already where the divert is."""
        return self.is_serious or divert.site in self._own_sites()

    def _is_known_to_be(self, covered: frozenset[Cover], divert: Divert) -> bool:
        """What would spare the patient has been asked: the score spares from shifted load alone."""
        if divert.kind.shifts_load:
            return self.case.is_described
        return self.case.needs_asked or bool(covered - {Cover.ADULT_MAJORS})

    def _own_sites(self) -> tuple[str | None, ...]:
        case = self.case
        booked = case.booked_at if Need.MATERNITY in case.needs else None
        return (case.continuing_care, booked)

    def _put_one(self, row: int, cause: Bar) -> None:
        if self.bar[row] == 0:
            self.bar[row] = cause

    def _narrow(self) -> tuple[DestinationRule | None, tuple[DestinationRule, ...]]:
        """Keep the places that the clinical rules ask for."""
        if self.nearest_rule is not None:
            return self._narrow_to_nearest(self.nearest_rule)
        decided: DestinationRule | None = None
        unmet: list[DestinationRule] = []
        for rule in self.applied:
            if not rule.requires or not (rule.needs or decided is None):
                continue
            self._look_for_unconfirmed(rule)
            found = self._in_reach(rule)
            if found is not None:
                has, keep = found
                self._put(self._open() & ~has, Bar.ROLE)
                self._put(self._open() & ~keep, Bar.TOO_FAR_FOR_RULE)
                decided = decided or rule
            else:
                unmet.append(rule)
        if unmet and decided is None:
            self._keep_only(self._one(self._nearest(self._open())), Bar.NO_ROLE_IN_REACH)
        return decided, tuple(unmet)

    def _narrow_to_nearest(
        self, rule: DestinationRule
    ) -> tuple[DestinationRule, tuple[DestinationRule, ...]]:
        """Keep the nearest, of those that hold what the rule asks for where any is in reach.

        What nobody has confirmed keeps nobody on the road here: without a holder it is the nearest at once.
        """
        found = self._in_reach(rule) if rule.requires else None
        if found is not None:
            self._put(self._open() & ~found[1], Bar.ROLE)
        is_unmet = bool(rule.requires) and found is None
        cause = Bar.NO_ROLE_IN_REACH if is_unmet else Bar.NEAREST_ALWAYS
        self._keep_only(self._one(self._nearest(self._open())), cause)
        return rule, (rule,) if is_unmet else ()

    def _look_for_unconfirmed(self, rule: DestinationRule) -> None:
        """Not confirmed is not absent: who may be the nearest that meets the rule leaves it unsettled."""
        limit = _limit(rule)
        among = self._open() & (self.travel <= limit)
        for roles in _in_turn(rule):
            confirmed = among & self._hold(roles)
            nearest = self._nearest(confirmed)
            maybe = among & ~confirmed & self.places.with_any(roles, confirmed=False)
            if nearest >= 0:
                maybe &= self.travel < self.travel[nearest]
            if maybe.any():
                self.unsure = self.unsure or rule
                self.maybe.update(np.flatnonzero(maybe).tolist())
            if nearest >= 0:
                return
        if rule.needs and not self._is_known(rule):
            self.unsure = self.unsure or rule

    def _hold(self, roles: tuple[str, ...]) -> Mask:
        """Who is confirmed to hold one of these roles at the hour at which the crew would arrive."""
        places = self.places
        if not any(role in places.part_time for role in roles):
            return places.with_any(roles)
        held = [
            places.with_any((role,)) & holds_at(places, role, self.arrival, self.rules.timezone)
            if role in places.part_time
            else places.with_any((role,))
            for role in roles
        ]
        return np.asarray(np.logical_or.reduce(held), dtype=np.bool_)

    def _is_known(self, rule: DestinationRule) -> bool:
        """The pack names somebody, near or far, confirmed or not, who holds what the rule asks for."""
        places = self.places
        return bool((places.with_any(rule.requires) | places.with_any(rule.requires, confirmed=False)).any())

    def _in_reach(self, rule: DestinationRule) -> tuple[Mask, Mask] | None:
        """Who holds the first role of the rule that is in reach, and which of those are."""
        limit = _limit(rule)
        for roles in _in_turn(rule):
            has = self._hold(roles)
            keep = has & (self.travel <= limit)
            if (keep & self._open()).any():
                return has, keep
        return None

    def _go_on_at(self, code: str | None) -> "DestinationRule | None":
        """Where the birth is booked, else a site that treats the patient already, if it is not too far.

        Only of the places that every rule leaves: one that does not hold what a rule asks for is never meant,
        and no rule's longest drive is lifted. Who is very ill goes where the general rules say; the longest
        drive of a score holds for these sites too, and only the true nearest is never barred by it.
        """
        case, most = self.case, self.policy.continuing_extra
        row = self.rules.row_of.get(code or "")
        is_ill = case.news2 is not None and case.news2 >= self.policy.continuing_score
        if is_ill or self.is_time_critical or row is None or not self._open()[row]:
            return None
        nearest = self._nearest(self._open())
        too_far = self.travel[row] > min(self.travel[nearest] + most, self._longest_drive())
        if row != nearest and too_far:
            return None
        self._keep_only(self._one(row), Bar.TREATED_ELSEWHERE)
        return TREATED

    def _longest_drive(self) -> float:
        """Minutes past the nearest for this score; infinite without a limit."""
        score = self.case.news2
        limits = [] if score is None else [most for least, most in self.policy.score_limits if score >= least]
        return min(limits, default=np.inf)

    def _limits(self, narrowed: bool) -> None:
        nearest = self._nearest(self._open())
        if nearest < 0:
            return
        if (longest := self._longest_drive()) < np.inf:
            others = self.department & ~self._one(nearest)
            self._put(others & (self.travel > longest), Bar.SCORE_LIMIT)
        if not narrowed:
            most = self.travel[nearest] + self.policy.most_extra
            self._put(self.department & (self.travel > most), Bar.TOO_FAR)

    def _caps(self, arrivals_in_hour: npt.NDArray[np.int64] | None) -> None:
        if arrivals_in_hour is None or not self.policy.load_caps:
            return
        caps = np.full(len(self.bar), np.inf)
        for code, cap in self.policy.load_caps.items():
            if (row := self.rules.row_of.get(code)) is not None:
                caps[row] = cap
        full = self._open() & (arrivals_in_hour >= caps)
        if (self._open() & ~full).any():  # all of them full: then the caps help nobody
            self._put(full, Bar.AT_CAP)

    def _agreed_loads(self, spare: Column) -> None:
        """Bar who takes no more of others' patients: never the nearest, nor where the crew goes already.

        Nor who agreed to receive whom a divert turns away: that load was agreed apart.
        """
        others = (spare < 1) & self._open()
        if not others.any():
            return
        nearest = self._nearest(self._open())
        others[nearest] = False
        nearer = self.travel < self.travel[nearest]
        turning = {key for row, key in self.diverts.items() if nearer[row]}
        agreed = [code for divert in self.situation.diverts if divert.key in turning for code in divert.to]
        for code in (self.case.accepted, *agreed):
            if (row := self.rules.row_of.get(code or "")) is not None:
                others[row] = False
        self._put(others, Bar.AT_AGREED_LOAD)

    def _alternatives(self, nearest: int, is_ruled_out: bool) -> None:
        """Bar the alternatives that are not for this patient; the kinds hold their own limits by score."""
        places = self.places
        if places.departments == len(self.bar):
            return
        other = ~self.department
        if is_ruled_out or not self.policy.alternatives:
            self._put(other, Bar.RULED_OUT)
            return
        states = _kind_states(self.rules, self.case.needs, self.case.age, self.case.news2)
        self.bar[places.departments :] = states[places.kind[places.departments :]]
        if self.bar[places.departments :].all():
            return
        here = places.area[nearest] if nearest >= 0 else None
        comes = other & ~places.travels & (self.bar == 0)
        for row in np.flatnonzero(comes):
            if places.area[row] is not None and here is not None and places.area[row] != here:
                self.bar[row] = Bar.NOT_FOR_THIS_PATIENT
        most = (self.travel[nearest] if nearest >= 0 else 0.0) + self.policy.most_extra
        self._put(other & places.travels & ~(self.travel <= most), Bar.TOO_FAR)
        self._put(other & ~self.is_open, Bar.CLOSED)
        self._put(other & ~places.confirmed, Bar.NOT_CONFIRMED)
        self._full()
        for code in self.case.refused:
            refused = self.rules.row_of.get(code)
            if refused is not None and other[refused]:
                self.bar[refused] = Bar.REFUSED
        if self.case.category is Category.C1:
            self._put(other, Bar.CATEGORY_1)
        elif not self.case.needs_asked:  # what rules it out may be what nobody has asked about
            self._put(other, Bar.NEEDS_NOT_ASKED)

    def _full(self) -> None:
        """Bar the alternatives that said they are full, and those that have accepted what they take."""
        for answers in self.situation.answers:
            row = self.rules.row_of.get(answers.code)
            if row is None or self.department[row]:
                continue
            if self.situation.at - answers.full_at < self.policy.full_for * 60:
                self._put_one(row, Bar.SAID_FULL)
            elif len(answers.accepted - {self.case.key}) >= self.places.capacity[row]:
                self._put_one(row, Bar.AT_CAPACITY)

    def _one(self, row: int) -> Mask:
        mask = np.zeros(len(self.bar), dtype=np.bool_)
        if row >= 0:
            mask[row] = True
        return mask

    def _keep_only(self, keep: Mask, cause: Bar) -> None:
        self._put(self.department & ~keep, cause)


def _limit(rule: DestinationRule) -> float:
    return np.inf if rule.limit_minutes is None else rule.limit_minutes


def _in_turn(rule: DestinationRule) -> tuple[tuple[str, ...], ...]:
    """The roles of a rule, in the order in which they are looked for."""
    return (rule.requires, *((role,) for role in rule.fallback))


# Stands in for a rule where the patient's own history decided.
TREATED = DestinationRule(
    code="treated_elsewhere",
    name="Treated or booked there already",
    order=0,
    signed=destinations.Signed("", "", "", Mark.ASSUMED),
)


def covering(divert: Divert, case: Case, child_below: int = 16) -> frozenset[Cover]:
    """The covers of a divert that take this patient in; a share of them is drawn from the case's own key.

    Of whom no age is known, neither a divert of adults nor one of children takes in.
    """
    is_child = case.age is not None and case.age < child_below
    is_adult = case.age is not None and case.age >= child_below
    named = {
        Cover.EVERYBODY: True,
        Cover.ADULT_MAJORS: is_adult and not case.needs & SPECIALIST,
        Cover.CHILDREN: is_child,
        Cover.STROKE: Need.STROKE in case.needs,
        Cover.STEMI: Need.STEMI in case.needs,
        Cover.MAJOR_TRAUMA: Need.MAJOR_TRAUMA in case.needs,
        Cover.MATERNITY: Need.MATERNITY in case.needs,
    }
    covered = frozenset(cover for cover in divert.covers if named[cover])
    is_in_share = divert.share >= 1 or share_of(divert.key, case.key) < divert.share
    return covered if is_in_share else frozenset()


def share_of(*words: str) -> float:
    """A number from 0 to below 1 that belongs to these words for ever."""
    digest = hashlib.blake2b("\x00".join(words).encode(), digest_size=4).digest()
    return int.from_bytes(digest) / 2**32


def _in_force(divert: Divert, arrival: float) -> bool:
    return divert.is_in_force(datetime.fromtimestamp(arrival, UTC))


@lru_cache(maxsize=512)
def _kind_states(
    rules: Rulebook, needs: frozenset[Need], age: int | None, news2: int | None
) -> npt.NDArray[np.int8]:
    """Bar of each kind of alternative for such a patient; 0 where it may be considered."""
    return np.array(
        [_kind_state(kind, needs, age, news2) for kind in rules.kinds] or [Bar.NONE], dtype=np.int8
    )


def _kind_state(kind: AlternativeKind, needs: frozenset[Need], age: int | None, news2: int | None) -> Bar:
    if (kind.needs and not kind.needs & needs) or not kind.ages.holds(age):
        return Bar.NOT_FOR_THIS_PATIENT
    if kind.never_with & needs:
        return Bar.RULED_OUT
    if news2 is None:
        return Bar.SCORE_NOT_SAID
    return Bar.SCORE if news2 > kind.news2_most else Bar.NONE
