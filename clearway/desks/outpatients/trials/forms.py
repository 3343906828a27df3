"""A trial as it is started, and as it is stopped."""

import secrets
from typing import Any

from django import forms

from clearway.core.layout.fields import DeskForm, words
from clearway.domain.outpatients.trials import FEWEST, LETTERS, MOST, Days, Outcome, Varies

from .actions import New

FARTHEST = 60  # days before a visit


def _chosen(kind: Any, missing: str) -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        coerce=kind,
        choices=[(each.value, each.meaning) for each in kind],
        error_messages=dict.fromkeys(("required", "invalid_choice"), missing),
    )


def _number(least: int, most: int, missing: str, *, required: bool = False) -> forms.IntegerField:
    kinds = ("required", "invalid", "min_value", "max_value")
    return forms.IntegerField(
        min_value=least, max_value=most, required=required, error_messages=dict.fromkeys(kinds, missing)
    )


def _day() -> forms.IntegerField:
    return _number(0, FARTHEST, f"Enter days before the visit, 0 to {FARTHEST}; 0 leaves the reminder out")


class StartForm(DeskForm):
    """Two texts, or two choices of days."""

    name = words("A name for it", most=100)
    varies = _chosen(Varies, "Choose what differs between the arms")
    text_a = _number(1, 2**31, "Choose the first text")
    text_b = _number(1, 2**31, "Choose the second text")
    far_a, near_a, far_b, near_b = _day(), _day(), _day(), _day()
    services = forms.TypedMultipleChoiceField(
        coerce=int,
        error_messages=dict.fromkeys(("required", "invalid_choice"), "Choose whose patients are in it"),
    )
    outcome = _chosen(Outcome, "Choose what is looked at")
    planned = _number(FEWEST, MOST, f"Enter a number of patients, {FEWEST} to {MOST}", required=True)
    why = words("Why", most=200)

    def __init__(self, *given: Any, services: list[tuple[int, str]], **named: Any) -> None:
        super().__init__(*given, **named)
        field = self.fields["services"]
        assert isinstance(field, forms.TypedMultipleChoiceField)
        field.choices = services

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if given.get("varies") is Varies.WORDS:
            self._need({f"text_{each}": "Choose the text" for each in LETTERS})
        elif given.get("varies") is Varies.DAYS:
            self._need({f"{name}_{each}": "Enter the days" for each in LETTERS for name in ("far", "near")})
            for each in LETTERS:
                self._days(each)
        return given

    def _need(self, names: dict[str, str]) -> None:
        for name, missing in names.items():
            if self.cleaned_data.get(name) is None and name not in self.errors:
                self.add_error(name, f"{missing} of arm {name[-1].upper()}")

    def _days(self, letter: str) -> None:
        far, near = (self.cleaned_data.get(f"{name}_{letter}") for name in ("far", "near"))
        if far is not None and near is not None:
            try:
                self.cleaned_data[f"days_{letter}"] = Days(far, near)
            except ValueError as problem:
                self.add_error(f"far_{letter}", str(problem))

    def wanted(self) -> New:
        """The trial. Call when valid."""
        given = self.cleaned_data
        kind = "text" if given["varies"] is Varies.WORDS else "days"
        return New(
            given["name"],
            (given[f"{kind}_a"], given[f"{kind}_b"]),
            given["services"],
            given["outcome"],
            given["planned"],
            given["why"],
            secrets.token_hex(16),
        )


class StopForm(DeskForm):
    """Why it ends, and which arm counts from now on; "none" for neither."""

    keep = forms.ChoiceField(
        choices=[("none", "")] + [(each, "") for each in LETTERS],
        error_messages=dict.fromkeys(("required", "invalid_choice"), "Choose what counts from now on"),
    )
    why = words("Why it ends", most=200)
