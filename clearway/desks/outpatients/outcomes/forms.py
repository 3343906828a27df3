"""The cashing-up sheet as it is typed: one key per row, and weeks or codes where they are wanted."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django import forms

from clearway.core.layout.fields import LOCAL_FORMAT, DeskForm, nearest, words
from clearway.core.layout.times import local
from clearway.domain.outpatients.outcomes import (
    CANCELLED,
    PRESETS,
    SEEN_CODES,
    Decision,
    Mistake,
    NextStep,
    Said,
)
from clearway.domain.outpatients.waiting import CHANNELS, CONTACT_OUTCOMES
from clearway.domain.outpatients.words import Attended, RttStatus

from .models import Appointment

USUAL_WEEKS = 6
USUAL_REQUEST = "12"  # weeks in which a patient can ask for the next visit; assumed
DATED = (NextStep.FOLLOW_UP, NextStep.MONITORING, NextStep.ON_REQUEST)


COURSE = re.compile(r"([0-9]{1,3})(?:([xg])([0-9]{1,2}))?")


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed in one row, as it is shown again.

    problem  why it was not saved
    rest     visits that are still booked are cancelled with the discharge
    reason, told  why a visit was cancelled, and when that was told
    """

    key: str = ""
    weeks: str = ""
    status: str = ""
    late: bool = False
    problem: str = ""
    rest: bool = False
    reason: str = ""
    told: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a sent sheet says: what can be tried, and what cannot be read."""

    said: tuple[tuple[int, Said], ...]
    typed: Mapping[int, Typed]


def read(data: Any, rows: Iterable[Appointment]) -> Sheet:
    """Rows without a key are left for later; what cannot be read is named in its row."""
    said: list[tuple[int, Said]] = []
    typed: dict[int, Typed] = {}
    for row in rows:
        each = Typed(
            data.get(f"said-{row.pk}", "").strip().lower()[:1],
            data.get(f"weeks-{row.pk}", "").strip().lower()[:6],
            data.get(f"status-{row.pk}", "").strip()[:2],
            f"late-{row.pk}" in data,
            rest=f"rest-{row.pk}" in data,
            reason=data.get(f"reason-{row.pk}", "").strip()[:40],
            told=data.get(f"told-{row.pk}", "").strip()[:16],
        )
        if not each.key:
            continue
        try:
            said.append((row.pk, _said(each, row.starts_at)))
        except ValueError as problem:
            each = replace(each, problem=str(problem))
        typed[row.pk] = each
    return Sheet(tuple(said), typed)


def _said(each: Typed, starts_at: datetime) -> Said:
    """Raises ValueError with what to type instead."""
    if each.key not in PRESETS:
        raise ValueError(f"“{each.key}” is none of the keys: {', '.join(PRESETS)}.")
    preset = PRESETS[each.key]
    late = each.late and preset.attended in SEEN_CODES
    dated = preset.next_step in DATED
    if each.weeks and not dated:
        raise ValueError(f"“{preset.words}” has no follow-up: take the weeks out, or press another key.")
    typed = each.weeks or (USUAL_REQUEST if preset.next_step is NextStep.ON_REQUEST else "")
    weeks, visits, in_class = _course(typed) if dated else (USUAL_WEEKS, 1, False)
    return Said(
        attended=Attended.LATE_SEEN if late else preset.attended,
        outcome=preset.outcome,
        status=_status(each.status) or preset.status,
        next_step=preset.next_step,
        not_brought=preset.not_brought,
        due_on=local(starts_at).date() + timedelta(weeks=weeks) if dated else None,
        visits=visits,
        in_class=in_class,
        cancels_booked=each.rest,
        reason=each.reason if preset.attended in CANCELLED else "",
        told_at=_instant(each.told, starts_at) if preset.attended in CANCELLED else None,
    )


def _instant(text: str, near: datetime) -> datetime | None:
    try:
        return nearest(datetime.strptime(text, LOCAL_FORMAT), near) if text else None  # noqa: DTZ007
    except (ValueError, forms.ValidationError):
        raise ValueError("Enter the date and time at which you were told, or leave it empty.") from None


def _status(text: str) -> RttStatus | None:
    try:
        return RttStatus(text) if text else None
    except ValueError:
        raise ValueError(f"{text} is no status code.") from None


def _course(text: str) -> tuple[int, int, bool]:
    """Weeks until it is due, how many visits, whether in a class: "6", "6x8" or "6g8"; "" is the usual."""
    if not text:
        return USUAL_WEEKS, 1, False
    found = COURSE.fullmatch(text)
    if found is None:
        raise ValueError(
            "Write the weeks, for example 6; 6x8 for a course of 8 visits, 6g8 for a class of 8 sessions."
        )
    weeks, how, visits = found.groups()
    return int(weeks), int(visits or 1), how == "g"


class MistakeForm(DeskForm):
    """Why an outcome is taken back."""

    why = forms.TypedChoiceField(
        coerce=Mistake,
        choices=[(each.value, each.meaning) for each in Mistake],
        error_messages={"required": "Choose why it was wrong"},
    )


class ReachForm(DeskForm):
    """The attempt to reach somebody who did not come."""

    channel = forms.ChoiceField(choices=[(each, each) for each in CHANNELS])
    outcome = forms.ChoiceField(
        choices=[(each, each) for each in CONTACT_OUTCOMES],
        error_messages={"required": "Choose what became of it", "invalid_choice": "Choose what became of it"},
    )
    words = words("What was said", most=500)
    again = forms.BooleanField(required=False)
    asked_on = forms.DateField(required=False, error_messages={"invalid": "Enter a date, or leave it empty"})


class SafeguardForm(DeskForm):
    """What was done so that somebody who was not brought is safe."""

    done = words("What was done, and who was told", most=500)


class EndForm(DeskForm):
    """Why a patient can ask for the next visit no longer."""

    why = words("Who decided it, and why", most=200)


class AskForm(DeskForm):
    """Whose decision is asked for."""

    asked = words("Clinician to ask", most=150)


class OwnDecisionForm(DeskForm):
    """What the clinician who is signed in decides after a miss."""

    decision = forms.ChoiceField(
        choices=[(each.value, each.meaning) for each in Decision],
        error_messages={"required": "Choose what was decided"},
    )
    reason = words("Reason", most=500)
    policy = forms.BooleanField(required=False)
    rest = forms.BooleanField(required=False)


class DecisionForm(OwnDecisionForm):
    """The same, written down for the clinician who decided."""

    clinician = words("Clinician who decided", most=150)
