"""Findings and their cases in words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from clearway.core.layout.times import LONDON, clock, day, in_text
from clearway.core.people.reach import Sites
from clearway.domain.ambulance.handover_month import Change
from clearway.domain.ambulance.quality import RULES
from clearway.domain.shared.findings import Severity

from .feedback import Pattern
from .models import FindingCase, FindingWord
from .months import Gaming

Kind = FindingWord.Kind
# How a severity is marked: colour and shape, with its word.
MARKS: Mapping[str, tuple[str, str]] = {
    Severity.CRITICAL: ("p1", "octagon"),
    Severity.HIGH: ("p2", "triangle"),
    Severity.MEDIUM: ("p3", "square"),
}
KINDS: Mapping[str, str] = {
    Kind.TAKEN: "Took it",
    Kind.RETURNED: "Put it back",
    Kind.SAID: "Said",
    Kind.PROPOSED: "Proposed to the hospital",
    Kind.ACCEPTED: "The hospital accepts",
    Kind.REJECTED: "The hospital rejects",
    Kind.SETTLED: "Settled with the hospital",
    Kind.CHANGED_THERE: "Changed at the source",
    Kind.RIGHT: "The value is right",
    Kind.CONFIRMED: "The source confirmed",
    Kind.REOPENED: "Found again",
}
# What may be chosen, with what each means.
STEPS: Mapping[str, str] = {
    Kind.TAKEN: "Take it: I deal with this",
    Kind.RETURNED: "Put it back",
    Kind.SAID: "Write down what was said",
    Kind.PROPOSED: "Propose a time to the hospital",
    Kind.SETTLED: "Settled with the hospital, outside of this list",
    Kind.CHANGED_THERE: "It was changed at the source",
    Kind.RIGHT: "The value is right as it is",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the queue. level, shape  the mark of its severity; stands  where it is; values  both,
    where there are two."""

    key: int
    about: str
    code: str
    rule: str
    evidence: str
    severity: str
    level: str
    shape: str
    site: str
    found_at: datetime
    due_at: datetime
    is_late: bool
    stands: str
    values: str


def row(case: FindingCase, names: Mapping[str, str], at: datetime) -> Row:
    """One line. names  site code -> name"""
    rule = RULES.get(case.code)
    level, shape = MARKS.get(case.severity, ("", ""))
    return Row(
        key=case.pk,
        about=about(case, names),
        code=case.code,
        rule=rule.sentence if rule else case.what,
        evidence=evidence(case.evidence),
        severity=case.severity,
        level=level,
        shape=shape,
        site=names.get(case.site, ""),
        found_at=case.found_at,
        due_at=case.due_at,
        is_late=case.ended_at is None and case.due_at < at,
        stands=stands(case, at),
        values=values(case),
    )


def about(case: FindingCase, names: Mapping[str, str]) -> str:
    """What a case is about: a call sign, else a hospital, a day of it, or a source."""
    kind, _, key = case.stream.partition(":")
    if case.call_sign:
        return case.call_sign
    place, _, when = key.partition(":")
    named = names.get(place, "One person" if kind == "user-week" else place)
    return f"{named} {when}".strip()


def evidence(text: str) -> str:
    """The evidence with its instants as people read them."""
    return in_text(text).replace("_", " ")


def stands(case: FindingCase, at: datetime) -> str:
    """Where a case is, in a few words."""
    if case.ended_at is not None:
        how = {
            "source": "The source confirmed",
            "person": "Changed at the source",
            "right": "The value is right",
            "forgotten": "Gone with its facts",
        }
        return f"{how[case.ended]}, {clock(case.ended_at)}"
    owner = str(case.owner) if case.owner else "Nobody has it"
    if case.agreed_by_both:
        return f"Agreed; the source has not changed it yet. {owner}"
    if case.answer == FindingCase.Answer.REJECTED:
        return f"The hospital rejects. {owner}"
    if case.answer_by is not None:
        late = case.answer_by <= at
        return f"{'No answer from' if late else 'Asked'} the hospital until {clock(case.answer_by)}. {owner}"
    return owner


