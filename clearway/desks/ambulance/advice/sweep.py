"""Looking again at the advice that stands: who has arrived, and whose answer has changed."""

from dataclasses import dataclass, replace
from datetime import datetime

from clearway.domain.ambulance.situation import JOB_STATES, Situation
from clearway.domain.ambulance.words import JobState
from clearway.domain.shared.errors import NotAllowed
from clearway.engine.ambulance.advice import Advice as Answer
from clearway.engine.ambulance.advice import Verdict

from . import actions, queries
from .asked import WrongField, stated
from .models import Advice
from .presenters import as_json
from .reading import Reading, crew_at, read, with_standing

BEFORE_LEAVING = (JobState.ALLOCATED, JobState.MOBILE, JobState.AT_RVP, JobState.ON_SCENE)
FIRM = (Verdict.ADVISED, Verdict.NEAREST, Verdict.BY_RULE)


@dataclass(frozen=True, slots=True)
class Looked:
    """What one look did, in numbers of crews."""

    ended: int = 0
    changed: int = 0


def look_again(organisation_id: int, situation: Situation, at: datetime) -> Looked:
    """End the advice of crews that have arrived, and list those whose answer has changed.

    A crew on its way is turned only for a gain of policy `turn_minutes`, or when its place may not be gone to
    any more. Somebody decides whether the crew is told. Cheap while nothing stands: one query.
    """
    standing = queries.standing(organisation_id)
    if not standing:
        return Looked()
    rows = {key: row for row, key in enumerate(situation.assignments.key)}
    gone = [each.pk for key, each in standing.items() if not _is_under_way(situation, rows.get(key))]
    ended = actions.end(gone, organisation_id=organisation_id, at=at)
    left = [each for each in standing.values() if each.pk not in gone and each.state != Advice.State.TO_TELL]
    if not left:
        return Looked(ended)
    reading = read(organisation_id, at, situation)
    return Looked(ended, sum(_look_at(reading, each, rows[each.assignment], at) for each in left))


def _is_under_way(situation: Situation, row: int | None) -> bool:
    if row is None:
        return False
    state = JOB_STATES[situation.assignments.state[row]]
    return state in BEFORE_LEAVING or state is JobState.CONVEYING


def _look_at(reading: Reading, standing: Advice, row: int, at: datetime) -> bool:
    known = crew_at(reading, row, standing.call_sign).case
    if known is None:
        return False
    try:
        case = with_standing(stated(known, standing.said, reading), standing.taken)
    except WrongField:  # a site that has left the pack since
        return False
    engine = reading.policy.engine  # nobody is turned to an alternative that has not been rung
    engine = replace(engine, eligibility=replace(engine.eligibility, alternatives=False))
    if JOB_STATES[reading.situation.assignments.state[row]] is JobState.CONVEYING:
        engine = replace(engine, hysteresis=reading.policy.turn)
    answer = reading.advise(case, engine)
    because = _change(standing, answer)
    if not because:
        return False
    try:
        return actions.supersede(standing, as_json(answer), because, at=at) is not None
    except NotAllowed:
        return False


def _change(standing: Advice, answer: Answer) -> str:
    """Why the crew should be told something else, or nothing."""
    if answer.verdict not in FIRM or answer.chosen in (None, standing.taken):
        return ""
    barred = next((each for each in answer.exclusions if each.code == standing.taken), None)
    if barred is not None:
        return f"{standing.taken_name}: {barred.sentence}"
    if standing.state == Advice.State.OVERRIDDEN:
        return ""  # somebody chose it with a reason; only a bar takes it away
    before, after = answer.option(standing.taken), answer.answer
    if before is None or after is None or before.total is None or after.total is None:
        return f"{standing.taken_name} is no longer among the best."
    return f"{after.name} now saves {before.total - after.total:.0f} min in all."
