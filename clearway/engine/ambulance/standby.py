"""Standby and cross-cover: which free crew should stand where, by how many calls more are reached in time.

A place is worth the calls around it that a crew would reach in time, less what another crew reaches anyway:
the maximum expected covering location problem (Daskin, Transportation Science 1983), as used for moving crews
while the day goes (Jagtenberg, Bhulai and van der Mei, Operations Research for Health Care 2015). A crew that
is free now is taken to be gone when the next call comes with the chance `busy`, each alike and alone, so the
k-th nearest crew answers with (1 - busy) busy^(k-1). Calls are expected values over the coming hour; nothing
here knows a clock. A crew on its way counts nowhere until it is there, which makes moves dearer than they
are: it could be sent from the road.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from math import log

import numpy as np
import numpy.typing as npt

Column = npt.NDArray[np.float64]
Minutes = Callable[[Column, Column, Column, Column], Column]  # from (n, 2 columns) to (m, 2 columns): (n, m)
THERE = 0.01  # degrees from a place within which a crew is there already: a kilometre
RANKS = 6  # of crews around a call; what is farther adds next to nothing


@dataclass(frozen=True, slots=True)
class StandbyPolicy:
    """What a move has to be (policy standby). Minutes unless a name says otherwise.

    within         from call to scene that counts as in time
    before_moving  from call until a crew moves off
    blue_light     share of the normal driving time to a call
    spread         deviation of the logarithm of a drive
    busy           chance that a crew that is free now is not when a call comes
    horizon        over which calls are expected
    farthest       that a crew is moved, at normal speed
    least_gain     calls reached in time more, in the horizon, below which nothing is proposed
    least_stay     at the place below which nobody is sent; stays  at most
    keep           free crews that stay in the area that a crew leaves for another
    end_of_shift   before the end of its shift from which a crew is not moved
    most           moves proposed at once
    grace          after it should be there, until a crew counts as not gone
    again          after a refusal, until the same move is proposed again
    prior          calls of one station's surroundings that are taken as known before any is (see weights)
    history_days   of the trust's own calls that say where calls come from
    points         codes of the places where crews may stand; empty for every station
    """

    within: float = 18
    before_moving: float = 3.5
    blue_light: float = 0.66
    spread: float = 0.25
    busy: float = 0.5
    horizon: float = 60
    farthest: float = 30
    least_gain: float = 0.15
    least_stay: float = 20
    stays: float = 45
    keep: int = 1
    end_of_shift: float = 30
    most: int = 5
    grace: float = 15
    again: float = 30
    prior: float = 20
    history_days: float = 28
    points: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Raises ValueError for what no move can be judged by."""
        if not 0 < self.before_moving < self.within:
            raise ValueError("before_moving is above 0 and below within")
        if not (0 < self.blue_light <= 1 and 0 <= self.busy < 1):
            raise ValueError("blue_light is a share above 0, busy one below 1")
        above = (self.spread, self.horizon, self.farthest, self.least_gain, self.least_stay, self.prior)
        if min(*above, self.history_days, self.stays - self.least_stay + 1) <= 0:
            raise ValueError("What is no share is above 0, and stays is not below least_stay")
        if min(self.keep, self.end_of_shift, self.grace, self.again) < 0 or self.most < 1:
            raise ValueError("keep, end_of_shift, grace and again are not below 0, most is 1 or more")


@dataclass(frozen=True, slots=True)
class FreeCrew:
    """A crew that could be sent now. until_end  of its shift, until_break  until its break may begin or is
    planned: minutes, infinite where there is none. may_move  whether it may be asked to."""

    call_sign: str
    area: str
    latitude: float
    longitude: float
    until_end: float = np.inf
    until_break: float = np.inf
    may_move: bool = True


@dataclass(frozen=True, slots=True)
class Post:
    """A place where a crew may stand."""

    code: str
    area: str
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Calls:
    """A place around which calls come. per_hour  to which crews are sent."""

    latitude: float
    longitude: float
    per_hour: float


@dataclass(frozen=True, slots=True)
class Move:
    """One move with what it is worth in calls of the horizon.

    gives   reached in time more because the crew is there, for as long as it is
    takes   reached in time less because it is not where it was
    drive   at normal speed; stays  minutes at the place
    left    free crews that stay in the area that it leaves, itself not counted
    here    free crews that the area of the place has already
    """

    call_sign: str
    post: Post
    area: str
    gives: float
    takes: float
    drive: float
    stays: float
    left: int
    here: int

    @property
    def gain(self) -> float:
        return self.gives - self.takes

    @property
    def is_cross_cover(self) -> bool:
        return self.post.area != self.area


