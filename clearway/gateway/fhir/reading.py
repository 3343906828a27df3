"""Reading the desk for a resource: which rows a search means, and their columns as values."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from django.db.models import Q, QuerySet

from clearway.core.layout.times import local
from clearway.core.organisation.models import Organisation
from clearway.desks.outpatients.booking import queries as booking
from clearway.desks.outpatients.clinics import queries as clinics
from clearway.desks.outpatients.directory import queries as directory
from clearway.desks.outpatients.directory.queries import Resolved
from clearway.desks.outpatients.patients import queries as patients
from clearway.desks.outpatients.referrals import queries as referrals
from clearway.desks.outpatients.waiting import queries as waiting
from clearway.domain.outpatients.booking import REASONS
from clearway.domain.outpatients.completeness import BY_NAME
from clearway.interchange.fhir import (
    appointment,
    codes,
    communication,
    encounter,
    healthcare_service,
    location,
    patient,
    schedule,
    service_request,
    slot,
    task,
)
from clearway.interchange.fhir.outcome import refused
from clearway.interchange.fhir.parts import Json
from clearway.interchange.fhir.searching import Query, Span, Token

WORDS = {code: words for side in REASONS.values() for code, words in side.items()}
CAME = ("arrived", "attended")


@dataclass(frozen=True, slots=True)
class Ground:
    """The trust whose rows are read, and when.

    practices  what the codes of the patients that are written stand for, where there is a directory
    """

    trust: Organisation
    at: datetime
    practices: Mapping[str, Resolved] = field(default_factory=dict)

    @property
    def id(self) -> int:
        return self.trust.pk


@dataclass(frozen=True, slots=True)
class Found:
    """One resource, with the patients it names. rows  what it was made of, for what comes with it"""

    resource: Json
    patients: tuple[int, ...] = ()
    row: Any = None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a search. after  where the next one begins; "" where this is the last"""

    found: tuple[Found, ...]
    total: int
    after: str


def version(resource: Mapping[str, Any]) -> str:
    """The version of a resource, made of all that it says: no table keeps one of its own."""
    said = {name: value for name, value in resource.items() if name != "meta"}
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:20]


def versioned(resource: Json) -> Json:
    """The resource with its version."""
    return {**resource, "meta": {"versionId": version(resource), **resource["meta"]}}


# Rows of each type, and what a row is as a resource


def _patient(row: Any, on: Ground) -> Found:
    said = {name: getattr(row, name) for name in _PATIENT}
    now = known.current if (known := on.practices.get(row.practice)) else None
    if now is not None and now.code != row.practice:
        said |= {"practice": now.code, "practice_before": row.practice}
    values = patient.Values(
        row.pk,
        nhs_number=row.nhs_number or "",
        practice_name=now.name if now else "",
        merged_into=row.merged_into_id,
        **said,
    )
    return Found(patient.write(values), (row.pk,), row)


_PATIENT = (
    *("number", "family_name", "given_names", "born_on", "nhs_number_status", "sex", "address", "postcode"),
    *("practice", "phone", "mobile", "email", "died_on"),
)


def _service_request(row: Any, on: Ground) -> Found:
    said = {name: getattr(row, name) for name in _REFERRAL}
    values = service_request.Values(
        row.pk, patient=row.patient_id, service=row.service_id, service_name=row.service.name, **said
    )
    return Found(service_request.write(values), (row.patient_id,), row)


_REFERRAL = (
    *("number", "state", "received_on", "written_on", "ubrn", "priority", "condition", "question", "sender"),
    "sender_organisation",
)


def _schedule(row: Any, on: Ground) -> Found:
    values = schedule.Values(
        row.pk,
        service=row.service_id,
        service_name=row.service.name,
        function=row.service.function,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        is_open=row.state == "open",
        **_where(row),
    )
    return Found(schedule.write(values), row=row)


def _where(session: Any) -> dict[str, Any]:
    return {
        "site": session.room.site_id,
        "site_name": session.room.site.name,
        "clinician": session.clinician.code,
        "clinician_name": session.clinician.name,
    }


def _slot(row: Any, on: Ground) -> Found:
    service = row.session.service
    is_kept = bool(row.held) and (row.released_at is None or row.released_at > on.at)
    values = slot.Values(
        row.pk,
        row.session_id,
        service.code,
        service.name,
        service.function,
        row.kind,
        row.medium,
        _slot_status(row, on),
        row.starts_at,
        row.ends_at,
        row.held if is_kept else "",
        row.released_at,
    )
    return Found(slot.write(values), row=row)


