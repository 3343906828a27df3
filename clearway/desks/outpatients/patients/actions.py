"""Every write to patients: who they are, what they need, how they may be reached, and that two are one."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction

from clearway.core.audit.actions import Actor, Entry
from clearway.core.audit.actions import record as audit
from clearway.core.clashes import own_changes
from clearway.core.layout.times import clock, day, local
from clearway.domain.outpatients.booking import DIED
from clearway.domain.outpatients.clock_events import ClockEvent, EventKind
from clearway.domain.outpatients.identity import Person, nhs_number, postcode
from clearway.domain.outpatients.words import CancelledBy, NhsNumberStatus
from clearway.domain.shared.errors import NotAllowed

from ..booking import actions as booking
from ..booking import queries as appointments
from ..clocks import actions as clocks
from ..clocks import queries as pathways
from ..letters import wanted as letters
from ..numbers import Numbers, next_number
from ..referrals import actions as referrals
from ..referrals import queries as referred
from ..waiting import actions as waiting
from ..waiting import standing
from . import queries
from .models import Carer, Flag, Need, Patient

CHANNELS = ("letter", "text", "phone", "email")
CONTACTS = ("address", "postcode", "phone", "mobile", "email")
IDENTITY = ("family_name", "given_names", "born_on", "nhs_number", "nhs_number_status")
# What `change` may change: a death, a merger and the trust's own number have actions of their own.
CHANGEABLE = frozenset(
    {
        *IDENTITY,
        *CONTACTS,
        *("sex", "practice", "confirmed_on", "may_text", "sites", "days", "notice_hours", "channel"),
        "opted_out",
    }
)


@dataclass(frozen=True, slots=True)
class New:
    """A patient to register, as models.Patient describes each field.

    number  the trust's own; one is given where it is left out
    """

    family_name: str
    given_names: str
    born_on: date
    number: str = ""
    nhs_number: str | None = None
    nhs_number_status: str = NhsNumberStatus.NOT_TRACED
    sex: str = "9"
    address: str = ""
    postcode: str = ""
    practice: str = ""
    phone: str = ""
    mobile: str = ""
    email: str = ""
    confirmed_on: date | None = None
    may_text: bool = False
    sites: tuple[str, ...] = ()
    days: tuple[int, ...] = ()
    notice_hours: int | None = None
    channel: str = "letter"
    opted_out: bool = False

    @property
    def person(self) -> Person:
        return Person(self.family_name, self.given_names, self.born_on, self.nhs_number or None)


@dataclass
class LooksAlike(NotAllowed):
    """Somebody who is registered already may be this person. `alike`: their ids, for a person to compare."""

    alike: tuple[int, ...] = field(default=())


@transaction.atomic
def register(
    new: New, *, organisation_id: int, by: Actor, at: datetime, though_alike: bool = False
) -> Patient:
    """Register a patient.

    though_alike  somebody has compared the records and says that these are two people
    Raises LooksAlike when a record may be the same person, and NotAllowed for an NHS number that is wrong or
    another patient's, and for a birth date to come.
    """
    row, entry = enter(new, organisation_id=organisation_id, at=at, though_alike=though_alike)
    audit([entry], organisation_id=organisation_id, by=by, at=at)
    return row


def enter(
    new: New,
    *,
    organisation_id: int,
    at: datetime,
    though_alike: bool = False,
    numbers: Numbers | None = None,
) -> tuple[Patient, Entry]:
    """Put a patient in the table; and what is to be put on record, in the caller's transaction.

    Raises as `register` does: LooksAlike before anything is written; after another refusal the caller undoes
    what went before.
    """
    event = "Registering this patient"
    values = _checked({name: getattr(new, name) for name in CHANGEABLE}, at, event)
    if not though_alike:
        alike = tuple(row.pk for row in queries.look_alikes(organisation_id, new.person))
        if alike:
            why = "Somebody who may be the same person is registered already. Compare them first."
            raise LooksAlike("not yet registered", event, why, alike)
    table = Patient._meta.db_table
    number = numbers.next(table) if numbers else next_number(table)
    row = Patient(
        id=number,
        organisation_id=organisation_id,
        number=new.number or f"C{number:07d}",
        registered_at=at,
        **values,
    )
    try:
        row.save(force_insert=True)
    except IntegrityError as problem:
        raise NotAllowed("known already", event, _why_refused(problem)) from None
    detail = {"nhs_number_status": row.nhs_number_status, "though_alike": though_alike}
    return row, Entry("patients.register", f"patient:{row.pk}", detail)


@transaction.atomic
def register_referred(
    new: New,
    referral: referrals.New,
    *,
    organisation_id: int,
    by: Actor,
    at: datetime,
    though_alike: bool = False,
) -> Any:
    """Register a patient with the referral that they came with; where one is refused, neither is kept.

    Returns the referral. Raises NotAllowed like `register` and referrals.actions.register.
    """
    scope: dict[str, Any] = {"organisation_id": organisation_id, "by": by, "at": at}
    row = register(new, though_alike=though_alike, **scope)
    return referrals.register(replace(referral, patient_id=row.pk), **scope)


@transaction.atomic
def change(
    patient_id: int,
    changes: Mapping[str, Any],
    *,
    organisation_id: int,
    by: Actor,
    at: datetime,
    confirms: bool = True,
    seen: Mapping[str, Any] | None = None,
) -> Patient:
    """Change what is known of a patient, by column.

    confirms  a changed way of contact was confirmed with the patient that day, where nothing else is said
    seen      what the person who changes it had before them, by column; what is still so is not written

    Raises NotAllowed like `register`, and for a column that is not changed here; ChangedMeanwhile where
    somebody else changed the same column since it was seen.
    """
    event = "Changing this patient"
    if unknown := sorted(set(changes) - CHANGEABLE):
        raise NotAllowed("as it stands", event, f"{', '.join(unknown)} cannot be changed here.")
    row = _locked(organisation_id, patient_id)
    values = _checked(changes, at, event)
    if seen is not None:
        now = {name: getattr(row, name) for name in values}
        values = own_changes(values, seen, now, event)
    changed = {name: value for name, value in values.items() if getattr(row, name) != value}
    if not changed:
        return row
    if confirms and set(changed) & set(CONTACTS) and "confirmed_on" not in changed:
        changed["confirmed_on"] = local(at).date()
    for name, value in changed.items():
        setattr(row, name, value)
    _save(row, event)
    _note("patients.change", row.pk, {"fields": sorted(changed)}, organisation_id, by, at)
    letters.try_again(row.pk, at=at)
    referrals.recheck(row.pk, organisation_id=organisation_id, by=by, at=at)
    return row


@transaction.atomic
def confirm_contacts(patient_id: int, *, organisation_id: int, by: Actor, at: datetime) -> None:
    """The patient says that address and numbers are right, today."""
    row = _locked(organisation_id, patient_id)
    row.confirmed_on = local(at).date()
    row.save(update_fields=["confirmed_on"])
    _note("patients.confirm_contacts", row.pk, {}, organisation_id, by, at)


@transaction.atomic
def add_need(
    patient_id: int,
    kind: str,
    detail: str,
    *,
    organisation_id: int,
    by: Actor,
    at: datetime,
    for_carer: bool = False,
    share: bool = True,
) -> Need:
    """Record a need. The same need again is the one that is there, reviewed today.

    Raises NotAllowed for a kind there is not, or without saying what is needed.
    """
    row = _locked(organisation_id, patient_id)
    if kind not in Need.Kind.values or not detail.strip():
        raise NotAllowed("not said", "Recording a need", "Choose what kind of need it is, and say what.")
    need, is_new = Need.objects.get_or_create(
        patient=row,
        kind=kind,
        detail=detail.strip(),
        ended_at=None,
        defaults={
            "for_carer": for_carer,
            "share": share,
            "recorded_at": at,
            "reviewed_on": local(at).date(),
        },
    )
    if not is_new:
        need.reviewed_on = local(at).date()
        need.save(update_fields=["reviewed_on"])
    letters.try_again(row.pk, at=at)
    _note("patients.need", row.pk, {"need": need.pk, "kind": kind, "new": is_new}, organisation_id, by, at)
    return need


@transaction.atomic
def review_need(need_id: int, *, organisation_id: int, by: Actor, at: datetime, ends: bool = False) -> None:
    """The patient was asked: the need is as before, or (`ends`) there no longer. Raises Need.DoesNotExist."""
    need = Need.objects.select_for_update().get(
        pk=need_id, patient__organisation_id=organisation_id, ended_at__isnull=True
    )
    need.reviewed_on = local(at).date()
    need.ended_at = at if ends else None
    need.save(update_fields=["reviewed_on", "ended_at"])
    letters.try_again(need.patient_id, at=at)
    verb = "patients.end_need" if ends else "patients.review_need"
    _note(verb, need.patient_id, {"need": need.pk, "kind": need.kind}, organisation_id, by, at)


@transaction.atomic
def raise_flag(
    patient_id: int, kind: str, words: str, *, organisation_id: int, by: Actor, at: datetime
) -> Flag:
    """Put up a flag that everybody sees who books or rings. Raises NotAllowed without kind and words."""
    row = _locked(organisation_id, patient_id)
    if kind not in Flag.Kind.values or not words.strip():
        raise NotAllowed("not said", "Raising a flag", "Choose the flag, and say what others must do.")
    flag = Flag.objects.create(patient=row, kind=kind, words=words.strip(), recorded_at=at)
    letters.try_again(row.pk, at=at)
    _note("patients.flag", row.pk, {"flag": flag.pk, "kind": kind}, organisation_id, by, at)
    return flag


@transaction.atomic
def end_flag(flag_id: int, *, organisation_id: int, by: Actor, at: datetime) -> None:
    """Take a flag down; it stays in the record. Raises Flag.DoesNotExist."""
    flag = Flag.objects.select_for_update().get(
        pk=flag_id, patient__organisation_id=organisation_id, ended_at__isnull=True
    )
    flag.ended_at = at
    flag.save(update_fields=["ended_at"])
    letters.try_again(flag.patient_id, at=at)
    detail = {"flag": flag.pk, "kind": flag.kind}
    _note("patients.end_flag", flag.patient_id, detail, organisation_id, by, at)


@transaction.atomic
def add_carer(
    patient_id: int,
    name: str,
    relation: str,
    *,
    organisation_id: int,
    by: Actor,
    at: datetime,
    phone: str = "",
    may_decide: bool = False,
) -> Carer:
    """Record somebody who speaks for the patient. Raises NotAllowed without a name and who they are."""
    row = _locked(organisation_id, patient_id)
    if not name.strip() or not relation.strip():
        raise NotAllowed("not said", "Recording a carer", "Give the name, and who they are to the patient.")
    carer = Carer.objects.create(
        patient=row, name=name.strip(), relation=relation.strip(), phone=phone, may_decide=may_decide
    )
    detail = {"carer": carer.pk, "may_decide": may_decide}
    _note("patients.carer", row.pk, detail, organisation_id, by, at)
    return carer


@transaction.atomic
def end_carer(carer_id: int, *, organisation_id: int, by: Actor, at: datetime) -> None:
    """They speak for the patient no longer. Raises Carer.DoesNotExist."""
    carer = Carer.objects.select_for_update().get(
        pk=carer_id, patient__organisation_id=organisation_id, ended_at__isnull=True
    )
    carer.ended_at = at
    carer.save(update_fields=["ended_at"])
    _note("patients.end_carer", carer.patient_id, {"carer": carer.pk}, organisation_id, by, at)


@transaction.atomic
def record_death(patient_id: int, died_on: date, *, organisation_id: int, by: Actor, at: datetime) -> Patient:
    """Record that a patient died: open clocks stop that day, referrals and places on lists end, and nothing
    is sent from now on. The same of every record that was merged into this one.

    Raises NotAllowed for a day to come or before the birth. Recorded again, the day is corrected.
    """
    row = _locked(organisation_id, patient_id)
    event = "Recording the death"
    if died_on > local(at).date():
        raise NotAllowed("still to come", event, "The day of the death is still to come.")
    if died_on < row.born_on:
        raise NotAllowed("before the birth", event, "The day of the death is before the birth.")
    if row.died_on == died_on:
        return row
    before = row.died_on
    row.died_on = died_on
    row.save(update_fields=["died_on"])
    records = [row.pk, *(each.pk for each in queries.merged_into(row.pk))]
    _stop_clocks(row, records, before, organisation_id, by, at)
    _end_everything(records, organisation_id, by, at)
    detail = {"on": died_on.isoformat(), "corrects": before and before.isoformat()}
    _note("patients.record_death", row.pk, detail, organisation_id, by, at)
    return row


@transaction.atomic
def withdraw_death(patient_id: int, why: str, *, organisation_id: int, by: Actor, at: datetime) -> Patient:
    """Take back a death that was recorded of the wrong patient.

    What the clocks were told of it is withdrawn by corrections, so that they stand as before; referrals and
    places on lists that ended by it stand again. Appointments stay cancelled, their seats may be another's:
    each is booked anew from its place on the list, and is a task until then.
    Raises NotAllowed without a reason, or where no death is recorded.
    """
    event = "Withdrawing the death"
    row = _locked(organisation_id, patient_id)
    if row.died_on is None:
        raise NotAllowed("not recorded as died", event, "No death is recorded of this patient.")
    if not why.strip():
        raise NotAllowed("not said", event, "Say how you know that this patient lives.")
    was, row.died_on = row.died_on, None
    row.save(update_fields=["died_on"])
    records = [row.pk, *(each.pk for each in queries.merged_into(row.pk))]
    scope: dict[str, Any] = {"organisation_id": organisation_id, "by": by, "at": at}
    _let_clocks_go_on(records, **scope)
    for key in records:
        for each in referred.of_patient(organisation_id, key):
            if each.removed_why == DIED:
                referrals.stand_again(each.pk, **scope)
    for entry in standing.of_people(records).filter(state="removed", why=DIED):
        waiting.stand_again(entry.pk, **scope)
    letters.try_again(row.pk, at=at)
    detail = {"was": was.isoformat(), "why": why.strip()}
    _note("patients.withdraw_death", row.pk, detail, organisation_id, by, at)
    return row


def _let_clocks_go_on(records: Sequence[int], *, organisation_id: int, by: Actor, at: datetime) -> None:
    cancelled = {f"appointment:{each.pk}:cancelled" for each in appointments.ended_by_death(records)}
    known = [each.pk for key in records for each in pathways.of_patient(organisation_id, key)]
    told = [
        each for each in pathways.that_stand(known) if each.kind == EventKind.DIED or each.key in cancelled
    ]
    events = [
        clocks.Recorded(
            each.pathway_id,
            ClockEvent(f"{each.key}:withdrawn", EventKind.WITHDRAWN, each.on, replaces=each.key),
            each.source,
        )
        for each in told
    ]
    if events:
        clocks.record(events, organisation_id=organisation_id, by=by, at=at)


def _end_everything(records: Sequence[int], organisation_id: int, by: Actor, at: datetime) -> None:
    """Appointments to come, referrals, and places on lists, each by its own action."""
    scope: dict[str, Any] = {"organisation_id": organisation_id, "by": by, "at": at}
    for appointment in appointments.of_people(records).filter(state__in=("held", "booked"), starts_at__gt=at):
        booking.cancel(appointment.pk, by_whom=CancelledBy.PATIENT, reason=DIED, **scope)
    for key in records:
        for each in referred.of_patient(organisation_id, key):
            if each.state in referred.OPEN:
                referrals.remove(each.pk, "died", **scope)
    for entry in standing.of_people(records).filter(state="waiting"):
        waiting.remove(entry.pk, "died", **scope)


def _stop_clocks(
    row: Patient,
    records: Sequence[int],
    before: date | None,
    organisation_id: int,
    by: Actor,
    at: datetime,
) -> None:
    """Each open clock, and each that the death as it was recorded before had stopped (`before`)."""
    assert row.died_on is not None
    touched = [
        each
        for record in records
        for each in pathways.of_patient(organisation_id, record)
        if each.state in ("ticking", "unknown_start") or (before and each.status == "36")
    ]
    keys = [each.pk for each in touched]
    stands = {each.pathway_id: each.key for each in pathways.that_stand(keys) if each.kind == EventKind.DIED}
    times = Counter(each.pathway_id for each in pathways.events_of(keys) if each.key.startswith("died:"))
    events = [
        clocks.Recorded(
            each.pk,
            ClockEvent(
                f"died:{row.died_on.isoformat()}/{times[each.pk] + 1}",
                EventKind.DIED,
                row.died_on,
                outside_contact=True,
                replaces=stands.get(each.pk),
            ),
            f"patient:{row.pk}",
        )
        for each in touched
    ]
    if events:
        clocks.record(events, organisation_id=organisation_id, by=by, at=at)


@transaction.atomic
def merge(patient_id: int, into: int, why: str, *, organisation_id: int, by: Actor, at: datetime) -> Patient:
    """Say that two records are one person: the first is shown under the second from now on.

    Nothing is moved, so that `unmerge` undoes all of it: referrals, pathways, entries and appointments keep
    the record they were made under, the pages of the second show them too, and what is asked of the person
    (booking, a death, being in one place) is asked of both (queries.same_people, models.Appointment.person).
    Raises NotAllowed without a reason, for a record and itself, where one of them is merged already, and
    where they cannot be one person as they stand: booked at one time, one of them dead, one opted out.
    """
    event = "Merging these records"
    if not why.strip():
        raise NotAllowed("not said", event, "Say how you know that they are one person.")
    if patient_id == into:
        raise NotAllowed("one record", event, "A record cannot be merged into itself.")
    rows = {row.pk: row for row in _lock(organisation_id, (patient_id, into))}
    if len(rows) < 2:
        raise Patient.DoesNotExist
    if any(row.merged_into_id is not None for row in rows.values()):
        raise NotAllowed("merged already", event, "One of them is merged already. Undo that first.")
    if rows[patient_id].merged.exists():
        why = "Other records are merged into this one. Merge the other way round."
        raise NotAllowed("merged already", event, why)
    row = rows[patient_id]
    _check_agree(row, rows[into], event)
    row.merged_into = rows[into]
    row.save(update_fields=["merged_into"])
    _note("patients.merge", row.pk, {"into": into, "why": why.strip()}, organisation_id, by, at)
    return row


def _check_agree(row: Patient, into: Patient, event: str) -> None:
    """Raises NotAllowed where the records say what cannot hold of one person."""
    clashes = [when for each in queries.records_of(into.pk) for when in appointments.clashes(row.pk, each)]
    if clashes:
        when = f"{day(clashes[0])}, {clock(clashes[0])}"
        why = f"Both have an appointment on {when}. Move or cancel one of them first."
        raise NotAllowed("booked at one time", event, why)
    if row.died_on != into.died_on:
        why = "One record says that the patient has died, the other does not. Make them agree first."
        raise NotAllowed("one of them died", event, why)
    if row.opted_out and not into.opted_out:
        why = "This record wants no messages from machines. Say so in the record that stays first."
        raise NotAllowed("opted out", event, why)


@transaction.atomic
def unmerge(patient_id: int, why: str, *, organisation_id: int, by: Actor, at: datetime) -> Patient:
    """They are two people after all.

    Raises NotAllowed without a reason, where nothing is merged, and after a death that was recorded of both.
    """
    event = "Undoing this merger"
    if not why.strip():
        raise NotAllowed("not said", event, "Say how you know that they are two people.")
    row = _lock(organisation_id, (patient_id,))[0]
    if row.merged_into_id is None:
        raise NotAllowed("not merged", event, "This record is not merged into another.")
    if row.stands.died_on != row.died_on:
        why = "A death was recorded of both. Withdraw it first, then record it again of the one who died."
        raise NotAllowed("recorded as died", event, why)
    before, row.merged_into = row.merged_into_id, None
    _save(row, event)
    _note("patients.unmerge", row.pk, {"from": before, "why": why.strip()}, organisation_id, by, at)
    return row


@transaction.atomic
def look(patient_ids: Collection[int], page: str, *, organisation_id: int, by: Actor, at: datetime) -> None:
    """Record that somebody is shown these patients; called before the page is."""
    if patient_ids:
        entries = [Entry("patients.look", f"patient:{each}", {"page": page}) for each in patient_ids]
        audit(entries, organisation_id=organisation_id, by=by, at=at)


def _locked(organisation_id: int, patient_id: int) -> Patient:
    rows = _lock(organisation_id, (patient_id,))
    if rows[0].merged_into_id is not None:
        raise NotAllowed("merged", "Changing this patient", "This record was merged. Use the other one.")
    return rows[0]


def _lock(organisation_id: int, keys: Collection[int]) -> list[Patient]:
    rows = Patient.objects.select_for_update().filter(organisation_id=organisation_id, pk__in=keys)
    found = list(rows.order_by("id"))
    if not found:
        raise Patient.DoesNotExist
    return found


def _checked(values: Mapping[str, Any], at: datetime, event: str) -> dict[str, Any]:
    """The values as they are kept. Raises NotAllowed for what cannot be right."""
    checked = dict(values)
    try:
        if "nhs_number" in checked:
            checked["nhs_number"] = nhs_number(checked["nhs_number"] or "")
        if "postcode" in checked:
            checked["postcode"] = postcode(checked["postcode"])
    except ValueError as problem:
        raise NotAllowed("not valid", event, f"{problem}.") from None
    for name in ("sites", "days"):
        if name in checked:
            checked[name] = list(checked[name])
    for name in ("family_name", "given_names"):
        if name in checked and not checked[name].strip():
            raise NotAllowed("not valid", event, "A patient has a family name and a given name.")
    if checked.get("born_on") is not None and checked["born_on"] > local(at).date():
        raise NotAllowed("not valid", event, "The birth date is still to come.")
    if checked.get("channel", CHANNELS[0]) not in CHANNELS:
        raise NotAllowed("not valid", event, f"A patient is reached by {', '.join(CHANNELS)}.")
    return checked


def _save(row: Patient, event: str) -> None:
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as problem:
        raise NotAllowed("known already", event, _why_refused(problem)) from None


def _why_refused(problem: IntegrityError) -> str:
    name = getattr(getattr(problem.__cause__, "diag", None), "constraint_name", "") or ""
    return {
        "one_patient_per_nhs_number": "Another patient has this NHS number. Open that record and compare.",
        "one_patient_per_number": "Another patient has this hospital number.",
    }.get(name, "The record does not hold together; check the dates and the NHS number.")


def _note(
    verb: str, patient_id: int, detail: Mapping[str, Any], organisation_id: int, by: Actor, at: datetime
) -> None:
    entry = Entry(verb, f"patient:{patient_id}", detail)
    audit([entry], organisation_id=organisation_id, by=by, at=at)
