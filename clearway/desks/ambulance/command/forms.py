"""What the pages of command ask for."""

from django import forms

from clearway.core.layout.fields import DeskForm, words
from clearway.domain.ambulance.command import METHANE, Declared
from clearway.domain.ambulance.meeting import Unit


class AddForm(DeskForm):
    """What somebody adds to a situation report."""

    words = words("Correction or addition", most=1000, missing="Say what is added or corrected")


class PackForm(DeskForm):
    """Of which week or month a pack is made."""

    unit = forms.ChoiceField(
        choices=[(each.value, each.value.capitalize()) for each in Unit],
        error_messages={"required": "Choose week or month", "invalid_choice": "Choose week or month"},
    )
    day = forms.DateField(
        error_messages={"required": "Enter a day of the week or month", "invalid": "Enter a date"}
    )


class GiveForm(DeskForm):
    """What somebody says when they give their shift."""

    notes = words("Notes for the next person", most=2000, required=False)


class SayForm(DeskForm):
    """A question, an answer or a note about a sheet."""

    words = words("Question or note", most=500, missing="Say what you ask or note")


class OpenCallForm(DeskForm):
    """Who chairs a call says why, where that is not the officer."""

    because = words("Why you chair it", most=200, required=False)


class LineForm(DeskForm):
    """One line of a call."""

    line = words("Line", most=1000, missing="Type a line: a letter, a space and what it is about")


class MethaneForm(DeskForm):
    """A METHANE report. What is not known yet stays empty, where and what do not."""

    state = forms.ChoiceField(
        choices=[(each.value, each.value) for each in Declared],
        error_messages={"required": "Choose how it stands", "invalid_choice": "Choose from the list"},
    )
    location = words("Exact location", most=300, missing="Say where, as exactly as it is known")
    kind = words("Type of incident", most=300, missing="Say what kind of incident it is")
    hazards = words("Hazards", most=500, required=False)
    access = words("Access and egress", most=500, required=False)
    casualties = words("Casualties", most=300, required=False)
    services = words("Emergency services", most=500, required=False)
    seen = forms.IntegerField(
        min_value=0,
        max_value=10_000,
        error_messages=dict.fromkeys(
            ("required", "invalid", "min_value", "max_value"), "Open this page again, then write the report"
        ),
    )

    key = forms.UUIDField(
        error_messages=dict.fromkeys(("required", "invalid"), "Open this page again, then write the report")
    )

    def letters(self) -> dict[str, str]:
        """The letters of METHANE but the first. Call when valid."""
        return {name: self.cleaned_data[name] for name in METHANE}
