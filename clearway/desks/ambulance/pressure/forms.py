"""Figures of a hospital, a level of the trust, an answer to an action card."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

from django import forms

from clearway.core.layout.fields import DeskForm, LocalInstant, words
from clearway.domain.ambulance.pressure import LEVELS, Framework, Ladder, Plan

from .actions import DAYS, Report, Wanted

FIGURE = "figure-"  # before the code of a parameter
DONE, NOT_DONE = "done", "not_done"
ANSWERS = [(DONE, "Done"), (NOT_DONE, "Not done, because")]


class FigureForm(DeskForm):
    """Figures as they are typed. An empty field says nothing.

    by_telephone  somebody in the control room writes down what they were told, and says by whom
    """

    true_at = LocalInstant(required=False)
    told_by = words("Told by", most=60, missing="Say who told you, for example site manager")

    def __init__(
        self, data: Any = None, *, at: datetime, framework: Framework | None, by_telephone: bool
    ) -> None:
        super().__init__(data, at=at)
        self.at = at
        if not by_telephone:
            del self.fields["told_by"]
        entered = [each for each in framework.parameters if not each.computed] if framework else []
        for each in entered:
            wrong = f"{each.says}: enter a number from 0 to {each.most:g}, or nothing"
            self.fields[FIGURE + each.code] = forms.FloatField(
                required=False,
                min_value=0,
                max_value=each.most,
                error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), wrong),
            )

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if not any(name.startswith(FIGURE) for name in self.errors) and not self._figures(given):
            self.add_error(None, "Enter at least one figure")
        return given

    @staticmethod
    def _figures(given: dict[str, Any]) -> dict[str, float]:
        return {
            name.removeprefix(FIGURE): value
            for name, value in given.items()
            if name.startswith(FIGURE) and value is not None
        }

    def report(self, site: str) -> Report:
        """What is said of a hospital. Call when valid."""
        given = self.cleaned_data
        return Report(site, self._figures(given), given["true_at"] or self.at, given.get("told_by", ""))


class LevelForm(DeskForm):
    """A level of the trust."""

    level = forms.TypedChoiceField(
        coerce=int,
        choices=[(each, str(each)) for each in LEVELS],
        error_messages={"required": "Choose a level", "invalid_choice": "Choose a level from the list"},
    )
    why = words("Why", most=300, missing="Say why this level is right now")
    review_by = LocalInstant(error_messages={"required": "Say by when it is reviewed"})
    outlook = forms.CharField(required=False)
    seen = forms.IntegerField(
        min_value=0,
        error_messages=dict.fromkeys(
            ("required", "invalid", "min_value"), "Open this page again, then set the level"
        ),
    )

    def __init__(self, data: Any = None, *, plan: Plan, at: datetime, **named: Any) -> None:
        super().__init__(data, at=at, **named)
        self.plan = plan
        choices = [(each, plan.named(each)) for each in LEVELS]
        cast("forms.ChoiceField", self.fields["level"]).choices = choices
        if plan.ladder is not Ladder.REAP:
            del self.fields["outlook"]

    def clean_outlook(self) -> Sequence[int]:
        """Seven levels, with or without something between them."""
        typed = [each for each in self.cleaned_data["outlook"] if each not in " ,;/"]
        if len(typed) != DAYS or any(each not in "1234" for each in typed):
            raise forms.ValidationError(
                "Enter seven levels from 1 to 4, of today and the six days after, for example 2 2 3 3 3 2 2"
            )
        return [int(each) for each in typed]

    def wanted(self) -> Wanted:
        """The level. Call when valid."""
        given = self.cleaned_data
        return Wanted(
            self.plan.ladder,
            given["level"],
            given["why"],
            given["review_by"],
            given["seen"],
            given.get("outlook", ()),
        )


class AnswerForm(DeskForm):
    """Whether what an action card asks was done."""

    answer = forms.ChoiceField(
        choices=ANSWERS,
        error_messages={
            "required": "Say whether it is done",
            "invalid_choice": "Choose done, or not done",
        },
    )
    because = words("Because", most=300, required=False)

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if given.get("answer") == NOT_DONE and not given.get("because") and "because" not in self.errors:
            self.add_error("because", "Say why it is not done")
        return given

    def because_of(self) -> str:
        """Why it is not done; "" where it is. Call when valid."""
        given = self.cleaned_data
        return str(given["because"]) if given["answer"] == NOT_DONE else ""
