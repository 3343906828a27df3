"""STACK reports, and what is recorded of a delay."""

from datetime import datetime, timedelta
from typing import Any, cast

from django import forms

from clearway.core.layout.fields import DeskForm, words
from clearway.domain.ambulance.delays import ScenePolicy, Stack

from .actions import Kind, Word
from .presenters import KINDS

MOST_MINUTES = 360
SHOWN = 20  # characters of what is no letter that are said again


def _minutes(missing: str) -> forms.IntegerField:
    sentence = f"{missing}: whole minutes from 1 to {MOST_MINUTES}"
    return forms.IntegerField(
        required=False,
        min_value=1,
        max_value=MOST_MINUTES,
        error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), sentence),
    )


class StackForm(DeskForm):
    """One STACK report: what holds the crew up by letters or by ticks, the rest in short words.

    of       the phase of the job that it was opened for: it lands on no other
    version  of the newest report when the form was opened, to say where another came meanwhile
    """

    of = forms.CharField(required=False)
    version = forms.IntegerField(required=False)
    letters = forms.CharField(
        required=False, max_length=20, error_messages={"max_length": "Enter at most twenty letters"}
    )
    constraints = forms.MultipleChoiceField(
        required=False, error_messages={"invalid_choice": "Choose from the list"}
    )
    situation = words("What is going on", most=200, required=False)
    leaves_in = _minutes("Say in how many minutes the crew leaves")
    asks = words("What would free you", most=200, required=False)
    assessment = words("Assessment", most=120, required=False)
    next_in = _minutes("Say in how many minutes the next report comes")

    def __init__(
        self, data: Any = None, *, policy: ScenePolicy, at: datetime, initial: dict[str, Any] | None = None
    ) -> None:
        super().__init__(data, at=at, initial=initial)
        self.policy, self.at = policy, at
        choices = [(each.code, each.says) for each in policy.constraints]
        cast("forms.MultipleChoiceField", self.fields["constraints"]).choices = choices

    def clean_letters(self) -> list[str]:
        by_letter = {each.letter: each.code for each in self.policy.constraints}
        typed = [letter for letter in self.cleaned_data["letters"].casefold() if letter not in " ,;"]
        wrong = [letter for letter in typed if letter not in by_letter]
        if wrong:
            known = ", ".join(f"{each.letter} ({each.says.lower()})" for each in self.policy.constraints)
            raise forms.ValidationError(f"“{''.join(wrong)[:SHOWN]}” is no letter of the list. Type: {known}")
        return [by_letter[letter] for letter in typed]

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        codes = [*given.get("letters", []), *given.get("constraints", [])]
        given["codes"] = tuple(dict.fromkeys(codes))
        if not codes and not self.errors:
            name = "letters" if "letters" in self.data else "constraints"
            self.add_error(name, "Say what holds the crew up")
        return given

    def stack(self) -> Stack:
        """The report. Call when valid."""
        given, minute = self.cleaned_data, timedelta(minutes=1)
        leaves = given["leaves_in"]
        return Stack(
            situation=given["situation"],
            assessment=given["assessment"],
            constraints=given["codes"],
            asks=given["asks"],
            leaves=None if leaves is None else self.at + leaves * minute,
            next_at=self.at + (given["next_in"] or self.policy.next_report) * minute,
        )


class WordForm(DeskForm):
    """One record: what was done, what was said, what came back, and to whom it went.

    of  the phase of the job that it was opened for: it lands on no other
    """

    of = forms.CharField(required=False)
    kind = forms.ChoiceField(
        choices=list(KINDS.items()),
        error_messages={"required": "Choose what was done", "invalid_choice": "Choose from the list"},
    )
    said = words("What was said", most=300, missing="Write down what was said or done")
    answer = words("What came back", most=300, required=False)
    to = words("To whom", most=120, required=False)

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        names = {Kind.CALLED: "whom you called", Kind.ESCALATED: "to whom it is escalated"}
        missing = names.get(given.get("kind", ""))
        if missing and not given.get("to") and "to" not in self.errors:
            self.add_error("to", f"Say {missing}: name and post")
        return given

    def word(self) -> Word:
        """The record. Call when valid."""
        given = self.cleaned_data
        return Word(Kind(given["kind"]), given["said"], given["answer"], given["to"])
