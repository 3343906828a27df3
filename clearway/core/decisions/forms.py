"""What the decision log asks for."""

from datetime import date, datetime
from typing import Any

from django import forms

from ..layout.fields import DeskForm, LocalInstant, words
from ..organisation.models import Organisation, Site
from . import actions


class DecisionForm(DeskForm):
    """A decision as it is typed. Ask for nothing already known: who, when, where from are filled in."""

    known = words("What is known", most=4000, missing="Say what is known")
    options = words("Options", most=4000, required=False)
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
    corrects = forms.IntegerField(required=False)

    def __init__(self, data: Any, *, at: datetime, organisation: Organisation, **named: Any) -> None:
        super().__init__(data, at=at, **named)
        self.at = at
        field = self.fields["site"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Site.objects.filter(organisation=organisation)

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
