"""What somebody does about a finding, and what a hospital answers."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

from django import forms

from clearway.core.layout.fields import DeskForm, LocalInstant, words

from .casework import SAYS_WHY, Kind, Word
from .feedback import Plan
from .models import Feedback
from .presenters import STEPS

ANSWERS = {Kind.ACCEPTED: "Accept", Kind.REJECTED: "Reject"}


class StepForm(DeskForm):
    """One step of a case. derived  what is proposed where no time is given"""

    kind = forms.ChoiceField(
        choices=list(STEPS.items()),
        error_messages={"required": "Choose what you do", "invalid_choice": "Choose from the list"},
    )
    value = LocalInstant(required=False)
    words = words("What was found out", most=300, required=False)

    def __init__(self, data: Any = None, *, derived: datetime | None, steps: Any, at: datetime) -> None:
        super().__init__(data, at=at)
        self._derived = derived
        cast("forms.ChoiceField", self.fields["kind"]).choices = list(steps)

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        kind = given.get("kind")
        if kind in SAYS_WHY and not given.get("words"):
            self.add_error("words", SAYS_WHY[kind])
        if kind in (Kind.PROPOSED, Kind.SETTLED) and not given.get("value") and "value" not in self.errors:
            if kind == Kind.PROPOSED and self._derived is not None:
                given["value"] = self._derived
            else:
                self.add_error("value", "Give the time that is proposed or agreed")
        if kind not in (Kind.PROPOSED, Kind.SETTLED, Kind.CHANGED_THERE):
            given["value"] = None
        return given

    def word(self) -> Word:
        """The step. Call when valid."""
        given = self.cleaned_data
        return Word(Kind(given["kind"]), given["words"], given["value"])


class AnswerForm(DeskForm):
    """The hospital's answer."""

    kind = forms.ChoiceField(
        choices=list(ANSWERS.items()),
        error_messages={"required": "Choose accept or reject", "invalid_choice": "Choose accept or reject"},
    )
    words = words("Reason", most=300, required=False)

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if given.get("kind") == Kind.REJECTED and not given.get("words"):
            self.add_error("words", "Say why: what do you have instead?")
        return given

    def word(self) -> Word:
        """The answer. Call when valid."""
        return Word(Kind(self.cleaned_data["kind"]), self.cleaned_data["words"])


class FreezeForm(DeskForm):
    """Freezing a month; a reason where critical findings are open."""

    signed = words("Why it is published with critical findings open", most=300, required=False)
    sure = forms.BooleanField(error_messages={"required": "Say that the figures were looked at"})


class FeedbackForm(DeskForm):
    """A note, a visit or a session about a pattern."""

    pattern = forms.ChoiceField(
        error_messages={"required": "Choose about what", "invalid_choice": "Choose from the list"}
    )
    kind = forms.ChoiceField(
        choices=Feedback.Kind.choices,
        error_messages={"required": "Choose how", "invalid_choice": "Choose from the list"},
    )
    on = forms.DateField(
        error_messages={"required": "Enter the day", "invalid": "Enter a day, for example 2026-11-02"}
    )
    owner = words("Who gives it", most=150, missing="Say who gives it: a post, or a colleague")
    words = words("What is said", most=300, missing="Say in a sentence what is fed back")

    def __init__(self, data: Any = None, *, patterns: Sequence[tuple[str, str]], at: datetime) -> None:
        super().__init__(data, at=at)
        cast("forms.ChoiceField", self.fields["pattern"]).choices = list(patterns)

    def plan(self) -> Plan:
        """The feedback. Call when valid."""
        given = self.cleaned_data
        about, code, key = given["pattern"].split(":", 2)
        return Plan(about, key, code, given["kind"], given["on"], given["owner"], given["words"])
