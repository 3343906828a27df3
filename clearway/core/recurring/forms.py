"""A recurring duty as it is typed, and that it was done."""

from typing import Any

from django import forms

from clearway.domain.shared.recurring import Every, Found, RecurringPolicy, Unit
from clearway.domain.shared.region import Desk

from ..layout.fields import DeskForm, words
from ..people.models import User
from .actions import New

NO_DAY = "Enter a date, for example 2 Nov 2026"
NUMBER = dict.fromkeys(("invalid", "min_value", "max_value"), "Enter a number from 1 to 120")


class EnterForm(DeskForm):
    """A duty. Without an interval it has that of its kind; without an owner it is the person's own."""

    name = words("What is done", most=120)
    kind = forms.ChoiceField(
        error_messages=dict.fromkeys(("required", "invalid_choice"), "Choose what sort of duty it is")
    )
    owner = words("Who does it", most=120, required=False)
    person = forms.ModelChoiceField(
        User.objects.none(),
        to_field_name="username",
        required=False,
        error_messages={"invalid_choice": "Choose a person from the list"},
    )
    place = words("Area", most=120, required=False)
    every = forms.IntegerField(min_value=1, max_value=120, required=False, error_messages=NUMBER)
    unit = forms.TypedChoiceField(
        coerce=Unit,
        required=False,
        empty_value=None,
        choices=[(each.value, each.value) for each in Unit],
        error_messages={"invalid_choice": "Choose days, weeks or months"},
    )
    due_on = forms.DateField(error_messages=dict.fromkeys(("required", "invalid"), NO_DAY))

    def __init__(self, data: Any, *, policy: RecurringPolicy, people: Any, **more: Any) -> None:
        super().__init__(data, **more)
        kind, person = self.fields["kind"], self.fields["person"]
        assert isinstance(kind, forms.ChoiceField) and isinstance(person, forms.ModelChoiceField)
        kind.choices = [(each.code, each.says) for each in policy.kinds]
        person.queryset = people

    def clean(self) -> dict[str, Any]:
        """An owner or a person, and an interval whole or not at all."""
        given = super().clean() or {}
        if not given.get("owner") and not given.get("person") and not self.errors.get("person"):
            self.add_error("owner", "Say who does it, or choose whose own duty it is")
        if given.get("every") and not given.get("unit"):
            self.add_error("unit", "Choose days, weeks or months")
        return given

    def wanted(self, desk: Desk) -> New:
        """The duty. Call when valid."""
        given = self.cleaned_data
        every = Every(given["every"], given["unit"]) if given["every"] else None
        person: User | None = given["person"]
        return New(
            given["name"],
            given["kind"],
            given["owner"] or (person.display_name if person else ""),
            every,
            given["due_on"],
            desk,
            person.pk if person else None,
            given["place"],
        )


class DoneForm(DeskForm):
    """When it was done, what shows it, and how each item was found."""

    done_on = forms.DateField(error_messages=dict.fromkeys(("required", "invalid"), NO_DAY))
    evidence = words("What shows it", most=300, missing="Write what shows that it was done")

    def __init__(self, data: Any = None, *, items: tuple[str, ...] = (), **more: Any) -> None:
        super().__init__(data, **more)
        self.items = items
        for place, item in enumerate(items):
            self.fields[f"met_{place}"] = forms.ChoiceField(
                choices=[("yes", "Met"), ("no", "Not met")],
                error_messages=dict.fromkeys(
                    ("required", "invalid_choice"), f"{item}: choose met or not met"
                ),
            )
            self.fields[f"words_{place}"] = words(f"{item}: what was found", most=200, required=False)

    def clean(self) -> dict[str, Any]:
        """What is not met says what was found."""
        given = super().clean() or {}
        for place, item in enumerate(self.items):
            if given.get(f"met_{place}") == "no" and not given.get(f"words_{place}"):
                self.add_error(f"words_{place}", f"{item}: say what was found")
        return given

    def found(self) -> list[Found]:
        """The items. Call when valid."""
        given = self.cleaned_data
        return [
            Found(item, given[f"met_{place}"] == "yes", given[f"words_{place}"])
            for place, item in enumerate(self.items)
        ]


class EndForm(DeskForm):
    why = words("Why it ends", most=200)
