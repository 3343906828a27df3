"""Crews that wait for advice at the same time: one solution for all, from what the feeds know of each.

Advised one after the other, every crew would be sent to the same quiet hospital. What is suggested here has
each crew's arrival counted at all others; what is accepted is looked at again first, with what has been
accepted meanwhile. A crew's own page, the look again as one is taken and the API count the same others.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from clearway.domain.ambulance.destinations import Case
from clearway.domain.ambulance.situation import CATEGORIES, JOB_STATES, KINDS, UNKNOWN
from clearway.domain.ambulance.words import Category, JobState, JobStatus
from clearway.domain.shared.errors import NotAllowed
from clearway.engine.ambulance.advice import Advice as Answer
from clearway.engine.ambulance.advice import Verdict

from .cases import Crew, crews_at, with_standing
from .models import Advice
from .reading import Reading

C1 = CATEGORIES.index(Category.C1)
FIRM = (Verdict.ADVISED, Verdict.NEAREST, Verdict.BY_RULE)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """The answer for one crew beside those of all others who wait; nobody has taken it."""

    crew: Crew
    case: Case
    answer: Answer

    @property
    def is_firm(self) -> bool:
        """It names a place."""
        return self.answer.verdict in FIRM and self.answer.answer is not None

    @property
    def may_be_taken(self) -> bool:
        """It can be accepted from the list; else somebody says needs and NEWS2 on the crew's own page."""
        return self.is_firm and not self.answer.ask_first


def is_due(reading: Reading, row: int) -> bool:
    """On scene longer than the policy says, a C1 by its own, with a vehicle that conveys."""
    table = reading.situation.assignments
    if table.state[row] != JOB_STATES.index(JobState.ON_SCENE):
        return False
    if table.kind[row] != UNKNOWN and not KINDS[table.kind[row]].conveys:
        return False
    arrived = float(table.stamp(JobStatus.AT_SCENE)[row])
    is_c1 = table.category[row] == C1
    after = reading.policy.asked_after_c1 if is_c1 else reading.policy.asked_after
    return (reading.situation.at - arrived) / 60 >= after


def suggest(
    reading: Reading, standing: Mapping[str, Advice], shown: Mapping[str, str] | None = None
) -> dict[str, Suggestion]:
    """The joint answer for every crew that is due and has none, by assignment. At most three queries.

    shown  assignment -> what its crew was shown: it stands until another is clearly better
    Nothing while nothing can be ranked: then each crew's own page says what can be said.
    """
    rows = _waiting(reading, standing)
    if not rows or reading.cannot:
        return {}
    crews = [(crew, crew.case) for crew in crews_at(reading, rows) if crew.case is not None]
    cases = [with_standing(case, (shown or {}).get(case.key)) for _, case in crews]
    answers = reading.advise_together(cases, reading.policy.engine)
    return {
        case.key: Suggestion(crew, case, answer) for (crew, case), answer in zip(crews, answers, strict=True)
    }


def _waiting(reading: Reading, standing: Mapping[str, Advice]) -> list[int]:
    """Rows of the assignments that are due and have no answer."""
    keys = enumerate(reading.situation.assignments.key)
    return [row for row, key in keys if key not in standing and is_due(reading, row)]


def advise_beside_others(reading: Reading, case: Case, standing: Mapping[str, Advice]) -> Answer:
    """The answer for one crew as it is described, beside all who wait: what the list says of it.

    With nobody else waiting, and for a crew whose answer is taken, that is the answer for it alone. At most
    three queries, none where nobody else waits.
    """
    keys = reading.situation.assignments.key
    others = [row for row in _waiting(reading, standing) if keys[row] != case.key]
    if case.key in standing or not others:
        return reading.advise(case)
    shown = _LAST.get(reading.organisation_id, {})
    of_others = [each.case for each in crews_at(reading, others) if each.case is not None]
    cases = [case, *(with_standing(each, shown.get(each.key)) for each in of_others)]
    # As the list orders them, so that equal costs are settled alike; a case without a job comes last.
    row_of = {key: row for row, key in enumerate(keys)}
    cases.sort(key=lambda each: row_of.get(each.key, len(keys)))
    return reading.advise_among(cases.index(case), cases, reading.policy.engine)


# Organisation -> assignment -> what its crew was suggested last. Of this process, to spare a write for every
# look at the list: another begins anew, and may once name a place that is better by less than the hysteresis.
_LAST: dict[int, Mapping[str, str]] = {}


def suggest_steadily(reading: Reading, standing: Mapping[str, Advice]) -> dict[str, Suggestion]:
    """The joint answer, each crew's kept while no other is clearly better than what the list showed last."""
    before = _LAST.get(reading.organisation_id, {})
    found = suggest(reading, standing, before)
    if found:
        named = {
            key: each.answer.chosen for key, each in found.items() if each.is_firm and each.answer.chosen
        }
        _LAST[reading.organisation_id] = {key: before[key] for key in found if key in before} | named
    return found


def suggested_last(reading: Reading, key: str) -> str | None:
    """Where the list last named for an assignment, None if it named nothing."""
    return _LAST.get(reading.organisation_id, {}).get(key)


# The same for the page of one crew: (organisation, assignment) -> what it showed, and when. Others' looks at
# the list do not touch it.
_ON_PAGE: dict[tuple[int, str], tuple[str, float]] = {}
KEPT_SECONDS = 1800.0


def advise_steadily(reading: Reading, case: Case, standing: Mapping[str, Advice]) -> tuple[Case, Answer]:
    """The answer for one crew before any was taken, beside the others who wait; before it, the case as asked.

    It is kept while no other is clearly better than the one shown last, on its page or else on the list.
    """
    now, key = reading.situation.at, (reading.organisation_id, case.key)
    code, shown_at = _ON_PAGE.get(key, (None, now))
    if code is None or now - shown_at > KEPT_SECONDS:
        code = suggested_last(reading, case.key)
    case = with_standing(case, code)
    answer = advise_beside_others(reading, case, standing)
    if answer.verdict in FIRM and answer.chosen:
        for old in [each for each, (_, at) in _ON_PAGE.items() if now - at > KEPT_SECONDS]:
            del _ON_PAGE[old]
        _ON_PAGE[key] = answer.chosen, now
    return case, answer


def still(found: Mapping[str, Suggestion], shown: Mapping[str, Any]) -> Suggestion:
    """The suggestion that was shown, if it is still the answer. Raises NotAllowed."""
    now = found.get(shown["key"])
    who = shown["call_sign"] or "this crew"
    if now is None:
        why = f"{who} has an answer already, or does not wait for one any more."
        raise NotAllowed("answered already", "Taking this advice", why)
    if now.answer.chosen != shown["chosen"] or not now.may_be_taken:
        instead = now.answer.answer.name if now.may_be_taken and now.answer.answer else "nothing to recommend"
        why = f"The answer for {who} has changed since: {instead}. Look at the list as it is now."
        raise NotAllowed("changed", "Taking this advice", why)
    return now


def keys_shown(sealed: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]]) -> dict[str, str]:
    """Assignment -> what was shown for it."""
    return {shown["key"]: shown["chosen"] for shown, _ in sealed}
