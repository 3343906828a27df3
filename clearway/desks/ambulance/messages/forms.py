"""A message as it is typed, and a recipient's answer."""

import re
from typing import Any

from django import forms

from clearway.core.layout.fields import DeskForm, words
from clearway.domain.ambulance.contacts import With, partner

from ..contacts.whom import Known
from .actions import Recipient

KINDS = {With.CREW: "crew", With.HOSPITAL: "site", With.HALO: "site", With.MANAGER: "role"}
MOST = 20


class MessageForm(DeskForm):
    """To whom, a name in a line or between commas; and what."""

    to = words("To", most=1000, missing="Say to whom: call signs, hospitals, posts")
    words = words("Message", most=500, missing="Write the message")
    corrects = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1)

    def __init__(self, data: Any = None, *, known: Known, **named: Any) -> None:
        super().__init__(data, **named)
        self.known = known

    def clean_to(self) -> list[Recipient]:
        names = [each.strip() for each in re.split(r"[,\n;]", self.cleaned_data["to"]) if each.strip()]
        if len(names) > MOST:
            raise forms.ValidationError(f"Name at most {MOST}")
        found: list[Recipient] = []
        for name in names:
            whom = partner(name, self.known.call_signs, self.known.hospitals, self.known.roles)
            if whom.kind not in KINDS:
                raise forms.ValidationError(f"Nobody here is called “{name[:60]}”. Choose from the list")
            if whom.kind is With.HALO:
                hospital = self.known.hospitals.get(whom.key, whom.key)
                raise forms.ValidationError(
                    f"What is sent to {hospital} its staff and its HALO read alike. Name the hospital, or "
                    "ring the HALO"
                )
            site = self.known.hospitals.get(whom.key, whom.name)
            found.append((KINDS[whom.kind], whom.key, site))
        if not found:
            raise forms.ValidationError("Say to whom: call signs, hospitals, posts")
        return list(dict.fromkeys(found))


class AnswerForm(DeskForm):
    """A recipient acknowledges, or replies in a few words."""

    reply = words("Reply", most=200, required=False)
