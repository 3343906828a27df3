"""A request for records as it is typed, and what is said at each step of it."""

from typing import Any

from django import forms

from clearway.core.layout.fields import DeskForm, words
from clearway.domain.outpatients.records import Kind

from .actions import New

NO_DAY = "Enter a date, for example 2 Nov 2026"


class TakeForm(DeskForm):
    """A request."""

    patient = forms.IntegerField(
        min_value=1, error_messages=dict.fromkeys(("required", "invalid"), "Find and choose the patient")
    )
    kind = forms.TypedChoiceField(
        coerce=Kind,
        choices=[(each.value, each.meaning) for each in Kind],
        error_messages=dict.fromkeys(("required", "invalid_choice"), "Choose who asks"),
    )
    requester = words("Name of who asks", most=150)
    reference = words("Their reference", most=60, required=False)
    asks = words("What they ask for", most=500)
    received_on = forms.DateField(error_messages=dict.fromkeys(("required", "invalid"), NO_DAY))
    wanted_on = forms.DateField(required=False, error_messages={"invalid": NO_DAY})
    asks_identity = forms.BooleanField(required=False)

    def wanted(self) -> New:
        """The request. Call when valid."""
        given: dict[str, Any] = dict(self.cleaned_data)
        return New(patient_id=given.pop("patient"), **given)


class IdentifyForm(DeskForm):
    how = words("How it was checked", most=200)


class ExtendForm(DeskForm):
    extended = words("Why it takes longer", most=300)


class ReviewForm(DeskForm):
    """What the review found, and the files that are taken out."""

    review = words("What was looked at, and why anything is left out", most=500)


class SendForm(DeskForm):
    to = words("To whom", most=200)
    by_way = words("By which way", most=200)


class WithdrawForm(DeskForm):
    why = words("Why it is withdrawn", most=200)
