"""What the task pages ask for."""

from datetime import datetime
from typing import Any

from django import forms

from ..layout.fields import DeskForm, words
from ..organisation.models import Organisation, Site
from ..people.models import User
from ..people.roles import ROLES


class TaskForm(DeskForm):
    """Any change to a task: which version of it was on the screen."""

    version = forms.IntegerField(
        error_messages={"required": "Open the task again", "invalid": "Open the task again"}
    )


class AnswerForm(TaskForm):
    answer = words("Answer", most=500, missing="Say what was done")


class ShelveForm(TaskForm):
    minutes = forms.IntegerField(
        min_value=1,
        max_value=60,
        error_messages={
            "required": "Enter the minutes",
            "invalid": "Enter whole minutes, for example 20",
            "min_value": "Enter at least 1 minute",
            "max_value": "Enter at most 60 minutes",
        },
    )
    shelve_reason = words("Reason", most=300, missing="Say why it can wait")


class EscalateForm(TaskForm):
    to = forms.CharField(error_messages={"required": "Choose whom it goes to"})
    escalate_reason = words("Reason", most=300, missing="Say why it goes up")


class AssignForm(TaskForm):
    owner = forms.ModelChoiceField(
        User.objects.none(),
        to_field_name="username",
        error_messages={"required": "Choose a person", "invalid_choice": "Choose a person from the list"},
    )

    def __init__(self, data: Any, *, at: datetime, people: Any) -> None:
        super().__init__(data, at=at)
        field = self.fields["owner"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = people


class NewTaskForm(DeskForm):
    title = words("What is to do", most=200, missing="Say what is to do")
    cause = words("Why", most=500, missing="Say why")
    priority = forms.TypedChoiceField(
        choices=[(1, "P1"), (2, "P2"), (3, "P3")],
        coerce=int,
        error_messages={"required": "Choose a priority", "invalid_choice": "Choose a priority from the list"},
    )
    role = forms.ChoiceField(
        choices=[(code, role.name) for code, role in ROLES.items() if "tasks.work" in role.permissions],
        error_messages={
            "required": "Choose who does it",
            "invalid_choice": "Choose who does it from the list",
        },
    )
    site = forms.ModelChoiceField(
        Site.objects.none(),
        to_field_name="code",
        required=False,
        error_messages={"invalid_choice": "Choose a site from the list"},
    )

    def __init__(self, data: Any, *, at: datetime, organisation: Organisation, **named: Any) -> None:
        super().__init__(data, at=at, **named)
        field = self.fields["site"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Site.objects.filter(organisation=organisation)