def _slot_status(row: Any, on: Ground) -> str:
    if row.session.state != "open" or row.blocked or row.session.room.fault or row.starts_at <= on.at:
        return slot.UNAVAILABLE
    return slot.FREE if row.free > 0 else slot.BUSY


def _open_slots(on: Ground) -> Q:
    return Q(session__state="open", blocked="", session__room__fault="", starts_at__gt=on.at)


def _appointment(row: Any, on: Ground) -> Found:
    session = row.slot.session
    values = appointment.Values(
        row.pk,
        state=row.state,
        slot=row.slot_id,
        patient=row.patient_id,
        referral=row.referral_id,
        service_code=session.service.code,
        service_name=session.service.name,
        function=session.service.function,
        kind=row.slot.kind,
        medium=row.slot.medium,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        made_at=row.made_at,
        trust=on.trust.code,
        cancelled_by=row.cancelled_by,
        reason=row.cancel_reason,
        reason_words=WORDS.get(row.cancel_reason, ""),
        moved_to=row.moved_to_id,
        **_where(session),
    )
    return Found(appointment.write(values), (row.patient_id,), row)


def _encounter(row: Any, on: Ground) -> Found:
    began = row.arrived_at or row.starts_at
    values = encounter.Values(
        row.pk,
        state=row.state,
        patient=row.patient_id,
        referral=row.referral_id,
        began_at=began,
        ended_at=max(began, row.ends_at) if row.state == "attended" else None,
        medium=row.slot.medium,
        outcome=row.outcome,
        **_where(row.slot.session),
    )
    return Found(encounter.write(values), (row.patient_id,), row)


def _location(row: Any, on: Ground) -> Found:
    values = location.Values(row.pk, row.code, row.name, row.town, row.latitude, row.longitude, on.trust.code)
    return Found(location.write(values), row=row)


def _healthcare_service(row: Any, on: Ground) -> Found:
    values = healthcare_service.Values(
        row.pk, row.code, row.name, row.function, row.is_open, on.trust.code, on.trust.name
    )
    return Found(healthcare_service.write(values), row=row)


def _communication(row: Any, on: Ground) -> Found:
    values = communication.Values(
        row.pk,
        row.patient_id,
        row.referral_id,
        row.appointment_id,
        row.purpose,
        row.channel,
        row.outcome,
        row.at,
        row.outcome_at,
    )
    return Found(communication.write(values), (row.patient_id,), row)


def _task(row: Any, on: Ground) -> Found:
    item = BY_NAME.get(row.what)
    values = task.Values(
        row.pk,
        row.referral_id,
        row.referral.patient_id,
        row.what,
        item.says if item else row.what,
        item.fixer.meaning if item else row.fixer,
        row.found_at,
        row.asked_at,
        row.closed_at,
    )
    return Found(task.write(values), (row.referral.patient_id,), row)


# What each parameter means


def _one_of(field: str) -> Callable[[Sequence[Any], Ground], Q]:
    return lambda values, on: Q(**{f"{field}__in": [_text(each) for each in values]})


def _text(value: Any) -> Any:
    return value.code if isinstance(value, Token) else value


def _keys(values: Sequence[Any], on: Ground) -> Q:
    keys = [int(each.code) for each in values if each.code.isascii() and each.code.isdigit()]
    return Q(pk__in=[key for key in keys if key < 2**63])


def _begins(field: str) -> Callable[[Sequence[Any], Ground], Q]:
    def any_begins(values: Sequence[str], on: Ground) -> Q:
        asked = Q(pk__in=[])
        for each in values:
            asked |= Q(**{f"{field}__istartswith": each})
        return asked

    return any_begins


def _during(field: str) -> Callable[[Sequence[Any], Ground], Q]:
    def within(values: Sequence[Span], on: Ground) -> Q:
        asked = Q()
        for each in values:
            asked &= Q(**{f"{field}__gte": each.since}) if each.since else Q()
            asked &= Q(**{f"{field}__lt": each.until}) if each.until else Q()
        return asked

    return within


def _on_days(field: str) -> Callable[[Sequence[Any], Ground], Q]:
    def within(values: Sequence[Span], on: Ground) -> Q:
        asked = Q()
        for each in values:
            asked &= Q(**{f"{field}__gte": local(each.since).date()}) if each.since else Q()
            asked &= Q(**{f"{field}__lt": local(each.until).date()}) if each.until else Q()
        return asked

    return within


def _of_patient(field: str) -> Callable[[Sequence[Any], Ground], Q]:
    """Under every record of the person."""

    def of_records(values: Sequence[int], on: Ground) -> Q:
        records = {key for keys in patients.same_people(list(values)).values() for key in keys}
        return Q(**{f"{field}__in": records})

    return of_records


