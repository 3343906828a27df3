"""What the pages of diverts ask for."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms

from clearway.core.layout.fields import DeskForm, LocalInstant, words
from clearway.domain.ambulance.diverts import Cover, DivertKind, Party, Signature, Terms

from .actions import Proposal, Said
from .presenters import COVERS, KINDS

SITE_ERRORS = {"required": "Choose a site", "invalid_choice": "Choose a site from the list"}


class ProposalForm(DeskForm):
    """A divert as it is proposed. Ask for nothing the boards already show: that attaches itself."""

    kind = forms.ChoiceField(
        choices=list(KINDS.items()),
        error_messages={
            "required": "Choose what kind it is",
            "invalid_choice": "Choose a kind from the list",
        },
    )
    site = forms.ChoiceField(error_messages=SITE_ERRORS)
    to = forms.MultipleChoiceField(
        error_messages={**SITE_ERRORS, "required": "Choose at least one site that receives"}
    )
    covers = forms.MultipleChoiceField(
        choices=list(COVERS.items()),
        error_messages={"required": "Choose whom it covers", "invalid_choice": "Choose from the list"},
    )
    minutes = forms.IntegerField(
        required=False,
        min_value=1,
        error_messages={"invalid": "Enter minutes as a whole number", "min_value": "Enter at least 1 minute"},
    )
    percent = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=100,
        error_messages={"invalid": "Enter a whole number", "min_value": "1 to 100", "max_value": "1 to 100"},
    )
    trigger = words("Why", most=1000, missing="Say why: what is the trigger, and since when")
    actions_taken = words("Done already", most=1000, missing="Say what the site has done already")
    level_reason = words("Why without the pressure level", most=300, required=False)

    def __init__(
        self, data: Any = None, *, sites: Sequence[tuple[str, str]], at: datetime, **named: Any
    ) -> None:
        super().__init__(data, at=at, **named)
        for name in ("site", "to"):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)  # a multiple choice is one too
            field.choices = list(sites)

    def proposal(self) -> Proposal:
        """What was proposed. Call when valid."""
        given = self.cleaned_data
        terms = Terms(
            kind=DivertKind(given["kind"]),
            site=given["site"],
            to=tuple(given["to"]),
            covers=frozenset(Cover(word) for word in given["covers"]),
            minutes=given["minutes"],
            share=(given["percent"] or 100) / 100,
        )
        return Proposal(terms, given["trigger"], given["actions_taken"], given["level_reason"])


class StepForm(DeskForm):
    """One step. Which fields it needs depends on the step (see views.NEEDS)."""

    party = forms.CharField(required=False, max_length=40)
    signatory = words("Name and post", most=120, required=False)
    note = words("Note", most=500, required=False)
    until = LocalInstant(required=False)
    level_reason = words("Why without the pressure level", most=300, required=False)

    def __init__(self, data: Any = None, *, needs: frozenset[str], at: datetime, **named: Any) -> None:
        super().__init__(data, at=at, **named)
        self.needs = needs

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        for name, missing in MISSING.items():
            if name in self.needs and name not in self.errors and not given.get(name):
                self.add_error(name, missing)
        return given

    def said(self) -> Said:
        """What goes with the step. Call when valid. Raises ValueError for a party that does not exist."""
        given = self.cleaned_data
        party, _, site = given["party"].partition(":")
        signature = Signature(Party(party), site or None) if party else None
        return Said(signature, given["signatory"], given["note"], given["until"], given["level_reason"])


MISSING = {
    "party": "Choose who agrees or refuses",
    "signatory": "Enter the name and post of the person who decided",
    "note": "Say why, in a few words",
    "until": "Enter the new end",
}
