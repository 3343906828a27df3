"""Reading advice that stands, what crews have read, and what advice was worth."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import fmean
from typing import Any

from django.db.models import Avg, Count, F, Q, QuerySet

from clearway.core.feeds.actions import key_hash
from clearway.domain.ambulance.destinations import NOT_SAID, Answers
from clearway.domain.ambulance.transitions import Assignment as Folded
from clearway.domain.ambulance.words import JobStatus

from ..incidents import queries as incidents
from . import words
from .models import Advice, Call, CrewLink, CrewMessage

PASSED_LOOK_BACK = timedelta(hours=36)  # a day, and the longest that a crew is on its way and waits
HOUR, WEEK = timedelta(hours=1), timedelta(days=7)
Binding = tuple[str, datetime | None]  # code of a place, and when somebody said so


def bound(organisation_id: int, at: datetime) -> dict[str, Binding]:
    """Assignment -> code of the place that its crew has accepted, and when somebody said so.

    As it was known then. No time where the advice was only listed as changed, or that was withdrawn.
    One query.
    """
    rows = bound_rows(organisation_id, at).order_by("given_at", "id")
    found = rows.values_list("assignment", "taken", "given_at", "given_by")
    return {key: (taken, None if by == words.RULE else given_at) for key, taken, given_at, by in found}


def bound_rows(organisation_id: int, at: datetime) -> QuerySet[Advice]:
    """The rows behind bound."""
    stood = Q(ended_at__isnull=True) | Q(ended_at__gt=at)
    return Advice.objects.filter(stood, organisation_id=organisation_id, given_at__lte=at)


def passed(organisation_id: int, at: datetime) -> dict[str, str]:
    """Assignment -> code of the nearest appropriate place, where somebody sent the crew past it lately.

    As it was answered last by a person, before an instant; whoever is asked of the day's load needs no older
    ones. One query.
    """
    rows = passed_rows(organisation_id, at).order_by("given_at", "id")
    return {key: nearest or "" for key, nearest in rows.values_list("assignment", "nearest")}


def passed_rows(organisation_id: int, at: datetime) -> QuerySet[Advice]:
    """The rows behind passed."""
    lately = Q(given_at__gt=at - PASSED_LOOK_BACK, given_at__lte=at, nearest__isnull=False)
    last = Q(superseded_by__isnull=True) | Q(superseded_by__given_by=words.RULE)
    rows = Advice.objects.filter(lately, last, organisation_id=organisation_id)
    return rows.exclude(given_by=words.RULE).exclude(taken=F("nearest"))


def standing(organisation_id: int) -> dict[str, Advice]:
    """The advice that stands, by assignment. One query."""
    rows = Advice.objects.filter(organisation_id=organisation_id, ended_at__isnull=True)
    return {row.assignment: row for row in rows}


def needs_said(organisation_id: int) -> dict[str, frozenset[str]]:
    """What was said that the patients of standing advice need, by assignment. One query."""
    rows = Advice.objects.filter(organisation_id=organisation_id, ended_at__isnull=True)
    return {key: frozenset(needs or ()) for key, needs in rows.values_list("assignment", "said__needs")}


def standing_for(organisation_id: int, assignment: str) -> Advice | None:
    """The advice that stands for one assignment."""
    return Advice.objects.filter(
        organisation_id=organisation_id, assignment=assignment, ended_at__isnull=True
    ).first()


def origin(standing: Advice) -> Advice:
    """What somebody answered last for this crew: what stands, or what stood before a change nobody told."""
    while standing.state == Advice.State.TO_TELL and standing.supersedes is not None:
        standing = standing.supersedes
    return standing


def messages(organisation_id: int) -> dict[str, CrewMessage]:
    """The message that each crew should have, by call sign. One query."""
    rows = CrewMessage.objects.filter(organisation_id=organisation_id, withdrawn_at__isnull=True)
    return {row.call_sign: row for row in rows.select_related("advice")}


def link(token: str, at: datetime) -> CrewLink | None:
    """The crew's page behind an address, while it is valid."""
    return CrewLink.objects.filter(token_hash=key_hash(token), ends_at__gt=at).first()


def page_of(organisation_id: int, call_sign: str, at: datetime) -> CrewLink | None:
    """The page that somebody gave this crew, while it is valid."""
    return CrewLink.objects.filter(
        organisation_id=organisation_id, call_sign=call_sign, ends_at__gt=at
    ).first()