def _of_number(field: str) -> Callable[[Sequence[Any], Ground], Q]:
    def of_records(values: Sequence[Token], on: Ground) -> Q:
        keys = list(patients.everybody(on.id).filter(_identified(values, on)).values_list("pk", flat=True))
        return _of_patient(field)(keys, on)

    return of_records


def _identified(values: Sequence[Token], on: Ground) -> Q:
    asked = Q(pk__in=[])
    for each in values:
        digits = "".join(each.code.split())
        if each.system in ("", codes.NHS_NUMBER):
            asked |= Q(nhs_number=digits)
        if each.system in ("", codes.PATIENT_NUMBER):
            asked |= Q(number=each.code)
    return asked


def _referred(values: Sequence[Token], on: Ground) -> Q:
    asked = Q(pk__in=[])
    for each in values:
        if each.system in ("", codes.REFERRAL_NUMBER):
            asked |= Q(number=each.code)
        if each.system in ("", codes.UBRN):
            asked |= Q(ubrn=each.code) & ~Q(ubrn="")
    return asked


def _coded(system: str) -> Callable[[Sequence[Any], Ground], Q]:
    return lambda values, on: Q(code__in=[each.code for each in values if each.system in ("", system)])


def _states(table: Mapping[str, str]) -> Callable[[Sequence[Any], Ground], Q]:
    def of_states(values: Sequence[Token], on: Ground) -> Q:
        said = {each.code for each in values}
        return Q(state__in=[ours for ours, theirs in table.items() if theirs in said])

    return of_states


def _slot_states(values: Sequence[Token], on: Ground) -> Q:
    said, asked = {each.code for each in values}, Q(pk__in=[])
    if slot.FREE in said:
        asked |= _open_slots(on) & Q(free__gt=0)
    if slot.BUSY in said:
        asked |= _open_slots(on) & Q(free__lte=0)
    if slot.UNAVAILABLE in said:
        asked |= ~_open_slots(on)
    return asked


def _of_service(values: Sequence[Token], on: Ground) -> Q:
    said = [each.code for each in values]
    keys = [int(each) for each in said if each.isascii() and each.isdigit() and len(each) < 16]
    return Q(session__service__code__in=said) | Q(session__service_id__in=keys)


def _active(values: Sequence[Token], on: Ground) -> Q:
    return Q(is_open__in=[each.code == "true" for each in values if each.code in ("true", "false")])


def _supplied(values: Sequence[Token], on: Ground) -> Q:
    said, asked = {each.code for each in values}, Q(pk__in=[])
    if "requested" in said:
        asked |= Q(closed_at__isnull=True)
    if "completed" in said:
        asked |= Q(closed_at__isnull=False)
    return asked


@dataclass(frozen=True, slots=True)
class Kind:
    """Where the rows of a type are read, what its parameters mean, and how a row is written."""

    rows: Callable[[Ground], QuerySet[Any]]
    write: Callable[[Any, Ground], Found]
    asks: Mapping[str, Callable[[Sequence[Any], Ground], Q]]
    by_time: bool = False


_THE_PATIENT = {"patient": _of_patient("patient_id"), "patient:identifier": _of_number("patient_id")}

KINDS: Mapping[str, Kind] = {
    "Patient": Kind(
        lambda on: patients.everybody(on.id),
        _patient,
        {"identifier": _identified, "family": _begins("family_name"), "birthdate": _on_days("born_on")},
    ),
    "ServiceRequest": Kind(
        lambda on: referrals.every(on.id),
        _service_request,
        {**_THE_PATIENT, "identifier": _referred, "status": _states(codes.REQUEST_STATUS)},
    ),
    "Schedule": Kind(
        lambda on: clinics.every_session(on.id),
        _schedule,
        {"date": _during("starts_at"), "actor:HealthcareService": _one_of("service_id")},
        by_time=True,
    ),
    "Slot": Kind(
        lambda on: booking.with_free(clinics.every_slot(on.id), on.at),
        _slot,
        {
            "status": _slot_states,
            "start": _during("starts_at"),
            "schedule": _one_of("session_id"),
            "schedule.actor:HealthcareService": _of_service,
            "Schedule.actor:HealthcareService": _of_service,
        },
        by_time=True,
    ),
    "Appointment": Kind(
        lambda on: booking.every(on.id),
        _appointment,
        {
            **_THE_PATIENT,
            "date": _during("starts_at"),
            "status": _states(codes.APPOINTMENT_STATUS),
            "based-on": _one_of("referral_id"),
        },
        by_time=True,
    ),
    "Encounter": Kind(
        lambda on: booking.every(on.id).filter(state__in=CAME),
        _encounter,
        {**_THE_PATIENT, "date": _during("starts_at"), "appointment": _one_of("pk")},
        by_time=True,
    ),
    "Location": Kind(
        lambda on: on.trust.sites.filter(rooms__isnull=False).distinct(),
        _location,
        {"identifier": _coded(codes.ODS_SITE), "name": _begins("name")},
    ),
    "HealthcareService": Kind(
        lambda on: clinics.every_service(on.id),
        _healthcare_service,
        {"identifier": _coded(codes.SERVICE_CODE), "name": _begins("name"), "active": _active},
    ),
    "Communication": Kind(
        lambda on: waiting.every_contact(on.id), _communication, {**_THE_PATIENT, "sent": _during("at")}
    ),
    "Task": Kind(
        lambda on: referrals.every_gap(on.id),
        _task,
        {
            "patient": _of_patient("referral__patient_id"),
            "patient:identifier": _of_number("referral__patient_id"),
            "focus": _one_of("referral_id"),
            "status": _supplied,
        },
    ),
}


