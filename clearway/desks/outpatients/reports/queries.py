"""Reading the register of reports, and what was sent."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Prefetch, QuerySet

from clearway.core.layout.times import local
from clearway.core.people.models import RoleGrant, User
from clearway.core.people.roles import roles_with
from clearway.domain.outpatients.bank_holidays import BANK_HOLIDAYS
from clearway.domain.outpatients.completeness import working_days_after
from clearway.domain.shared.outgoing import LEFT, WAITING, State

from .. import policy
from .models import Report, SentReport

READS = "reports.read"
NotThere = Report.DoesNotExist
SentNotThere = SentReport.DoesNotExist


def sent() -> QuerySet[SentReport]:
    """What was sent, its bytes left where they are."""
    return SentReport.objects.select_related("outgoing", "recipient", "report").defer("csv")


def register(organisation_id: int) -> list[Report]:
    """Every report that goes on, the first due first, with what was sent, newest first. Two queries."""
    rows = Report.objects.filter(organisation_id=organisation_id, ended_at__isnull=True)
    return list(
        rows.select_related("recipient").prefetch_related(Prefetch("sent", sent().defer("csv", "figures")))
    )


def one(organisation_id: int, key: int) -> Report:
    """One report with everything of it that was sent. Raises NotThere. Two queries."""
    rows = Report.objects.select_related("recipient").prefetch_related(Prefetch("sent", sent()))
    return rows.get(organisation_id=organisation_id, pk=key)


def copy(organisation_id: int, key: int) -> SentReport:
    """One that was sent, with its bytes. Raises SentNotThere. One query."""
    rows = SentReport.objects.select_related("outgoing", "recipient", "report")
    return rows.get(report__organisation_id=organisation_id, pk=key)


def to_read(organisation_id: int, user_id: int) -> list[SentReport]:
    """What has come to somebody and was not acknowledged, oldest first. One query."""
    rows = sent().filter(report__organisation_id=organisation_id, recipient_id=user_id, read_at=None)
    return list(rows.filter(outgoing__state=State.SENT).order_by("id"))


def recipients(organisation_id: int, at: datetime) -> list[tuple[User, str]]:
    """Who may be sent reports now, each in the first of their roles that may read one. Two queries."""
    order = [role.code for role in roles_with(READS)]
    grants = RoleGrant.objects.running_at(at).filter(organisation_id=organisation_id, role__in=order)
    held: dict[int, str] = {}
    for user_id, role in sorted(grants.values_list("user_id", "role"), key=lambda row: order.index(row[1])):
        held.setdefault(user_id, role)
    users = User.objects.filter(pk__in=held, is_active=True).order_by("display_name", "username")
    return [(user, held[user.pk]) for user in users]


def role_of(user_id: int, organisation_id: int, at: datetime) -> str:
    """The role in which somebody may be sent reports now; "" where there is none."""
    return next((role for user, role in recipients(organisation_id, at) if user.pk == user_id), "")


@dataclass(frozen=True, slots=True)
class Late:
    """A report that has not left on its day, or that nobody has said to have read.

    on   the day that it was due, or on which it came to its recipient
    why  what holds it, where anything does
    """

    key: int
    what: str
    recipient: str
    on: date
    is_unread: bool
    why: str = ""


def late(organisation_id: int, at: datetime) -> tuple[Late, ...]:
    """What is late now. Three queries."""
    given, now = policy.reports(organisation_id, at), local(at)
    rows = Report.objects.filter(organisation_id=organisation_id, ended_at=None).select_related("recipient")
    last = now.date() if now.hour > given.from_hour else now.date() - timedelta(days=1)
    found = [
        Late(row.pk, row.what, str(row.recipient), row.due_on, False) for row in rows if row.due_on <= last
    ]
    left = sent().filter(report__organisation_id=organisation_id, read_at=None)
    for each in left.filter(outgoing__state__in=[*WAITING, State.FAILED, *LEFT]).order_by("id"):
        if (on := _late_on(each, now.date(), given.acknowledge_days)) is not None:
            is_unread = each.outgoing.state in LEFT
            why = "" if is_unread else each.outgoing.why
            found.append(Late(each.report_id, each.report.what, str(each.recipient), on, is_unread, why))
    return tuple(found)


def _late_on(each: SentReport, today: date, days: int) -> date | None:
    """Since when it is late; None where it is not."""
    if each.outgoing.state in LEFT and each.outgoing.sent_at is not None:
        on = local(each.outgoing.sent_at).date()
        return on if working_days_after(on, days, BANK_HOLIDAYS) < today else None
    on = local(each.outgoing.queued_at).date()
    stopped = each.outgoing.state in (State.HELD, State.FAILED)
    return on if stopped or on < today else None


def count(organisation_id: int, at: datetime) -> tuple[int, int]:
    """How many go on, and how many are late or unread. Four queries."""
    rows = Report.objects.filter(organisation_id=organisation_id, ended_at__isnull=True)
    return rows.count(), len(late(organisation_id, at))
