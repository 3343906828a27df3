"""A report as it is entered, who gets it, and what its recipient says."""

from typing import Any

from django import forms

from clearway.core.layout.fields import DeskForm, words
from clearway.domain.outpatients.reports import Cadence, Unit, What

from .actions import New

NO_NUMBER = "Enter the weekday (1 is Monday), the date or the working day, as a number"


def _chosen(kind: Any, missing: str) -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        coerce=kind,
        choices=[(each.value, each.meaning) for each in kind],
        error_messages=dict.fromkeys(("required", "invalid_choice"), missing),
    )


def _person() -> forms.IntegerField:
    return forms.IntegerField(error_messages=dict.fromkeys(("required", "invalid"), "Choose who gets it"))


class EnterForm(DeskForm):
    """A report."""

    what = _chosen(What, "Choose the figures")
    recipient = _person()
    unit = _chosen(Unit, "Choose how it is due")
    number = forms.IntegerField(error_messages=dict.fromkeys(("required", "invalid"), NO_NUMBER))

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if "unit" in given and "number" in given:
            try:
                given["cadence"] = Cadence(given["unit"], given["number"])
            except ValueError as problem:
                self.add_error("number", str(problem))
        return given

    def wanted(self) -> New:
        """The report. Call when valid."""
        given = self.cleaned_data
        return New(given["what"], given["recipient"], given["cadence"])


class ReaddressForm(DeskForm):
    recipient = _person()


class NowForm(DeskForm):
    """Nothing is asked."""


class EndForm(DeskForm):
    why = words("Why it ends", most=200)


class ReadForm(DeskForm):
    said = words("What follows from it", most=300, required=False)
