"""A recurring duty as it is typed, and that it was done."""

from django import forms

from clearway.core.layout.fields import DeskForm, words
from clearway.domain.outpatients.recurring import Every, Kind, Unit
from clearway.domain.outpatients.words import Code

from .actions import New

NO_DAY = "Enter a date, for example 2 Nov 2026"


def _chosen(kind: type[Code], missing: str) -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        coerce=kind,
        choices=[(each.value, each.meaning) for each in kind],
        error_messages=dict.fromkeys(("required", "invalid_choice"), missing),
    )


class EnterForm(DeskForm):
    """A duty."""

    name = words("What is done", most=120)
    kind = _chosen(Kind, "Choose what sort of duty it is")
    owner = words("Who does it", most=120)
    every = forms.IntegerField(
        min_value=1,
        max_value=120,
        error_messages=dict.fromkeys(
            ("required", "invalid", "min_value", "max_value"), "Enter a number from 1 to 120"
        ),
    )
    unit = _chosen(Unit, "Choose days, weeks or months")
    due_on = forms.DateField(error_messages=dict.fromkeys(("required", "invalid"), NO_DAY))

    def wanted(self) -> New:
        """The duty. Call when valid."""
        given = self.cleaned_data
        every = Every(given["every"], given["unit"])
        return New(given["name"], given["kind"], given["owner"], every, given["due_on"])


class DoneForm(DeskForm):
    """When it was done, and what shows it."""

    done_on = forms.DateField(error_messages=dict.fromkeys(("required", "invalid"), NO_DAY))
    evidence = words("What shows it", most=300, missing="Write what shows that it was done")


class EndForm(DeskForm):
    why = words("Why it ends", most=200)
