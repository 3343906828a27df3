"""The three records of a patient who waits: release, exception, relief. Each is one screen for a keyboard."""

from datetime import datetime, timedelta
from typing import Any, cast

from django import forms

from clearway.core.layout.fields import DeskForm
from clearway.core.layout.fields import words as short
from clearway.domain.ambulance.release import Kind, Record, ReleasePolicy, problems

MOST_NEWS2 = 20
GIVEN = (("verbal", "Verbally"), ("epcr", "Electronic patient record"))


def _number(least: int, most: int, sentence: str) -> forms.IntegerField:
    return forms.IntegerField(
        required=False,
        min_value=least,
        max_value=most,
        error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), sentence),
    )


class RecordForm(DeskForm):
    """What the three have in common. What is missing is judged by the domain, field by field.

    seen  the newest record of the patient when the form was opened
    """

    kind: Kind
    seen = forms.IntegerField(required=False)
    commander = short("Commander told", most=80, required=False)

    def __init__(
        self,
        data: Any = None,
        *,
        policy: ReleasePolicy,
        waited: float,
        at: datetime,
        initial: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(data, at=at, initial=initial)
        self.policy, self.waited, self.at = policy, waited, at

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        for name, sentence in problems(self._record(given), self.policy, self.waited, self.at).items():
            if name not in self.errors:
                self.add_error(name, sentence)
        return given

    def record(self) -> Record:
        """The record. Call when valid."""
        return self._record(self.cleaned_data)

    def _record(self, given: dict[str, Any]) -> Record:
        raise NotImplementedError

    def _choices(self, name: str, choices: list[tuple[str, str]]) -> None:
        cast("forms.ChoiceField", self.fields[name]).choices = [("", ""), *choices]


class ReleaseForm(RecordForm):
    """The checklist of a release."""

    kind = Kind.RELEASE
    news2 = _number(0, MOST_NEWS2, "Enter the NEWS2, from 0 to 20")
    news2_ago = _number(0, 240, "Say how many minutes ago the NEWS2 was taken")
    stable_by = short("Found stable by", most=80, required=False)
    nurse = short("Nurse in charge", most=80, required=False)
    accepted = forms.ChoiceField(
        required=False,
        choices=[("", ""), ("yes", "Yes"), ("no", "No")],
        error_messages={"invalid_choice": "Say whether the hospital accepted the patient"},
    )
    place = forms.ChoiceField(required=False, error_messages={"invalid_choice": "Choose from the list"})
    given = forms.MultipleChoiceField(
        required=False, choices=GIVEN, error_messages={"invalid_choice": "Choose from the list"}
    )
    decided_by = short("Decided by", most=80, required=False)
    equipment = short("Equipment left", most=120, required=False)

    def __init__(self, data: Any = None, **more: Any) -> None:
        super().__init__(data, **more)
        self._choices("place", [(each.code, each.says) for each in self.policy.places])

    def clean_accepted(self) -> str:
        accepted = str(self.cleaned_data["accepted"])
        if not accepted:
            raise forms.ValidationError("Say whether the hospital accepted the patient")
        return accepted

    def _record(self, given: dict[str, Any]) -> Record:
        said = given.get("given") or []
        return Record(
            Kind.RELEASE,
            stable_by=given.get("stable_by", ""),
            news2=given.get("news2"),
            news2_at=self.at - timedelta(minutes=given.get("news2_ago") or 0),
            nurse=given.get("nurse", ""),
            place=given.get("place", ""),
            verbal="verbal" in said,
            epcr="epcr" in said,
            accepted=given.get("accepted") == "yes",
            equipment=given.get("equipment", ""),
            commander=given.get("commander", ""),
            decided_by=given.get("decided_by", ""),
        )


class ExceptionForm(RecordForm):
    """Why the crew stays, who decided, and when it is looked at again."""

    kind = Kind.EXCEPTION
    reason = forms.ChoiceField(required=False, error_messages={"invalid_choice": "Choose from the list"})
    words = short("Why", most=200, required=False)
    decided_by = short("Decided by", most=80, required=False)
    look_in = _number(1, 24 * 60, "Say in how many minutes to look again")

    def __init__(self, data: Any = None, **more: Any) -> None:
        super().__init__(data, **more)
        self._choices("reason", [(each.code, each.says) for each in self.policy.reasons])

    def _record(self, given: dict[str, Any]) -> Record:
        reason = self.policy.reason(given.get("reason", ""))
        minutes = given.get("look_in") or (reason.look if reason else None)
        return Record(
            Kind.EXCEPTION,
            reason=given.get("reason", ""),
            words=given.get("words", ""),
            decided_by=given.get("decided_by", ""),
            look_at=None if minutes is None else self.at + timedelta(minutes=minutes),
            commander=given.get("commander", ""),
        )


class ReliefForm(RecordForm):
    """Which crew takes the patient over."""

    kind = Kind.RELIEF
    relief = short("Call sign of the crew that takes over", most=80, required=False)
    words = short("Remark", most=200, required=False)

    def _record(self, given: dict[str, Any]) -> Record:
        return Record(
            Kind.RELIEF,
            relief=given.get("relief", "").strip(),
            words=given.get("words", ""),
            commander=given.get("commander", ""),
        )


FORMS: dict[Kind, type[RecordForm]] = {form.kind: form for form in (ReleaseForm, ExceptionForm, ReliefForm)}


def begun(record: Record, at: datetime) -> dict[str, Any]:
    """The fields of a form that begins with a record. at  when it was first recorded"""
    ago = None if record.news2_at is None else round((at - record.news2_at).total_seconds() / 60)
    look = None if record.look_at is None else round((record.look_at - at).total_seconds() / 60)
    given = [name for name, said in (("verbal", record.verbal), ("epcr", record.epcr)) if said]
    plain = ("stable_by", "news2", "nurse", "place", "equipment", "commander", "reason", "words", "relief")
    return {
        **{name: getattr(record, name) for name in (*plain, "decided_by")},
        "accepted": "yes" if record.accepted else "no",
        "news2_ago": ago,
        "look_in": look,
        "given": given,
    }
