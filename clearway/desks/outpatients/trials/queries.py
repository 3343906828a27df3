"""Reading trials: which run, who is in which arm, and what has come of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet

from clearway.core.layout.times import local
from clearway.domain.outpatients.trials import LETTERS, Days, FirstVisit, Outcome, Varies, result
from clearway.engine.shared.trials import Effect, Tally, Verdict, effect, is_uneven, verdict

from ..clinics import queries as clinics
from ..letters import queries as letters
from .models import Trial, TrialArm, TrialPlace

NotThere = Trial.DoesNotExist
POINTS = 30  # of the chart, at most


def running(organisation_id: int) -> list[Trial]:
    """The trials that run, with their arms and services. Three queries, one where none runs."""
    rows = Trial.objects.filter(organisation_id=organisation_id, stopped_at=None)
    return list(rows.prefetch_related("arms__text", "services__service").order_by("id"))


def services_of(trial: Trial) -> dict[str, str]:
    """Code -> name of its services."""
    return {each.service.code: each.service.name for each in trial.services.all()}


def days_of(arm: TrialArm) -> Days:
    """The days of an arm of a trial of days."""
    return Days(arm.far or 0, arm.near or 0)


def placed(trial: Trial) -> dict[int, TrialArm]:
    """Patient -> arm of everybody in a trial. One query."""
    arms = {arm.pk: arm for arm in trial.arms.all()}
    rows = TrialPlace.objects.filter(trial=trial).values_list("patient_id", "arm_id")
    return {patient: arms[arm] for patient, arm in rows}


def own_days(trials: Iterable[Trial]) -> Mapping[tuple[int, str], Days]:
    """Patient and code of service -> their days, of the trials of days. One query per trial."""
    found: dict[tuple[int, str], Days] = {}
    for trial in trials:
        if trial.varies == Varies.DAYS:
            codes = services_of(trial)
            for patient, arm in placed(trial).items():
                found |= dict.fromkeys(((patient, code) for code in codes), days_of(arm))
    return found


def every(organisation_id: int) -> list[Trial]:
    """All trials, those that run first, each with `count` patients. Three queries."""
    rows = Trial.objects.filter(organisation_id=organisation_id).annotate(count=Count("places"))
    found = rows.prefetch_related("arms__text", "services__service").order_by("-id")
    return sorted(found, key=lambda each: each.stopped_at is not None)


def one(key: int, organisation_id: int) -> Trial:
    """One trial. Raises NotThere. Three queries."""
    rows = Trial.objects.prefetch_related("arms__text", "services__service")
    return rows.get(pk=key, organisation_id=organisation_id)


def texts(organisation_id: int, on: date) -> list[Any]:
    """The versions of messages that a trial may compare: approved, in force once, and not the only one."""
    rows = letters.versions_of_messages(organisation_id, on)
    codes = [row.code for row in rows]
    return [row for row in rows if codes.count(row.code) > 1]


def services(organisation_id: int) -> list[tuple[int, str]]:
    """The services that may be in a trial. One query."""
    return [(row.pk, row.name) for row in clinics.services(organisation_id)]


@dataclass(frozen=True, slots=True)
class Look:
    """What was known at the end of a day: first visits whose result counts, and what they show."""

    on: date
    first: Tally
    second: Tally
    effect: Effect | None


@dataclass(frozen=True, slots=True)
class ArmCounts:
    """One arm: patients in it, visits still to come, visits whose result cannot be said, and the rest."""

    drawn: int
    to_come: int
    unknown: int
    tally: Tally


@dataclass(frozen=True, slots=True)
class Analysis:
    """What can be said of a trial. Every patient counts once, by the first visit, in the arm drawn."""

    arms: tuple[ArmCounts, ArmCounts]
    looks: tuple[Look, ...]
    effect: Effect | None
    verdict: Verdict
    is_uneven: bool


def analysis(trial: Trial, at: datetime) -> Analysis:
    """The results by now; after its end, of those who were in it by then. One query."""
    outcome = Outcome(trial.outcome)
    seen = [(letter, visit, result(outcome, visit, at)) for letter, visit in _first_visits(trial)]
    counted = sorted(
        (local(visit.starts_at).date(), letter, said) for letter, visit, said in seen if said is not None
    )
    arms = tuple(_counts([row for row in seen if row[0] == letter], at) for letter in LETTERS)
    first, second = arms
    found = effect(first.tally, second.tally, trial.planned)
    return Analysis(
        (first, second),
        _looks(counted, trial.planned),
        found,
        verdict(found, first.tally.of + second.tally.of, trial.planned),
        is_uneven(first.drawn, second.drawn),
    )


def _first_visits(trial: Trial) -> list[tuple[str, FirstVisit]]:
    names = ("state", "starts_at", "confirmed_at", "cancelled_at", "cancelled_by")
    rows = TrialPlace.objects.filter(trial=trial).order_by("id")
    found = rows.values_list("arm__letter", *(f"appointment__{name}" for name in names))
    return [(letter, FirstVisit(*rest)) for letter, *rest in found]


def _counts(rows: Sequence[tuple[str, FirstVisit, bool | None]], at: datetime) -> ArmCounts:
    said = [each for _, _, each in rows if each is not None]
    to_come = sum(visit.starts_at > at for _, visit, _ in rows)
    return ArmCounts(len(rows), to_come, len(rows) - to_come - len(said), Tally(sum(said), len(said)))


def _looks(counted: Sequence[tuple[date, str, bool]], planned: int) -> tuple[Look, ...]:
    """What was known after each of up to `POINTS` stretches of days, the last one now."""
    if not counted:
        return ()
    begins, ends = counted[0][0], counted[-1][0]
    step = (ends - begins).days // POINTS + 1
    days = [ends - timedelta(days=back) for back in range(0, (ends - begins).days + 1, step)][::-1]
    looks, place = [], 0
    totals = {letter: [0, 0] for letter in LETTERS}
    for on in days:
        before = place
        while place < len(counted) and counted[place][0] <= on:
            _, letter, said = counted[place]
            totals[letter][0] += said
            totals[letter][1] += 1
            place += 1
        if place == before:  # nothing new came in this stretch
            continue
        first, second = (Tally(*totals[letter]) for letter in LETTERS)
        looks.append(Look(on, first, second, effect(first, second, planned)))
    return tuple(looks)


def clashing(services: Iterable[int], kind: str) -> QuerySet[Trial]:
    """The trials that run in one of these services with this message."""
    taken = Q(services__service__in=list(services), services__kind=kind, services__is_running=True)
    return Trial.objects.filter(taken).distinct()
