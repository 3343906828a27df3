"""Reading patients: who matches, who looks alike, what they need, and whether they may be written to."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce
from operator import and_
from typing import Any, Protocol, cast

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Coalesce

from clearway.domain.outpatients.identity import Person, looks_alike
from clearway.domain.shared.delivery import mobile

from .models import DIGITS, Carer, Flag, Need, Patient

MOST = 50  # patients shown for one search
TEXT, LETTER = "text", "letter"
ADDRESS_FOR = {"text": "mobile", "phone": "phone", "email": "email", "letter": "address"}


def one(organisation_id: int, patient_id: int) -> Patient:
    """One patient. Raises Patient.DoesNotExist. One query."""
    return Patient.objects.select_related("merged_into").get(organisation_id=organisation_id, pk=patient_id)


def everybody(organisation_id: int) -> QuerySet[Patient]:
    """Every record of the trust, merged ones too, for who tells other systems of them."""
    return Patient.objects.filter(organisation_id=organisation_id)


def exists(organisation_id: int, patient_id: int) -> bool:
    """Whether this is a patient here whose record is in use. One query."""
    rows = Patient.objects.filter(organisation_id=organisation_id, pk=patient_id)
    return rows.filter(merged_into__isnull=True).exists()


def of_number(organisation_id: int, number: str) -> int | None:
    """The patient who has this hospital number, merged or not. One query."""
    rows = Patient.objects.filter(organisation_id=organisation_id, number=number)
    return rows.values_list("pk", flat=True).first()


def by_nhs_number(organisation_id: int, digits: str) -> Patient | None:
    """The patient who has this NHS number. One query."""
    rows = Patient.objects.filter(organisation_id=organisation_id, nhs_number=digits)
    return rows.filter(merged_into__isnull=True).first()


def with_mobile(number: str, organisation_id: int) -> list[Patient]:
    """The living patients whose mobile number this is, however it was written. One query.

    number  as domain.shared.delivery.mobile gives it
    """
    rows = Patient.objects.alias(digits=DIGITS).filter(organisation_id=organisation_id, digits=number[-10:])
    alive = rows.filter(merged_into__isnull=True, died_on__isnull=True).exclude(mobile="")
    return [row for row in alive.order_by("pk")[:MOST] if mobile(row.mobile) == number]


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
    if digits.isascii() and digits.isdigit():
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
    Of a record that was merged, the one that stands is named.
    """
    same = Q(born_on=person.born_on)
    if person.nhs_number:
        same |= Q(nhs_number=person.nhs_number)
    rows = Patient.objects.filter(same, organisation_id=organisation_id).select_related("merged_into")
    alike = [row.stands for row in rows.order_by("id") if looks_alike(person, person_of(row))]
    return [row for row in dict.fromkeys(alike) if row.pk != but]


def person_of(patient: Patient) -> Person:
    """What records are compared by."""
    return Person(patient.family_name, patient.given_names, patient.born_on, patient.nhs_number)


def needs_of(patient_ids: Collection[int]) -> dict[int, list[Need]]:
    """The needs that hold now, by patient, of every record of theirs. Two queries."""
    return _of_people(Need.objects.filter(ended_at__isnull=True), patient_ids)


def called(kind: str) -> str:
    """The words for a kind of need. No query."""
    return str(Need.Kind(kind).label)


def who_need(organisation_id: int, kind: str) -> set[int]:
    """Of merged people who have a need of this kind now, every record: at most two queries.

    Few are merged, so that a long list asks the database for each row's own needs, and this for the others.
    """
    rows = Patient.objects.filter(organisation_id=organisation_id, merged_into__isnull=False)
    people: dict[int, set[int]] = {}
    for key, into in rows.values_list("pk", "merged_into_id"):
        if into is not None:
            people.setdefault(into, {into}).add(key)
    every = {key for records in people.values() for key in records}
    if not every:
        return set()
    needs = Need.objects.filter(kind=kind, ended_at__isnull=True, patient_id__in=every)
    held = set(needs.values_list("patient_id", flat=True))
    return {key for records in people.values() if records & held for key in records}


def flags_of(patient_ids: Collection[int]) -> dict[int, list[Flag]]:
    """The flags that hold now, by patient, of every record of theirs. Two queries."""
    return _of_people(Flag.objects.filter(ended_at__isnull=True), patient_ids)


def every_need(organisation_id: int) -> dict[int, list[Need]]:
    """The needs that hold now, by each record of their person: for a long list. Two queries."""
    return _of_everybody(Need.objects.filter(ended_at__isnull=True), organisation_id)


def every_flag(organisation_id: int) -> dict[int, list[Flag]]:
    """The flags that hold now, by each record of their person: for a long list. Two queries."""
    return _of_everybody(Flag.objects.filter(ended_at__isnull=True), organisation_id)


def carers_of(patient_id: int) -> list[Carer]:
    """Who speaks for a patient now, of every record of theirs. Two queries."""
    rows = Carer.objects.filter(patient_id__in=records_of(patient_id), ended_at__isnull=True)
    return list(rows.order_by("id"))


def merged_into(patient_id: int) -> list[Patient]:
    """The records that this one took over. One query."""
    return list(Patient.objects.filter(merged_into_id=patient_id).order_by("id"))


