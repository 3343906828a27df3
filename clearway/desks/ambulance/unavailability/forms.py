"""What is recorded of an unavailability, and limits that are signed."""

from datetime import datetime
from typing import Any, cast

from django import forms

from clearway.core.layout.fields import DeskForm, LocalInstant, words
from clearway.domain.ambulance.unavailability import UnavailabilityPolicy

from .actions import Kind, Limit, Word
from .presenters import KINDS


class WordForm(DeskForm):
    """One record: what was done, what was said, and what belongs to it."""

    kind = forms.ChoiceField(
        choices=[(kind, said) for kind, said in KINDS.items()],
        error_messages={"required": "Choose what was done", "invalid_choice": "Choose from the list"},
    )
    answer = words("What was said", most=300, missing="Write down what was said")
    until = LocalInstant(required=False)
    code = forms.ChoiceField(required=False, error_messages={"invalid_choice": "Choose from the list"})
    to = words("To whom", most=120, required=False)

    def __init__(self, data: Any = None, *, policy: UnavailabilityPolicy, at: datetime) -> None:
        super().__init__(data, at=at)
        choices = [("", ""), *((each.code, each.says) for each in policy.reasons.values())]
        cast("forms.ChoiceField", self.fields["code"]).choices = choices

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        for kind, name, missing in (
            (Kind.EXTENDED, "until", "Say until when it is extended"),
            (Kind.CORRECTED, "code", "Choose the reason that is right"),
            (Kind.ESCALATED, "to", "Say to whom it is escalated"),
        ):
            if given.get("kind") != kind:
                given[name] = None if name == "until" else ""  # of another kind of record
            elif not given.get(name) and name not in self.errors:
                self.add_error(name, missing)
        return given

    def word(self) -> Word:
        """The record. Call when valid."""
        given = self.cleaned_data
        return Word(Kind(given["kind"]), given["answer"], given["until"], given["code"], given["to"])


class LimitForm(DeskForm):
    """Other limits for a time."""

    codes = forms.MultipleChoiceField(
        error_messages={"required": "Choose at least one reason", "invalid_choice": "Choose from the list"}
    )
    minutes = forms.FloatField(
        min_value=1,
        max_value=240,
        error_messages=dict.fromkeys(
            ("required", "invalid", "min_value", "max_value"), "Enter minutes from 1 to 240"
        ),
    )
    level = words("At which level", most=80, missing="Say at which escalation level, for example REAP 3")
    why = words("Why", most=300, missing="Say why")
    ends = LocalInstant()

    def __init__(self, data: Any = None, *, policy: UnavailabilityPolicy, at: datetime) -> None:
        super().__init__(data, at=at)
        choices = [(each.code, each.says) for each in policy.reasons.values() if each.pressed]
        cast("forms.MultipleChoiceField", self.fields["codes"]).choices = choices

    def limit(self) -> Limit:
        """The limit. Call when valid."""
        given = self.cleaned_data
        return Limit(given["codes"], given["minutes"], given["level"], given["why"], given["ends"])
