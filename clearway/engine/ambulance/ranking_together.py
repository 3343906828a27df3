"""Several crews ranked at once: whom one would make wait counts, and nobody is sent as a herd."""

from collections.abc import Mapping, Sequence

import numpy as np

from clearway.domain.ambulance.destinations import Case
from clearway.domain.ambulance.situation import UNKNOWN

from .ranking import MINUTE, OTHERS, Picture, Ranking, Verdict, rank
from .travel import Journeys


def rank_together(cases: Sequence[Case], seen: Picture, journeys: Journeys) -> tuple[Ranking, ...]:
    """Every case ranked with the others in mind: whom a crew makes wait counts, and so do caps and loads.

    Row i of `journeys` belongs to case i. Crews are placed one after the other, soonest to arrive first, then
    moved while a move or an exchange of two makes the whole cheaper; the same cases give the same answer.
    """
    alone = [rank(case, seen, journeys, row) for row, case in enumerate(cases)]
    if len(alone) < 2:
        return tuple(alone)
    return _Together(alone, seen).solve()


class _Together:
    """A small assignment: cost of each crew at each place, and of each pair that meets at one place."""

    ROUNDS = 20

    def __init__(self, alone: Sequence[Ranking], seen: Picture) -> None:
        self.alone, self.seen = list(alone), seen
        self.open = [
            np.flatnonzero(np.isfinite(each.decision))
            if each.verdict in (Verdict.ADVISED, Verdict.NEAREST)
            else np.array([each.chosen])
            for each in alone
        ]
        self.at: list[int] = [each.chosen for each in alone]
        self.here: dict[int, list[int]] = {}
        self.meeting: dict[int, list[list[float]]] = {}
        self.caps, self.accepted = self._caps(), self._accepted()
        self.is_limited = {*self.caps, *self.accepted}
        self.others_left: list[float] = seen.day.others_left.tolist()
        self.load_left: list[float] = seen.day.load_left.tolist()
        forecast = seen.forecast
        self.last = forecast.mean.shape[1] - 1
        # Plain numbers: the search looks at single ones thousands of times.
        arrivals = np.array([each.arrival for each in alone])
        steps = np.rint((arrivals - forecast.at) / MINUTE / forecast.step_minutes)
        self.steps: list[list[int]] = np.clip(steps, 0, self.last).astype(int).tolist()
        self.own: list[list[float]] = [each.decision.tolist() for each in alone]
        self.site: list[int] = seen.site.tolist()

    def solve(self) -> tuple[Ranking, ...]:
        order = sorted(range(len(self.alone)), key=self._arrives)
        for crew in order:
            if self.at[crew] >= 0:
                self._place(crew, self._best(crew))
        for _ in range(self.ROUNDS):
            if not self._improve(order):
                break
        return tuple(self._settled(crew) for crew in range(len(self.alone)))

    def _arrives(self, crew: int) -> tuple[float, str]:
        each = self.alone[crew]
        return (float(each.arrival[each.chosen]) if each.chosen >= 0 else np.inf, each.case.key)

    def _caps(self) -> Mapping[int, float]:
        """By place with an agreed cap, how many more ambulances it takes this hour."""
        rules, caps = self.seen.rules, self.seen.policy.eligibility.load_caps
        rows = {rules.row_of[code]: cap for code, cap in caps.items() if code in rules.row_of}
        return {row: max(0.0, cap - float(self.seen.load[row])) for row, cap in rows.items()}

    def _accepted(self) -> Mapping[int, frozenset[str]]:
        """By place that states how many it takes, the cases that it has accepted."""
        places = self.seen.rules.places
        said = {each.code: each.accepted for each in self.seen.situation.answers}
        rows = np.flatnonzero(~np.isnan(places.capacity)).tolist()
        return {row: said.get(places.code[row], frozenset()) for row in rows}

    def _place(self, crew: int, row: int) -> None:
        self.at[crew] = row
        self.here.setdefault(row, []).append(crew)

    def _remove(self, crew: int) -> None:
        self.here[self.at[crew]].remove(crew)

    def _best(self, crew: int) -> int:
        rows = self.open[crew]
        if len(rows) == 1:
            return int(rows[0])
        agreed = [int(row) for row in rows if self._is_agreed(crew, int(row))]
        free = [row for row in agreed if self._has_room(crew, row)] or agreed
        return min(free, key=lambda row: (self._cost(crew, row), row))

    def _met(self, crew: int) -> float:
        """What this crew and those at its place cost each other."""
        return self._cost(crew, self.at[crew]) - self.own[crew][self.at[crew]]

    def _has_room(self, crew: int, row: int) -> bool:
        """No agreed cap of a department moves a patient whom a clinical rule holds: see eligibility."""
        held = self.alone[crew].eligible
        if self.seen.rules.places.is_department[row] and (held.rule is not None or held.unmet):
            return True
        if row in self.accepted:
            return self._takes_one_more(crew, row)
        return row not in self.caps or len(self.here.get(row, ())) < self.caps[row]

    def _takes_one_more(self, crew: int, row: int) -> bool:
        """Whom it has accepted and who is sent there count once each, and nobody against their own place."""
        sent = {self.alone[other].case.key for other in self.here.get(row, ())}
        others = (self.accepted[row] | sent) - {self.alone[crew].case.key}
        return len(others) < float(self.seen.rules.places.capacity[row])

    def _is_agreed(self, crew: int, row: int) -> bool:
        """Where the patient would be one of others', no more of them come than the place has agreed to."""
        if not self._is_others(crew, row):
            return True
        return self._others(row) < self.others_left[row] and len(self.here.get(row, ())) < self.load_left[row]

    def _may_go(self, crew: int, row: int) -> bool:
        """As agreed; and a place that another's acceptance holds is not given away in an exchange."""
        is_held = row in self.accepted and not self._takes_one_more(crew, row)
        return self._is_agreed(crew, row) and not is_held

    def _others(self, row: int) -> int:
        return sum(self._is_others(crew, row) for crew in self.here.get(row, ()))

    def _is_others(self, crew: int, row: int) -> bool:
        """The patient counts among others' there: see eligibility, which asks the same of one crew."""
        each = self.alone[crew]
        is_its_own = row == each.nearest or self.seen.rules.places.code[row] == each.case.accepted
        return not (is_its_own or each.agreed[row])

    def _cost(self, crew: int, row: int) -> float:
        """What the whole pays for this crew there: its own cost, and what it and the others there cost."""
        total = self.own[crew][row]
        if (others := self.here.get(row)) and self.site[row] != UNKNOWN:
            table, mine = self._table(self.site[row]), self.steps[crew][row]
            for other in others:
                if other != crew:
                    step = self.steps[other][row]
                    total += table[mine][step] if mine < step else table[step][mine]
        return total

    def _table(self, site: int) -> list[list[float]]:
        """Minutes, as they count, that an arrival at step i adds to one at step j >= i at a site.

        What forecast.commit adds, for a pair.
        """
        if site not in self.meeting:
            forecast = self.seen.forecast
            steps = self.last + 1
            table = np.zeros((steps, steps))
            for first in range(self.last):
                left = np.concatenate(([1.0], np.cumprod(forecast.carried[site, first + 1 : -1])))
                table[first, first + 1 :] = left * forecast.weight[site, first + 1 :]
            # Two in one step: the second waits as one that comes a step later would.
            table[np.arange(self.last), np.arange(self.last)] = np.diagonal(table, 1)
            self.meeting[site] = (np.nan_to_num(table) * self.seen.policy.weights.handover).tolist()
        return self.meeting[site]

    def _improve(self, order: Sequence[int]) -> bool:
        better = False
        for crew in order:
            if self.at[crew] >= 0 and len(self.open[crew]) > 1:
                better |= self._move(crew)
        return self._exchange(order) or better

    def _move(self, crew: int) -> bool:
        before = self.at[crew]
        self._remove(crew)
        now, best = self._cost(crew, before), self._best(crew)
        to = best if self._cost(crew, best) < now - 1e-9 else before
        self._place(crew, to)
        return to != before

    def _exchange(self, order: Sequence[int]) -> bool:
        movable = [crew for crew in order if len(self.open[crew]) > 1]
        shared = [
            crew for crew in movable if len(self.here[self.at[crew]]) > 1 or self.at[crew] in self.is_limited
        ]
        better = False
        for one in shared:
            for other in movable:
                if self.at[one] != self.at[other]:
                    better |= self._exchange_pair(one, other)
        return better

    def _exchange_pair(self, one: int, other: int) -> bool:
        here, there = self.at[one], self.at[other]
        mine, theirs = self.own[one], self.own[other]
        dearer = mine[there] - mine[here] + theirs[here] - theirs[there]
        # What the two would save by no longer meeting anybody is the most that an exchange can gain.
        if not dearer < self._met(one) + self._met(other):
            return False
        before = self._cost(one, here) + self._cost(other, there)
        self._remove(one)
        self._remove(other)
        after = self._cost(one, there) + self._cost(other, here)
        exchange = after < before - 1e-9 and self._may_go(one, there) and self._may_go(other, here)
        self._place(one, there if exchange else here)
        self._place(other, here if exchange else there)
        return exchange

    def _settled(self, crew: int) -> Ranking:
        each, row = self.alone[crew], self.at[crew]
        if row < 0 or len(self.open[crew]) == 1:
            return each
        cost, decision = each.cost.copy(), each.decision.copy()
        counted = each.counted.copy()
        for place in self.open[crew]:
            met = self._cost(crew, int(place)) - float(each.decision[place])
            counted[place, OTHERS] += met
            cost[place] += met
            decision[place] += met
        noise = row == each.nearest and bool((cost[np.isfinite(decision)] < cost[row]).any())
        verdict = Verdict.NEAREST if noise else Verdict.ADVISED
        return _replaced(each, counted=counted, cost=cost, decision=decision, chosen=row, verdict=verdict)


def _replaced(each: Ranking, **changes: object) -> Ranking:
    values = {name: getattr(each, name) for name in Ranking.__slots__}
    return Ranking(**{**values, **changes})
