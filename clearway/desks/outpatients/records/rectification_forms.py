"""A request to correct a record as it is typed, and what is said at each step of it."""

from typing import Any

from django import forms

from clearway.core.layout.fields import DeskForm, words
from clearway.domain.outpatients.rectification import Asker, Value

from .rectifying import New

NO_DAY = "Enter a date, for example 2 Nov 2026"


def plain(label: str, most: int, *, required: bool = True) -> forms.CharField:
    """A value of a record that is about a person, so a name or number may stand in it."""
    messages = {
        "required": f"Enter {label[:1].lower()}{label[1:]}",
        "max_length": f"Shorten it to {most} characters; it has %(show_value)d",
    }
    return forms.CharField(label=label, max_length=most, required=required, error_messages=messages)


class RectifyForm(DeskForm):
    """A request."""

    patient = forms.IntegerField(
        min_value=1, error_messages=dict.fromkeys(("required", "invalid"), "Find and choose the patient")
    )
    asker = forms.TypedChoiceField(
        coerce=Asker,
        choices=[(each.value, each.meaning) for each in Asker],
        error_messages=dict.fromkeys(("required", "invalid_choice"), "Choose who asks"),
    )
    requester = words("Name of who asks", most=150)
    value = forms.TypedChoiceField(
        coerce=Value,
        choices=[(each.value, each.meaning) for each in Value],
        error_messages=dict.fromkeys(("required", "invalid_choice"), "Choose what is wrong"),
    )
    where = plain("In which record", 200, required=False)
    was = plain("What it says now", 300, required=False)
    wanted = plain("What it should say", 300)
    why = plain("Why", 500)
    received_on = forms.DateField(error_messages=dict.fromkeys(("required", "invalid"), NO_DAY))
    asks_identity = forms.BooleanField(required=False)

    def wanted_by(self) -> New:
        """The request. Call when valid."""
        given: dict[str, Any] = dict(self.cleaned_data)
        return New(patient_id=given.pop("patient"), **given)


class CorrectForm(DeskForm):
    """Why the person is right; of a value elsewhere, what it says since it was corrected there."""

    because = plain("Why it is corrected", 500)
    became = plain("What it says now", 300, required=False)


class RefuseForm(DeskForm):
    """Why the value stays, and what the person wants to be kept beside it."""

    reason = plain("Why it stays as it is", 500)
    statement = plain("Their own statement", 1000, required=False)


class StatementForm(DeskForm):
    words = plain("Their own statement", 1000)


class TellForm(DeskForm):
    told = words("How they were told, or why that is not possible", most=200)
    recipient = forms.IntegerField(widget=forms.HiddenInput)