def practices(organisation_id: int) -> dict[str, int]:
    """Code of a general practice -> how many living patients' records name it. One query."""
    rows = Patient.objects.filter(organisation_id=organisation_id, merged_into__isnull=True)
    named = rows.filter(died_on__isnull=True).exclude(practice="").order_by("practice")
    return dict(named.values_list("practice").annotate(count=Count("pk")))


def of_practices(organisation_id: int, codes: Collection[str]) -> list[Patient]:
    """Living patients whose records name one of these practices, by name; at most `MOST`. One query."""
    rows = Patient.objects.filter(organisation_id=organisation_id, merged_into__isnull=True)
    rows = rows.filter(died_on__isnull=True, practice__in=codes)
    return list(rows.order_by("family_name", "given_names", "id")[:MOST])


def records_of(patient_id: int) -> list[int]:
    """Every record of the person whose record this is, the one that stands first. One query."""
    return same_people([patient_id]).get(patient_id, [patient_id])


def same_people(patient_ids: Collection[int]) -> dict[int, list[int]]:
    """Each of these records -> every record of the same person, the one that stands first. One query."""
    asked = Patient.objects.filter(pk__in=patient_ids)
    stands = asked.values(person=Coalesce("merged_into_id", "pk"))
    columns = ("merged_into_id", "pk")
    standing = Patient.objects.filter(pk__in=stands).values_list(*columns)
    merged = Patient.objects.filter(merged_into_id__in=stands).values_list(*columns)
    records: dict[int, list[int]] = {}
    person: dict[int, int] = {}
    # Two questions in one: asked for either, PostgreSQL would read the whole table.
    for into, key in sorted(standing.union(merged), key=lambda row: (row[0] or 0, row[1])):
        person[key] = into or key
        records.setdefault(person[key], []).append(key)
    return {key: records[person[key]] for key in patient_ids if key in person}


def _of_people(rows: QuerySet, patient_ids: Collection[int]) -> dict[int, list]:  # type: ignore[type-arg]
    """What is held of these patients, under whichever record of the person it was made."""
    records = same_people(patient_ids)
    held: dict[int, list] = {}  # type: ignore[type-arg]
    for row in rows.filter(patient_id__in={key for keys in records.values() for key in keys}):
        held.setdefault(row.patient_id, []).append(row)
    found = {asked: [row for key in keys for row in held.get(key, ())] for asked, keys in records.items()}
    return {asked: of_one for asked, of_one in found.items() if of_one}


def _of_everybody(rows: QuerySet, organisation_id: int) -> dict[int, list]:  # type: ignore[type-arg]
    """What is held of anybody here. Few have any, so that it does not grow with who is asked about."""
    held: dict[int, list] = {}  # type: ignore[type-arg]
    for row in rows.filter(patient__organisation_id=organisation_id):
        held.setdefault(row.patient_id, []).append(row)
    people = {tuple(records) for records in same_people(held).values()}
    of_person = ((records, [row for key in records for row in held.get(key, ())]) for records in people)
    return {key: found for records, found in of_person for key in records}


@dataclass(frozen=True, slots=True)
class Contactable:
    """Whether a patient may be reached in a way; `why` not, in a sentence."""

    why: str = ""

    def __bool__(self) -> bool:
        return not self.why


class Reached(Protocol):
    """What is asked of a patient who is to be reached: of the model, or of its columns."""

    @property
    def opted_out(self) -> bool: ...
    @property
    def stands(self) -> Any: ...


def may_contact(
    patient: Reached, channel: str, *, by_machine: bool = False, flags: Sequence[Flag] = ()
) -> Contactable:
    """Whether a patient may be reached by letter, text, phone or email, as the record that stands says.

    No query, but for a record that was merged and not read with the one that stands.

    by_machine  an invitation or reminder that nobody looks at before it goes
    flags       of the patient: with a safe-contact flag a person reads it first, and no machine writes
    """
    own, record = patient.opted_out, patient.stands
    if record.died_on is not None:
        return Contactable("The patient has died. Nothing is sent.")
    if by_machine and (own or record.opted_out):
        return Contactable("The patient asked for no messages from machines.")
    if by_machine and any(flag.kind == Flag.Kind.SAFE_CONTACT for flag in flags):
        return Contactable("How to reach this patient safely is flagged. Read the flag first.")
    if channel == TEXT and not record.may_text:
        return Contactable("The patient has not agreed to text messages.")
    wanted = ADDRESS_FOR.get(channel)
    reachable = getattr(record, wanted) if wanted else "desk"
    if channel == "phone":
        reachable = record.phone or record.mobile
    return Contactable() if reachable else Contactable(f"No {wanted} is known.")


def address_for(patient: Patient, channel: str) -> str:
    """Where a message of this channel goes; "" for the desk."""
    patient = patient.stands
    if channel == "phone":
        return patient.mobile or patient.phone
    if channel == LETTER:
        return f"{patient.address}, {patient.postcode}".strip(", ")
    return str(getattr(patient, ADDRESS_FOR.get(channel, ""), ""))


def best_channel(patient: Patient, flags: Iterable[Flag] = ()) -> str | None:
    """The way to write to a patient: as they want, else by letter; None where neither can be."""
    held, patient = tuple(flags), patient.stands
    wanted = [patient.channel, LETTER, "email", TEXT]
    return next((each for each in wanted if may_contact(patient, each, flags=held)), None)


def longest(column: str) -> int | None:
    """How many characters of a column of a patient are kept; None where it is no text."""
    return cast("int | None", getattr(Patient._meta.get_field(column), "max_length", None))
