"""A contact as it is typed: two letters, and what is in hand."""

from typing import Any

from django import forms

from clearway.core.layout.fields import DeskForm, words
from clearway.domain.ambulance.contacts import ContactPolicy, Means, keyed, partner, usual

from .actions import Spoken
from .presenters import KINDS, MEANS
from .whom import Known

MOST = 2**63 - 1


class ContactForm(DeskForm):
    """With whom, by what, reason and result as two letters, a few words."""

    letters = forms.CharField(
        max_length=8,
        error_messages={
            "required": "Type two letters: one of the reason, one of the result",
            "max_length": "Type two letters: one of the reason, one of the result",
        },
    )
    whom = words("With whom", most=120, missing="Say with whom: a call sign, a hospital, a name")
    means = forms.ChoiceField(
        required=False,
        choices=[("", ""), *MEANS.items()],
        error_messages={"invalid_choice": "Choose from the list"},
    )
    text = words("More", most=300, required=False)
    incident = words("Incident", most=80, required=False)
    task = forms.IntegerField(required=False, min_value=1, max_value=MOST)
    corrects = forms.IntegerField(required=False, min_value=1, max_value=MOST)

    def __init__(self, data: Any = None, *, policy: ContactPolicy, known: Known, **named: Any) -> None:
        super().__init__(data, **named)
        self.policy, self.known = policy, known

    def clean_letters(self) -> tuple[str, str]:
        try:
            return keyed(self.cleaned_data["letters"], self.policy)
        except ValueError as wrong:
            raise forms.ValidationError(str(wrong)) from None

    def spoken(self) -> Spoken:
        """The contact. Call when valid."""
        given = self.cleaned_data
        whom = partner(given["whom"], self.known.call_signs, self.known.hospitals, self.known.roles)
        reason, result = given["letters"]
        return Spoken(
            partner=whom,
            means=Means(given["means"]) if given["means"] else usual(whom.kind),
            reason=reason,
            result=result,
            words=given["text"],
            incident=given["incident"],
            task=given["task"],
            corrects=given["corrects"],
        )


class ChosenForm(DeskForm):
    """What of the list is shown: the last hours, with whom, why, about which task."""

    hours = forms.IntegerField(required=False, min_value=1, max_value=24 * 31)
    kind = forms.ChoiceField(required=False, choices=[("", ""), *KINDS.items()])
    reason = forms.CharField(required=False, max_length=40)
    task = forms.IntegerField(required=False, min_value=1, max_value=MOST)

    def chosen(self, usual_hours: int) -> dict[str, Any]:
        """What was asked, without what cannot be."""
        self.is_valid()
        given = self.cleaned_data
        return {
            "hours": given.get("hours") or usual_hours,
            "kind": given.get("kind") or "",
            "reason": given.get("reason") or "",
            "task": given.get("task"),
        }
