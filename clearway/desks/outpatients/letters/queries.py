"""Reading letters: of a patient, of the outbox, of a batch; and the texts that are in force."""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Min, Prefetch, QuerySet

from clearway.core.outbox import queries as outbox
from clearway.domain.outpatients.letters import ASKING, Kind, What, fits, letter_code
from clearway.domain.outpatients.messages import code_of
from clearway.domain.shared.outgoing import State

from .models import Letter, LetterBatch, LetterText
from .wanted import OUTBOX

MOST = 200  # letters shown in one table
NotThere = Letter.DoesNotExist
TextNotThere = LetterText.DoesNotExist
BatchNotThere = LetterBatch.DoesNotExist
SHOWN = (
    *("outgoing", "patient", "referral__service", "entry__service", "text", "batch", "contact"),
    *("appointment__slot__session__service", "appointment__slot__session__clinician"),
    "appointment__slot__session__room__site",
)


def letters() -> QuerySet[Letter]:
    """Letters with all that is shown of them, their bytes left where they are."""
    return Letter.objects.select_related(*SHOWN).defer("pdf", "content")


def one(key: int, organisation_id: int) -> Letter:
    """One letter with its bytes. Raises NotThere."""
    return Letter.objects.select_related(*SHOWN).get(pk=key, organisation_id=organisation_id)


def of_patient(organisation_id: int, patients: Collection[int]) -> list[Letter]:
    """The letters about these records of one patient, newest first. One query."""
    rows = letters().filter(organisation_id=organisation_id, patient_id__in=patients)
    return list(rows.order_by("-id")[:MOST])


def in_state(organisation_id: int, *states: State, reason: str = "") -> list[Letter]:
    """The letters that stand so: first what is soonest useless, then what waits longest. One query."""
    rows = letters().filter(organisation_id=organisation_id, outgoing__state__in=states)
    if reason:
        rows = rows.filter(outgoing__reason=reason)
    return list(rows.order_by("needed_on", "outgoing__since", "id")[:MOST])


def gone(organisation_id: int, since: datetime) -> list[Letter]:
    """The letters that have left since, newest first. One query."""
    rows = letters().filter(organisation_id=organisation_id, outgoing__sent_at__gte=since)
    return list(rows.order_by("-outgoing__sent_at", "-id")[:MOST])


def ended(organisation_id: int, since: datetime) -> list[Letter]:
    """The letters that were withdrawn since, newest first. One query."""
    rows = letters().filter(organisation_id=organisation_id, outgoing__state=State.WITHDRAWN)
    return list(rows.filter(outgoing__settled_at__gte=since).order_by("-outgoing__settled_at")[:MOST])


def to_print(organisation_id: int) -> list[Letter]:
    """What is made and in no batch yet: first class first, then by who it goes to. One query."""
    rows = letters().filter(organisation_id=organisation_id, outgoing__state=State.READY, batch=None)
    return list(rows.order_by("post", "needed_on", "id"))


def standing(organisation_id: int) -> dict[State, outbox.Standing]:
    """How many letters stand where, and since when the oldest. One query."""
    return outbox.standing(organisation_id, OUTBOX)


def reasons(organisation_id: int) -> list[tuple[str, int, datetime, date | None]]:
    """What holds letters: reason, how many, since when, and the earliest day that one is for. One query."""
    rows = Letter.objects.filter(organisation_id=organisation_id, outgoing__state=State.HELD)
    found = rows.values_list("outgoing__reason").annotate(
        Count("pk"), Min("outgoing__since"), Min("needed_on")
    )
    return sorted(found)


def batch(key: int, organisation_id: int) -> LetterBatch:
    """One batch with its letters. Raises BatchNotThere. Two queries."""
    inside = Prefetch("letters", queryset=letters().order_by("post", "id"))
    return LetterBatch.objects.prefetch_related(inside).get(pk=key, organisation_id=organisation_id)


def batches(organisation_id: int, most: int = 20) -> list[LetterBatch]:
    """The newest batches, each with `count`. One query."""
    rows = LetterBatch.objects.filter(organisation_id=organisation_id).annotate(count=Count("letters"))
    return list(rows.order_by("-id")[:most])


