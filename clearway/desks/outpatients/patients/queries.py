"""Reading patients: who matches, who looks alike, what they need, and whether they may be written to."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce
from operator import and_

from django.db.models import Q, QuerySet

from clearway.domain.outpatients.identity import Person, looks_alike

from .models import Carer, Flag, Need, Patient

MOST = 50  # patients shown for one search
TEXT, LETTER = "text", "letter"
ADDRESS_FOR = {"text": "mobile", "phone": "phone", "email": "email", "letter": "address"}


def one(organisation_id: int, patient_id: int) -> Patient:
    """One patient. Raises Patient.DoesNotExist. One query."""
    return Patient.objects.select_related("merged_into").get(organisation_id=organisation_id, pk=patient_id)


def exists(organisation_id: int, patient_id: int) -> bool:
    """Whether this is a patient here whose record is in use. One query."""
    rows = Patient.objects.filter(organisation_id=organisation_id, pk=patient_id)
    return rows.filter(merged_into__isnull=True).exists()


def by_nhs_number(organisation_id: int, digits: str) -> Patient | None:
    """The patient who has this NHS number. One query."""
    rows = Patient.objects.filter(organisation_id=organisation_id, nhs_number=digits)
    return rows.filter(merged_into__isnull=True).first()


def search(organisation_id: int, text: str, born_on: date | None = None, most: int = MOST) -> list[Patient]:
    """Patients by name, number, NHS number or birth date, by name; at most `most`. One query.

    text  parts of a name ("ad brown"), the trust's number, or an NHS number however spaced
    Records that were merged into another are left out. Nothing asked for finds nobody.
    """
    text = text.strip()
    if not text and born_on is None:
        return []
    rows = Patient.objects.filter(organisation_id=organisation_id, merged_into__isnull=True)
    if born_on is not None:
        rows = rows.filter(born_on=born_on)
    if text:
        rows = rows.filter(_matches(text))
    return list(rows.order_by("family_name", "given_names", "born_on", "id")[:most])


def _matches(text: str) -> Q:
    digits = re.sub(r"[\s-]", "", text)
    if digits.isdigit():
        return Q(nhs_number=digits) | Q(number=digits)
    names = [
        Q(family_name__istartswith=part) | Q(given_names__icontains=part)
        for part in re.split(r"[\s,]+", text)
        if part
    ]
    return Q(number__iexact=text) | reduce(and_, names, Q())


def look_alikes(organisation_id: int, person: Person, but: int | None = None) -> list[Patient]:
    """Patients who may be this person: the same NHS number, or one birth date and similar names. One query.

    but  a patient who is not compared, being the one that is asked about
    """
    same = Q(born_on=person.born_on)
    if person.nhs_number:
        same |= Q(nhs_number=person.nhs_number)
    rows = Patient.objects.filter(same, organisation_id=organisation_id, merged_into__isnull=True)
    others = rows if but is None else rows.exclude(pk=but)
    return [row for row in others.order_by("id") if looks_alike(person, person_of(row))]


def person_of(patient: Patient) -> Person:
    """What records are compared by."""
    return Person(patient.family_name, patient.given_names, patient.born_on, patient.nhs_number)


def needs_of(patient_ids: Collection[int]) -> dict[int, list[Need]]:
    """The needs that hold now, by patient. One query."""
    return _by_patient(Need.objects.filter(patient_id__in=patient_ids, ended_at__isnull=True))


def flags_of(patient_ids: Collection[int]) -> dict[int, list[Flag]]:
    """The flags that hold now, by patient. One query."""
    return _by_patient(Flag.objects.filter(patient_id__in=patient_ids, ended_at__isnull=True))


def carers_of(patient_id: int) -> list[Carer]:
    """Who speaks for a patient now. One query."""
    return list(Carer.objects.filter(patient_id=patient_id, ended_at__isnull=True).order_by("id"))


def merged_into(patient_id: int) -> list[Patient]:
    """The records that this one took over. One query."""
    return list(Patient.objects.filter(merged_into_id=patient_id).order_by("id"))


def _by_patient(rows: QuerySet) -> dict[int, list]:  # type: ignore[type-arg]
    found: dict[int, list] = {}  # type: ignore[type-arg]
    for row in rows:
        found.setdefault(row.patient_id, []).append(row)
    return found


@dataclass(frozen=True, slots=True)
class Contactable:
    """Whether a patient may be reached in a way; `why` not, in a sentence."""

    why: str = ""

    def __bool__(self) -> bool:
        return not self.why


def may_contact(
    patient: Patient, channel: str, *, by_machine: bool = False, flags: Sequence[Flag] = ()
) -> Contactable:
    """Whether a patient may be reached by letter, text, phone or email. No query.

    by_machine  an invitation or reminder that nobody looks at before it goes
    flags       of the patient: with a safe-contact flag a person reads it first, and no machine writes
    """
    if patient.died_on is not None:
        return Contactable("The patient has died. Nothing is sent.")
    if patient.merged_into_id is not None:
        return Contactable("This record was merged into another. Use that one.")
    if by_machine and patient.opted_out:
        return Contactable("The patient asked for no messages from machines.")
    if by_machine and any(flag.kind == Flag.Kind.SAFE_CONTACT for flag in flags):
        return Contactable("How to reach this patient safely is flagged. Read the flag first.")
    if channel == TEXT and not patient.may_text:
        return Contactable("The patient has not agreed to text messages.")
    wanted = ADDRESS_FOR.get(channel)
    reachable = getattr(patient, wanted) if wanted else "desk"
    if channel == "phone":
        reachable = patient.phone or patient.mobile
    return Contactable() if reachable else Contactable(f"No {wanted} is known.")


def address_for(patient: Patient, channel: str) -> str:
    """Where a message of this channel goes; "" for the desk."""
    if channel == "phone":
        return patient.mobile or patient.phone
    if channel == LETTER:
        return f"{patient.address}, {patient.postcode}".strip(", ")
    return str(getattr(patient, ADDRESS_FOR.get(channel, ""), ""))


def best_channel(patient: Patient, flags: Iterable[Flag] = ()) -> str | None:
    """The way to write to a patient: as they want, else by letter; None where neither can be."""
    held = tuple(flags)
    wanted = [patient.channel, LETTER, "email", TEXT]
    return next((each for each in wanted if may_contact(patient, each, flags=held)), None)
