"""What is asked of a list, and what is said of an entry."""

from typing import Any

from django import forms

from clearway.core.layout.fields import DeskForm, words
from clearway.domain.outpatients.waiting import CHANNELS, CONTACT_OUTCOMES, PURPOSES, Answer, Removal

from .queries import Filters

A_DATE = "Enter a date, for example 2 Nov 2026"


def filters(asked: Any) -> Filters:
    """The filters of an address; what cannot be is left out rather than refused."""
    service = asked.get("service", "")
    return Filters(
        service=int(service) if service.isdecimal() and len(service) < 10 else None,
        site=asked.get("site", "")[:12],
        priority=asked.get("priority", "")[:1],
        kind=asked.get("kind", "")[:10],
        need=asked.get("need", "")[:12],
        breached="breached" in asked,
        over=int(over) if (over := asked.get("over", "")).isdecimal() and len(over) < 5 else None,
        no_step="no_step" in asked,
        booked="booked" in asked,
    )


class RemovalForm(DeskForm):
    """Taking an entry off the list."""

    why = forms.ChoiceField(
        choices=[(each.value, each.meaning) for each in Removal],
        error_messages={"required": "Choose a reason", "invalid_choice": "Choose a reason from the list"},
    )
    clinician = words("Clinician", most=150, required=False)


class ContactForm(DeskForm):
    """One attempt to reach a patient."""

    purpose = forms.ChoiceField(choices=[(each, each) for each in PURPOSES])
    channel = forms.ChoiceField(choices=[(each, each) for each in CHANNELS])
    outcome = forms.ChoiceField(
        choices=[(each, each) for each in CONTACT_OUTCOMES],
        error_messages={"required": "Choose what became of it", "invalid_choice": "Choose what became of it"},
    )
    words = words("What was said or sent", most=500)


class AnswerForm(DeskForm):
    """What the patient answered when asked whether the place is still needed."""

    answer = forms.ChoiceField(
        choices=[(each.value, each.meaning) for each in Answer],
        error_messages={"required": "Choose the answer", "invalid_choice": "Choose an answer from the list"},
    )
    away_from = forms.DateField(required=False, error_messages={"invalid": A_DATE})
    away_to = forms.DateField(required=False, error_messages={"invalid": A_DATE})


class ExplainForm(DeskForm):
    """Why the figures of a return are right although they look wrong."""

    words = words("Why it is right", most=300, missing="Say in a sentence why the figures are right")