def came_back(patient_id: int, address: str, organisation_id: int) -> bool:
    """Whether a letter to this address of this patient has come back."""
    rows = Letter.objects.filter(organisation_id=organisation_id, patient_id=patient_id, to_address=address)
    return rows.filter(outgoing__state=State.FAILED).exists()


# Texts


def text_in_force(organisation_id: int, code: str, on: date) -> LetterText | None:
    """The newest version that is approved and valid on a day. One query."""
    return _in_force(organisation_id, on).filter(code=code).order_by("-version").first()


def letter_text(organisation_id: int, kind: str, audience: str, style: str, on: date) -> LetterText | None:
    """The text of a letter. One query."""
    return text_in_force(organisation_id, letter_code(kind, audience, style), on)


def message_text(organisation_id: int, kind: str, channel: str, on: date) -> LetterText | None:
    """The text of a text message or an email. One query."""
    return text_in_force(organisation_id, code_of(kind, channel), on)


def versions_of_messages(organisation_id: int, on: date) -> list[LetterText]:
    """Every version of a message that is approved and valid on a day, newest first by code. One query."""
    rows = _in_force(organisation_id, on).filter(what=What.MESSAGE)
    return list(rows.order_by("code", "-version"))


def instructions(organisation_id: int, visit: Mapping[str, str], on: date) -> list[LetterText]:
    """The instructions in force that go with a visit, in their order. One query.

    visit  its service, kind, site and medium under "services", "kinds", "sites", "media"
    """
    rows = _in_force(organisation_id, on).filter(what=What.INSTRUCTIONS).order_by("code", "-version")
    newest = rows.distinct("code")
    found = [row for row in newest if fits(row.applies, visit)]
    return sorted(found, key=lambda row: (row.place, row.code))


def passages(organisation_id: int, languages: Collection[str], on: date) -> dict[str, LetterText]:
    """The passages in force, by language. One query."""
    rows = _in_force(organisation_id, on).filter(what=What.LANGUAGE, language__in=languages)
    return {row.language: row for row in rows.order_by("code", "version")}


def _in_force(organisation_id: int, on: date) -> QuerySet[LetterText]:
    return LetterText.objects.filter(organisation_id=organisation_id, state="approved", valid_from__lte=on)


def text(key: int, organisation_id: int) -> LetterText:
    """One version of a text. Raises TextNotThere."""
    return LetterText.objects.get(pk=key, organisation_id=organisation_id)


def versions(organisation_id: int, code: str) -> list[LetterText]:
    """Every version of a text, newest first. One query."""
    rows = LetterText.objects.filter(organisation_id=organisation_id, code=code)
    return list(rows.order_by("-version"))


def texts(organisation_id: int) -> list[LetterText]:
    """The newest version of every text, and those that wait for somebody. One query."""
    rows = LetterText.objects.filter(organisation_id=organisation_id).order_by("code", "-version")
    found: list[LetterText] = []
    for row in rows:
        if not found or found[-1].code != row.code or found[-1].state != LetterText.State.APPROVED:
            found.append(row)
    return found


def some_patient(organisation_id: int, kind: str, text: str) -> Any:
    """A letter of this kind for a preview: of the patient of this hospital number, or the newest there is.

    Where none was written, one as it would be of their newest appointment, entry or referral; not kept.
    """
    rows = letters().filter(organisation_id=organisation_id, kind=kind)
    if text:
        rows = rows.filter(patient__number__iexact=text)
    return rows.order_by("-id").first() or _would_be(organisation_id, kind, text)


def _would_be(organisation_id: int, kind: str, number: str) -> Letter | None:
    known = Kind(kind)
    name = "entry" if known in ASKING else "appointment"
    if known in (Kind.ACKNOWLEDGEMENT, Kind.RETURNED, Kind.REDIRECTED):
        name = "referral"
    model: Any = Letter._meta.get_field(name).related_model
    rows = model.objects.filter(organisation_id=organisation_id).select_related("patient")
    if number:
        rows = rows.filter(patient__number__iexact=number)
    found = rows.order_by("-id").first()
    if found is None:
        return None
    about = {name: found}
    if name != "referral":
        about["referral"] = found.referral
    if name == "appointment":
        about["entry"] = found.entry
    trust = found.organisation
    return Letter(organisation=trust, kind=kind, audience="patient", patient=found.patient, **about)
