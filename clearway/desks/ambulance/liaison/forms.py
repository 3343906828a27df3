"""The half-minute form in which somebody says how a hospital stands."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django import forms

from clearway.core.layout.fields import DeskForm, words
from clearway.domain.ambulance.words import HospitalMeasure

from .presenters import LABEL

MOST = 9999
WAS = "was-"  # before the name of a figure: what it was when the form was shown
NO_FIGURE = "write a whole number from 0 to 9999, for example 12"
NO_LEVEL = "choose a level from 1 to 4"
NOTHING = "Nothing was changed. Change a figure, or tick that all is still as shown"


class ReportForm(DeskForm):
    """Figures as they are typed. An empty field says nothing; one that was not changed says nothing either,
    unless `still` is ticked: then all that is shown is said again.

    by_telephone  somebody in the control room writes down what they were told, and says by whom
    """

    note = words("Remark", most=200, required=False)
    told_by = words("Told by", most=60, missing="Say who told you, for example nurse in charge")
    still = forms.BooleanField(required=False)
    key = forms.CharField(required=False)

    def __init__(self, data: Any, *, at: datetime, by_telephone: bool, **named: Any) -> None:
        super().__init__(data, at=at, **named)
        if not by_telephone:
            del self.fields["told_by"]
        for measure in LABEL:
            self.fields[measure] = _figure(measure)
            self.fields[WAS + measure] = forms.CharField(required=False)

    def clean(self) -> dict[str, Any]:
        """Something must be said."""
        given: dict[str, Any] = super().clean() or {}
        wrong = any(measure in self.errors for measure in LABEL) or "note" in self.errors
        if not wrong and not self.counts(given) and not given.get("note"):
            self.add_error(None, NOTHING)
        return given

    def counts(self, given: Mapping[str, Any] | None = None) -> dict[HospitalMeasure, int]:
        """The figures that are said."""
        given = self.cleaned_data if given is None else given
        typed = {measure: given[measure] for measure in LABEL if given.get(measure) is not None}
        if given.get("still"):
            return typed
        return {
            measure: value for measure, value in typed.items() if str(value) != given.get(WAS + measure, "")
        }

    def seen(self) -> dict[HospitalMeasure, int | None]:
        """What the figures that are said were when the form was shown. Call when valid."""
        was = {measure: self.cleaned_data[WAS + measure] for measure in self.counts()}
        return {measure: int(text) if text.isdecimal() else None for measure, text in was.items()}

    def following(self, figures: Mapping[HospitalMeasure, int]) -> dict[str, Any]:
        """What was sent, as it would have been typed over what is said now: what was not changed follows."""
        sent = {name: self.data.get(name) for name in self.data}
        for measure in LABEL:
            now = str(figures.get(measure, ""))
            if self.typed(measure) == self.typed(WAS + measure):
                sent[measure.value] = now
            sent[WAS + measure] = now
        return sent

    def once(self) -> str:
        """The key of this showing of the form: sent twice, it is said once."""
        try:
            return str(UUID(self.cleaned_data["key"]))
        except ValueError:
            return str(uuid4())


def beginning(figures: Mapping[HospitalMeasure, int]) -> dict[str, Any]:
    """What the form begins with: what was last said, and a key of its own."""
    shown: dict[str, Any] = {"key": str(uuid4())}
    for measure, value in figures.items():
        shown[measure.value] = shown[WAS + measure.value] = str(value)
    return shown


def _figure(measure: HospitalMeasure) -> forms.IntegerField:
    if measure is HospitalMeasure.PRESSURE_LEVEL:
        least, most, wrong = 1, 4, f"{LABEL[measure]}: {NO_LEVEL}"
    else:
        least, most, wrong = 0, MOST, f"{LABEL[measure]}: {NO_FIGURE}"
    return forms.IntegerField(
        label=LABEL[measure],
        required=False,
        min_value=least,
        max_value=most,
        error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), wrong),
    )