def values(case: FindingCase) -> str:
    """Both values, where there are two: as it is recorded, and what was proposed or agreed."""
    other = case.agreed or case.proposed or case.derived
    if other is None:
        return exact(case.original) if case.original else ""
    word = "agreed" if case.agreed else "proposed" if case.proposed else "evidence"
    before, after = exact(case.original), exact(other)
    same_day = case.original is not None and day(case.original) == day(other)
    return f"{before} → {after.rpartition(', ')[2] if same_day else after} ({word})"


def exact(at: datetime | None) -> str:
    """ "Mon 2 Nov 2026, 14:02:31"; a value is compared by the second."""
    if at is None:
        return "none"
    there = at.astimezone(LONDON)
    return f"{day(at)}, {clock(at)[:5]}:{there:%S}{clock(at)[5:]}"


def history(words: Iterable[FindingWord]) -> list[tuple[str, str]]:
    """What was done, oldest first: when and by whom, and what."""
    found = []
    for word in words:
        value = f" {exact(word.value)}" if word.value else ""
        text = f": {word.words}" if word.words else ""
        by = "the rules" if word.by.startswith("duty:") else word.by
        found.append((f"{day(word.at)}, {clock(word.at)}, {by}", f"{KINDS[word.kind]}{value}{text}"))
    return found


# Months and patterns

FIGURES: Mapping[str, str] = {
    "known": "Known handovers",
    "unknown": "Unknown",
    "doubtful": "Doubtful, not counted",
    "mean": "Mean",
    "centile_90": "90th centile",
    "over_15": "Over 15 min",
    "over_30": "Over 30 min",
    "over_45": "Over 45 min",
    "over_60": "Over 60 min",
    "beyond_15": "Hours beyond 15 min",
    "beyond_30": "Hours beyond 30 min",
    "total": "Hours in all",
}
_HOURS, _TIMES = ("total", "beyond_15", "beyond_30"), ("mean", "centile_90")


def figures_of(values: Mapping[str, float | None]) -> list[tuple[str, str]]:
    """The figures of one site: what each is called, and its value."""
    return [(words, figure(name, values.get(name))) for name, words in FIGURES.items()]


def figure(name: str, value: float | None) -> str:
    """One figure: hours, minutes and seconds, or a count."""
    if value is None:
        return "none"
    if name in _HOURS:
        return f"{value / 3600:,.1f}"
    if name in _TIMES:
        return f"{int(value) // 60}:{int(value) % 60:02d}"
    return f"{int(value):,}"


def change(each: Change, names: Mapping[str, str]) -> tuple[str, str, str, str]:
    """Which hospital, which figure, from what to what."""
    return (
        names.get(each.site, each.site) if each.site else "All",
        FIGURES.get(each.figure, each.figure),
        figure(each.figure, each.before),
        figure(each.figure, each.after),
    )


def change_of(kept: Mapping[str, Any], names: Mapping[str, str]) -> tuple[str, str, str, str]:
    """The same of a change as a revision keeps it."""
    return change(Change(**kept), names)


def gaming(found: Gaming, names: Mapping[str, str], sites: Sites) -> dict[str, list[tuple[str, str]]]:
    """What looks as if times were made to fit: heaps, and changes across a limit."""
    heaps = [
        (
            f"{names.get(site, site)}{', one person' if user else ''}",
            f"{heap.in_last_minute} in the minute before {heap.limit}, {heap.beside:.1f} beside it",
        )
        for user, site, heap in found.heaps
        if sites is None or site in sites
    ]
    crossing = [
        (names.get(site, "No hospital"), f"{count} below a limit, {still} not looked at by a second person")
        for site, count, still in found.crossing
        if sites is None or site in sites
    ]
    return {"heaps": heaps, "crossing": crossing}


def who(about: str, key: str, names: Mapping[str, str]) -> str:
    """A crew, a station or a hospital by its name."""
    return f"{about.capitalize()} {names.get(key, key)}"


def pattern(each: Pattern, names: Mapping[str, str]) -> str:
    """A pattern as a choice."""
    return f"{who(each.about, each.key, names)}, {each.code}, {each.count} findings"


def pattern_key(each: Pattern) -> str:
    """The key of that choice."""
    return f"{each.about}:{each.code}:{each.key}"
