"""Declaring and ending a failure or a drill, printing forms, and accounting for them."""

from typing import Any

from django import forms

from clearway.core.layout.fields import DeskForm, words
from clearway.domain.ambulance import downtime
from clearway.domain.ambulance.words import FormKind
from clearway.domain.shared.errors import CannotParse

from .register import MOST


class DeclareForm(DeskForm):
    """Why a failure is declared, or what a drill is about."""

    reason = words("Reason", most=200, missing="Say what has failed, or what the drill is about")


class EndForm(DeskForm):
    """The end; of a drill with what was learnt."""

    learnt = words("What was learnt", most=1000, required=False)


class DrawForm(DeskForm):
    """How many forms of each kind are printed."""

    def __init__(self, data: Any = None, **named: Any) -> None:
        super().__init__(data, **named)
        for kind in FormKind:
            field = forms.IntegerField(
                min_value=0,
                max_value=MOST,
                required=False,
                error_messages=dict.fromkeys(
                    ("invalid", "min_value", "max_value"), f"Enter a number from 0 to {MOST}"
                ),
            )
            self.fields[kind.value] = field

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if not self.errors and not any(given.get(kind.value) for kind in FormKind):
            raise forms.ValidationError("Say how many forms of which kind.")
        return given

    def wanted(self) -> dict[FormKind, int]:
        """Kind -> how many. Call when valid."""
        return {kind: self.cleaned_data[kind.value] or 0 for kind in FormKind}


class NumberForm(DeskForm):
    """The number of a form."""

    number = words("Form number", most=12, missing="Enter the number of the form, as S12")

    def clean_number(self) -> downtime.Form:
        try:
            return downtime.parse_form(self.cleaned_data["number"].strip())
        except CannotParse as problem:
            raise forms.ValidationError(f"{problem.why} {problem.fix}") from None


class TakeBackForm(NumberForm):
    """A form whose number was mistyped, the right one, and what happened."""

    right = words("Right number", most=12, missing="Enter the number that stands on the form, as S21")
    why = words("Why", most=200, missing="Say what happened: a number was mistyped")

    def clean_right(self) -> downtime.Form:
        try:
            return downtime.parse_form(self.cleaned_data["right"].strip())
        except CannotParse as problem:
            raise forms.ValidationError(f"{problem.why} {problem.fix}") from None


class VoidForm(NumberForm):
    """A form that holds nothing, and why."""

    why = words("Why", most=200, missing="Say why it holds nothing: spoilt, blank, written twice")
