"""What a request does: the same actions as a click, and their refusals in the words of FHIR."""

import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ObjectDoesNotExist

from clearway.core.audit.actions import Actor
from clearway.core.feeds import actions as feeds
from clearway.core.feeds.models import Source
from clearway.core.layout.times import local
from clearway.desks.outpatients.booking import actions as booking
from clearway.desks.outpatients.booking import queries as booked
from clearway.desks.outpatients.clinics import queries as clinics
from clearway.desks.outpatients.intake import actions as intake
from clearway.desks.outpatients.intake.actions import REFUSED, REPEAT, Taking
from clearway.desks.outpatients.patients import queries as patients
from clearway.desks.outpatients.waiting import queries as waiting
from clearway.domain.outpatients.completeness import Route
from clearway.domain.outpatients.words import CancelledBy
from clearway.domain.shared.errors import NotAllowed
from clearway.interchange.fhir import appointment, checking, message, parts, service_request, slot
from clearway.interchange.fhir.codes import BOOKING
from clearway.interchange.fhir.outcome import Issue, Refused, refused
from clearway.interchange.fhir.parts import Json

from .door import Answer
from .reading import Ground, one, version, versioned

CHANNEL = "api"  # of the offer that a booking records as accepted
MESSAGE = "$process-message"
# Who moves an appointment by FHIR, where it does not say: the sender asks for the patient.
MOVED = (CancelledBy.PATIENT, "patient_other")
WHERE_IT_STANDS = re.compile(r"the entry is|it is |the patient has another|the slot is taken")


@dataclass(frozen=True, slots=True)
class Request:
    """A stored request. header  what stood beside the body: method, what, if_match, target, address"""

    source: Source
    header: Mapping[str, str]
    body: bytes
    digest: bytes
    by: Actor
    at: datetime

    @property
    def scope(self) -> dict[str, Any]:
        return {"organisation_id": self.source.organisation_id, "by": self.by, "at": self.at}

    @property
    def ground(self) -> Ground:
        return Ground(self.source.organisation, self.at)


def do(request: Request) -> Answer:
    """Do it. Raises Refused, and then nothing is done."""
    said = checking.parse(request.body)
    what = request.header["what"]
    if what == MESSAGE:
        return _message(request, said)
    kind, _, key = what.partition("/")
    sent = checking.check(said, kind)
    _check_modifiers(sent)
    if request.header["method"] == "POST":
        return _stands(request, _create(request, sent), 201)
    return _update(request, sent, parts.key(key))


def _check_modifiers(sent: Json) -> None:
    if sent.get("modifierExtension"):
        fix = "Leave it out: it may turn the meaning round, and it is not known here."
        raise refused(422, "extension", "Appointment.modifierExtension", "It is not understood.", fix)


def _stands(request: Request, key: int, status: int) -> Answer:
    """The appointment as it stands."""
    found = one("Appointment", key, request.ground)
    assert found is not None
    made = versioned(found.resource)
    where = f"{request.header['address']}/Appointment/{key}"
    return Answer(status, made, version(found.resource), where if status == 201 else "")


def _allowed(work: Callable[[], Any]) -> Any:
    """Do an action of the desk; its refusal as a conflict where the world moved on, else as a rule."""
    try:
        return work()
    except booking.SlotGone as gone:
        issue = Issue("conflict", "Appointment.slot", gone.why, "Book one of those that are free.")
        raise Refused(409, [issue], [_choice(each) for each in gone.alternatives]) from None
    except NotAllowed as refusal:
        moved_on = WHERE_IT_STANDS.match(refusal.state)
        status, code = (409, "conflict") if moved_on else (422, "business-rule")
        fix = "Read it again, and ask for what can be." if moved_on else "Ask for another, or at the desk."
        raise refused(status, code, "Appointment", refusal.why, fix) from None
    except ObjectDoesNotExist:
        fix = "Search again: it may have gone."
        raise refused(422, "not-found", "Appointment", "What it refers to is not here.", fix) from None


def _choice(choice: Any) -> str:
    begins = parts.instant(choice.starts_at)
    return f"Slot/{choice.slot}, {begins}, {choice.clinician}, {choice.site}"


# Booking


