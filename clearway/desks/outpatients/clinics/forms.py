"""What is asked for a clinic, its sessions and leave."""

from datetime import date
from typing import Any

from django import forms

from clearway.core.layout.fields import DeskForm, words
from clearway.domain.outpatients.clinics import SlotPlan, Weeks, plans_in
from clearway.domain.shared.errors import CannotParse

from .actions import LEAVE_KINDS, NewLeave, NewTemplate

WEEKDAYS = {
    1: "Monday",
    2: "Tuesday",
    3: "Wednesday",
    4: "Thursday",
    5: "Friday",
    6: "Saturday",
    7: "Sunday",
}
YEARS_SHOWN = 20  # before and after now, of a day that an address asks for
NO_DAY = "Enter a date, for example 2 Nov 2026"


def _day(label: str, *, required: bool = True) -> forms.DateField:
    wrong = dict.fromkeys(("required", "invalid"), f"{label}: {NO_DAY[0].lower()}{NO_DAY[1:]}")
    return forms.DateField(label=label, required=required, error_messages=wrong)


def _number(label: str) -> forms.IntegerField:
    return forms.IntegerField(error_messages=dict.fromkeys(("required", "invalid"), f"Choose a {label}"))


class TemplateForm(DeskForm):
    """A version of a weekly clinic."""

    code = forms.SlugField(
        max_length=30,
        error_messages=dict.fromkeys(("required", "invalid"), "Enter a code of letters and figures"),
    )
    name = words("Name", most=120)
    service = _number("service")
    room = _number("room")
    clinician = _number("clinician")
    equipment = forms.IntegerField(required=False, error_messages={"invalid": "Choose the equipment"})
    weekday = forms.TypedChoiceField(choices=list(WEEKDAYS.items()), coerce=int)
    every = forms.TypedChoiceField(choices=[(1, "every week"), (2, "every second week")], coerce=int)
    valid_from = _day("From")
    valid_to = _day("Until", required=False)
    slots = forms.CharField(error_messages={"required": "Write at least one slot"})

    def clean_slots(self) -> tuple[SlotPlan, ...]:
        try:
            return plans_in(self.cleaned_data["slots"])
        except CannotParse as refusal:
            raise forms.ValidationError(str(refusal)) from None

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        first, last = given.get("valid_from"), given.get("valid_to")
        if first and last and last < first:
            self.add_error("valid_to", "It ends before it begins: enter a later day")
        return given

    def wanted(self) -> NewTemplate:
        """The version. Call when valid."""
        given = self.cleaned_data
        return NewTemplate(
            code=given["code"],
            name=given["name"],
            service_id=given["service"],
            room_id=given["room"],
            clinician_id=given["clinician"],
            weeks=Weeks(given["weekday"], given["every"], given["valid_from"], given["valid_to"]),
            slots=given["slots"],
            equipment_id=given["equipment"],
        )


class WhyForm(DeskForm):
    """Why a session is frozen or cancelled."""

    why = words("Why", most=120, missing="Say why, for example staff sickness")


class UntilForm(DeskForm):
    """Up to which day sessions are to be made."""

    until = _day("Until")


class LeaveForm(DeskForm):
    """Leave that is asked for."""

    clinician = _number("clinician")
    starts_on = _day("From")
    ends_on = _day("Until")
    kind = forms.ChoiceField(choices=list(LEAVE_KINDS.items()))

    def wanted(self) -> NewLeave:
        given = self.cleaned_data
        return NewLeave(given["clinician"], given["starts_on"], given["ends_on"], given["kind"])


def shown_day(asked: str, today: date) -> date:
    """The day that an address asks for; today where it asks for none, or one of another age."""
    try:
        day = date.fromisoformat(asked)
    except ValueError:
        return today
    return day if abs(day.year - today.year) <= YEARS_SHOWN else today
