"""Unavailability in words."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from clearway.core.layout.times import clock
from clearway.domain.ambulance.unavailability import Timer, UnavailabilityPolicy
from clearway.engine.ambulance.resources import Doing, resource_rows

from ..situation import Reading
from .models import SignedLimit, UnavailabilityWord
from .queries import Standing

NO_AREA = "Area unknown"
TIMERS: Mapping[Timer, str] = {
    Timer.ESCALATE: "Long over: to the service delivery officer",
    Timer.OVER: "Over: ask",
    Timer.SUPPORT: "Longer than usual: offer support",
    Timer.NEARLY: "Nearly over",
    Timer.WITHIN: "Within its time",
    Timer.PLANNED: "As planned",
}
LEVELS: Mapping[Timer, str] = {Timer.ESCALATE: "P2", Timer.OVER: "P3", Timer.SUPPORT: "P3"}
KINDS: Mapping[str, str] = {
    UnavailabilityWord.Kind.CHALLENGED: "Asked",
    UnavailabilityWord.Kind.SUPPORTED: "Support offered",
    UnavailabilityWord.Kind.EXTENDED: "Extended",
    UnavailabilityWord.Kind.CORRECTED: "Reason corrected",
    UnavailabilityWord.Kind.ESCALATED: "Escalated",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list. `free` crews of its area, and how many are unavailable there."""

    key: int
    call_sign: str
    area: str
    reason: str
    since: datetime
    until: datetime | None
    level: str
    words: str
    last: str
    cover: str


def free_by_area(reading: Reading) -> Counter[str]:
    """Area -> crews of it that can be sent now."""
    area, policy = reading.home_areas(), reading.ground.policy.resources
    found: Counter[str] = Counter(dict.fromkeys(reading.ground.areas.values(), 0))
    rows = resource_rows(reading.situation, policy)
    found.update(area.get(each.call_sign, "") for each in rows if each.doing is Doing.AVAILABLE)
    return found


def row(each: Standing, free: Mapping[str, int]) -> Row:
    """One line. free  area -> crews that can be sent now."""
    said = list(each.row.words.all())
    area = each.row.area
    number = free.get(area)
    reason = each.reason.says
    if each.row.said and each.reason.code == "unknown":
        reason = f"{each.row.said} (not in the policy)"
    return Row(
        key=each.row.pk,
        call_sign=each.row.call_sign,
        area=area or NO_AREA,
        reason=reason,
        since=each.row.since,
        until=each.until,
        level=LEVELS.get(each.timer, ""),
        words=TIMERS[each.timer],
        last=_said(said[-1]) if said else "",
        cover="" if number is None else f"{number} free",
    )


def _said(word: UnavailabilityWord) -> str:
    return f"{KINDS[word.kind]} {clock(word.at)}: {word.answer}"


def review(found: Sequence[Standing], free: Mapping[str, int]) -> list[Row]:
    """The list in the order in which it is looked at: by the timer, then where least is free."""
    order = {each: place for place, each in enumerate(Timer)}
    by_cost = sorted(
        found,
        key=lambda each: (order[each.timer], free.get(each.row.area, 0), each.until or each.row.since),
    )
    return [row(each, free) for each in by_cost]


def history(words: Sequence[UnavailabilityWord], policy: UnavailabilityPolicy) -> list[tuple[str, str]]:
    """What was said of one, oldest first: when and by whom, and what."""
    return [
        (f"{clock(each.at)}, {each.by}", f"{KINDS[each.kind]}: {_detail(each, policy)}") for each in words
    ]


def _detail(word: UnavailabilityWord, policy: UnavailabilityPolicy) -> str:
    more = {
        UnavailabilityWord.Kind.EXTENDED: f" (until {clock(word.until)})" if word.until else "",
        UnavailabilityWord.Kind.CORRECTED: f" ({policy.reason('', word.code).says})",
        UnavailabilityWord.Kind.ESCALATED: f" (to {word.to})",
    }
    return word.answer + more.get(UnavailabilityWord.Kind(word.kind), "")


def lost(
    hours: Mapping[tuple[str, str], float], policy: UnavailabilityPolicy
) -> tuple[list[str], list[tuple[str, str, list[float], float]]]:
    """Unit-hours as a table: the areas; for each reason its group, hours by area and in all, most first."""
    areas = sorted({area for _, area in hours})
    codes = {code for code, _ in hours}
    rows = [
        (
            policy.reason("", code).group.capitalize(),
            policy.reason("", code).says,
            [hours.get((code, area), 0.0) for area in areas],
            sum(hours.get((code, area), 0.0) for area in areas),
        )
        for code in codes
    ]
    return [area or NO_AREA for area in areas], sorted(rows, key=lambda each: (-each[3], each[1]))


def limits(
    signed: Sequence[SignedLimit], policy: UnavailabilityPolicy
) -> list[tuple[str, str, str, datetime]]:
    """The signed limits: which reasons, how long, who at which level and why, until when."""
    return [
        (
            ", ".join(policy.reason("", code).says for code in each.codes),
            f"{each.minutes:g} min",
            f"{each.level}, {each.signed_by}: {each.why}",
            each.ends,
        )
        for each in signed
    ]
