"""Reading what is next in partial booking: told, invited, reminded, rung, written to once more, looked at.

Whoever is urgent is not booked so: somebody rings them with a date.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from clearway.core.layout.times import local
from clearway.domain.outpatients.messages import Channel
from clearway.domain.outpatients.partial_booking import Due, Step, Tried, next_step
from clearway.domain.outpatients.words import Priority
from clearway.domain.shared.delivery import mobile

from .. import policy
from ..patients import queries as patients
from .asking import who_lives
from .models import Contact, Entry

TOLD = "acknowledgement"
NOT_TOLD = ("failed", "returned")
GUARDS = ("interpreter", "support")
ADULT = 18 * 365.25
PURPOSE_OF = {Step.INVITE: "invitation", Step.LAST_LETTER: "reminder"}  # the steps that a letter takes


@dataclass(frozen=True, slots=True)
class ToInvite:
    """One waiting entry, by its id, with its patient's, and its next step of partial booking."""

    entry: int
    patient: int
    due: Due


def next_steps(organisation_id: int, at: datetime) -> list[ToInvite]:
    """The next step of every routine patient who waits for a date, those due first. Seven queries."""
    steps, today = policy.partial_booking(organisation_id, at), local(at).date()
    rows = Entry.objects.filter(organisation_id=organisation_id, state="waiting", priority=Priority.ROUTINE)
    tried, told = _tried(organisation_id), _told(organisation_id)
    guarded = _guarded(organisation_id)
    names = ("pk", "kind", "added_at", "due_on", "treat_by", "referral_id", "patient_id", "patient__born_on")
    listed = []
    for key, kind, added_at, due_on, treat_by, referral, patient, born_on in rows.values_list(*names):
        added_on = local(added_at).date()
        # Who comes again was told so when they were last here.
        known = told.get(referral) if kind == "new" else Tried(TOLD, "desk", added_on)
        due = next_step(
            added_on,
            due_on or treat_by,
            [*([known] if known else []), *tried.get(key, ())],
            is_guarded=patient in guarded or (today - born_on).days < ADULT,
            policy=steps,
        )
        if due:
            listed.append(ToInvite(key, patient, due))
    return sorted(listed, key=lambda each: (each.due.on, each.entry))


def _tried(organisation_id: int) -> dict[int, list[Tried]]:
    """Entry that waits -> every attempt to reach its patient, oldest first."""
    rows = Contact.objects.filter(entry__organisation_id=organisation_id, entry__state="waiting")
    tried: dict[int, list[Tried]] = defaultdict(list)
    names = ("entry_id", "purpose", "channel", "at", "outcome")
    for entry, purpose, channel, at, outcome in rows.order_by("at", "pk").values_list(*names):
        tried[entry].append(Tried(purpose, channel, local(at).date(), outcome == "answered"))
    return tried


def _told(organisation_id: int) -> dict[int | None, Tried]:
    """Referral -> its acknowledgement, which told the patient that they wait, unless it came back."""
    rows = Contact.objects.filter(
        purpose=TOLD, referral__organisation_id=organisation_id, referral__entries__state="waiting"
    ).exclude(outcome__in=NOT_TOLD)
    return {
        referral: Tried(TOLD, channel, local(at).date())
        for referral, channel, at in rows.values_list("referral_id", "channel", "at")
    }


def _guarded(organisation_id: int) -> set[int]:
    """Patients who are flagged, or need an interpreter or support: a person closes what is theirs."""
    needs = patients.every_need(organisation_id).items()
    needing = {patient for patient, held in needs if any(each.kind in GUARDS for each in held)}
    return needing | set(patients.every_flag(organisation_id))


def to_write(found: Iterable[ToInvite], organisation_id: int, today: date) -> list[ToInvite]:
    """Those of these steps that are due and a letter takes, of patients whom a machine may write to.

    Three queries.
    """
    due = [each for each in found if each.due.step in PURPOSE_OF and each.due.on <= today]
    alive: dict[int, Any] = who_lives({each.patient for each in due}, organisation_id)
    flags = patients.every_flag(organisation_id) if due else {}
    return [each for each in due if each.patient in alive and _by_letter(alive[each.patient], flags)]


def to_message(
    found: Iterable[ToInvite], organisation_id: int, today: date, connected: Collection[str]
) -> list[tuple[ToInvite, Channel]]:
    """Those who were invited by letter and are to be reminded otherwise now, with the way: text or email.

    As the patient prefers, of those that leave by themselves. Whom neither reaches is rung. Three queries.
    """
    due = [each for each in found if each.due.step is Step.REMIND and each.due.on <= today]
    alive: dict[int, Any] = who_lives({each.patient for each in due}, organisation_id) if due else {}
    flags = patients.every_flag(organisation_id) if due else {}
    ways = ((each, _message(alive.get(each.patient), flags, connected)) for each in due)
    return [(each, way) for each, way in ways if way is not None]


def _message(patient: Any, flags: dict[int, list[Any]], connected: Collection[str]) -> Channel | None:
    if patient is None:
        return None
    ways = sorted(Channel, key=lambda way: way.value != patient.stands.channel)
    return next((way for way in ways if way.value in connected and _by_way(patient, way, flags)), None)


def _by_way(patient: Any, way: Channel, flags: dict[int, list[Any]]) -> bool:
    held = flags.get(patient.pk, ())
    return bool(patients.may_contact(patient, way.value, by_machine=True, flags=held)) and bool(
        address(patient, way)
    )


def address(patient: Any, way: Channel) -> str:
    """The number or address to which a text or an email of a patient goes; "" where there is none."""
    stands = patient.stands
    return (mobile(stands.mobile) or "") if way is Channel.TEXT else str(stands.email)


def _by_letter(patient: Any, flags: dict[int, list[Any]]) -> bool:
    return bool(patients.may_contact(patient, "letter", by_machine=True, flags=flags.get(patient.pk, ())))
