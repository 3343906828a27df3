"""What is said of a hospital with one thumb: one figure, or one remark."""

from typing import Any

from django import forms

from clearway.core.layout.fields import DeskForm, words
from clearway.domain.ambulance.words import HospitalMeasure as Measure

from ..liaison.presenters import LABEL

STEPPED = (
    Measure.COHORT_PLACES,
    Measure.RECEIVING_STAFF,
    Measure.MAJORS_TAKEN,
    Measure.RESUS_TAKEN,
    Measure.BOARDING,
    Measure.BEDS_FREE,
)
MOST, MOST_LEVEL = 9999, 4
MOST_MINUTES = 720


class ReliefForm(DeskForm):
    """What is expected to relieve those who wait, and in how many minutes."""

    what = words("What is expected", most=120, missing="Say what is expected: a second crew, two beds")
    minutes = forms.IntegerField(
        min_value=1,
        max_value=MOST_MINUTES,
        error_messages=dict.fromkeys(
            ("required", "invalid", "min_value", "max_value"),
            f"Say in how many minutes it is expected, from 1 to {MOST_MINUTES}",
        ),
    )
    key = forms.UUIDField(required=False, error_messages={"invalid": "Open the page again"})


class OneWordForm(DeskForm):
    """One figure with its new value, or a remark.

    key  of the page that was shown, so that a double tap is one
    """

    measure = forms.ChoiceField(
        required=False,
        choices=[(each.value, LABEL[each]) for each in (*STEPPED, Measure.PRESSURE_LEVEL)],
        error_messages={"invalid_choice": "Choose a figure of this page"},
    )
    value = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=MOST,
        error_messages=dict.fromkeys(
            ("invalid", "min_value", "max_value"), "Write a whole number from 0 to 9999, for example 12"
        ),
    )
    was = forms.IntegerField(required=False)
    note = words("Remark", most=200, required=False)
    key = forms.UUIDField(required=False, error_messages={"invalid": "Open the page again"})

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if self.errors:
            return given
        measure, value = given.get("measure"), given.get("value")
        if not measure:
            if not given.get("note"):
                self.add_error("note", "Write what others should know")
        elif value is None:
            self.add_error("value", "Write a whole number from 0 to 9999, for example 12")
        elif measure == Measure.PRESSURE_LEVEL and not 1 <= value <= MOST_LEVEL:
            self.add_error("value", "Choose a level from 1 to 4")
        return given

    def seen(self) -> dict[Measure, int | None]:
        """What the figure was on the page. Call when valid."""
        return dict.fromkeys(self.counts(), self.cleaned_data["was"])

    def counts(self) -> dict[Measure, int]:
        """The figure that is said, if one is."""
        given = self.cleaned_data
        return {Measure(given["measure"]): given["value"]} if given["measure"] else {}

    def once(self) -> str:
        """The same tap sent twice has the same key."""
        given = self.cleaned_data
        return f"{given['key']}:{given['measure']}:{given['value']}"
