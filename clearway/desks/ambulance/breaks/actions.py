"""Planning beginnings, taking them back, and following what becomes of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from clearway.core.audit.actions import Actor, Entry
from clearway.core.audit.actions import record as audit
from clearway.core.layout.times import clock
from clearway.core.live.actions import announce
from clearway.core.organisation.models import Site
from clearway.core.organisation.queries import site_by_code
from clearway.domain.ambulance.availability import ResourceStanding
from clearway.domain.ambulance.breaks import Breaks, BreakState
from clearway.domain.ambulance.situation import JOB_STATES, UNKNOWN, Situation, instant
from clearway.domain.shared.errors import NotAllowed

from .. import situation as situations
from .. import words
from . import queries
from .models import PlannedBreak, ShiftBreaks
from .planning import crews_of
from .policy import MealBreaks, meal_breaks

PLANNED = (BreakState.NOT_YET, BreakState.OPEN, BreakState.LATE)
EATS = (BreakState.ON_BREAK, BreakState.TRAVELLING)
LONGEST_CORRECTION = timedelta(hours=6)  # of the start of a shift; what lies farther off is another shift
EARLY = timedelta(minutes=30)  # a break that began so much before its planned time is the planned one
FIELDS = [
    *("shift_end", "area", "state", "owed_minutes", "opens_at", "start_by", "closes_at"),
    *("began_at", "interrupted", "late_by"),
]


@dataclass(frozen=True, slots=True)
class Beginning:
    """One beginning that somebody accepts. place  code of the station, "" for where the crew is."""

    call_sign: str
    starts_at: datetime
    place: str


def accept(
    chosen: Sequence[Beginning], *, organisation_id: int, by: Actor, at: datetime
) -> list[PlannedBreak]:
    """Let these breaks begin then and there: all of them, or none.

    The crew reads it on its own page, dispatch on the resource board. Raises NotAllowed, naming the crew.
    """
    sites = site_by_code(organisation_id)
    try:
        with transaction.atomic():
            stand, _ = _look(organisation_id, at)  # what is kept may be half a minute old
            rows = {
                row.call_sign: row for row in queries.on_shift(organisation_id, at) if row.call_sign in stand
            }
            planned = queries.plans(organisation_id)
            for each in chosen:
                if each.call_sign in planned:
                    raise NotAllowed(
                        "planned", _asked(each), "Another plan stands for it. Look at it as it is now."
                    )
            policy = meal_breaks(organisation_id, at)
            made = [
                _plan(each, rows.get(each.call_sign), sites.get(each.place), policy, by, at)
                for each in chosen
            ]
            _tell(made, "breaks.plan", organisation_id, by, at)
    except IntegrityError as problem:
        if "one_standing_plan_per_crew" not in str(problem):
            raise
        why = "Somebody else has planned one of these crews meanwhile. Look at it as it is now."
        raise NotAllowed("planned", "Planning breaks", why) from None
    return made


def _plan(
    each: Beginning, row: ShiftBreaks | None, place: Site | None, policy: MealBreaks, by: Actor, at: datetime
) -> PlannedBreak:
    row, minutes = _may_begin(each, row, at)
    if each.place and place is None:
        raise NotAllowed("nowhere", _asked(each), f"{each.place} is no site of this trust.")
    return PlannedBreak.objects.create(
        organisation_id=row.organisation_id,
        call_sign=row.call_sign,
        shift_start=row.shift_start,
        starts_at=each.starts_at,
        minutes=minutes,
        guarded_from=each.starts_at - timedelta(minutes=policy.guard),
        only=", ".join(policy.guarded),
        place=place,
        accepted_at=at,
        accepted_by=by.name,
    )


def _asked(each: Beginning) -> str:
    return f"Planning the break of {each.call_sign}"


def _may_begin(each: Beginning, row: ShiftBreaks | None, at: datetime) -> tuple[ShiftBreaks, float]:
    """The shift and the minutes owed, where its break may begin then. Raises NotAllowed."""
    what = _asked(each)
    if row is None:
        raise NotAllowed("off shift", what, "No such crew is on shift, or nobody said when its shift ends.")
    if row.owed_minutes is None or row.opens_at is None or row.closes_at is None:
        raise NotAllowed(row.state, what, "It is owed no break.")
    if row.state in EATS:
        raise NotAllowed(row.state, what, "It is on its break, or on its way to it.")
    if row.state not in PLANNED:
        raise NotAllowed(row.state, what, "Its break is not begun any more.")
    if each.starts_at < at:
        raise NotAllowed("past", what, f"{clock(each.starts_at)} has passed. Make the plan anew.")
    if not row.opens_at <= each.starts_at <= row.closes_at:
        window = f"It may begin between {clock(row.opens_at)} and {clock(row.closes_at)}."
        raise NotAllowed("outside", what, window)
    return row, row.owed_minutes


@transaction.atomic
def withdraw(call_sign: str, why: str, *, organisation_id: int, by: Actor, at: datetime) -> PlannedBreak:
    """Take a plan back, with a reason. Raises NotAllowed where none stands."""
    row = queries.standing_plans(organisation_id).select_for_update().filter(call_sign=call_sign).first()
    if row is None:
        raise NotAllowed(
            "no plan", f"Taking back the plan of {call_sign}", "None stands; it has begun or ended."
        )
    _end(row, PlannedBreak.State.WITHDRAWN, why, at)
    _tell([row], "breaks.withdraw", organisation_id, by, at)
    return row


def _end(row: PlannedBreak, state: PlannedBreak.State, cause: str, at: datetime) -> None:
    row.state, row.cause, row.ended_at = state, cause[:200], at
    row.save(update_fields=["state", "cause", "ended_at"])


def _tell(rows: Iterable[PlannedBreak], verb: str, organisation_id: int, by: Actor, at: datetime) -> None:
    rows = list(rows)
    entries = [
        Entry(
            verb,
            f"resource:{row.call_sign}",
            {
                "starts_at": row.starts_at.isoformat(),
                "place": row.place and row.place.code,
                "cause": row.cause,
            },
        )
        for row in rows
    ]
    audit(entries, organisation_id=organisation_id, by=by, at=at)
    call_signs = [row.call_sign for row in rows]
    announce("break", call_signs, organisation_id=organisation_id, at=at)
    announce("resource", call_signs, organisation_id=organisation_id, at=at)


@transaction.atomic
def follow(organisation_id: int, *, by: Actor, at: datetime) -> None:
    """Bring every shift's breaks and every plan to what the facts say. Called every half minute; a fixed
    number of queries, and a write for each row that changed."""
    policy = meal_breaks(organisation_id, at)
    stand, situation = _look(organisation_id, at)
    _tell(
        _follow_plans(organisation_id, stand, situation, policy, at),
        "breaks.followed",
        organisation_id,
        by,
        at,
    )


def _look(organisation_id: int, at: datetime) -> tuple[dict[str, Breaks], Situation]:
    """Keep how every crew on shift stands with its breaks; returns that by call sign, and the situation."""
    reading = situations.reading(organisation_id, at)
    crews = crews_of(reading)
    stand = queries.standing(organisation_id, crews, meal_breaks(organisation_id, at), at)
    changed = _keep(organisation_id, crews, stand, reading.home_areas(), at)
    announce("break", changed, organisation_id=organisation_id, at=at)
    return stand, reading.situation


def _keep(
    organisation_id: int,
    crews: Iterable[ResourceStanding],
    stand: Mapping[str, Breaks],
    areas: Mapping[str, str],
    at: datetime,
) -> set[str]:
    """Write the rows that differ from what is kept; returns their call signs."""
    shifts = {
        (row.call_sign, row.shift_start): row
        for row in (*queries.on_shift(organisation_id, at), *queries.unfinished(organisation_id))
    }
    told, changed = set(), []
    for crew in crews:
        if crew.shift_start is None or crew.shift_end is None or crew.shift_end <= crew.shift_start:
            continue
        key = crew.call_sign, crew.shift_start
        told.add(key)
        row = _row(organisation_id, crew, stand[crew.call_sign], areas.get(crew.call_sign, ""))
        if key not in shifts or _values(row) != _values(shifts[key]):
            changed.append(row)
    gone = [row for key, row in shifts.items() if key not in told and row.state in _OPEN]
    wrong = [row for row in gone if _is_of_another(row, told)]
    ShiftBreaks.objects.filter(pk__in=[row.pk for row in wrong]).delete()
    gone = [row for row in gone if row not in wrong]
    for row in gone:
        _settle(row, at)
    ShiftBreaks.objects.bulk_create(
        [*changed, *gone],
        update_conflicts=True,
        unique_fields=["organisation", "call_sign", "shift_start"],
        update_fields=FIELDS,
    )
    return {row.call_sign for row in (*changed, *gone)}


def _is_of_another(row: ShiftBreaks, told: set[tuple[str, datetime]]) -> bool:
    """Whether the source has since said that this crew's shift began at another time."""
    return any(
        call_sign == row.call_sign and abs(began - row.shift_start) < LONGEST_CORRECTION
        for call_sign, began in told
    )


