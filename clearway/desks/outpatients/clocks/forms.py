"""The form in which an event of a clock is recorded by hand, or corrected."""

from datetime import datetime
from typing import Any
from uuid import uuid4

from django import forms

from clearway.core.layout.fields import DeskForm, words
from clearway.core.layout.times import local
from clearway.domain.outpatients.clock_events import DERIVED, ClockEvent, EventKind, Evidence

KINDS = [(kind.value, kind.meaning[:1].upper() + kind.meaning[1:]) for kind in EventKind]
PROOFS = [
    (each.value, each.meaning[:1].upper() + each.meaning[1:]) for each in Evidence if each not in DERIVED
]
A_DATE = "Enter a date, for example 2 Nov 2026"


def a_day(required: bool = False, missing: str = A_DATE) -> forms.DateField:
    """A civil date."""
    return forms.DateField(required=required, error_messages={"required": missing, "invalid": A_DATE})


class DoneForm(DeskForm):
    """What a clock asked for has been done."""

    done = forms.CharField(max_length=60)
    words = words("What was done", most=300, missing="Say what was done")


class EventForm(DeskForm):
    """One event, on a day that has come."""

    kind = forms.ChoiceField(choices=KINDS, error_messages={"required": "Choose what happened"})
    on = a_day(required=True, missing="Say on which day it happened")
    replaces = forms.CharField(required=False)
    start_on = a_day()
    until = a_day()
    evidence = forms.MultipleChoiceField(choices=PROOFS, required=False)
    outside_contact = forms.BooleanField(required=False)
    key = forms.CharField(required=False, max_length=60)

    def __init__(self, data: Any = None, *, at: datetime) -> None:
        today = local(at).date()
        super().__init__(data, at=at, initial={"on": today.isoformat(), "key": f"desk:{uuid4()}"})
        self.today = today

    def clean_on(self) -> Any:
        on = self.cleaned_data["on"]
        if on > self.today:
            raise forms.ValidationError("This day is still to come: a clock knows only what has happened")
        return on

    def event(self) -> ClockEvent:
        """The event as it was said. Raises ValueError, in words, for dates that no such event can carry."""
        given = self.cleaned_data
        return ClockEvent(
            key=given["key"] or f"desk:{uuid4()}",
            kind=EventKind(given["kind"]),
            on=given["on"],
            start_on=given["start_on"],
            until=given["until"],
            evidence=frozenset(Evidence(each) for each in given["evidence"]),
            outside_contact=given["outside_contact"],
            replaces=given["replaces"] or None,
        )


class AsOfForm(DeskForm):
    """As of which day a clock is shown, and as known on which."""

    as_of = a_day()
    known_by = a_day()
