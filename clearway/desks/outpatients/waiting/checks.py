"""Reading the rows that the checks of the list look at, and what they find. A fixed number of queries."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, F, Max, Min, OuterRef, Q

from clearway.core.layout.times import local
from clearway.domain.outpatients.clock_words import Prompt
from clearway.domain.outpatients.validation import (
    APPOINTMENT_CHECKS,
    CHECKS,
    ENDED_CHECKS,
    ENTRY_CHECKS,
    PATHWAY_CHECKS,
    RETURN,
    VISIT_CHECKS,
    AppointmentRow,
    EndedRow,
    EntryRow,
    Found,
    Limits,
    PathwayRow,
    VisitRow,
    found,
)
from clearway.domain.outpatients.words import Outcome

from .. import policy
from ..clocks import queries as clocks
from ..support import queries as support
from .models import Contact, Entry

LIVE = ("waiting", "booked")
OPEN = ("ticking", "unknown_start")
LOOKED_BACK = 90  # days that outcomes and ended clocks are checked for
SENT = Prompt.SEND_TRANSFER_DATA.value
MACHINES = ("text", "email")


def _model(name: str) -> Any:
    """The table behind a relation of an entry: its own part's, read here and never written."""
    return Entry._meta.get_field(name).related_model


def all_found(organisation_id: int, at: datetime) -> list[Found]:
    """Everything that any check speaks of, errors first, then oldest. A fixed number of queries."""
    limits = policy.check_limits(organisation_id, at)
    today = local(at).date()
    every = [
        *found(PATHWAY_CHECKS, pathway_rows(organisation_id, at, limits), "pathway", today, limits),
        *found(APPOINTMENT_CHECKS, appointment_rows(organisation_id, at), "appointment", today, limits),
        *found(ENTRY_CHECKS, entry_rows(organisation_id), "entry", today, limits),
        *found(VISIT_CHECKS, visit_rows(organisation_id, at), "visit", today, limits),
        *found(ENDED_CHECKS, ended_rows(organisation_id, at), "entry", today, limits),
    ]
    return sorted(every, key=lambda each: (CHECKS[each.code].severity, each.since, each.code, each.subject))


def found_of(subjects: Collection[str], organisation_id: int, at: datetime) -> list[Found]:
    """What the checks find of these subjects alone, as "pathway:12". A fixed number of queries."""
    limits, today = policy.check_limits(organisation_id, at), local(at).date()
    keys = _by_kind(subjects)
    every: list[Found] = []
    if of := keys["pathway"]:
        every += found(
            PATHWAY_CHECKS, pathway_rows(organisation_id, at, limits, of), "pathway", today, limits
        )
    if of := keys["appointment"]:
        rows = appointment_rows(organisation_id, at, of)
        every += found(APPOINTMENT_CHECKS, rows, "appointment", today, limits)
    if of := keys["entry"]:
        every += found(ENTRY_CHECKS, entry_rows(organisation_id, of), "entry", today, limits)
        left = (row for row in ended_rows(organisation_id, at) if row.key in set(of))
        every += found(ENDED_CHECKS, left, "entry", today, limits)
    if of := keys["visit"]:
        visits = (row for row in visit_rows(organisation_id, at) if row.key in set(of))
        every += found(VISIT_CHECKS, visits, "visit", today, limits)
    return every


def _by_kind(subjects: Collection[str]) -> dict[str, list[int]]:
    """Kind -> keys; what is asked of a return has none."""
    keys: dict[str, list[int]] = defaultdict(list)
    for subject in subjects:
        kind, _, key = subject.partition(":")
        if kind != RETURN:
            keys[kind].append(int(key))
    return keys


def _one_of(of: Collection[int] | None, name: str = "pk") -> Q:
    """The condition that a row is one of these; of all where none are named."""
    return Q() if of is None else Q(**{f"{name}__in": of})


