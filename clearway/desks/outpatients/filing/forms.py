"""Documents, filings and volumes as they are typed."""

from typing import Any

from django import forms

from clearway.core.layout.fields import DeskForm, words
from clearway.domain.outpatients.filing import Kind

from .actions import Came

NO_DAY = "Enter a date, for example 2 Nov 2026"


def _day(*, required: bool = True) -> forms.DateField:
    return forms.DateField(required=required, error_messages=dict.fromkeys(("required", "invalid"), NO_DAY))


class TakeForm(DeskForm):
    """A document that came."""

    kind = forms.TypedChoiceField(
        coerce=Kind,
        choices=[(each.value, each.meaning) for each in Kind],
        error_messages=dict.fromkeys(("required", "invalid_choice"), "Choose what it is"),
    )
    sender = words("From whom", most=150)
    came_on = _day()
    dated_on = _day(required=False)

    def wanted(self, name: str, body: bytes) -> Came:
        """The document. Call when valid."""
        return Came(file_name=name, body=body, **self.cleaned_data)


class FileForm(DeskForm):
    """Whose it is, by what stands on it."""

    patient = forms.IntegerField(
        min_value=1, error_messages=dict.fromkeys(("required", "invalid"), "Find and choose the patient")
    )
    identifier = forms.CharField(
        max_length=40,
        error_messages={"required": "Type the birth date, NHS number or postcode from the paper"},
    )
    referral = forms.IntegerField(min_value=1, required=False)

    def wanted(self) -> dict[str, Any]:
        """What the action is given. Call when valid."""
        given = self.cleaned_data
        return {
            "patient_id": given["patient"],
            "identifier": given["identifier"],
            "referral_id": given["referral"],
        }


class WhyForm(DeskForm):
    why = words("Why", most=200, missing="Write why")


class AddVolumeForm(DeskForm):
    patient = forms.IntegerField(
        min_value=1, error_messages=dict.fromkeys(("required", "invalid"), "Find and choose the patient")
    )
    home = words("Where its shelf is", most=80)


class SendForm(DeskForm):
    """To whom a volume goes."""

    to = words("To whom", most=120)
    why = words("What for", most=200)
    due_on = _day(required=False)


class SaidForm(DeskForm):
    said = words("What was said", most=300)


class NothingForm(DeskForm):
    pass
