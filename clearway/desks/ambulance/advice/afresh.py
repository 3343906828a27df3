"""Looking again when an answer is taken: it may be ten minutes old, and a divert may have begun since."""

from collections.abc import Mapping
from typing import Any

from clearway.domain.ambulance.destinations import Case
from clearway.domain.shared.errors import NotAllowed
from clearway.engine.ambulance.advice import Advice as Answer
from clearway.engine.ambulance.advice import Exclusion

from .actions import Taken
from .asked import WrongField, stated
from .cases import Crew, with_standing
from .models import Advice
from .reading import Reading
from .together import advise_beside_others


class Overtaken(NotAllowed):
    """The place that was shown may not be taken as things are now."""


def check(taken: Taken, crew: Crew, reading: Reading, standing: Mapping[str, Advice]) -> None:
    """Ask again with the same case, beside the same others. Raises Overtaken when the place is no longer
    considered, or asks first.

    standing  the advice that stands, by assignment
    What barred the place when it was shown was seen by whoever chooses it with a reason, and holds nobody up.
    """
    case = _case(taken, crew, reading, standing.get(crew.assignment))
    answer = advise_beside_others(reading, case, standing)
    barred = next((each for each in answer.exclusions if each.code == taken.code), None)
    if barred is not None and not _was_shown(barred, taken.shown):
        raise Overtaken(
            "barred since", "Taking this place", f"{_since(taken)} {barred.name}: {barred.sentence}"
        )
    if taken.is_accepted and (why := _asks_first(taken, answer, reading)):
        raise Overtaken("to be asked first", "Taking this place", f"{_since(taken)} {why}")


def _case(taken: Taken, crew: Crew, reading: Reading, standing: Advice | None) -> Case:
    if crew.case is None:
        why = "Nobody knows any more where the patient is, so nothing can be advised."
        raise Overtaken("without a place", "Taking this place", why)
    try:
        case = stated(crew.case, taken.said, reading)
    except WrongField as wrong:
        raise Overtaken("changed", "Taking this place", f"{_since(taken)} {wrong}") from None
    if standing is None:
        return with_standing(case, taken.shown["chosen"])
    return with_standing(case, standing.taken, accepted=True)


def _was_shown(barred: Exclusion, shown: Mapping[str, Any]) -> bool:
    return any((each["code"], each["cause"]) == (barred.code, barred.cause) for each in shown["exclusions"])


def _asks_first(taken: Taken, answer: Answer, reading: Reading) -> str:
    """A divert that began since turns away nobody who is not described: what is to be said first."""
    is_diverted = any(each.site == taken.code for each in reading.situation.diverts)
    return answer.ask_first if answer.chosen == taken.code or is_diverted else ""


def _since(taken: Taken) -> str:
    return f"Nothing is recorded: the answer for {taken.call_sign} has changed since it was shown."