def _create(request: Request, sent: Json) -> int:
    """Book, or hold where it is pending, the slot that is asked for."""
    asked = appointment.read(sent)
    if asked.slot is None:
        fix = "Send Appointment.slot with a reference like Slot/12."
        raise refused(422, "required", "Appointment.slot", "It names no slot of this server.", fix)
    return _book(request, asked, _slot(request, slot.Asked(asked.slot, None, None)), _records(request, asked))


def _book(request: Request, asked: appointment.Asked, row: Any, records: Sequence[int]) -> int:
    ways: dict[str, Any] = {"booked": booking.book, "pending": booking.hold}
    if asked.status not in ways:
        fix = "Send booked, or pending to keep it while the patient is asked."
        raise refused(422, "business-rule", "Appointment.status", "A new one has another status.", fix)
    for name, said, stands in (
        ("start", asked.starts_at, row.starts_at),
        ("end", asked.ends_at, row.ends_at),
    ):
        if said is not None and said != stands:
            fix = f"Send {parts.instant(stands)}, or leave it out."
            raise refused(422, "invariant", f"Appointment.{name}", "The slot has another time.", fix)
    entry = _entry(request, records, row, asked.referral)
    more = {"channel": CHANNEL} if asked.status == "booked" else {}
    made = _allowed(lambda: ways[asked.status](row.pk, entry, **more, **request.scope))
    return int(made.pk)


def _slot(request: Request, asked: slot.Asked) -> Any:
    """The slot that is asked for: by its number here, else the one of its service at that time."""
    rows = clinics.every_slot(request.source.organisation_id)
    found = rows.filter(pk=asked.key).first() if asked.key is not None else None
    if found is None and asked.key is None and asked.starts_at is not None:
        code = asked.service or request.header["target"]
        there = rows.filter(starts_at=asked.starts_at, session__service__code=code)
        there = there.filter(ends_at=asked.ends_at) if asked.ends_at is not None else there
        free = booked.with_free(there, request.at).order_by("pk")
        found = max(free, key=lambda each: each.free > 0, default=None)
    if found is None:
        fix = "Search Slot and send one of those, by its id."
        raise refused(422, "not-found", "Appointment.slot", "There is no such slot here.", fix)
    return found


def _records(request: Request, asked: appointment.Asked) -> list[int]:
    """Every record of the patient that an appointment names. Raises Refused where it names none here."""
    organisation_id, key = request.source.organisation_id, asked.patient
    if key is None and asked.nhs_number:
        row = patients.by_nhs_number(organisation_id, asked.nhs_number)
        key = row.pk if row is not None else None
    if key is None or not patients.everybody(organisation_id).filter(pk=key).exists():
        raise _nobody()
    return patients.records_of(key)


def _nobody() -> Refused:
    fix = "Send the patient by id or NHS number; send a new one with servicerequest-request first."
    return refused(422, "not-found", "Appointment.participant", "No such patient is registered here.", fix)


def _entry(request: Request, records: Sequence[int], row: Any, referral: int | None) -> int:
    """The place on the waiting list that is booked: of this patient, for this service and this referral."""
    waits = waiting.to_book(records, request.source.organisation_id)
    here = [each for each in waits if each.service_id == row.session.service_id]
    here = [each for each in here if referral in (None, each.referral_id)]
    if len(here) > 1:  # who waits for a first visit and a class is booked into the slot's own kind
        here = [each for each in here if each.kind == row.kind] or here
    if len(here) > 1:
        of = ", ".join(f"ServiceRequest/{each.referral_id}" for each in here)
        fix = f"Say in basedOn for which: {of}."
        raise refused(422, "multiple-matches", "Appointment.basedOn", "They wait for several.", fix)
    if here:
        return int(here[0].pk)
    if any(each.patient_id in records for each in booked.of_slots([row.pk], request.at).get(row.pk, ())):
        fix = "Read it; nothing more is to be done."
        raise refused(409, "duplicate", "Appointment", "The patient has this slot already.", fix)
    fix = "Send the referral with servicerequest-request; once it is triaged, book it."
    why = "The patient waits for nothing that is booked in this clinic."
    raise refused(422, "business-rule", "Appointment.basedOn", why, fix)


# Changing


