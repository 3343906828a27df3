"""Trials in words, and the geometry of their chart."""

from dataclasses import dataclass
from datetime import date

from clearway.domain.outpatients.counting import in_words
from clearway.domain.outpatients.messages import Channel, Message
from clearway.domain.outpatients.trials import Outcome, Varies
from clearway.engine.shared.trials import LEAST, Effect, Tally, Verdict

from .models import Trial, TrialArm
from .queries import Analysis, Look, days_of

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 760, 240, 56, 28, 14, 34
DID = {
    Outcome.ATTENDED: "who came",
    Outcome.CONFIRMED: "who confirmed",
    Outcome.CANCELLED: "who cancelled in time",
}
MESSAGES = {
    Message.BOOKED: "Booking, told at once",
    Message.REMINDER: "Reminder",
    Message.LAST: "Reminder of the day before",
}
CHANNELS = {Channel.TEXT: "by text", Channel.EMAIL: "by email"}


@dataclass(frozen=True, slots=True)
class Chart:
    """The effect over time: paths of the value and of both ends, rules across, labels below."""

    width: int
    height: int
    left: int
    value: str
    low: str
    high: str
    rules: tuple[tuple[float, str, str], ...]
    labels: tuple[tuple[float, str], ...]


def message(kind: str, channel: str) -> str:
    """ "Reminder by text"."""
    return f"{MESSAGES[Message(kind)]} {CHANNELS[Channel(channel)]}"


def text_name(row: object) -> str:
    """A version of a message: "Reminder by text, version 2"."""
    kind, style, version = (getattr(row, name) for name in ("kind", "style", "version"))
    return f"{message(kind, style)}, version {version}"


def about(trial: Trial) -> str:
    """What varies: "Words: Reminder by text"."""
    if trial.varies == Varies.DAYS:
        return "Days of the reminders"
    return f"Words: {message(trial.kind, trial.channel)}"


def arm(each: TrialArm) -> str:
    """What an arm is: "Version 2", "14 and 4 days before"."""
    return f"Version {each.text.version}" if each.text is not None else str(days_of(each))


def outcome(trial: Trial) -> str:
    said = Outcome(trial.outcome).meaning
    return said[:1].upper() + said[1:]


def share(tally: Tally) -> str:
    """ "460 of 500, 92.0 in 100"."""
    return f"{tally.yes:,} of {tally.of:,}, {100 * tally.share:.1f} in 100" if tally.of else "None yet"


def signed(value: float) -> str:
    """A difference per 100 patients: "+2.4"."""
    rounded = round(100 * value, 1)
    return f"{rounded:+.1f}".replace("-", "−") if rounded else "0.0"


def interval(effect: Effect | None) -> str:
    """ "−0.8 to +5.6"."""
    return f"{signed(effect.low)} to {signed(effect.high)}" if effect else "Too few yet"


def says(trial: Trial, found: Analysis) -> str:
    """What can be said now, in plain words."""
    who = DID[Outcome(trial.outcome)]
    if found.effect is None:
        return f"Nothing can be said yet: each arm needs the results of {LEAST} patients."
    low, high = found.effect.low, found.effect.high
    if found.verdict is Verdict.SECOND:
        return f"B has more {who}: of 100 patients {_many(low)} to {_many(high)} more than A."
    if found.verdict is Verdict.FIRST:
        return f"A has more {who}: of 100 patients {_many(high)} to {_many(low)} more than B."
    between = f"of 100 patients B may have {_many(low)} fewer to {_many(high)} more {who} than A"
    if found.verdict is Verdict.NO_DIFFERENCE:
        return f"As many as planned have a result, and no difference is shown: {between}."
    return f"It cannot be said yet which is better: {between}."


def _many(value: float) -> str:
    return f"{abs(100 * value):.1f}"


def chart(looks: tuple[Look, ...]) -> Chart | None:
    """The effect per 100 patients over time; None before there are two looks with one."""
    drawn = [(look.on, look.effect) for look in looks if look.effect is not None]
    if len(drawn) < 2:
        return None
    begins, days = drawn[0][0], (drawn[-1][0] - drawn[0][0]).days
    low = min(-0.01, *(each.low for _, each in drawn))
    high = max(0.01, *(each.high for _, each in drawn))

    def x(on: date) -> float:
        return round(LEFT + (on - begins).days / days * (WIDTH - LEFT - RIGHT), 1)

    def y(value: float) -> float:
        return round(TOP + (high - value) / (high - low) * (HEIGHT - TOP - BOTTOM), 1)

    def path(name: str) -> str:
        points = [f"{x(on)} {y(getattr(each, name))}" for on, each in drawn]
        return "M" + " L".join(points)

    rules = ((y(high), signed(high), "grid"), (y(0.0), "0", "mean"), (y(low), signed(low), "grid"))
    every = max(1, len(drawn) // 5)
    labels = tuple((x(on), f"{on.day} {on:%b}") for on, _ in drawn[::every])
    return Chart(WIDTH, HEIGHT, LEFT, path("value"), path("low"), path("high"), rules, labels)


def chart_says(trial: Trial, looks: tuple[Look, ...]) -> str:
    """The chart, for whoever cannot see it."""
    last = looks[-1]
    value = signed(last.effect.value) if last.effect else ""
    return (
        f"B less A, patients of 100 {DID[Outcome(trial.outcome)]}, up to {in_words(last.on)}: "
        f"now {value}, interval {interval(last.effect)}."
    )
