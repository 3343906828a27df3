"""What the people pages ask for."""

from datetime import datetime
from typing import Any

from django import forms

from ..layout.fields import DeskForm, LocalInstant, words
from ..organisation.models import Area, Organisation, Site
from .duties import DUTIES
from .models import User
from .roles import ROLES

NO_PERSON = {"required": "Choose a person", "invalid_choice": "Choose a person from the list"}


class GrantForm(DeskForm):
    """A role for a person. Whether it may be given is for the action to say."""

    user = forms.ModelChoiceField(User.objects.none(), to_field_name="username", error_messages=NO_PERSON)
    role = forms.ChoiceField(
        choices=[(code, role.name) for code, role in ROLES.items()],
        error_messages={"required": "Choose a role", "invalid_choice": "Choose a role from the list"},
    )
    site = forms.ModelChoiceField(Site.objects.none(), to_field_name="code", required=False)
    area = forms.ModelChoiceField(Area.objects.none(), to_field_name="code", required=False)
    acting = forms.BooleanField(required=False)
    starts_at = LocalInstant(required=False)
    ends_at = LocalInstant(required=False)
    reason = words("Reason", most=300, required=False)

    def __init__(
        self, data: Any, *, organisation: Organisation, at: datetime, people: Any, **named: Any
    ) -> None:
        super().__init__(data, at=at, **named)
        self._choose("user", people)
        self._choose("site", Site.objects.filter(organisation=organisation))
        self._choose("area", Area.objects.filter(organisation=organisation))

    def _choose(self, name: str, choices: Any) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = choices


class OnCallForm(DeskForm):
    """A turn on call."""

    user = forms.ModelChoiceField(User.objects.none(), to_field_name="username", error_messages=NO_PERSON)
    duty = forms.ChoiceField(
        choices=list(DUTIES.items()),
        error_messages={"required": "Choose a duty", "invalid_choice": "Choose a duty from the list"},
    )
    area = forms.ModelChoiceField(Area.objects.none(), to_field_name="code", required=False)
    starts_at = LocalInstant(error_messages={"required": "Enter when the turn begins"})
    ends_at = LocalInstant(error_messages={"required": "Enter when the turn ends"})
    contact = words("Contact", most=120, required=False)

    def __init__(
        self, data: Any, *, organisation: Organisation, at: datetime, people: Any, **named: Any
    ) -> None:
        super().__init__(data, at=at, **named)
        for name, choices in (("user", people), ("area", Area.objects.filter(organisation=organisation))):
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = choices


class ReasonForm(DeskForm):
    """Why something ends."""

    reason = words("Reason", most=300, missing="Say why, in a few words")