def pathway_rows(
    organisation_id: int, at: datetime, limits: Limits, of: Collection[int] | None = None
) -> Iterator[PathwayRow]:
    """Pathways that are open or monitored, or ended lately. Six queries, one more where some are named.

    of  these alone
    """
    today = local(at).date()
    recent = Q(ended_on__gte=today - timedelta(days=LOOKED_BACK))
    rows = _model("pathway").objects.filter(organisation_id=organisation_id)
    rows = rows.filter(Q(state__in=(*OPEN, "monitoring")) | recent)
    if of is not None:  # with the others of their patients, for twins
        whose = _model("pathway").objects.filter(pk__in=of).values_list("patient_id", flat=True)
        rows = rows.filter(patient_id__in=list(whose))
    booked, seen = _appointments(organisation_id, at, of)
    lists = _entries_of(organisation_id, of)
    referrals = _referrals_of(organisation_id, of)
    known = list(
        rows.values(
            *("id", "state", "status", "measurement", "ppid", "issuer", "function", "patient_id"),
            *("started_on", "ended_on", "treat_by", "wrong_on", "parent__state"),
            *("patient__died_on", "patient__nhs_number", "patient__nhs_number_status"),
        )
    )
    handed_on = [row["id"] for row in known if row["state"] == "transferred"]
    sent = {each.subject for each in clocks.done(handed_on) if each.detail.get("prompt") == SENT}
    starts = defaultdict(list)
    for row in known:
        if row["state"] in OPEN:
            starts[row["patient_id"], row["function"]].append(row["started_on"] or today)
    for row in known if of is None else [row for row in known if row["id"] in set(of)]:
        key, of_one = row["id"], (row["patient_id"], row["function"])
        referral = referrals.get(key, {})
        entries, due_on = lists.get(key, (0, None))
        first_on, last_on = seen.get(key, (None, None))
        yield PathwayRow(
            key=key,
            state=row["state"],
            status=row["status"],
            measurement=row["measurement"],
            ppid=row["ppid"],
            issuer=row["issuer"],
            started_on=row["started_on"],
            ended_on=row["ended_on"],
            treat_by=row["treat_by"],
            wrong_on=row["wrong_on"],
            next_on=booked.get(key),
            first_on=first_on,
            last_on=last_on,
            entries=entries,
            due_on=due_on,
            twins=_twins(row["started_on"] or today, starts[of_one], limits) if row["state"] in OPEN else 0,
            died_on=row["patient__died_on"],
            nhs_number=row["patient__nhs_number"],
            nhs_number_status=row["patient__nhs_number_status"],
            from_consultant=bool(referral.get("from_consultant")),
            has_parent=_is_linked(referral, row),
            is_consultants=referral.get("parent_id") == key,
            parent_open=row["parent__state"] in OPEN,
            is_data_sent=f"pathway:{key}" in sent,
            referral_state=referral.get("state", ""),
            referral_ended_on=referral.get("removed_on"),
        )


def _is_linked(referral: Mapping[str, Any], pathway: Mapping[str, Any]) -> bool:
    """Whether the consultant's pathway is known: what only stands in for it has no start."""
    parent = referral.get("parent_id")
    return parent is not None and (parent != pathway["id"] or pathway["started_on"] is not None)


def _twins(start: date, starts: list[date], limits: Limits) -> int:
    """How many others of these began within the limit of one that is among them."""
    return sum(abs((start - other).days) <= limits.duplicate for other in starts) - 1


def _day(at: datetime | None) -> date | None:
    return None if at is None else local(at).date()


def _appointments(
    organisation_id: int, at: datetime, of: Collection[int] | None
) -> tuple[dict[int, date | None], dict[int, tuple[date | None, date | None]]]:
    """Pathway -> day of its next booked appointment; pathway -> days of its first and last attended one."""
    ours = Entry.objects.filter(organisation_id=organisation_id, pathway__isnull=False)
    rows = ours.filter(_one_of(of, "pathway")).values("pathway")
    is_next = Q(appointments__state="booked", appointments__starts_at__gt=at)
    is_seen = Q(appointments__state="attended")
    found_rows = rows.filter(is_next | is_seen).annotate(
        next=Min("appointments__starts_at", filter=is_next),
        first=Min("appointments__starts_at", filter=is_seen),
        last=Max("appointments__starts_at", filter=is_seen),
    )
    listed = list(found_rows)
    return (
        {row["pathway"]: _day(row["next"]) for row in listed if row["next"]},
        {row["pathway"]: (_day(row["first"]), _day(row["last"])) for row in listed},
    )


def _entries_of(organisation_id: int, of: Collection[int] | None) -> dict[int, tuple[int, date | None]]:
    """Pathway -> how many live entries, and the earliest due date of them."""
    rows = Entry.objects.filter(organisation_id=organisation_id, state__in=LIVE, pathway__isnull=False)
    rows = rows.filter(_one_of(of, "pathway"))
    listed = rows.values_list("pathway").annotate(Count("pk"), Min("due_on"))
    return {key: (count, due) for key, count, due in listed}


def _referrals_of(organisation_id: int, of: Collection[int] | None) -> dict[int, Mapping[str, Any]]:
    """Pathway -> its newest referral."""
    rows = _model("referral").objects.filter(organisation_id=organisation_id, pathway__isnull=False)
    rows = rows.filter(_one_of(of, "pathway"))
    names = ("pathway_id", "state", "removed_on", "from_consultant", "parent_id")
    return {row["pathway_id"]: row for row in rows.order_by("id").values(*names)}


def appointment_rows(
    organisation_id: int, at: datetime, of: Collection[int] | None = None
) -> Iterator[AppointmentRow]:
    """Appointments that are over: those without outcome, and those outcomed lately. Two queries."""
    model: Any = Contact._meta.get_field("appointment").related_model
    since = at - timedelta(days=LOOKED_BACK)
    rows = model.objects.filter(_one_of(of), organisation_id=organisation_id, ends_at__lte=at)
    rows = rows.filter(
        Q(state__in=("booked", "arrived")) | Q(state__in=("attended", "missed"), ends_at__gt=since)
    )
    names = ("id", "slot__session_id", "starts_at", "state", "attended", "outcome", "status")
    misses: Any = model._meta.get_field("misses").related_model
    shown = misses.objects.filter(appointment=OuterRef("pk"), taken_back_at=None, notice__isnull=False)
    listed = list(
        rows.annotate(has_notice=Exists(shown)).values(*names, "entry__pathway__measurement", "has_notice")
    )
    for row in listed:
        yield AppointmentRow(
            key=row["id"],
            session=row["slot__session_id"],
            on=local(row["starts_at"]).date(),
            state=row["state"],
            attended=row["attended"],
            outcome=row["outcome"],
            status=row["status"],
            measurement=row["entry__pathway__measurement"],
            has_notice=row["has_notice"],
        )


