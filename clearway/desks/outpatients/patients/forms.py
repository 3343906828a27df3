"""Forms about patients: finding one, registering, changing, and each step of the record."""

from datetime import datetime
from typing import Any

from django import forms

from clearway.core.layout.fields import DeskForm
from clearway.core.layout.times import local
from clearway.domain.outpatients.identity import nhs_number, postcode
from clearway.domain.outpatients.words import NhsNumberStatus

from . import actions

A_DATE = "Enter a date, for example 2 Nov 1970"
SEXES = (("9", "Not stated"), ("1", "Male"), ("2", "Female"))
STATUSES = [(each.value, f"{each.meaning[:1].upper()}{each.meaning[1:]}") for each in NhsNumberStatus]
CHANNELS = tuple((each, each.capitalize()) for each in actions.CHANNELS)
DAYS = (("1", "Monday"), ("2", "Tuesday"), ("3", "Wednesday"), ("4", "Thursday"), ("5", "Friday"))
WEEKEND = (("6", "Saturday"), ("7", "Sunday"))


def plain(label: str, most: int, *, required: bool = False, missing: str = "") -> forms.CharField:
    """A text field of a record that is about a person, so a name or number may stand in it."""
    return forms.CharField(
        label=label,
        max_length=most,
        required=required,
        error_messages={
            "required": missing or f"Enter {label[:1].lower()}{label[1:]}",
            "max_length": f"Shorten it to {most} characters; it has %(show_value)d",
        },
    )


class SearchForm(DeskForm):
    """Who is looked for."""

    text = plain("Name, number or NHS number", 100)
    born_on = forms.DateField(required=False, error_messages={"invalid": A_DATE})


class PersonForm(DeskForm):
    """Who a patient is and how to reach them. `for_referral`: fewer fields, within a referral's form."""

    family_name = plain("Family name", 100, required=True)
    given_names = plain("Given names", 150, required=True)
    born_on = forms.DateField(error_messages={"required": "Enter the birth date", "invalid": A_DATE})
    nhs_number = plain("NHS number", 14)
    nhs_number_status = forms.ChoiceField(choices=STATUSES, required=False)
    sex = forms.ChoiceField(choices=SEXES, required=False)
    address = plain("Address", 300)
    postcode = plain("Postcode", 9)
    practice = plain("General practice", 12)
    phone = plain("Telephone", 20)
    mobile = plain("Mobile", 20)
    email = forms.EmailField(
        required=False, error_messages={"invalid": "Enter an email address, for example ada@example.org"}
    )
    may_text = forms.BooleanField(required=False)
    channel = forms.ChoiceField(choices=CHANNELS, required=False)
    days = forms.MultipleChoiceField(choices=[*DAYS, *WEEKEND], required=False)
    sites = forms.MultipleChoiceField(choices=(), required=False)
    notice_hours = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=10_000,
        error_messages=dict.fromkeys(
            ("invalid", "min_value", "max_value"), "Enter hours, for example 24, or leave it empty"
        ),
    )
    opted_out = forms.BooleanField(required=False)
    though_alike = forms.BooleanField(required=False)

    def __init__(self, data: Any = None, *, at: datetime, sites: Any = (), initial: Any = None) -> None:
        # A list without these would begin with a number that nobody traced shown as verified.
        usual = {"nhs_number_status": NhsNumberStatus.NOT_TRACED.value, "sex": "9", "channel": "letter"}
        super().__init__(data, at=at, initial={**usual, **(initial or {})})
        self.today = local(at).date()
        self.fields["sites"].choices = list(sites)  # type: ignore[attr-defined]

    def clean_born_on(self) -> Any:
        born_on = self.cleaned_data["born_on"]
        if born_on > self.today:
            raise forms.ValidationError("The birth date is still to come")
        return born_on

    def clean_nhs_number(self) -> str | None:
        try:
            return nhs_number(self.cleaned_data["nhs_number"])
        except ValueError as problem:
            raise forms.ValidationError(str(problem)) from None

    def clean_postcode(self) -> str:
        try:
            return postcode(self.cleaned_data["postcode"])
        except ValueError as problem:
            raise forms.ValidationError(str(problem)) from None

    def values(self) -> dict[str, Any]:
        """The columns of the patient. Call when valid."""
        given = {name: value for name, value in self.cleaned_data.items() if name != "though_alike"}
        given["days"] = tuple(int(each) for each in given["days"])
        given["sites"] = tuple(given["sites"])
        given["sex"] = given["sex"] or "9"
        given["channel"] = given["channel"] or "letter"
        given["nhs_number_status"] = given["nhs_number_status"] or NhsNumberStatus.NOT_TRACED
        return given


def known(patient: Any) -> dict[str, Any]:
    """What a patient's form is opened with, by column."""
    return {name: getattr(patient, name) for name in actions.CHANGEABLE if name != "confirmed_on"}


def shown(patient: Any) -> dict[str, Any]:
    """What the form begins with for a patient who is registered."""
    days = [str(each) for each in patient.days]
    return {**known(patient), "days": days, "born_on": patient.born_on.isoformat()}