def answers(organisation_id: int, at: datetime, since: datetime) -> tuple[Answers, ...]:
    """What alternatives said to those who rang them since an instant, by code. One query."""
    rows = Call.objects.filter(organisation_id=organisation_id, answered_at__gt=since, answered_at__lte=at)
    accepted: dict[str, set[str]] = {}
    full: dict[str, float] = {}
    heard = rows.exclude(outcome=Call.Outcome.NO_ANSWER).order_by("answered_at", "id")
    for code, key, outcome, reason, when in heard.values_list(
        "code", "assignment", "outcome", "reason_code", "answered_at"
    ):
        if when is None:
            continue
        if outcome == Call.Outcome.ACCEPTED:
            full.pop(code, None)
            if at - when < HOUR:
                accepted.setdefault(code, set()).add(key)
        elif reason == words.FULL:
            full[code] = when.timestamp()
    return tuple(
        Answers(code, frozenset(accepted.get(code, ())), full.get(code, NOT_SAID))
        for code in sorted(accepted.keys() | full.keys())
    )


def calls_of(organisation_id: int, assignment: str) -> list[Call]:
    """The alternatives that were rung for one patient, newest first."""
    rows = Call.objects.filter(organisation_id=organisation_id, assignment=assignment)
    return list(rows.order_by("-offered_at", "-id"))


@dataclass(frozen=True, slots=True)
class Rested:
    """What an advice rested on: needs and age as they were said, and the place that was taken."""

    needs: frozenset[str]
    age: int | None
    taken: str


def rested(organisation_id: int, since: datetime, at: datetime) -> set[Rested]:
    """The different ones among the advice that was given in a span. One query."""
    rows = Advice.objects.filter(organisation_id=organisation_id, given_at__gt=since, given_at__lte=at)
    found = rows.values_list("said__needs", "said__age", "taken").order_by().distinct()
    return {Rested(frozenset(needs or ()), age, taken) for needs, age, taken in found}


# What it was worth


@dataclass(frozen=True, slots=True)
class Outcome:
    """One advice beside what then happened. Minutes; None where it is not known.

    saved  minutes in all that the place taken was predicted to save against the nearest appropriate
    """

    call_sign: str
    given_at: datetime
    advised: str
    taken: str
    arrived_at_code: str
    is_accepted: bool
    predicted_travel: float | None
    actual_travel: float | None
    predicted_wait: float | None
    actual_wait: float | None
    saved: float | None


@dataclass(frozen=True, slots=True)
class Worth:
    """What the advice of a period was worth. Means are None where nothing can be compared.

    given  patients; of what was answered again for one, `again` times in all, only the last counts
    """

    given: int
    again: int
    accepted: int
    overridden: int
    abstained: int
    past_nearest: int
    followed: int
    saved_minutes: float
    travel_bias: float | None
    travel_error: float | None
    wait_bias: float | None
    wait_error: float | None
    compared: int
    reasons: tuple[tuple[str, int], ...]
    calls: tuple[dict[str, Any], ...]
    outcomes: tuple[Outcome, ...]


def worth(organisation_id: int, start: datetime, end: datetime) -> Worth:
    """Predicted beside actual for the advice given in [start, end). Three queries."""
    every = list(
        Advice.objects.filter(organisation_id=organisation_id, given_at__gte=start, given_at__lt=end)
        .exclude(given_by=words.RULE)  # nobody has answered those
        .order_by("-given_at", "-id")
    )
    last = {row.assignment: row for row in reversed(every)}
    rows = [row for row in every if last[row.assignment] is row]
    jobs = incidents.by_key(organisation_id, {row.assignment for row in rows})
    outcomes = tuple(_outcome(row, jobs.get(row.assignment)) for row in rows)
    overridden = [row for row in rows if row.state == Advice.State.OVERRIDDEN]
    reasons: dict[str, int] = {}
    for row in overridden:
        reasons[row.reason_code] = reasons.get(row.reason_code, 0) + 1
    travel = [
        each.actual_travel - each.predicted_travel
        for each in outcomes
        if each.actual_travel is not None and each.predicted_travel is not None
    ]
    wait = [
        each.actual_wait - each.predicted_wait
        for each in outcomes
        if each.actual_wait is not None and each.predicted_wait is not None
    ]
    arrived = [each for each in outcomes if each.arrived_at_code]
    return Worth(
        given=len(rows),
        again=len(every) - len(rows),
        accepted=len(rows) - len(overridden),
        overridden=len(overridden),
        abstained=sum(row.verdict == "abstained" for row in rows),
        past_nearest=sum(row.taken != row.nearest for row in rows),
        followed=sum(each.arrived_at_code == each.taken for each in arrived),
        saved_minutes=sum(each.saved or 0 for each in arrived if each.arrived_at_code == each.taken),
        travel_bias=_mean(travel),
        travel_error=_mean([abs(each) for each in travel]),
        wait_bias=_mean(wait),
        wait_error=_mean([abs(each) for each in wait]),
        compared=len(wait),
        reasons=tuple(sorted(reasons.items(), key=lambda each: (-each[1], each[0]))),
        calls=tuple(_calls(organisation_id, start, end)),
        outcomes=outcomes,
    )


