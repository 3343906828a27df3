"""A call as it is typed while the caller speaks, and what is done with it later."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django import forms

from clearway.core.layout.fields import DeskForm, words
from clearway.domain.outpatients.enquiries import About, Caller, Result, Urgency, Way
from clearway.domain.outpatients.words import Code

from .actions import New

Names = Iterable[tuple[int, str]]


def chosen(kind: type[Code], missing: str, *, required: bool = True) -> forms.TypedChoiceField:
    """One of the words of a kind."""
    return forms.TypedChoiceField(
        coerce=kind,
        empty_value=None,
        required=required,
        choices=[(each.value, each.meaning) for each in kind],
        error_messages=dict.fromkeys(("required", "invalid_choice"), missing),
    )


class TakeForm(DeskForm):
    """A call or message. find: what the patient is looked for by; patient: the one that was meant."""

    find = forms.CharField(max_length=80, required=False)
    patient = forms.IntegerField(required=False, min_value=1)
    caller = chosen(Caller, "Choose who calls")
    caller_name = words("Name of the caller", most=120, required=False)
    number = forms.CharField(max_length=30, required=False)
    way = chosen(Way, "Choose how it came")
    about = chosen(About, "Choose what it is about")
    words = words("What they ask or say", most=500)
    clinician = forms.TypedChoiceField(coerce=int, empty_value=None, required=False)
    urgency = chosen(Urgency, "Choose how soon", required=False)

    def __init__(
        self, data: Any = None, *, at: datetime, clinicians: Names, initial: dict[str, Any] | None = None
    ) -> None:
        super().__init__(data, at=at, initial=initial)
        self.fields["clinician"].choices = [("", ""), *clinicians]  # type: ignore[attr-defined]

    def wanted(self, patient_id: int | None) -> New:
        """The message. Call when valid."""
        given = self.cleaned_data
        return New(
            about=given["about"],
            words=given["words"],
            caller=given["caller"],
            way=given["way"],
            caller_name=given["caller_name"],
            number=given["number"],
            patient_id=patient_id,
            clinician_id=given["clinician"],
            urgency=given["urgency"],
        )


class AnswerForm(DeskForm):
    """What a therapist answers."""

    answer = words("Answer", most=500, missing="Write what the office is to tell them")


class PassForm(DeskForm):
    """For whom it is left."""

    clinician = forms.TypedChoiceField(
        coerce=int, error_messages=dict.fromkeys(("required", "invalid_choice"), "Choose a clinician")
    )

    def __init__(self, data: Any = None, *, at: datetime, clinicians: Names = ()) -> None:
        super().__init__(data, at=at)
        self.fields["clinician"].choices = list(clinicians)  # type: ignore[attr-defined]


class EscalateForm(DeskForm):
    """Why the team leader is to see to it."""

    why = words("Why it is serious", most=300)


class CloseForm(DeskForm):
    """What came of it."""

    result = chosen(Result, "Choose what came of it")
    closing = words("Remark", most=300, required=False)


class LinkForm(DeskForm):
    """With which account a clinician signs in; empty for none."""

    clinician = forms.IntegerField(min_value=1)
    user = forms.IntegerField(min_value=1, required=False)