def why_not(crew: FreeCrew, policy: StandbyPolicy) -> str:
    """Why this crew is asked to go nowhere, "" where it may be."""
    if not crew.may_move:
        return "it is not free to be moved"
    if crew.until_end < policy.end_of_shift + policy.least_stay:
        return "its shift is nearly over"
    if crew.until_break < policy.least_stay:
        return "its meal break may begin, or is planned"
    return ""


def stay(crew: FreeCrew, drive: float, policy: StandbyPolicy) -> float:
    """Minutes that the crew would stand there before its break, the end of its shift or of the horizon."""
    until = min(crew.until_break, crew.until_end - policy.end_of_shift, policy.horizon)
    return min(policy.stays, until - drive)


def moves(
    crews: Sequence[FreeCrew],
    posts: Sequence[Post],
    calls: Sequence[Calls],
    minutes: Minutes,
    policy: StandbyPolicy,
    barred: Collection[tuple[str, str]] = (),
) -> list[Move]:
    """The moves that gain most, each given that those before it are made; the best first.

    minutes  driving at normal speed between columns of places
    barred   pairs of call sign and code of a place that were refused of late
    No crew twice, no place twice, none below the least gain, none that leaves an area without `keep` crews.
    """
    if not crews or not posts or not calls:
        return []
    ground = _Ground(crews, posts, calls, minutes, policy)
    found: list[Move] = []
    while len(found) < policy.most:
        best = _best(ground, policy, frozenset(barred), found)
        if best is None or best.gain < policy.least_gain:
            break
        found.append(best)
        ground.make(best)
    return found


def one(
    crews: Sequence[FreeCrew],
    post: Post,
    call_sign: str,
    calls: Sequence[Calls],
    minutes: Minutes,
    policy: StandbyPolicy,
) -> Move | None:
    """What one move is worth, however little; None where the crew may not make it."""
    ground = _Ground(crews, [post], calls, minutes, replace(policy, farthest=np.inf))
    row = ground.row_of.get(call_sign)
    if row is None or not calls or not ground.may_go(row, 0):
        return None
    return ground.move(row, 0, float(ground.gives(row, [0])[0]))


