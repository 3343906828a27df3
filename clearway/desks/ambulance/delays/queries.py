"""Reading who is delayed now, what crews reported, what held them up, and the norms they are judged by."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import isnan, nan

from django.db import connection
from django.db.models import Max, Q, QuerySet

from clearway.domain.ambulance.delays import (
    CONVEYS,
    MOST_MINUTES,
    Awaited,
    Ladder,
    Norm,
    NormKey,
    Outcome,
    Phase,
    Rung,
    Scene,
    awaited,
    awaits_backup,
    backup_ladder,
    expected_outcome,
    norm_for,
    norms,
    scene_ladder,
    scene_of,
    waited_for_backup,
    wrap_up_ladder,
)
from clearway.domain.ambulance.situation import (
    CATEGORIES,
    JOB_STATES,
    JOB_STATUSES,
    KINDS,
    UNKNOWN,
    Assignments,
    instant,
)
from clearway.domain.ambulance.words import Category, JobState, JobStatus, ResourceKind
from clearway.engine.ambulance.feeds import basis

from .. import situation as situations
from ..advice import queries as advice
from ..situation import Reading
from .models import Delay, DelayWord, SceneNorm, StackReport
from .policy import Delays

J = JobStatus
PHASES: Mapping[JobState, Phase] = {JobState.ON_SCENE: Phase.SCENE, JobState.WRAP_UP: Phase.WRAP_UP}
BEGINS: Mapping[Phase, JobStatus] = {Phase.SCENE: J.AT_SCENE, Phase.WRAP_UP: J.HANDOVER}


@dataclass(frozen=True, slots=True)
class Clock:
    """One crew on scene or in wrap-up, as its job says.

    began    when the phase began; waits_since  of a crew that waits for a vehicle that conveys
    waited   how long it had waited until one came
    site     code of the hospital of the job
    """

    phase: Phase
    assignment: str
    incident: str
    call_sign: str
    kind: ResourceKind | None
    category: Category | None
    expected: Outcome | None
    began: datetime
    waits_since: datetime | None
    waited: timedelta
    site: str

    @property
    def key(self) -> str:
        """The phase of the job that a form is about."""
        return f"{self.phase}:{self.assignment}"

    @property
    def since(self) -> datetime:
        """When that began which it is in: waiting, where it waits for a vehicle, else its phase."""
        return self.waits_since or self.began


@dataclass(frozen=True, slots=True)
class Standing:
    """One crew as it stands with its ladder at an instant.

    runs_from  from when the ladder counts: the time it waited for a vehicle is not its own
    row        what is kept of it, with its reports and words; None where nothing is
    """

    clock: Clock
    area: str
    station: str
    norm: Norm | None
    ladder: Ladder
    rung: Rung
    runs_from: datetime
    is_critical: bool
    row: Delay | None
    reports: tuple[StackReport, ...]
    words: tuple[DelayWord, ...]
    awaited: Awaited

    @property
    def last(self) -> StackReport | None:
        """The newest report."""
        return self.reports[-1] if self.reports else None

    @property
    def since_rung(self) -> datetime:
        """When its present rung began."""
        return self.runs_from + timedelta(minutes=self.ladder.begins(self.rung))

    @property
    def is_due_a_stack(self) -> bool:
        """It is to be asked for a STACK: never yet, or again because the next is due."""
        due = self.awaited in (Awaited.NOT_ASKED, Awaited.NEXT_DUE)
        return due and self.ladder.stack is not None and self.rung not in (Rung.WITHIN, Rung.CONTACT)


def clocks(reading: Reading) -> list[Clock]:
    """Every crew that is on scene or in wrap-up, by call sign."""
    came = _vehicles_came(reading.situation.assignments)
    return [_clock(reading, call_sign, place, phase, came) for call_sign, place, phase in _places(reading)]


def phases(reading: Reading) -> dict[str, Phase]:
    """The phase of every crew that is on scene or in wrap-up, by call sign."""
    return {call_sign: phase for call_sign, _, phase in _places(reading)}


def phase_of(organisation_id: int, call_sign: str, at: datetime) -> str:
    """The phase of the job that a crew is in (Clock.key); "" where it is in none."""
    found = clocks(situations.reading(organisation_id, at))
    return next((each.key for each in found if each.call_sign == call_sign), "")


def _places(reading: Reading) -> Iterator[tuple[str, int, Phase]]:
    """The call sign of every crew on scene or in wrap-up, with the row of its job and the phase."""
    seen, table = reading.situation.resources, reading.situation.assignments
    for call_sign, place in zip(seen.call_sign, seen.assignment, strict=True):
        phase = PHASES.get(JOB_STATES[table.state[place]]) if place != UNKNOWN else None
        if phase is not None:
            yield call_sign, int(place), phase


def _vehicles_came(table: Assignments) -> dict[str, float]:
    """When the first vehicle that conveys came to the scene of each incident."""
    came: dict[str, float] = {}
    for incident, kind, at in zip(table.incident, table.kind, table.stamp(J.AT_SCENE), strict=True):
        if kind != UNKNOWN and KINDS[kind].conveys and not isnan(at):
            came[incident] = min(at, came.get(incident, at))
    return came


def _clock(
    reading: Reading, call_sign: str, place: int, phase: Phase, vehicles: Mapping[str, float]
) -> Clock:
    table = reading.situation.assignments
    stamped = zip(JOB_STATUSES, table.stamps[place], strict=True)
    stamps = {status: at for status, second in stamped if (at := instant(float(second))) is not None}
    kind = KINDS[table.kind[place]] if table.kind[place] != UNKNOWN else None
    began = stamps.get(BEGINS[phase]) or instant(float(table.since[place]))
    site = int(table.site[place])
    is_on_scene = phase is Phase.SCENE
    came = instant(vehicles.get(table.incident[place], nan))
    return Clock(
        phase=phase,
        assignment=table.key[place],
        incident=table.incident[place],
        call_sign=call_sign,
        kind=kind,
        category=CATEGORIES[table.category[place]] if table.category[place] != UNKNOWN else None,
        expected=expected_outcome(stamps) if is_on_scene else None,
        began=began or instant(reading.situation.at) or max(stamps.values()),
        waits_since=awaits_backup(kind, stamps, came) if is_on_scene else None,
        waited=waited_for_backup(kind, stamps, came) if is_on_scene else timedelta(),
        site=reading.situation.sites.code[site] if site != UNKNOWN else "",
    )


def is_heard(reading: Reading) -> bool:
    """Whether the control room's source may be relied on: without it nobody knows who is where."""
    rests_on = basis(reading.situation, reading.ground.policy.freshness)
    return rests_on.cad.freshness.may_be_relied_on