def one(kind: str, key: int | None, on: Ground) -> Found | None:
    """One resource of the trust; None where it has none of this number."""
    if key is None:
        return None
    row = KINDS[kind].rows(on).filter(pk=key).first()
    return KINDS[kind].write(row, _known(kind, [row], on)) if row is not None else None


def _known(kind: str, rows: Iterable[Any], on: Ground) -> Ground:
    """With what is to be known of these rows together, rather than of each by itself."""
    if kind != "Patient":
        return on
    codes = {row.practice for row in rows}
    return replace(on, practices=directory.resolve(on.id, codes, local(on.at).date()))


def search(kind: str, query: Query, on: Ground) -> Page:
    """One page of what is asked for: the soonest first of what has a time, else as it was entered."""
    of = KINDS[kind]
    asks = {"_id": _keys, **of.asks}
    rows = of.rows(on)
    for name, values in query.values.items():
        rows = rows.filter(asks[name](values, on))
    total = rows.count()
    order = ("starts_at", "pk") if of.by_time else ("pk",)
    if query.after:
        rows = rows.filter(_later(query.after, of.by_time))
    read = list(rows.order_by(*order)[: query.count + 1])
    shown = read[: query.count]
    after = _place(shown[-1], of.by_time) if len(read) > query.count else ""
    on = _known(kind, shown, on)
    return Page(tuple(of.write(row, on) for row in shown), total, after)


def _place(row: Any, by_time: bool) -> str:
    return f"{int(row.starts_at.timestamp())}_{row.pk}" if by_time else str(row.pk)


def _later(after: str, by_time: bool) -> Q:
    seconds, _, key = after.rpartition("_")
    if bool(seconds) != by_time:
        fix = "Follow the link of the page before."
        raise refused(400, "invalid", "parameter _after", "It is of another list.", fix)
    if not by_time:
        return Q(pk__gt=int(key))
    try:
        at = datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        raise refused(400, "invalid", "parameter _after", "It is no place.", "Follow the link.") from None
    return Q(starts_at__gt=at) | Q(starts_at=at, pk__gt=int(key))


def included(includes: Iterable[str], found: Iterable[Found], on: Ground) -> list[tuple[str, Found]]:
    """What comes with the resources of a page, each once."""
    keys: dict[str, set[int]] = {}
    rows = [each.row for each in found]
    asked = set(includes)
    if "Slot:schedule" in asked:
        keys["Schedule"] = {row.session_id for row in rows}
    if asked & {"Schedule:actor:HealthcareService", "Schedule:actor:Location"}:
        sessions = [getattr(row, "session", row) for row in rows]
        if "Schedule:actor:HealthcareService" in asked:
            keys["HealthcareService"] = {each.service_id for each in sessions}
        if "Schedule:actor:Location" in asked:
            keys["Location"] = {each.room.site_id for each in sessions}
    if "Appointment:patient" in asked:
        keys["Patient"] = {row.patient_id for row in rows}
    if "Appointment:slot" in asked:
        keys["Slot"] = {row.slot_id for row in rows}
    with_them = []
    for kind, those in keys.items():
        rows = list(KINDS[kind].rows(on).filter(pk__in=those).order_by("pk"))
        known = _known(kind, rows, on)
        with_them += [(kind, KINDS[kind].write(row, known)) for row in rows]
    return with_them