class _Ground:
    """The crews as they stand, move by move."""

    def __init__(
        self,
        crews: Sequence[FreeCrew],
        posts: Sequence[Post],
        calls: Sequence[Calls],
        minutes: Minutes,
        policy: StandbyPolicy,
    ) -> None:
        self.crews, self.posts, self.policy = list(crews), posts, policy
        self.row_of = {each.call_sign: row for row, each in enumerate(crews)}
        self.rates = np.array([each.per_hour for each in calls]) * policy.horizon / 60
        here, there, where = _columns(crews), _columns(posts), _columns(calls)
        self.reach = in_time(minutes(*here, *where), policy)
        self.reach_of_post = in_time(minutes(*there, *where), policy)
        self.drive = minutes(*here, *there)
        self.areas = [each.area for each in crews]
        self.moved: set[int] = set()
        weights = (1 - policy.busy) * policy.busy ** np.arange(RANKS)
        self._weights: Column = np.asarray(weights, dtype=np.float64)
        self._rank()

    def may_go(self, row: int, post: int) -> bool:
        crew, drive = self.crews[row], float(self.drive[row, post])
        if row in self.moved or why_not(crew, self.policy) or not drive <= self.policy.farthest:
            return False
        if _apart(crew, self.posts[post]) < THERE:
            return False
        if stay(crew, drive, self.policy) < self.policy.least_stay:
            return False
        leaves = self.posts[post].area != crew.area
        return not leaves or self.areas.count(self.areas[row]) - 1 >= self.policy.keep

    def worth(self, ranked: Column) -> float:
        """Calls of the horizon reached in time by crews with these chances, the best first for every call."""
        return float(self._weights @ ranked @ self.rates)

    def gives(self, row: int, posts: Sequence[int]) -> Column:
        """For some posts: calls reached in time more in a whole horizon with this crew there and not where it
        is."""
        others = self._without(row)
        before = np.vstack([np.ones_like(others[:1]), others[:-1]])
        x = self.reach_of_post[posts][:, None, :]  # put into the ranking of the others, at its place
        ranked = np.maximum(others[None], np.minimum(before[None], x))
        more = np.einsum("prc,r->pc", ranked - others[None], self._weights)
        return np.asarray(more @ self.rates, dtype=np.float64)

    def move(self, row: int, post: int, whole: float) -> Move:
        """The move with its figures. whole  what it gives where the crew is there all the horizon."""
        crew, at, drive = self.crews[row], self.posts[post], float(self.drive[row, post])
        stays = stay(crew, drive, self.policy)
        # What it takes counts from leaving until it would be free to return: the drive and the stay.
        away = min(1.0, (drive + stays) / self.policy.horizon)
        takes = away * (self.worth(self._everybody) - self.worth(self._without(row)))
        return Move(
            crew.call_sign,
            at,
            crew.area,
            whole * stays / self.policy.horizon,
            takes,
            drive,
            stays,
            self.areas.count(self.areas[row]) - 1,
            self.areas.count(at.area),
        )

    def make(self, move: Move) -> None:
        row = self.row_of[move.call_sign]
        self.moved.add(row)
        self.reach[row] = self.reach_of_post[self.posts.index(move.post)]
        self.areas[row] = move.post.area
        self._rank()

    def _rank(self) -> None:
        """The best chances for every call, and which crews have them: one more than are counted, so that one
        may be left out; (RANKS + 1, calls)."""
        padded = np.vstack([self.reach, np.zeros((RANKS + 1, self.reach.shape[1]))])
        self._best = np.argsort(-padded, axis=0, kind="stable")[: RANKS + 1]
        self._ranked = np.take_along_axis(padded, self._best, axis=0)

    @property
    def _everybody(self) -> Column:
        return self._ranked[:RANKS]

    def _without(self, row: int) -> Column:
        """The best chances where this crew is nowhere: those behind it move up."""
        from_here_on = np.cumsum(self._best[:RANKS] == row, axis=0) > 0
        return np.where(from_here_on, self._ranked[1:], self._ranked[:RANKS])


def _best(
    ground: _Ground, policy: StandbyPolicy, barred: frozenset[tuple[str, str]], made: Sequence[Move]
) -> Move | None:
    taken = {each.post.code for each in made}
    best: Move | None = None
    for row, crew in enumerate(ground.crews):
        gone = taken | {code for name, code in barred if name == crew.call_sign}
        may = [
            post
            for post, each in enumerate(ground.posts)
            if each.code not in gone and ground.may_go(row, post)
        ]
        if not may:
            continue
        whole = ground.gives(row, may)
        stays = np.array([stay(crew, float(ground.drive[row, post]), policy) for post in may])
        top = int((whole * stays).argmax())
        found = ground.move(row, may[top], float(whole[top]))
        if best is None or found.gain > best.gain:
            best = found
    return best


def in_time(drive: Column, policy: StandbyPolicy) -> Column:
    """The chance that a crew so many minutes away at normal speed is at a call in time.

    A drive is taken as lognormal about its estimate; the normal distribution is that of a logistic curve
    within a hundredth (Bowling and others, Journal of Industrial Engineering and Management 2009).
    """
    spare = policy.within - policy.before_moving
    score = (log(spare) - np.log(np.maximum(drive * policy.blue_light, 0.1))) / policy.spread
    chance = 1 / (1 + np.exp(-np.clip(1.5976 * score + 0.07056 * score**3, -50, 50)))
    return np.asarray(np.where(np.isnan(drive), 0.0, chance), dtype=np.float64)


def weights(counted: Sequence[float], prior: float) -> Column:
    """The share of an area's calls of each of its stations, by calls counted near each of late.

    prior  calls added to each alike: what is known of none is that it is like the others
    """
    found = np.asarray(counted, dtype=np.float64) + prior
    return np.asarray(found / found.sum(), dtype=np.float64)


def _apart(crew: FreeCrew, post: Post) -> float:
    return abs(crew.latitude - post.latitude) + abs(crew.longitude - post.longitude)


def _columns(places: Sequence[FreeCrew] | Sequence[Post] | Sequence[Calls]) -> tuple[Column, Column]:
    return (
        np.array([each.latitude for each in places], dtype=np.float64),
        np.array([each.longitude for each in places], dtype=np.float64),
    )