def _update(request: Request, sent: Json, key: int | None) -> Answer:
    """Move, cancel or confirm an appointment that stands as the sender last read it."""
    if str(sent.get("id", "")) != str(key):
        fix = "Send the id of the address."
        raise refused(400, "invariant", "Appointment.id", "It is not the one of the address.", fix)
    stands = _locked(request, key)
    assert key is not None
    _check_version(request.header["if_match"], stands, sent)
    changed = appointment.differences(stands, sent)
    if others := [name for name in changed if name not in appointment.CHANGEABLE]:
        fix = f"What can change: {', '.join(appointment.CHANGEABLE)}."
        issues = [
            Issue("business-rule", f"Appointment.{name}", "It cannot be changed here.", fix)
            for name in others
        ]
        raise Refused(422, issues)
    if changed:
        _change(request, key, stands, appointment.read(sent))
    return _stands(request, key, 200)


def _locked(request: Request, key: int | None) -> Json:
    """The appointment as a resource, locked until the transaction ends. Raises Refused without one."""
    if key is not None:
        try:
            booking.locked(key, organisation_id=request.source.organisation_id)
        except ObjectDoesNotExist:
            key = None
    found = one("Appointment", key, request.ground)
    if found is None:
        fix = "Create one with POST; its id is given here."
        raise refused(405, "not-supported", "Appointment.id", "There is none of this id.", fix)
    return found.resource


def _check_version(if_match: str, stands: Json, sent: Json) -> None:
    if not if_match:
        fix = "Send If-Match with the ETag that you read."
        raise refused(428, "required", "header If-Match", "It is missing.", fix)
    if if_match.strip().removeprefix("W/").strip('"') == version(stands):
        return
    issues = [Issue("conflict", "header If-Match", "It was changed since you read it.", "Read it again.")]
    for name in appointment.differences(stands, sent):
        why = f"It is {appointment.shown(stands, name)}, you sent {appointment.shown(sent, name)}."
        issues.append(Issue("conflict", f"Appointment.{name}", why, "Compare both."))
    raise Refused(412, issues)


def _change(request: Request, key: int, stands: Json, asked: appointment.Asked) -> int:
    """Do what the difference means; the number of the appointment that stands afterwards."""
    before = stands["status"]
    if asked.status == "cancelled" and before in ("booked", "pending"):
        assert asked.cancelled is not None
        side, reason = asked.cancelled
        _allowed(lambda: booking.cancel(key, by_whom=CancelledBy(side), reason=reason, **request.scope))
        return key
    if asked.status == before == "booked" and asked.slot not in (None, _key_of_slot(stands)):
        return _move(request, key, asked.slot)
    if (before, asked.status) == ("pending", "booked"):
        row = one("Appointment", key, request.ground)
        assert row is not None
        held = row.row
        made = _allowed(lambda: booking.book(held.slot_id, held.entry_id, channel=CHANNEL, **request.scope))
        return int(made.pk)
    fix = "Send a booked one with another slot, or cancelled with its reason; the rest is done at the desk."
    code = "conflict" if before != asked.status else "business-rule"
    status = 409 if before in ("cancelled", "fulfilled", "noshow", "arrived") else 422
    why = f"From {before}, this is not done here."
    raise refused(status, code, "Appointment.status", why, fix)


def _move(request: Request, key: int, to: int | None) -> int:
    row = _slot(request, slot.Asked(to, None, None))
    by_whom, reason = MOVED
    moved = _allowed(
        lambda: booking.move(
            key, row.pk, by_whom=by_whom, reason=reason, channel=CHANNEL, any_medium=False, **request.scope
        )
    )
    return int(moved.pk)


def _key_of_slot(stands: Json) -> int | None:
    return parts.key_of(stands["slot"][0], "Slot")


# Messages of the Booking and Referral Standard


