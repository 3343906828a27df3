"""Why a place may not be considered, in words that a coordinator can read out."""

from collections.abc import Mapping
from datetime import UTC, datetime
from math import floor, isfinite

import numpy as np

from clearway.domain.ambulance.destinations import DestinationRule

from .advice_values import Exclusion
from .eligibility import Bar
from .ranking import (
    Picture,
    Ranking,
)

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
WORTH_SAYING = [
    *(Bar.CLOSED, Bar.SCORE, Bar.REFUSED, Bar.SAID_FULL, Bar.AT_CAPACITY),
    *(Bar.NEEDS_NOT_ASKED, Bar.CATEGORY_1),
]


class Barred:
    """Why each place that may not be considered for one case may not, in a sentence."""

    def __init__(self, ranking: Ranking, seen: Picture) -> None:
        self.ranking, self.seen, self.case = ranking, seen, ranking.case
        self.places, self.rules = seen.rules.places, seen.rules

    def exclusions(self) -> tuple[Exclusion, ...]:
        """Every department that is barred, nearest first, then the alternatives that nearly fitted."""
        bar = self.ranking.eligible.bar
        department = self.places.is_department
        told = (bar != Bar.NONE) & (department | np.isin(bar, WORTH_SAYING))
        reach = np.where(np.isfinite(self.ranking.travel), self.ranking.travel, np.inf)
        rows = sorted(np.flatnonzero(told), key=lambda row: (not department[row], reach[row], row))
        near = [int(row) for row in rows if department[row] or reach[row] <= 60]
        return tuple(
            Exclusion(
                self.places.code[row], self.places.name[row], Bar(bar[row]).name.lower(), self.sentence(row)
            )
            for row in near
        )

    def sentence(self, row: int) -> str:
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
        unmet = role_words(allowed.unmet[0]) if allowed.unmet else ""
        sentences = {
            Bar.NO_ROLE_IN_REACH: f"No confirmed {unmet} is in reach, so the nearest appropriate is meant.",
            Bar.DIVERTED: f"A divert covers this patient ({key}).",
            Bar.SITE_CLOSED: f"It is closed ({key}).",
            Bar.TREATED_ELSEWHERE: "The patient is treated or booked elsewhere.",
            Bar.TIME_CRITICAL: "Time-critical: the nearest that can treat; queue minutes do not count.",
            Bar.CATEGORY_1: "A category 1 goes to an emergency department.",
            Bar.NEEDS_NOT_ASKED: "Needs were not asked: it is considered once they are.",
            Bar.RULED_OUT: "The patient's need rules it out.",
            Bar.NOT_FOR_THIS_PATIENT: "It is not for this patient.",
        }
        if (rule := allowed.rule) is not None:
            limit = f"{rule.limit_minutes:g}" if rule.limit_minutes else "no"
            meant = role_words(rule) if rule.requires else "appropriate department"
            sentences |= {
                Bar.NEAREST_ALWAYS: f"{rule.name}: the nearest {meant} always.",
                Bar.ROLE: self._no_role(rule, row),
                Bar.TOO_FAR_FOR_RULE: f"{took:.0f} min away; {rule.name.lower()} allows {limit} min.",
            }
        return sentences.get(bar, "")

    def _no_role(self, rule: DestinationRule, row: int) -> str:
        """It holds none of the roles, or none at the hour at which the crew would arrive."""
        for role in rule.requires:
            hours = self.places.part_time.get(role)
            if hours is not None and not np.isnan(hours[0][row]):
                opens, closes = (_clock(column[row]) for column in hours)
                return f"{rule.name}: it is a {unit_words(role)} from {opens} to {closes} only."
        return f"{rule.name}: no {role_words(rule)} is confirmed here."

    def _by_limit(self, bar: Bar, row: int) -> str:
        took, policy, score = self.ranking.travel[row], self.seen.policy.eligibility, self.case.news2
        nearest = self.ranking.travel[self.ranking.nearest] if self.ranking.nearest >= 0 else 0.0
        said = next(
            (each for each in self.seen.situation.answers if each.code == self.places.code[row]), None
        )
        cap, day = policy.load_caps.get(self.places.code[row], 0), self.seen.day
        most = self.rules.kinds[self.places.kind[row]].news2_most if self.places.kind[row] >= 0 else 0
        farther = f"{took - nearest:.0f} min farther than the nearest"
        sentences = {
            Bar.REFUSED: "The patient refuses it.",
            Bar.UNREACHABLE: "No open road leads there, or its place is unknown.",
            Bar.SCORE_LIMIT: f"{took:.0f} min is too far for a NEWS2 of {score}.",
            Bar.TOO_FAR: f"{farther}; the limit is {policy.most_extra:g}.",
            Bar.AT_CAP: f"{self.seen.load[row]} ambulances this hour; {cap:g} were agreed.",
            Bar.AT_AGREED_LOAD: _agreed_load(
                day.load[row], day.others[row], day.agreed[row], day.allowed[row]
            ),
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
                return f"{rule.name}: not to a {unit_words(held[0], ROLES_FORBIDDEN)}."
        return "It does not take such patients."

    def _time(self, at: float) -> str:
        """Seconds since 1970 as people here read them; "" for NaN."""
        if np.isnan(at):
            return ""
        return f"{datetime.fromtimestamp(at, UTC).astimezone(self.rules.timezone):%H:%M}"


def _agreed_load(load: float, others: float, agreed: float, allowed: float) -> str:
    if not isfinite(agreed):
        return ""
    if agreed == 0:
        return "Nobody has agreed how many of others' patients it takes."
    if others + 1 > allowed:
        share = f"{others:.0f} of {floor(allowed):.0f} in 24 h"
        return f"It has taken its agreed share of others' patients: {share}."
    return (
        f"It has had {load:.0f} ambulances in 24 h; from {floor(agreed):.0f} on it takes no others' patients."
    )


def role_words(rule: DestinationRule) -> str:
    return " or ".join(dict.fromkeys(unit_words(role) for role in rule.requires))


def unit_words(role: str, words: Mapping[str, str] | None = None) -> str:
    """What a site that holds a role is, in words; the role's own where nobody gave others."""
    return (words or ROLES).get(role, role.replace("_", " "))


def _clock(minutes: float) -> str:
    return "" if np.isnan(minutes) else f"{int(minutes) // 60:02d}:{int(minutes) % 60:02d}"