def standing(organisation_id: int, reading: Reading, policy: Delays, at: datetime) -> list[Standing]:
    """How every crew on scene or in wrap-up stands, by call sign. Five queries, whatever the number."""
    found = clocks(reading)
    kept = {(row.assignment, row.phase): row for row in unfinished(organisation_id)}
    judged_by = norms(own_norms(organisation_id), policy.scene)
    said = advice.needs_said(organisation_id) if found else {}
    area = reading.home_areas()
    return [
        _stand(
            each,
            kept.get((each.assignment, each.phase)),
            judged_by,
            bool(said.get(each.assignment, frozenset()) & policy.scene.critical_needs),
            policy,
            at,
            area.get(each.call_sign, ""),
            _station(reading, each.call_sign),
        )
        for each in found
    ]


def _station(reading: Reading, call_sign: str) -> str:
    seen = reading.seen.get(call_sign)
    return (seen.standing.station or "") if seen else ""


def _stand(
    clock: Clock,
    row: Delay | None,
    judged_by: Mapping[NormKey, Norm],
    is_critical: bool,
    policy: Delays,
    at: datetime,
    area: str,
    station: str,
) -> Standing:
    norm = norm_for(judged_by, clock.category, clock.expected) if clock.phase is Phase.SCENE else None
    if clock.phase is Phase.WRAP_UP:
        ladder = wrap_up_ladder(policy.limit, policy.escalate)
    elif clock.waits_since is not None:
        ladder = backup_ladder(policy.scene)
    else:
        ladder = scene_ladder(clock.category, norm, policy.scene, is_critical)
    runs_from = clock.waits_since or clock.began + clock.waited
    reports = tuple(row.reports.all()) if row else ()
    words = tuple(row.words.all()) if row else ()
    last = reports[-1] if reports else None
    return Standing(
        clock=clock,
        area=area,
        station=station,
        norm=norm,
        ladder=ladder,
        rung=ladder.rung((at - runs_from).total_seconds() / 60),
        runs_from=runs_from,
        is_critical=is_critical,
        row=row,
        reports=reports,
        words=words,
        awaited=awaited(
            row.asked_at if row else None,
            last.at if last else None,
            last.next_at if last else None,
            words[-1].at if words else None,
            policy.scene,
            at,
        ),
    )


def of_crew(found: Iterable[Standing], call_sign: str) -> Standing | None:
    """How one crew stands; None where it is neither on scene nor in wrap-up."""
    return next((each for each in found if each.clock.call_sign == call_sign), None)


def unfinished(organisation_id: int) -> QuerySet[Delay]:
    """The delays that last, with their reports and words. Three queries when read."""
    rows = Delay.objects.filter(organisation_id=organisation_id, ended_at=None)
    return rows.prefetch_related("reports", "words")


