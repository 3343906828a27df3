"""What the figures of a department ask for: what changed, what it costs, and what binds each service now.

Every insight says its number and what would follow; none of them is a cause that was proved.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from clearway.domain.outpatients.performance import Indicator, Kind
from clearway.domain.shared.direction import Better

from ..shared.spc import Cause, Chart, Variation, variation

IN_WORDS = {
    Cause.OUTSIDE: "outside its limits",
    Cause.TREND: "one of seven or more that go one way",
    Cause.TWO_OF_THREE: "one of two in three close to a limit",
    Cause.SHIFT: "one of seven or more on one side of the mean",
}
LEAST = 1.0  # first appointments a week; what gives less is not worth a line


@dataclass(frozen=True, slots=True)
class Insight:
    """One line.

    is_concern  something has become worse, or is late: somebody should look
    slots       a week that it costs or would give, None where it cannot be said in slots
    """

    is_concern: bool
    words: str
    slots: float | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a service's list, per week.

    demand, capacity  seats asked for and laid out; minutes  of one seat
    """

    demand: float
    capacity: float
    minutes: float
    waiting: int

    @property
    def gap(self) -> float:
        """Seats a week that are missing; below nought what is over."""
        return self.demand - self.capacity


@dataclass(frozen=True, slots=True)
class Service:
    """How one service stands.

    triage_overdue  referrals whose time for triage is over
    blocked         seats a week for first appointments that could not be used lately: why -> how many
    missed          first appointments a week to which patients did not come
    """

    name: str
    new: Line
    follow_up: Line
    triage_overdue: int
    blocked: Sequence[tuple[str, float]]
    missed: float


def changed(indicator: Indicator, chart: Chart | None, bottom: int, weeks: float) -> Insight | None:
    """What the last point of a chart shows, where it shows something. bottom: its denominator."""
    if chart is None or indicator.better is Better.NEITHER:
        return None
    point, limits = chart.points[-1], chart.stretches[-1]
    means = variation(point, indicator.better)
    if means is Variation.COMMON:
        return None
    worse = means is Variation.CONCERN
    word = "Worse than it was" if worse else "Better than it was"
    figures = f"{_shown(point.value, indicator)} against a mean of {_shown(limits.mean, indicator)}"
    slots, cost = None, ""
    if indicator.kind is Kind.SHARE:
        slots = abs(point.value - limits.mean) * bottom / weeks
        cost = f" That is {slots:.1f} a week {'more' if point.value > limits.mean else 'fewer'}."
    trial = " The limits are on trial: fewer than twelve points." if limits.is_trial else ""
    words = f"{word}: {indicator.name.lower()}, {figures}; {IN_WORDS[point.cause]}.{cost}{trial}"
    return Insight(worse, words, slots)


def binding(service: Service) -> Iterable[Insight]:
    """What keeps a service from seeing those who wait, and what relaxing it would give."""
    if service.triage_overdue:
        yield Insight(
            True,
            f"{service.name}: {service.triage_overdue} {_referrals(service.triage_overdue)} past the time "
            "for triage. Nobody of them can be booked before.",
        )
    if service.new.gap <= 0:
        return
    gains = sorted(_gains(service), key=lambda gain: -gain[0])
    short = f"{service.name}: first appointments fall short by {service.new.gap:.1f} a week."
    if gains:
        said = "; ".join(f"{words} would give {gained:.1f}" for gained, words in gains)
        yield Insight(False, f"{short} {said[:1].upper()}{said[1:]}.", gains[0][0])
    else:
        yield Insight(False, f"{short} Clinics are the limit: nothing else is known here.")


def _gains(service: Service) -> Iterable[tuple[float, str]]:
    """First appointments a week that something would give, and what."""
    spare = max(0.0, -service.follow_up.gap)
    gained = spare * service.follow_up.minutes / service.new.minutes
    if gained >= LEAST:
        yield gained, f"the {spare:.1f} follow-up slots a week that nobody asks for"
    for why, seats in service.blocked:
        if seats >= LEAST:
            yield seats, f"the {seats:.1f} slots a week that were blocked ({why})"
    if service.missed / 2 >= LEAST:
        yield service.missed / 2, f"half of the {service.missed:.1f} first appointments that patients miss"


def in_order(found: Iterable[Insight]) -> list[Insight]:
    """Concerns first, what costs the most slots at the top; what has no number after them."""
    return sorted(found, key=lambda each: (not each.is_concern, each.slots is None, -(each.slots or 0.0)))


def _shown(value: float, indicator: Indicator) -> str:
    return f"{100 * value:.1f}%" if indicator.kind is Kind.SHARE else f"{value:.1f}"


def _referrals(count: int) -> str:
    return "referral is" if count == 1 else "referrals are"
