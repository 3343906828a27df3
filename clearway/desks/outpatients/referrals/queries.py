"""Reading referrals: one, the triage worklist, what is missing, what came before, and the ledger."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from clearway.core.layout.times import local
from clearway.domain.outpatients import completeness
from clearway.domain.outpatients.completeness import Given, IntakePolicy, ReviewReason

from .. import policy
from ..patients.queries import records_of
from .models import Gap, Referral

State = Referral.State
OPEN = (State.TRIAGE, State.HELD, State.WAITING)
COMPLETED_IN = (*OPEN, State.SEEN)  # what is missing is asked for after the first visit too
MOST = 200  # rows of one page


def one(organisation_id: int, referral_id: int) -> Referral:
    """One referral with patient, service and pathways. Raises Referral.DoesNotExist. One query."""
    rows = Referral.objects.select_related("patient", "service", "pathway", "parent")
    return rows.get(organisation_id=organisation_id, pk=referral_id)


def every(organisation_id: int) -> QuerySet[Referral]:
    """Every referral of the trust with its service, for who tells other systems of them."""
    return Referral.objects.filter(organisation_id=organisation_id).select_related("service")


def every_gap(organisation_id: int) -> QuerySet[Gap]:
    """Everything that referrals of the trust lack or lacked, for who tells other systems of it."""
    return Gap.objects.filter(referral__organisation_id=organisation_id).select_related("referral")


def of_patient(organisation_id: int, patient_id: int) -> list[Referral]:
    """Every referral of a patient, newest first. One query."""
    rows = Referral.objects.select_related("service").filter(organisation_id=organisation_id)
    return list(rows.filter(patient_id=patient_id).order_by("-received_on", "-id"))


def is_consultants(referral: Referral, pathway_id: int | None) -> bool:
    """Whether a pathway is that of the consultant who sent the patient: therapy stops it by treating only."""
    return pathway_id is not None and referral.parent_id == pathway_id


def was_seen(referral: Referral) -> bool:
    """Whether the patient came to an appointment of this referral. One query."""
    return referral.appointments.filter(state="attended").exists()


def services(organisation_id: int) -> list[Any]:
    """The services that take referrals, by name. One query."""
    service: Any = Referral._meta.get_field("service").related_model
    return list(service.objects.filter(organisation_id=organisation_id, is_open=True))


def repeats(
    organisation_id: int, patient_id: int, function: str, on: date, policy: IntakePolicy
) -> list[Referral]:
    """Earlier referrals of a patient to the same treatment function that are open or ended of late. Two
    queries.
    """
    people = records_of(patient_id)
    since = on - timedelta(days=policy.same_again_days)
    ended = Q(state=State.REMOVED, removed_on__gte=since) | Q(state=State.SEEN, received_on__gte=since)
    rows = Referral.objects.select_related("service").filter(
        Q(state__in=OPEN) | ended,
        organisation_id=organisation_id,
        patient_id__in=people,
        service__function=function,
    )
    return list(rows.order_by("-received_on", "-id"))


def given(referral: Referral) -> Given:
    """What is known of a referral and its patient. The patient and the pathway have to be read with it."""
    patient, pathway = referral.patient, referral.pathway
    return Given(
        nhs_number=patient.nhs_number,
        nhs_number_status=patient.nhs_number_status,
        address=patient.address,
        postcode=patient.postcode,
        sex=patient.sex,
        phone=patient.phone,
        mobile=patient.mobile,
        email=patient.email,
        practice=patient.practice,
        source=referral.source,
        sender=referral.sender,
        condition=referral.condition,
        question=referral.question,
        from_consultant=bool(referral.from_consultant),
        start_is_known=pathway is not None and pathway.started_on is not None,
    )


@dataclass(frozen=True, slots=True)
class ToTriage:
    """One referral on the triage worklist. due  the day by which it is to be triaged."""

    referral: Referral
    due: date
    is_urgent: bool
    is_overdue: bool


def to_triage(organisation_id: int, at: datetime, service_id: int | None = None) -> list[ToTriage]:
    """What clinicians have to triage: the urgent, and those whose priority nobody could read, come first.

    Then by the day they are due. Held ones are not here: they wait for their question. Two queries.
    """
    rows = Referral.objects.select_related("patient", "service").filter(
        organisation_id=organisation_id, state=State.TRIAGE
    )
    if service_id is not None:
        rows = rows.filter(service_id=service_id)
    periods, today = policy.intake(organisation_id, at), local(at).date()
    found = [_to_triage(row, periods, today) for row in rows]
    return sorted(found, key=lambda each: (not each.is_urgent, each.due, each.referral.pk))


def _to_triage(row: Referral, periods: IntakePolicy, today: date) -> ToTriage:
    due = completeness.triage_by(row.received_on, row.priority, periods)
    return ToTriage(row, due, completeness.is_urgent(row.priority), due < today)


@dataclass(frozen=True, slots=True)
class Missing:
    """One open gap. chase_on  when it is to be asked for again; None when asked often enough."""

    gap: Gap
    item: completeness.Item
    found_on: date
    chase_on: date | None
    is_due: bool


def open_gaps(organisation_id: int, at: datetime, referral_id: int | None = None) -> list[Missing]:
    """Everything that is missing, what is to be chased first at the top. Two queries."""
    rows = Gap.objects.select_related("referral__patient", "referral__service").filter(
        referral__organisation_id=organisation_id, closed_at__isnull=True
    )
    rows = rows.exclude(referral__state=State.REMOVED)
    if referral_id is not None:
        rows = rows.filter(referral_id=referral_id)
    periods, today = policy.intake(organisation_id, at), local(at).date()
    found = [_missing(row, periods, today) for row in rows]
    return sorted(found, key=lambda each: (each.chase_on or date.max, each.found_on, each.gap.pk))


def _missing(row: Gap, periods: IntakePolicy, today: date) -> Missing:
    found_on = local(row.found_at).date()
    chase_on = completeness.next_chase(found_on, row.asked, periods)
    is_due = chase_on is not None and chase_on <= today
    return Missing(row, completeness.BY_NAME[row.what], found_on, chase_on, is_due)


@dataclass(frozen=True, slots=True)
class Ledger:
    """What became of every referral received in a period.

    removed      reason -> number
    unaccounted  referrals that say they wait and are on no list: lost until somebody finds them
    """

    received: int
    triage: int
    held: int
    waiting: int
    seen: int
    removed: Mapping[str, int]
    unaccounted: tuple[Referral, ...]

    @property
    def accounted(self) -> int:
        return self.triage + self.held + self.waiting + self.seen + sum(self.removed.values())

    @property
    def balances(self) -> bool:
        return self.received == self.accounted


def ledger(organisation_id: int, start: date, end: date) -> Ledger:
    """Referrals received from `start` to `end`, both included, and where each of them stands. Three queries.

    Who waits is asked of the waiting list itself, so that a referral that fell off it shows.
    """
    rows = Referral.objects.filter(organisation_id=organisation_id, received_on__range=(start, end))
    entry: Any = Referral._meta.get_field("entries").related_model
    on_list = entry.objects.filter(referral_id=OuterRef("pk"), state__in=("waiting", "booked", "seen"))
    marked = rows.annotate(on_list=Exists(on_list))
    counted = Counter(
        (state, why, listed) for state, why, listed in marked.values_list("state", "removed_why", "on_list")
    )
    lost = marked.filter(state=State.WAITING, on_list=False).select_related("patient", "service")
    removed: Counter[str] = Counter()
    for (state, why, _), count in counted.items():
        if state == State.REMOVED:
            removed[why] += count
    return Ledger(
        received=rows.count(),
        triage=_sum(counted, State.TRIAGE),
        held=_sum(counted, State.HELD),
        waiting=counted[(State.WAITING, "", True)],
        seen=_sum(counted, State.SEEN),
        removed=dict(sorted(removed.items())),
        unaccounted=tuple(lost.order_by("received_on", "id")[:MOST]),
    )


def _sum(counted: Mapping[tuple[str, str, bool], int], wanted: str) -> int:
    return sum(count for (state, _, _), count in counted.items() if state == wanted)


def of_ubrn(organisation_id: int, ubrn: str) -> Referral | None:
    """The referral with this booking reference, with its patient. One query."""
    rows = Referral.objects.select_related("patient", "service")
    return rows.filter(organisation_id=organisation_id, ubrn=ubrn).first()


def slot_issues(organisation_id: int) -> list[Referral]:
    """Referrals whose patients could not book and for which nothing is booked yet. One query."""
    issues = [each for each in ReviewReason if each.is_slot_issue]
    rows = Referral.objects.filter(
        organisation_id=organisation_id, review_reason__in=issues, state__in=OPEN
    ).exclude(entries__state__in=("booked", "seen"))
    return list(rows.order_by("listed_on", "id"))
