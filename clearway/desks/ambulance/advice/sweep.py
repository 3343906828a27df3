"""Looking again at the advice that stands: who has arrived, and whose answer has changed."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from clearway.domain.ambulance.destinations import Case
from clearway.domain.ambulance.situation import JOB_STATES, Situation
from clearway.domain.ambulance.words import JobState
from clearway.engine.ambulance.advice import Advice as Answer
from clearway.engine.ambulance.advice import Exclusion
from clearway.engine.ambulance.eligibility import Bar

from . import actions, queries
from .asked import WrongField, stated
from .cases import BEFORE_LEAVING, crew_at, with_standing
from .models import Advice
from .presenters import OLDEST_SECONDS, as_json
from .reading import Reading, read
from .together import FIRM

# Bars that rest on minutes or counts: with stale inputs they are not announced.
MEASURED = {
    bar.name.lower()
    for bar in (Bar.TOO_FAR, Bar.TOO_FAR_FOR_RULE, Bar.SCORE_LIMIT, Bar.AT_CAP, Bar.AT_AGREED_LOAD)
}
FRESH_SECONDS = OLDEST_SECONDS / 2  # of a change that waits to be told, until it is asked for anew

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Looked:
    """What one look did, in numbers of crews."""

    ended: int = 0
    changed: int = 0


def look_again(organisation_id: int, situation: Situation, at: datetime) -> Looked:
    """End the advice of crews that have arrived, and list those whose answer has changed.

    A crew on its way is turned only for a gain of policy `turn_minutes`, or when its place may not be gone to
    any more. Somebody decides whether the crew is told; until then the change is looked at again too, and
    withdrawn when the old answer is right again. Crews that change in one look are advised together. What
    goes wrong with one crew is logged and hides no other. Cheap while nothing stands: one query.
    """
    standing = queries.standing(organisation_id)
    if not standing:
        return Looked()
    rows = {key: row for row, key in enumerate(situation.assignments.key)}
    gone = [each.pk for key, each in standing.items() if not _is_under_way(situation, rows.get(key))]
    ended = actions.end(gone, organisation_id=organisation_id, at=at)
    left = [each for each in standing.values() if each.pk not in gone]
    if not left:
        return Looked(ended)
    reading = read(organisation_id, at, situation)
    turned = []
    for each in left:
        with _on_its_own(each):
            if (crew := _look_at(reading, each, rows[each.assignment], at)) is not None:
                turned.append(crew)
    changed = 0
    for crew, answer in zip(turned, _together(reading, turned), strict=True):
        with _on_its_own(crew.standing):
            changed += _list(crew, answer, at)
    return Looked(ended, changed)


@contextmanager
def _on_its_own(standing: Advice) -> Iterator[None]:
    try:
        yield
    except Exception:
        log.exception("The advice of %s could not be looked at again", standing.call_sign)


def _is_under_way(situation: Situation, row: int | None) -> bool:
    if row is None:
        return False
    state = JOB_STATES[situation.assignments.state[row]]
    return state in BEFORE_LEAVING or state is JobState.CONVEYING


@dataclass(frozen=True, slots=True)
class _Crew:
    """A crew whose advice stands, with its answer as things are now.

    origin      what somebody answered: the advice that stands, or the one before a change nobody told yet
    hysteresis  what a new answer must save before this crew is turned
    """

    standing: Advice
    origin: Advice
    case: Case
    hysteresis: float
    answer: Answer

    @property
    def is_listed(self) -> bool:
        return self.standing.state == Advice.State.TO_TELL


def _look_at(reading: Reading, standing: Advice, row: int, at: datetime) -> _Crew | None:
    """The crew, if it is to be listed; a change that is listed already is withdrawn or made fresh here."""
    crew = _crew(reading, standing, row)
    if crew is None:
        return None
    because = _change(crew.origin, crew.answer)
    if not crew.is_listed:
        return crew if because else None
    if because is None and not _is_lifted(crew):
        return None
    if not because:
        actions.withdraw(standing, crew.origin, at=at)
        return None
    age = (at - datetime.fromisoformat(standing.shown["at"])).total_seconds()
    if _is_overtaken(crew) or (age >= FRESH_SECONDS and crew.answer.chosen != standing.chosen):
        return replace(crew, answer=_ask(reading, crew.case, crew.hysteresis))
    if age >= FRESH_SECONDS:
        actions.refresh(standing, as_json(crew.answer), because, at=at)
    return None


def _crew(reading: Reading, standing: Advice, row: int) -> _Crew | None:
    place = reading.rules.row_of.get(standing.taken)
    if place is not None and not reading.rules.places.is_department[place]:
        return None  # an alternative has accepted by telephone: only people take that back
    known = crew_at(reading, row).case
    if known is None:
        return None
    try:
        case = with_standing(stated(known, standing.said, reading), standing.taken, accepted=True)
    except WrongField:  # a site that has left the pack since
        return None
    is_conveying = JOB_STATES[reading.situation.assignments.state[row]] is JobState.CONVEYING
    hysteresis = reading.policy.turn if is_conveying else reading.policy.engine.hysteresis
    is_listed = standing.state == Advice.State.TO_TELL
    # A change comes with a gain and goes only without any: else it would come and go with every look.
    answer = _ask(reading, case, 0.0 if is_listed else hysteresis)
    return _Crew(standing, queries.origin(standing), case, hysteresis, answer)


def _ask(reading: Reading, case: Case, hysteresis: float) -> Answer:
    return reading.advise(case, reading.for_who_is_on_the_way(hysteresis))


def _together(reading: Reading, turned: Sequence[_Crew]) -> Sequence[Answer]:
    """The answers of all crews to be listed, each with the others in mind: a divert turns many at once."""
    if len(turned) < 2:
        return [crew.answer for crew in turned]
    policy = reading.for_who_is_on_the_way(max(crew.hysteresis for crew in turned))
    return reading.advise_together([crew.case for crew in turned], policy)


def _list(crew: _Crew, answer: Answer, at: datetime) -> bool:
    because = _change(crew.origin, answer)
    if because:
        return actions.supersede(crew.standing, as_json(answer), because, at=at) is not None
    if crew.is_listed and because is not None:
        actions.withdraw(crew.standing, crew.origin, at=at)
    return False


def _change(origin: Advice, answer: Answer) -> str | None:
    """Why the crew should be told something else, "" if it should not, None where that cannot be said now."""
    bar, is_firm = _bar(answer, origin.taken), answer.verdict in FIRM
    chosen_freely = origin.state == Advice.State.OVERRIDDEN
    if bar is not None and (is_firm or bar.cause not in MEASURED):
        is_known = chosen_freely and _cause_shown(origin.shown, origin.taken) == bar.cause
        return "" if is_known else f"{origin.taken_name}: {bar.sentence}"
    if not is_firm:
        return None
    if chosen_freely or answer.chosen == origin.taken:
        return ""  # what somebody chose with a reason is taken away by a new bar only
    before, after = answer.option(origin.taken), answer.answer
    if before is None or after is None or before.total is None or after.total is None:
        return f"{origin.taken_name} is no longer among the best."
    return f"{after.name} now saves {before.total - after.total:.0f} min in all."


def _is_lifted(crew: _Crew) -> bool:
    """The bar for which the crew was listed is gone, whatever the minutes are."""
    taken = crew.origin.taken
    return _cause_shown(crew.standing.shown, taken) is not None and _bar(crew.answer, taken) is None


def _is_overtaken(crew: _Crew) -> bool:
    """The listed change leads to a place that is barred by now, or the old one is for a new cause."""
    standing, answer = crew.standing, crew.answer
    if standing.chosen is None:
        return answer.chosen is not None
    old = _bar(answer, standing.taken)
    is_new = old is not None and old.cause != _cause_shown(standing.shown, standing.taken)
    return is_new or _bar(answer, standing.chosen) is not None


def _bar(answer: Answer, code: str) -> Exclusion | None:
    return next((each for each in answer.exclusions if each.code == code), None)


def _cause_shown(shown: Mapping[str, Any], code: str) -> str | None:
    return next((each["cause"] for each in shown["exclusions"] if each["code"] == code), None)
