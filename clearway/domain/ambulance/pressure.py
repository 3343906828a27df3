"""How hard hospitals and the trust are pressed: from figures to points to a level that nobody invents.

A framework is data: parameters, the bands of each, the points of each band, and the sums from which a level
begins (NHS England's OPEL framework for acute trusts is one). A figure that is missing or too old counts for
the least and for the most that it could, so that the level is known only as far as the figures carry it. The
levels of the trust itself (REAP, the clinical safety plan) are set by people; triggers inform them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

LEVELS = (1, 2, 3, 4)
MOST_EDGES = len(LEVELS) - 1


class Ladder(StrEnum):
    """A level that a person sets for the whole trust."""

    REAP = "reap"
    CSP = "csp"


def check_distinct(what: str, codes: Sequence[str]) -> None:
    """Raise ValueError where a code stands twice."""
    twice = sorted({code for code in codes if codes.count(code) > 1})
    if twice:
        raise ValueError(f"{what} have codes of their own; {', '.join(twice)} stands twice")


@dataclass(frozen=True, slots=True)
class Scale:
    """Where levels 2, 3 and 4 begin: beyond each edge. An edge itself still belongs to the lower level.

    falling  less is worse, as with a share of patients seen in time
    """

    edges: tuple[float, float, float]
    falling: bool = False

    def __post_init__(self) -> None:
        if list(self.edges) != sorted(self.edges, reverse=self.falling):
            raise ValueError(f"Edges go from level 2 to level 4 in order, not {self.edges}")

    def level(self, value: float) -> int:
        """The level of a value, 1 to 4."""
        return 1 + sum(value < edge if self.falling else value > edge for edge in self.edges)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One figure of a framework.

    short     its name at the head of a column
    points    of level 1, 2, 3 and 4; never fewer for a worse one
    most      the largest value that can be meant
    computed  name of what Clearway works out by itself; "" where somebody says it
    """

    code: str
    says: str
    short: str
    unit: str
    scale: Scale
    points: tuple[int, int, int, int]
    most: float = 9999
    computed: str = ""

    def __post_init__(self) -> None:
        if list(self.points) != sorted(self.points):
            raise ValueError(f"Points of {self.code} fall where it gets worse: {self.points}")


@dataclass(frozen=True, slots=True)
class Framework:
    """One version of a framework for hospitals.

    levels  the sums of points beyond which levels 2, 3 and 4 begin
    holds   how long a figure that somebody said counts as the present
    """

    name: str
    parameters: tuple[Parameter, ...]
    levels: tuple[float, float, float]
    holds: timedelta

    def __post_init__(self) -> None:
        Scale(self.levels)
        check_distinct("Parameters", [each.code for each in self.parameters])

    def level(self, points: float) -> int:
        """The level of a sum of points."""
        return Scale(self.levels).level(points)

    def parameter(self, code: str) -> Parameter | None:
        """The parameter of this code, if it has one."""
        return next((each for each in self.parameters if each.code == code), None)


@dataclass(frozen=True, slots=True)
class Value:
    """One figure: when it was true, and who said it ("" where Clearway worked it out).

    counts  whether what it was worked out from may be relied on
    """

    number: float
    at: datetime
    by: str = ""
    counts: bool = True


@dataclass(frozen=True, slots=True)
class Judged:
    """One parameter as it stands. `level` is None where there is no figure, or none that counts."""

    parameter: Parameter
    value: Value | None
    level: int | None

    @property
    def is_old(self) -> bool:
        """There is a figure, and it is too old to count."""
        return self.value is not None and self.level is None


@dataclass(frozen=True, slots=True)
class Bounds:
    """The least and the most that something can be."""

    least: float
    most: float


@dataclass(frozen=True, slots=True)
class Standing:
    """How one hospital stands by a framework: each parameter, the points and the level as far as known."""

    judged: tuple[Judged, ...]
    points: Bounds
    least: int
    most: int

    @property
    def unknown(self) -> int:
        """How many parameters have no figure that counts."""
        return sum(each.level is None for each in self.judged)

    @property
    def level(self) -> int | None:
        """The level, where what is unknown cannot change it."""
        return self.least if self.least == self.most else None


