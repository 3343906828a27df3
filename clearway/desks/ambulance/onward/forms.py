"""What is asked to refer a patient to a service of another desk."""

from datetime import datetime
from typing import Any

from django import forms

from clearway.core.layout.fields import DeskForm, words
from clearway.core.layout.times import local
from clearway.core.onward.actions import New, Person
from clearway.core.onward.queries import Found
from clearway.domain.shared.identity import is_nhs_number

SEPARATOR = "/"  # between organisation, service and kind
A_DATE = "Enter a date, for example 2 Nov 1940"


def options(found: list[Found]) -> list[tuple[str, str]]:
    """Every service with every kind that it takes, in words."""
    return [
        (SEPARATOR.join((*each.to, kind)), f"{each.taker.name}: {said.lower()} ({each.organisation})")
        for each in found
        for kind, said in each.taker.kinds.items()
    ]


def _named(label: str, most: int) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=most,
        required=False,
        error_messages={"max_length": f"Shorten it to {most} characters; it has %(show_value)d"},
    )


class AskForm(DeskForm):
    """Whom, what for, and who the patient is, as little as the crew has.

    known  who it is, where a source or an earlier request said so; taken where nothing is typed
    """

    to = forms.ChoiceField(
        error_messages={"required": "Choose the service", "invalid_choice": "Choose from the list"}
    )
    asked = words("What is asked", most=500, missing="Say what is asked for")
    nhs_number = _named("NHS number", 14)
    family_name = _named("Family name", 100)
    given_names = _named("Given names", 150)
    born_on = forms.DateField(required=False, error_messages={"invalid": A_DATE})
    phone = _named("Telephone", 20)
    address = _named("Address", 300)
    postcode = _named("Postcode", 9)
    incident = words("Incident", most=100, required=False)
    crew = words("Crew", most=40, required=False)

    def __init__(
        self,
        data: Any = None,
        *,
        at: datetime,
        found: list[Found],
        known: Person | None = None,
        initial: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(data, at=at, initial=initial)
        self.today, self.known = local(at).date(), known
        self.fields["to"].choices = options(found)  # type: ignore[attr-defined]

    def clean_nhs_number(self) -> str:
        digits = "".join(each for each in self.cleaned_data["nhs_number"] if each not in " -")
        if digits and not is_nhs_number(digits):
            raise forms.ValidationError("Check this NHS number: ten digits, for example 999 123 4567")
        return digits

    def clean_born_on(self) -> Any:
        born_on = self.cleaned_data["born_on"]
        if born_on is not None and not born_on <= self.today:
            raise forms.ValidationError("The birth date is still to come")
        return born_on

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if not self.errors and not self._person(given).is_known:
            self.add_error("nhs_number", "Enter the NHS number, or the family name and the birth date")
        return given

    def new(self, again_of: int | None) -> New:
        """The request. Call when valid."""
        given = self.cleaned_data
        organisation, service, kind = given["to"].split(SEPARATOR)
        return New(
            to=(organisation, service),
            kind=kind,
            asked=given["asked"],
            person=self._person(given),
            incident=given["incident"],
            crew=given["crew"],
            again_of=again_of,
        )

    def _person(self, given: dict[str, Any]) -> Person:
        """As typed; each field that was left empty as it is known, unless somebody else was typed."""
        names = ("family_name", "given_names", "born_on", "nhs_number", "phone", "address", "postcode")
        typed = {name: given.get(name) or None for name in names}
        known = self.known or Person()
        is_another = any(typed[name] for name in ("family_name", "born_on", "nhs_number"))
        filled = {
            name: typed[name] or (None if is_another else getattr(known, name)) or getattr(Person(), name)
            for name in names
        }
        return Person(**filled)


class WhyForm(DeskForm):
    """Why a request is withdrawn."""

    why = words("Why", most=300, missing="Say why it is withdrawn")