def _outcome(row: Advice, job: Folded | None) -> Outcome:
    stamps = job.stamps if job else {}
    arrived = stamps.get(JobStatus.AT_HOSPITAL)
    option = _of(row.shown, row.taken)
    nearest = _of(row.shown, row.nearest) or row.shown.get("compared")
    went = (job.destination or "") if job and arrived else ""
    there = went == row.taken
    saved = None
    if option and nearest and option["total_minutes"] is not None and nearest["total_minutes"] is not None:
        saved = nearest["total_minutes"] - option["total_minutes"]
    return Outcome(
        call_sign=row.call_sign,
        given_at=row.given_at,
        advised=_name(row.shown, row.chosen),
        taken=row.taken_name,
        arrived_at_code=went,
        is_accepted=row.state == Advice.State.ACCEPTED,
        predicted_travel=option["travel_minutes"] if option else None,
        actual_travel=_minutes(_begun(row, stamps), arrived) if there else None,
        predicted_wait=option["wait_minutes"] if option and option["is_department"] else None,
        actual_wait=_minutes(arrived, stamps.get(JobStatus.HANDOVER)) if there else None,
        saved=saved,
    )


def _begun(row: Advice, stamps: Mapping[JobStatus, datetime]) -> datetime | None:
    """When the journey that was predicted began: as the crew left, or when it was turned on its way."""
    left, arrived = stamps.get(JobStatus.LEFT_SCENE), stamps.get(JobStatus.AT_HOSPITAL)
    on_the_way = left is not None and arrived is not None and left < row.given_at < arrived
    return row.given_at if on_the_way else left


def _of(shown: dict[str, Any], code: str | None) -> dict[str, Any] | None:
    return next((option for option in shown["options"] if option["code"] == code), None)


def _name(shown: dict[str, Any], code: str | None) -> str:
    option = _of(shown, code)
    return option["name"] if option else "Nowhere"


def _minutes(start: datetime | None, end: datetime | None) -> float | None:
    return None if start is None or end is None or end < start else (end - start).total_seconds() / 60


def _mean(values: Collection[float]) -> float | None:
    return fmean(values) if values else None


def _calls(organisation_id: int, start: datetime, end: datetime) -> Any:
    """How the alternatives answered, by kind and by refusal reason."""
    rows = Call.objects.filter(organisation_id=organisation_id, offered_at__gte=start, offered_at__lt=end)
    return (
        rows.values("kind")
        .annotate(
            offered=Count("id"),
            accepted=Count("id", filter=Q(outcome=Call.Outcome.ACCEPTED)),
            refused=Count("id", filter=Q(outcome=Call.Outcome.REFUSED)),
            unanswered=Count("id", filter=Q(outcome=Call.Outcome.NO_ANSWER)),
            answer=Avg(F("answered_at") - F("offered_at")),
        )
        .order_by("kind")
    )


def refusals(organisation_id: int, start: datetime, end: datetime) -> list[tuple[str, str, int]]:
    """Kind, reason and count of every refusal in a period, most often first."""
    rows = Call.objects.filter(
        organisation_id=organisation_id,
        offered_at__gte=start,
        offered_at__lt=end,
        outcome=Call.Outcome.REFUSED,
    )
    counted = rows.values_list("kind", "reason_code").annotate(number=Count("id"))
    return sorted(counted, key=lambda each: (-each[2], each[0], each[1]))
