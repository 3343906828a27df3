"""What is asked for clinics that do not take place."""

from datetime import date
from typing import Any

from django import forms

from clearway.core.layout.fields import DeskForm, words
from clearway.domain.outpatients.replanning import WHOLE_CLINICS

from .queries import Scope

NO_DAY = "Enter a date, for example 2 Nov 2026"
FAR = 60  # days at once


class ScopeForm(DeskForm):
    """Which clinics: one, those of a leave, of a changed weekly clinic, or of a clinician or site on days."""

    session = forms.IntegerField(required=False)
    leave = forms.IntegerField(required=False)
    template = forms.CharField(max_length=30, required=False)
    clinician = forms.IntegerField(required=False)
    site = forms.CharField(max_length=12, required=False)
    first = forms.DateField(required=False, error_messages={"invalid": NO_DAY})
    last = forms.DateField(required=False, error_messages={"invalid": NO_DAY})

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if self.errors or given.get("session") or given.get("leave") or given.get("template"):
            return given
        if not given.get("clinician") and not given.get("site"):
            self.add_error("clinician", "Choose a clinician or a site")
        first: date | None = given.get("first")
        if first is None:
            self.add_error("first", NO_DAY)
        elif not 0 <= ((given.get("last") or first) - first).days <= FAR:
            self.add_error("last", f"Enter a day from the first on, {FAR} days later at most")
        return given

    def scope(self) -> Scope:
        """The scope. Call when valid."""
        given = self.cleaned_data
        return Scope(**{name: given[name] for name in self.fields})


class ReasonForm(DeskForm):
    """Why they do not take place."""

    reason = forms.ChoiceField(
        choices=list(WHOLE_CLINICS.items()),
        error_messages=dict.fromkeys(("required", "invalid_choice"), "Choose a reason"),
    )
    why = words("Why", most=120, missing="Say why, for example therapist rang in sick")