def _message(request: Request, body: Json) -> Answer:
    """Do what a message asks, once, and answer with what it was done to."""
    said = message.read(body)
    key = f"bundle:{said.id}"
    if not feeds.is_new_message(request.source, key, request.digest[:16], at=request.at):
        fix = "Nothing is to be done; to ask for more, send a message with an id of its own."
        why = "This message was taken already."
        raise refused(409, "duplicate", "Bundle.id", why, fix)
    if said.event == BOOKING:
        made = one("Appointment", _booking(request, said), request.ground)
    else:
        made = one("ServiceRequest", _referral(request, said), request.ground)
    assert made is not None
    answered = message.write(
        said,
        versioned(made.resource),
        key=str(uuid.uuid5(uuid.NAMESPACE_URL, f"{request.source.name}/{said.id}")),
        at=str(parts.instant(request.at)),
        address=request.header["address"],
        trust=request.source.organisation.name,
    )
    return Answer(200, answered)


def _booking(request: Request, said: message.Message) -> int:
    """Book what a message asks for, or change the appointment that it names."""
    asked = message.booking_of(said)
    if said.reason != "new" or asked.status == "cancelled":
        return _rebooking(request, said, asked)
    there = message.slot_of(said)
    if there is None and asked.slot is None:
        fix = "Send the slot that was found, by its id, in the bundle or as a reference."
        raise refused(422, "required", "Appointment.slot", "It names no slot.", fix)
    row = _slot(request, there or slot.Asked(asked.slot, None, None))
    return _book(request, asked, row, _named(request, said, asked))


def _named(request: Request, said: message.Message, asked: appointment.Asked) -> list[int]:
    """The records of the patient in a message: by NHS number, with the birth date as a check."""
    told = message.patient_of(said, message.subject_of(said))
    if told is None:
        return _records(request, asked)
    row = patients.by_nhs_number(request.source.organisation_id, told["nhs_number"])
    if row is None or not told["nhs_number"]:
        raise _nobody()
    if told["born_on"] and told["born_on"] != row.born_on.isoformat():
        fix = "Compare both records; nothing is booked for somebody who may be another."
        raise refused(422, "business-rule", "Patient.birthDate", "It is another here.", fix)
    return patients.records_of(row.pk)


def _rebooking(request: Request, said: message.Message, asked: appointment.Asked) -> int:
    key = parts.key(str(said.focus.get("id", "")))
    found = one("Appointment", key, request.ground)
    if key is None or found is None:
        fix = "Send the appointment with the id that it was answered with."
        raise refused(422, "not-found", "Appointment.id", "There is none of this id here.", fix)
    stands = _locked(request, key)
    theirs = booking.locked(key, organisation_id=request.source.organisation_id).patient_id
    if theirs not in _named(request, said, asked):
        fix = "Send the id that its booking was answered with."
        raise refused(422, "business-rule", "Appointment.id", "It is another patient's.", fix)
    there = message.slot_of(said)
    if there is not None:
        asked = appointment.with_slot(asked, _slot(request, there).pk)
    if said.reason == "delete" and asked.status != "cancelled":
        fix = "Send it with the status cancelled and the reason."
        raise refused(422, "invariant", "Appointment.status", "It is to go, and does not say so.", fix)
    return _change(request, key, stands, asked)


def _referral(request: Request, said: message.Message) -> int:
    """Register the referral of a message, as intake registers any other."""
    if said.reason != "new":
        fix = "Ask at the desk: a referral is ended by a person, who looks at its clock."
        raise refused(422, "business-rule", "MessageHeader.reason", "It is not changed from here.", fix)
    told = message.patient_of(said, said.focus.get("subject"))
    if told is None:
        fix = "Send the patient in the bundle."
        raise refused(422, "required", "ServiceRequest.subject", "The patient is not in it.", fix)
    name, code = message.sender_of(said)
    known = {
        "reference": said.id,
        "service": message.service_of(said) or request.header["target"],
        "received_on": local(request.at).date().isoformat(),
        "sender": name,
        "sender_organisation": code,
    }
    row = service_request.read(said.focus, told, known)
    taking = Taking(request.source.name, Route.API)
    (result,) = intake.take([row], taking, **request.scope)
    if result.verdict == REFUSED:
        place = service_request.place_of(result.where)
        raise refused(422, "business-rule", place, result.why, result.fix)
    if result.verdict == REPEAT:
        fix = f"Nothing is to be done: it is ServiceRequest/{result.referral_id}."
        raise refused(409, "duplicate", "ServiceRequest", f"It is here already. {result.why}", fix)
    assert result.referral_id is not None
    return result.referral_id