def _settle(row: ShiftBreaks, at: datetime) -> None:
    """The crew booked off, or is on another shift since: what was owed and due is missed."""
    if row.owed_minutes is None:
        row.state = BreakState.TAKEN
    else:
        is_due = row.start_by is not None and at >= row.start_by
        row.state = BreakState.MISSED if is_due else BreakState.LEFT
    row.shift_end = max(row.shift_start, min(row.shift_end, at))


_OPEN = {each.value for each in BreakState} - {each.value for each in queries.OVER}


def _row(organisation_id: int, crew: ResourceStanding, breaks: Breaks, area: str) -> ShiftBreaks:
    owed = breaks.owed
    assert crew.shift_start is not None and crew.shift_end is not None
    return ShiftBreaks(
        organisation_id=organisation_id,
        call_sign=crew.call_sign,
        shift_start=crew.shift_start,
        shift_end=crew.shift_end,
        area=area,
        state=breaks.state,
        # What is left of a break that goes on shrinks by itself: the row keeps what was owed as it began.
        owed_minutes=None if owed is None else owed.minutes,
        opens_at=owed.opens if owed else None,
        start_by=owed.start_by if owed else None,
        closes_at=owed.closes if owed else None,
        began_at=breaks.had[-1].began if breaks.had else None,
        interrupted=breaks.interrupted,
        late_by=breaks.late_by,
    )


