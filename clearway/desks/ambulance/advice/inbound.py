"""Crews on their way that nobody has looked at and that might do better elsewhere.

Its place has a divert in force or is closed when it comes, or another saves what policy `turn_minutes` asks.
A crew whose advice stands and whose patient is described is looked at by the sweep. These are the others: no
advice was ever asked for, or needs and NEWS2 were never said, so that no divert turns the patient away.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np

from clearway.domain.ambulance.destinations import Case
from clearway.domain.ambulance.diverts import Divert
from clearway.domain.ambulance.situation import JOB_STATES, UNKNOWN
from clearway.domain.ambulance.words import JobState
from clearway.engine.ambulance.advice import Advice as Answer
from clearway.engine.ambulance.eligibility import Bar

from .asked import WrongField, stated
from .cases import Crew, crews_at, with_standing
from .models import Advice
from .presenters import seal
from .reading import Reading
from .together import FIRM

CONVEYING = JOB_STATES.index(JobState.CONVEYING)
BARS = {bar.name.lower() for bar in (Bar.CLOSED, Bar.SITE_CLOSED, Bar.DIVERTED)}


@dataclass(frozen=True, slots=True)
class Inbound:
    """One such crew, to be kept on its way or turned by somebody.

    code, name  where it is going; why  what is wrong there, in a sentence
    is_shut     it may not go there any more; else another place is only better
    asked       advice was taken, without needs and NEWS2
    sealed      the answer as it is now, to be sent back when the crew is kept; "" where that is not possible
    """

    call_sign: str
    code: str
    name: str
    why: str
    asked: bool
    sealed: str
    is_shut: bool


def inbound(reading: Reading, standing: Mapping[str, Advice]) -> list[Inbound]:
    """The crews that somebody should look at: those whose place is shut to them first, then by call sign.

    At most three queries, however many they are; none while nobody is on the way without advice.
    """
    bound = _bound(reading, standing)
    if not bound:
        return []
    crews = crews_at(reading, list(bound))
    answers = _answers(reading, crews)
    found = []
    for crew in crews:
        code = bound[crew.row]
        answer = answers.get(crew.assignment)
        shut = _shut(reading, code, answer)
        if why := shut or _better(reading, code, answer):
            found.append(_inbound(reading, crew, code, why, answer, standing, bool(shut)))
    return sorted(found, key=lambda each: (not each.is_shut, each.call_sign))


@dataclass(frozen=True, slots=True)
class KeepOrTurn:
    """What a crew on its way to a site would be told, were a divert in force there.

    turns  to another place; `to` names it, "" where it would be kept
    why    in a sentence
    """

    call_sign: str
    turns: bool
    to: str
    why: str


def keep_or_turn(reading: Reading, standing: Mapping[str, Advice], divert: Divert) -> list[KeepOrTurn]:
    """The crews on their way to the site of a divert that is only thought of: those to be turned first.

    As the sweep will answer for them once it is in force, all of them with the others in mind. Three queries.
    """
    diverted = replace(reading.situation, diverts=(*reading.situation.diverts, divert))
    reading = replace(reading, situation=diverted)
    rows = [row for row, code in _on_their_way(reading, standing).items() if code == divert.site]
    crews = [crew for crew in crews_at(reading, rows) if crew.case is not None] if rows else []
    cases = [_as_it_stands(reading, crew, standing, divert.site) for crew in crews]
    if not cases:
        return []
    answers = reading.advise_together(cases, reading.for_who_is_on_the_way(reading.policy.turn))
    found = [
        _told(reading, crew, case, answer, divert.site)
        for crew, case, answer in zip(crews, cases, answers, strict=True)
    ]
    return sorted(found, key=lambda each: (not each.turns, each.call_sign))


def _on_their_way(reading: Reading, standing: Mapping[str, Advice]) -> dict[int, str]:
    """Row of each assignment that conveys -> code of where it goes, by the advice taken or else the feed."""
    table, codes = reading.situation.assignments, reading.situation.sites.code
    rows = np.flatnonzero((table.state == CONVEYING) & (table.site != UNKNOWN)).tolist()
    taken = {row: standing.get(table.key[row]) for row in rows}
    return {row: advice.taken if advice else codes[table.site[row]] for row, advice in taken.items()}


def _as_it_stands(reading: Reading, crew: Crew, standing: Mapping[str, Advice], code: str) -> Case:
    """The crew's case with what was said of its patient, on its way to a place."""
    assert crew.case is not None
    advice, case = standing.get(crew.assignment), crew.case
    if advice is not None:
        with suppress(WrongField):  # a site that has left the pack since
            case = stated(case, advice.said, reading)
    return with_standing(case, code, accepted=True)


