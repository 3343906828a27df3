"""The list of who is about to leave scene, from one situation and the advice that stands."""

from collections.abc import Mapping
from datetime import datetime
from math import inf, isnan

import numpy as np

from clearway.domain.ambulance.situation import CATEGORIES, JOB_STATES, UNKNOWN, instant
from clearway.domain.ambulance.words import Category, JobState, JobStatus
from clearway.engine.ambulance.travel import minutes as distance_minutes

from .. import words as desk_words
from . import queries
from .models import Advice, CrewMessage
from .presenters import Line, Offer, message_words, seal
from .reading import Reading
from .together import Suggestion, is_due
from .words import OVERRIDES, VERDICTS

SOON = 10  # minutes: who is past the typical time on scene is expected to leave within these
SHOWN = (JobState.ON_SCENE, JobState.CONVEYING)


def lines(
    reading: Reading, standing: Mapping[str, Advice], suggested: Mapping[str, Suggestion], at: datetime
) -> list[Line]:
    """Crews on scene long enough or asked about, and those on their way.

    Changed answers first, then who is silent, then who is expected to leave soonest; who has left comes last.

    standing, suggested  the advice that stands, and what is suggested to who has none, by assignment
    One query besides the reading's.
    """
    table = reading.situation.assignments
    messages = queries.messages(reading.organisation_id)
    found = []
    for row in np.flatnonzero(np.isin(table.state, [JOB_STATES.index(state) for state in SHOWN])):
        advice = standing.get(table.key[row])
        if advice is None and not is_due(reading, int(row)):
            continue
        message = messages.get(table.call_sign[row])
        suggestion = None if advice else suggested.get(table.key[row])
        found.append(_line(reading, int(row), advice, message if advice else None, suggestion, at))
    late = datetime.max.replace(tzinfo=at.tzinfo)
    return sorted(
        found,
        key=lambda line: (
            *(not line.change, not line.is_silent, inf if line.to_go is None else line.to_go),
            *(line.category != Category.C1, line.since or late, line.call_sign),
        ),
    )


def _to_go(reading: Reading, row: int) -> float | None:
    """Minutes until a crew is expected to leave its scene, from the typical ones; below 0 once past those."""
    table = reading.situation.assignments
    if table.state[row] != JOB_STATES.index(JobState.ON_SCENE):
        return None
    is_c1 = table.category[row] == CATEGORIES.index(Category.C1)
    typical = reading.policy.leaves_after_c1 if is_c1 else reading.forecasting.on_scene
    since = (reading.situation.at - float(table.stamp(JobStatus.AT_SCENE)[row])) / 60
    return None if isnan(since) else typical - since


def _line(
    reading: Reading,
    row: int,
    advice: Advice | None,
    message: CrewMessage | None,
    suggestion: Suggestion | None,
    at: datetime,
) -> Line:
    table = reading.situation.assignments
    state = JOB_STATES[table.state[row]]
    since = table.stamp(JobStatus.AT_SCENE if state is JobState.ON_SCENE else JobStatus.LEFT_SCENE)[row]
    silence = reading.policy.silence * 60
    is_silent = (
        message is not None and not message.is_answered and (at - message.made_at).total_seconds() >= silence
    )
    return Line(
        call_sign=table.call_sign[row],
        incident=table.incident[row],
        category="Unknown" if table.category[row] == UNKNOWN else CATEGORIES[table.category[row]],
        state=desk_words.JOB_STATE[state],
        since=instant(float(since)) or instant(float(table.since[row])),
        to_go=(to_go := _to_go(reading, row)),
        leaves=_leaves(state, to_go),
        place=_near(reading, row),
        verdict=VERDICTS[advice.verdict] if advice else "",
        to=_to(advice),
        answer=_answer(advice),
        change=advice.because if advice and advice.state == Advice.State.TO_TELL else "",
        ask_first=advice.shown.get("ask_first", "") if advice else "",
        message=message_words(message, at) if advice else "",
        is_silent=is_silent,
        advice_id=advice.pk if advice else None,
        offer=_offer(suggestion),
    )


def _leaves(state: JobState, to_go: float | None) -> str:
    if state is not JobState.ON_SCENE:
        return "Left"
    if to_go is None:
        return ""
    return f"{to_go:.0f} min" if to_go > SOON else f"within {SOON} min"


def _offer(suggestion: Suggestion | None) -> Offer | None:
    if suggestion is None or not suggestion.is_firm or suggestion.answer.answer is None:
        return None
    best, ask_first = suggestion.answer.answer, suggestion.answer.ask_first
    return Offer(
        name=best.name,
        minutes=_minutes(best.travel_minutes, best.wait_minutes),
        why=suggestion.answer.why,
        sealed="" if ask_first else seal(suggestion.answer, suggestion.case),
        ask_first=ask_first,
    )


def _minutes(travel: float, wait: float | None) -> str:
    waiting = "" if wait is None else f", wait about {wait:.0f}"
    return f"{travel:.0f} min{waiting}"


def _to(advice: Advice | None) -> str:
    if advice is None:
        return ""
    if advice.state != Advice.State.TO_TELL:
        return advice.taken_name
    options = advice.shown["options"]
    if options and advice.chosen is None:
        return f"Ask the clinical desk: not settled. It goes to {advice.taken_name}"
    return f"{options[0]['name'] if options else 'Nowhere'} instead of {advice.taken_name}"


def _answer(advice: Advice | None) -> str:
    if advice is None:
        return "Not asked"
    if advice.state == Advice.State.TO_TELL:
        return "Changed: not told yet"
    if advice.state == Advice.State.ACCEPTED:
        return "Accepted"
    other = "Before needs were said" if advice.taken == advice.chosen else "Other place"
    return f"{other}: {OVERRIDES[advice.reason_code].lower()}"


def _near(reading: Reading, row: int) -> str:
    """The nearest department to the crew and about how far it is, by distance."""
    seen, sites = reading.situation.resources, reading.situation.sites
    call_sign = reading.situation.assignments.call_sign[row]
    if call_sign not in seen.call_sign or not sites.code:
        return ""
    place = seen.call_sign.index(call_sign)
    if np.isnan(seen.latitude[place]):
        return "No position"
    took = distance_minutes(
        float(seen.latitude[place]), float(seen.longitude[place]), sites.latitude, sites.longitude
    )
    nearest = int(took.argmin())
    return f"{took[nearest]:.0f} min from {sites.name[nearest]}"