def judge(framework: Framework, values: Mapping[str, Value], at: datetime) -> Standing:
    """How a hospital stands at an instant; values by the code of their parameter."""
    judged = tuple(_judged(each, values.get(each.code), framework.holds, at) for each in framework.parameters)
    least = sum(_points(each, 0) for each in judged)
    most = sum(_points(each, MOST_EDGES) for each in judged)
    return Standing(judged, Bounds(least, most), framework.level(least), framework.level(most))


def _judged(parameter: Parameter, value: Value | None, holds: timedelta, at: datetime) -> Judged:
    counts = value is not None and value.counts and value.at >= at - holds
    return Judged(parameter, value, parameter.scale.level(value.number) if value and counts else None)


def _points(each: Judged, unknown: int) -> int:
    return each.parameter.points[unknown if each.level is None else each.level - 1]


@dataclass(frozen=True, slots=True)
class System:
    """Hospitals that are looked at together: the weight of each, by site code."""

    name: str
    weights: Mapping[str, float]

    def __post_init__(self) -> None:
        if min(self.weights.values(), default=0) < 0 or not sum(self.weights.values()) > 0:
            raise ValueError(f"Weights of {self.name} are above 0, not {dict(self.weights)}")


def system_points(system: System, standings: Mapping[str, Standing], framework: Framework) -> Bounds:
    """The weighted mean of the points of a system's hospitals. One of which nothing is known counts for the
    least and for the most that a hospital can have."""
    nothing = Bounds(
        sum(each.points[0] for each in framework.parameters),
        sum(each.points[-1] for each in framework.parameters),
    )
    whole = sum(system.weights.values())
    points = {code: standings[code].points if code in standings else nothing for code in system.weights}
    return Bounds(
        sum(points[code].least * weight for code, weight in system.weights.items()) / whole,
        sum(points[code].most * weight for code, weight in system.weights.items()) / whole,
    )


def disagrees(declared: int | None, standing: Standing) -> bool:
    """Whether a level that a hospital declared cannot be what its figures say."""
    return declared is not None and not standing.least <= declared <= standing.most


@dataclass(frozen=True, slots=True)
class Trigger:
    """What points to a level of the trust. It informs; it sets nothing.

    measure     name of what Clearway works out
    categories  of calls that count, where it is about calls
    """

    code: str
    says: str
    unit: str
    measure: str
    scale: Scale
    categories: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pulled:
    """One trigger as it stands. `level` is None where its value is unknown or too old."""

    trigger: Trigger
    value: float | None
    level: int | None


def pull(triggers: Sequence[Trigger], values: Mapping[str, float | None], counts: bool) -> tuple[Pulled, ...]:
    """Every trigger with its value, by its code.

    counts  whether what the values rest on is fresh enough for the present
    """
    return tuple(
        Pulled(each, value, each.scale.level(value) if value is not None and counts else None)
        for each in triggers
        for value in (values.get(each.code),)
    )


def pointed_to(pulled: Sequence[Pulled]) -> int | None:
    """The highest level that a trigger points to; None where nothing is known."""
    return max((each.level for each in pulled if each.level is not None), default=None)


@dataclass(frozen=True, slots=True)
class Card:
    """One action that a level of a ladder asks of a role, within so many minutes of entering it."""

    ladder: Ladder
    level: int
    role: str
    code: str
    says: str
    minutes: float

    def __post_init__(self) -> None:
        if self.level not in LEVELS:
            raise ValueError(f"The level of {self.code} is one of {LEVELS}, not {self.level}")


@dataclass(frozen=True, slots=True)
class Plan:
    """What a trust has settled of one ladder.

    names        of levels 1 to 4
    review_most  how far ahead a review may lie
    """

    ladder: Ladder
    title: str
    names: tuple[str, str, str, str]
    review_most: timedelta
    triggers: tuple[Trigger, ...] = ()
    cards: tuple[Card, ...] = ()

    def __post_init__(self) -> None:
        check_distinct("Triggers", [each.code for each in self.triggers])
        for level in LEVELS:
            check_distinct("Actions of one level", [each.code for each in self.cards_at(level)])

    def named(self, level: int) -> str:
        """ "3 severe"."""
        return f"{level} {self.names[level - 1]}"

    def cards_at(self, level: int) -> tuple[Card, ...]:
        """The actions of one level."""
        return tuple(each for each in self.cards if each.level == level)