def _values(row: ShiftBreaks) -> list[object]:
    """What makes a row another; the minutes left of a break that goes on do not."""
    passing = {"owed_minutes"} if row.state == BreakState.ON_BREAK else set()
    return [getattr(row, name) for name in FIELDS if name not in passing]


def _follow_plans(
    organisation_id: int, stand: Mapping[str, Breaks], situation: Situation, policy: MealBreaks, at: datetime
) -> list[PlannedBreak]:
    """End the plans whose break began, or did not."""
    ended = []
    for row in (
        queries.standing_plans(organisation_id).select_for_update(of=("self",)).select_related("place")
    ):
        breaks = stand.get(row.call_sign)
        if breaks is None:
            _end(row, PlannedBreak.State.MISSED, "The crew is off shift", at)
        elif _has_begun(row, breaks):
            _end(row, PlannedBreak.State.BEGUN, "", at)
        elif at > row.starts_at + timedelta(minutes=policy.grace):
            _end(row, PlannedBreak.State.MISSED, _why(row.call_sign, situation), at)
        else:
            continue
        ended.append(row)
    return ended


def _has_begun(row: PlannedBreak, breaks: Breaks) -> bool:
    since = max(row.accepted_at, row.starts_at - EARLY)
    return breaks.state in (BreakState.ON_BREAK, BreakState.TAKEN) or any(
        each.began >= since for each in breaks.had
    )


def _why(call_sign: str, situation: Situation) -> str:
    """What the crew does instead, as far as the feeds say."""
    table, jobs = situation.resources, situation.assignments
    if call_sign not in table.call_sign:
        return "Nothing is known of the crew"
    held = int(table.assignment[table.call_sign.index(call_sign)])
    if held == UNKNOWN:
        return "It was free, and did not say that it began"
    site = int(jobs.site[held])
    doing = words.JOB_STATE[JOB_STATES[jobs.state[held]]]
    where = f", {situation.sites.name[site]}" if site != UNKNOWN else ""
    since = instant(float(jobs.since[held]))
    return f"On a job: {doing.lower()}{where}" + (f", since {clock(since)}" if since else "")