def entry_rows(organisation_id: int, of: Collection[int] | None = None) -> Iterator[EntryRow]:
    """Live entries of the list. Two queries."""
    failed = set(
        Contact.objects.filter(organisation_id=organisation_id, outcome__in=("failed", "returned"))
        .filter(_one_of(of, "entry"), entry__state__in=LIVE)
        .values_list("entry_id", flat=True)
    )
    rows = Entry.objects.filter(_one_of(of), organisation_id=organisation_id, state__in=LIVE)
    names = ("id", "kind", "priority", "state", "added_at", "waits_from", "treat_by", "due_on", "latest_on")
    for row in rows.values(*names, "validated_on", "patient__confirmed_on"):
        yield EntryRow(
            key=row["id"],
            kind=row["kind"],
            priority=row["priority"],
            state=row["state"],
            added_on=local(row["added_at"]).date(),
            waits_from=row["waits_from"],
            treat_by=row["treat_by"],
            due_on=row["due_on"],
            latest_on=row["latest_on"],
            validated_on=row["validated_on"],
            confirmed_on=row["patient__confirmed_on"],
            has_failed_message=row["id"] in failed,
        )


def visit_rows(organisation_id: int, at: datetime) -> Iterator[VisitRow]:
    """Appointments to come for which something is not arranged."""
    for key, made_at in support.lacking(organisation_id, at).items():
        yield VisitRow(key, local(made_at).date(), is_arranged=False)


def ended_rows(organisation_id: int, at: datetime) -> Iterator[EndedRow]:
    """Entries that ended, or whose referral did, and of which something is left. Three queries.

    An entry that was added after the discharge is meant: the patient came back to the same referral.
    """
    appointments: Any = Contact._meta.get_field("appointment").related_model
    ours = appointments.objects.filter(organisation_id=organisation_id)
    live = Entry.objects.filter(organisation_id=organisation_id, state__in=LIVE)
    removed: Any = live.filter(referral__state="removed").values_list("pk", "referral__removed_on")
    discharged = ours.filter(
        attended__in=("5", "6"),
        outcome=Outcome.DISCHARGED,
        referral__entries__state__in=LIVE,
        outcomed_at__gte=F("referral__entries__added_at"),
    )
    last = discharged.values_list("referral__entries").annotate(Max("outcomed_at"))
    ended = {**dict(removed), **{key: local(said_at).date() for key, said_at in last}}
    booked = ours.filter(state="booked", starts_at__gt=at, entry__state__in=("seen", "removed"))
    gone = booked.values_list("entry", "entry__ended_at")
    left = {key: local(ended_at or at).date() for key, ended_at in gone}
    for key, on in (ended | left).items():
        yield EndedRow(key, on, is_live=key in ended, is_booked=key in left)


@dataclass(frozen=True, slots=True)
class Named:
    """What one subject of a finding is called, and where it can be mended. address: (name of a page, key)."""

    name: str
    address: tuple[str, int] | None


def named(subjects: Collection[str], organisation_id: int) -> dict[str, Named]:
    """Subject -> its patient's name and the page to mend it. At most four queries."""
    keys = _by_kind(subjects)
    known: dict[str, Named] = {}
    for subject in subjects:
        kind, _, about = subject.partition(":")
        if kind == RETURN:  # nobody's: its figure is named, "Return of October 2026: completed"
            month, _, figure = about.partition(" ")
            name = f"Return of {date.fromisoformat(f'{month}-01'):%B %Y}: {figure}"
            known[subject] = Named(name, None)
    for row in Entry.objects.filter(pk__in=keys["entry"]).select_related("patient"):
        known[f"entry:{row.pk}"] = Named(str(row.patient), ("op-waiting:entry", row.pk))
    appointments: Any = Contact._meta.get_field("appointment").related_model
    for each in appointments.objects.filter(pk__in=keys["appointment"]).select_related("patient", "slot"):
        address = ("op-outcomes:sheet", each.slot.session_id)
        known[f"appointment:{each.pk}"] = Named(str(each.patient), address)
    for each in appointments.objects.filter(pk__in=keys["visit"]).select_related("patient"):
        known[f"visit:{each.pk}"] = Named(str(each.patient), ("op-support:visit", each.pk))
    pathways = _model("pathway").objects.filter(pk__in=keys["pathway"], organisation_id=organisation_id)
    for each in pathways.select_related("patient"):
        known[f"pathway:{each.pk}"] = Named(str(each.patient), ("op-clocks:pathway", each.pk))
    return known
