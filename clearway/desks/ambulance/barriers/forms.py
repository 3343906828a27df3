"""What is entered in the register, agreed, and done."""

from typing import Any

from django import forms

from clearway.core.layout.fields import DeskForm, words

from .actions import Entered
from .models import Aid, BarrierStep

STATES = [choice for choice in Aid.State.choices if choice[0] != Aid.State.PROMISED]
STEPS = [choice for choice in BarrierStep.Step.choices if choice[0] != BarrierStep.Step.AGREED]
CHOOSE = {"required": "Choose one", "invalid_choice": "Choose from the list"}


class AidForm(DeskForm):
    """Something that can help."""

    what = forms.ChoiceField(choices=Aid.What.choices, error_messages=CHOOSE)
    label = words("Name", most=60, missing="Give it a name, for example a registration; of staff no name")
    says = words("What it is", most=60, missing="Say its kind, what it holds, or the skill")
    place = forms.CharField(max_length=12, error_messages={"required": "Choose where it is"})
    state = forms.ChoiceField(choices=STATES, error_messages=CHOOSE)

    def entered(self) -> Entered:
        """What was entered. Call when valid."""
        return Entered(**self.cleaned_data)


class AgreeForm(DeskForm):
    """What is promised to the crew."""

    aid = forms.IntegerField(error_messages={"required": "Choose what helps", "invalid": "Choose what helps"})
    whom = words("With whom", most=200, missing="Say with whom it was agreed")


class StepForm(DeskForm):
    """What was done next."""

    step = forms.ChoiceField(choices=STEPS, error_messages=CHOOSE)
    words = words("What was said", most=300, missing="Write down what was said or done")

    def said(self) -> dict[str, Any]:
        """The step. Call when valid."""
        return {"chosen": self.cleaned_data["step"], "words": self.cleaned_data["words"]}
