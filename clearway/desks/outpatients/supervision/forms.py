"""Work that is given, handed in and reviewed, and training, as they are typed."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django import forms

from clearway.core.layout.fields import DeskForm, words
from clearway.domain.outpatients.supervision import Kind

from .actions import New
from .standing import Thing

NO_DAY = "Enter a date, for example 2 Nov 2026"
A_FEW = "Enter a number from 1 to 40"


class GiveForm(DeskForm):
    """To whom, what, by when, and how many are reviewed."""

    user = forms.TypedChoiceField(
        coerce=int,
        error_messages=dict.fromkeys(("required", "invalid_choice"), "Choose a junior"),
    )
    subjects = forms.MultipleChoiceField(
        error_messages={
            "required": "Choose what is given",
            "invalid_choice": "Some of it is done or given by now. Choose from what is left",
        }
    )
    due_on = forms.DateField(error_messages=dict.fromkeys(("required", "invalid"), NO_DAY))
    reviews = forms.IntegerField(
        min_value=1,
        max_value=40,
        error_messages=dict.fromkeys(("required", "invalid", "min_value", "max_value"), A_FEW),
    )
    words = words("What to mind", most=300, required=False)

    def __init__(
        self,
        data: Any = None,
        *,
        at: datetime,
        people: Iterable[tuple[int, str]],
        things: Iterable[Thing],
        initial: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(data, at=at, initial=initial)
        user: Any = self.fields["user"]
        user.choices = [(str(key), name) for key, name in people]
        subjects: Any = self.fields["subjects"]
        subjects.choices = [(each.subject, each.name) for each in things]

    def wanted(self, kind: Kind) -> New:
        """The batch. Call when valid."""
        given: dict[str, Any] = dict(self.cleaned_data)
        return New(kind, given.pop("user"), **given)


class SaidForm(DeskForm):
    said = words("What became of it", most=300)


class ReviewForm(DeskForm):
    """Right or wrong, and why."""

    right = forms.TypedChoiceField(
        coerce=lambda value: value == "yes",
        choices=[("yes", "Right"), ("no", "Wrong")],
        error_messages=dict.fromkeys(("required", "invalid_choice"), "Say whether it is right"),
    )
    feedback = words("Feedback", most=300, required=False)


class TrainForm(DeskForm):
    """What somebody was taught."""

    topic = words("What was taught", most=120)
    on = forms.DateField(error_messages=dict.fromkeys(("required", "invalid"), NO_DAY))
    words = words("What shows it", most=300, missing="Write what shows it")
