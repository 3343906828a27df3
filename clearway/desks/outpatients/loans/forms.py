"""Items, loans and recalls as they are typed."""

from django import forms

from clearway.core.layout.fields import DeskForm, words
from clearway.domain.outpatients.waiting import CHANNELS, CONTACT_OUTCOMES

from .actions import New

NO_DAY = "Enter a date, for example 2 Nov 2026"


class ItemForm(DeskForm):
    """An item that comes into the store."""

    serial = words("Serial number", most=40)
    kind = words("Kind of thing", most=80)
    make = words("Make", most=80)
    batch = words("Batch", most=40, required=False)
    size = words("Size", most=40, required=False)

    def wanted(self) -> New:
        """The item. Call when valid."""
        return New(**self.cleaned_data)


class IssueForm(DeskForm):
    """To whom an item is lent, and until when."""

    patient = forms.IntegerField(
        min_value=1, error_messages=dict.fromkeys(("required", "invalid"), "Find and choose the patient")
    )
    due_on = forms.DateField(required=False, error_messages={"invalid": NO_DAY})


class ChaseForm(DeskForm):
    """How a patient was asked, and what they said."""

    channel = forms.ChoiceField(choices=[(each, each) for each in CHANNELS])
    outcome = forms.ChoiceField(
        choices=[(each, each) for each in CONTACT_OUTCOMES],
        error_messages={"required": "Choose what became of it", "invalid_choice": "Choose what became of it"},
    )
    words = words("What was said", most=300, required=False)


class ReturnForm(DeskForm):
    condition = words("In what condition", most=200)


class CleanForm(DeskForm):
    how = words("How it was decontaminated", most=200)


class WriteOffForm(DeskForm):
    why = words("Why it is written off", most=200)


class RecallForm(DeskForm):
    """What is recalled."""

    make = words("Make", most=80)
    batch = words("Batch", most=40, required=False)
    why = words("Why it is recalled", most=200)