def of_late(organisation_id: int, since: datetime) -> list[Delay]:
    """The delays that last, and those that ended since then, for their jobs may correct them. One query."""
    lately = Q(ended_at=None) | Q(ended_at__gt=since)
    return list(Delay.objects.filter(lately, organisation_id=organisation_id))


def one(organisation_id: int, key: int) -> Delay | None:
    """One delay."""
    rows = Delay.objects.filter(organisation_id=organisation_id, pk=key)
    return rows.prefetch_related("reports", "words").first()


def open_scene(organisation_id: int, call_sign: str) -> Delay | None:
    """What is kept of a crew that is on scene now, as far as is known; with its reports. Two queries."""
    rows = Delay.objects.filter(
        organisation_id=organisation_id, call_sign=call_sign, phase=Phase.SCENE, ended_at=None
    )
    return rows.order_by("-began").prefetch_related("reports").first()


# Norms


def own_norms(organisation_id: int) -> dict[NormKey, Norm]:
    """The newest norms of the service's own scenes, however small. One query."""
    newest = SceneNorm.objects.filter(organisation_id=organisation_id).values("organisation")
    until = newest.annotate(until=Max("until")).values("until")
    rows = SceneNorm.objects.filter(organisation_id=organisation_id, until__in=until)
    return {
        (Category(row.category), Outcome(row.outcome)): Norm(
            row.middle, row.ninety, row.ninety_nine, row.count
        )
        for row in rows
    }


def norm_period(organisation_id: int) -> tuple[datetime, datetime] | None:
    """From when until when the newest norms look."""
    rows = SceneNorm.objects.filter(organisation_id=organisation_id).order_by("-until")
    return rows.values_list("since", "until").first()


def scenes(organisation_id: int, since: datetime, at: datetime) -> list[Scene]:
    """The scenes that ended in a period and can make a norm. One query over the period's jobs.

    What stamps can make one is said by `scene_of`; the query leaves out only what did not end in the period.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT * FROM (SELECT category, kind, (stamps->>'at_scene')::timestamptz AS at_scene,"
            " (stamps->>'left_scene')::timestamptz AS left_at, (stamps->>'clear')::timestamptz AS clear_at,"
            " bool_or(stamps ?| %s) OVER (PARTITION BY incident) FROM ambulance_assignment"
            " WHERE organisation_id = %s AND known_at > %s) AS jobs"
            " WHERE category = ANY(%s) AND at_scene > %s AND COALESCE(left_at, clear_at) <= %s",
            [
                *([each.value for each in CONVEYS], organisation_id, since),
                *([each.value for each in Category], since, at),
            ],
        )
        rows = cursor.fetchall()
    found = (
        scene_of(
            *(Category(category), ResourceKind(kind) if kind else None, at_scene, left, clear),
            is_conveyed=is_conveyed,
        )
        for category, kind, at_scene, left, clear, is_conveyed in rows
    )
    return [scene for scene in found if scene is not None]


# What held crews up


def told(organisation_id: int, since: datetime, at: datetime) -> list[Delay]:
    """The scenes of a period of which a STACK was reported, with reports and words. Three queries."""
    rows = Delay.objects.filter(
        organisation_id=organisation_id, phase=Phase.SCENE, began__gt=since, began__lte=at
    )
    rows = rows.filter(reports__isnull=False).distinct().order_by("began", "pk")
    return list(rows.prefetch_related("reports", "words"))


def begun_between(organisation_id: int, begin: datetime, end: datetime) -> QuerySet[Delay]:
    """The delays that began in a time, on scene and in wrap-up."""
    return Delay.objects.filter(organisation_id=organisation_id, began__gte=begin, began__lt=end)


# Wrap-up


def wrap_ups(organisation_id: int, since: datetime, at: datetime) -> list[tuple[str, str, datetime, float]]:
    """The wrap-ups that ended in a period: call sign, hospital, when it began, minutes. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a.call_sign, COALESCE(s.name, ''), (a.stamps->>'handover')::timestamptz,"
            " extract(epoch FROM (a.stamps->>'clear')::timestamptz"
            "  - (a.stamps->>'handover')::timestamptz) / 60"
            " FROM ambulance_assignment a LEFT JOIN core_site s ON s.id = a.destination_id"
            " WHERE a.organisation_id = %s AND a.at_hospital_at > %s"
            " AND a.stamps ? 'handover' AND a.stamps ? 'clear'"
            " AND (a.stamps->>'clear')::timestamptz > %s AND (a.stamps->>'clear')::timestamptz <= %s"
            " AND extract(epoch FROM (a.stamps->>'clear')::timestamptz"
            "  - (a.stamps->>'handover')::timestamptz) / 60 BETWEEN 0 AND %s",
            [organisation_id, since - timedelta(days=1), since, at, MOST_MINUTES],
        )
        return [(call_sign, site, began, float(minutes)) for call_sign, site, began, minutes in cursor]