def _told(reading: Reading, crew: Crew, case: Case, answer: Answer, code: str) -> KeepOrTurn:
    barred = next((each for each in answer.exclusions if each.code == code), None)
    firm = answer.verdict in FIRM and answer.answer is not None
    if barred is not None and barred.cause in BARS:
        to = answer.answer.name if firm and answer.answer else "ask the clinical desk"
        return KeepOrTurn(crew.call_sign, True, to, barred.sentence)
    if not case.is_described:
        return KeepOrTurn(crew.call_sign, False, "", "Say age, needs and NEWS2: only then can it be turned.")
    if why := _better(reading, code, answer):
        return KeepOrTurn(crew.call_sign, True, answer.answer.name if answer.answer else "", why)
    return KeepOrTurn(crew.call_sign, False, "", "The divert does not turn this patient away.")


def _bound(reading: Reading, standing: Mapping[str, Advice]) -> dict[int, str]:
    """Row of each assignment in question -> code of where it goes."""
    table = reading.situation.assignments
    bound = {}
    for row in np.flatnonzero((table.state == CONVEYING) & (table.site != UNKNOWN)).tolist():
        advice = standing.get(table.key[row])
        if advice is not None and not _is_overtaken(reading, advice):
            continue
        code = advice.taken if advice is not None else reading.situation.sites.code[table.site[row]]
        if code in reading.rules.row_of:
            bound[row] = code
    return bound


def _is_overtaken(reading: Reading, advice: Advice) -> bool:
    """Accepted before a divert of its place began, while nobody had said needs and NEWS2."""
    is_said = advice.said["needs"] is not None and advice.said["news2"] is not None
    if is_said or advice.state != Advice.State.ACCEPTED:
        return False
    diverts = reading.situation.diverts
    return any(each.site == advice.taken and each.starts_at > advice.given_at for each in diverts)


def _answers(reading: Reading, crews: Sequence[Crew]) -> dict[str, Answer]:
    """The answer for each whose place is known, all of them with the others in mind."""
    cases = [crew.case for crew in crews if crew.case is not None]
    if not cases:
        return {}
    policy = reading.for_who_is_on_the_way(reading.policy.engine.hysteresis)
    answers = reading.advise_together(cases, policy)
    return {case.key: answer for case, answer in zip(cases, answers, strict=True)}


def _shut(reading: Reading, code: str, answer: Answer | None) -> str:
    """Why a place may not take the patient, "" where nothing says so."""
    barred = next((each for each in answer.exclusions if each.code == code), None) if answer else None
    if barred is not None and barred.cause in BARS:
        return barred.sentence
    if any(divert.site == code for divert in reading.situation.diverts):
        return "A divert is in force there, and nobody has said needs and NEWS2."
    return ""


def _better(reading: Reading, code: str, answer: Answer | None) -> str:
    """What another place saves, where that is worth turning a crew for; as far as the feeds know."""
    if answer is None or answer.verdict not in FIRM or answer.answer is None or answer.chosen == code:
        return ""
    going, best = answer.option(code), answer.answer
    if going is None or going.total is None or best.total is None:
        return ""
    saved = going.total - best.total
    if saved < reading.policy.turn:
        return ""
    return f"{best.name} would save {saved:.0f} min in all, as far as the feeds know."


def _inbound(
    reading: Reading,
    crew: Crew,
    code: str,
    why: str,
    answer: Answer | None,
    standing: Mapping[str, Advice],
    is_shut: bool,
) -> Inbound:
    asked = crew.assignment in standing
    may_be_kept = not asked and answer is not None and crew.case is not None
    return Inbound(
        call_sign=crew.call_sign,
        code=code,
        name=reading.rules.places.name[reading.rules.row_of[code]],
        why=why,
        asked=asked,
        sealed=seal(answer, crew.case) if may_be_kept and answer and crew.case else "",
        is_shut=is_shut,
    )
