"""What the decision log asks for."""

from datetime import date, datetime, timedelta
from typing import Any

from django import forms

from ..layout.fields import DeskForm, LocalInstant, words
from ..layout.numbers import MOST, whole_number
from ..organisation.models import Organisation, Site
from . import actions
from .export import FORMS, PARTS, Asked
from .models import DecisionNote

LONGEST = timedelta(days=366)  # of an export


class DecisionForm(DeskForm):
    """A decision as it is typed. Ask for nothing already known: who, when, where from are filled in."""

    known = words("What is known", most=4000, missing="Say what is known")
    options = words("Options", most=4000, required=False)
    nothing = words("If nothing is done", most=2000, required=False)
    risks_patients = words("Risks for patients", most=2000, required=False)
    risks_staff = words("Risks for staff", most=2000, required=False)
    risks_system = words("Risks for the system", most=2000, required=False)
    policy = words("Policy", most=300, required=False)
    advice = words("Advice and challenge", most=2000, required=False)
    decision = words("Decision", most=4000, missing="Say what is decided")
    reason = words("Reason", most=4000, missing="Say why")
    told = words("Who was told", most=300, required=False)
    review_at = LocalInstant(required=False)
    decided_at = LocalInstant(required=False)
    late_reason = words("Why written later", most=300, required=False)
    site = forms.ModelChoiceField(
        Site.objects.none(),
        to_field_name="code",
        required=False,
        error_messages={"invalid_choice": "Choose a site from the list"},
    )
    screen = forms.CharField(required=False, max_length=300)
    corrects = forms.IntegerField(required=False, max_value=MOST)

    def __init__(self, data: Any, *, at: datetime, organisation: Organisation, **named: Any) -> None:
        super().__init__(data, at=at, **named)
        self.at = at
        field = self.fields["site"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Site.objects.filter(organisation=organisation)

    @property
    def more_typed(self) -> bool:
        """Something of the joint decision model is written, or wrong: then it is open."""
        return any(self.typed(name) or name in self.errors for name in actions.JOINT_MODEL)

    def clean(self) -> dict[str, Any]:
        """A decision written late says why; the field is shown only then."""
        given: dict[str, Any] = super().clean() or {}
        decided_at = given.get("decided_at") or self.at
        if actions.is_late(decided_at, self.at) and not given.get("late_reason"):
            self.add_error("late_reason", "It was taken more than 5 minutes ago: say in a few words why now")
        return given

    def written(self) -> actions.Written:
        """The decision. Call when valid."""
        given = self.cleaned_data
        names = (
            "known",
            "options",
            *actions.JOINT_MODEL,
            "decision",
            "reason",
            "told",
            "review_at",
            "late_reason",
            "site",
            "screen",
        )
        return actions.Written(
            decided_at=given["decided_at"] or self.at,
            supersedes=given["corrects"],
            **{name: given[name] for name in names},
        )


class DayForm(DeskForm):
    """Which day of the log to show."""

    day = forms.DateField(required=False, error_messages={"invalid": "Enter a date"})

    def chosen(self, today: date) -> date:
        return self.cleaned_data.get("day") or today if self.is_valid() else today


class NoteForm(DeskForm):
    """What came of an entry, or that it was reviewed."""

    kind = forms.ChoiceField(
        choices=DecisionNote.Kind.choices,
        error_messages={"required": "Choose what this is", "invalid_choice": "Choose from the list"},
    )
    words = words("What you say", most=2000, missing="Say what came of it, or that it stands and why")


class ExportForm(DeskForm):
    """Which entries leave as a file. `cut` is the entry and the part that is left out, e.g. "12:known"."""

    first = forms.DateField(error_messages={"required": "Enter the first day", "invalid": "Enter a date"})
    last = forms.DateField(error_messages={"required": "Enter the last day", "invalid": "Enter a date"})
    file = forms.ChoiceField(
        choices=list(FORMS.items()),
        required=False,
        error_messages={"invalid_choice": "Choose text, CSV or PDF"},
    )
    reason = words("Why parts are left out", most=300, required=False)
    shown = forms.CharField(required=False, max_length=64)

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        first, last = given.get("first"), given.get("last")
        if first and last and not timedelta(0) <= last - first <= LONGEST:
            self.add_error("last", "Choose a last day after the first, within a year")
        return given

    def asked(self, cuts: list[str]) -> Asked:
        """What is to leave. Call when valid. What names no entry and part is passed over."""
        found: dict[int, set[str]] = {}
        for each in cuts:
            key, _, part = each.partition(":")
            if (number := whole_number(key)) is not None and part in PARTS:
                found.setdefault(number, set()).add(part)
        given = self.cleaned_data
        chosen = {key: frozenset(parts) for key, parts in found.items()}
        return Asked(given["first"], given["last"], given["file"], chosen, given["reason"], given["shown"])
