"""Reading onward requests. An organisation sees what it sent and what came to it, and nothing else."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet

from clearway.domain.shared.onward import AHEAD, OVER, State, Taker
from clearway.domain.shared.onward import takers as read_takers

from ..layout.times import local
from ..organisation.models import Organisation, PolicyVersion
from ..organisation.queries import policies
from .models import OnwardRequest

POLICY = "onward_services"
SHOWN = timedelta(days=14)  # how long one that is over stays on the list
MOST = 200  # rows of one page that are over


@dataclass(frozen=True, slots=True)
class Found:
    """A service that takes requests, and whose it is."""

    organisation_id: int
    organisation: str
    organisation_code: str
    taker: Taker

    @property
    def to(self) -> tuple[str, str]:
        return self.organisation_code, self.taker.code


def takers(sender_id: int, at: datetime) -> list[Found]:
    """Every service that takes requests of this organisation now, by its own's name. Two queries."""
    sender = Organisation.objects.get(pk=sender_id)
    rows = PolicyVersion.objects.filter(name=POLICY, valid_from__lte=local(at).date())
    rows = rows.select_related("organisation").order_by("organisation__name", "valid_from", "version")
    newest = {row.organisation_id: row for row in rows}
    return [
        Found(row.organisation_id, row.organisation.name, row.organisation.code, taker)
        for row in newest.values()
        for taker in read_takers(row.values, sender.code)
    ]


def taker(receiver_id: int, code: str, sender_code: str, at: datetime) -> Taker | None:
    """A service as its own organisation's policy says it today. One query."""
    values = policies(receiver_id, [POLICY], local(at).date()).get(POLICY, {})
    return next((each for each in read_takers(values, sender_code) if each.code == code), None)


def sent(organisation_id: int, at: datetime) -> list[OnwardRequest]:
    """What this organisation sent and is not over, or was of late; newest first. Two queries."""
    rows = OnwardRequest.objects.select_related("receiver").filter(sender_id=organisation_id)
    return sorted(_of_late(rows, at), key=lambda row: (row.sent_at, row.pk), reverse=True)


def come(organisation_id: int, at: datetime) -> list[OnwardRequest]:
    """What came to this organisation: what nobody has registered first, then by due time. Two queries."""
    rows = OnwardRequest.objects.select_related("sender").filter(receiver_id=organisation_id)
    return sorted(
        _of_late(rows, at), key=lambda row: (row.state != State.SENT, row.state in OVER, row.due_at, row.pk)
    )


def _of_late(rows: QuerySet[OnwardRequest], at: datetime) -> list[OnwardRequest]:
    """Every one that is not over, however old, and the newest of those that were until lately."""
    over = rows.filter(state__in=OVER, since__gt=at - SHOWN).order_by("-sent_at", "-pk")
    return [*rows.exclude(state__in=OVER), *over[:MOST]]


def of_incident(organisation_id: int, incident: str) -> list[OnwardRequest]:
    """What was sent for an incident, newest first. One query."""
    rows = OnwardRequest.objects.select_related("receiver").filter(
        sender_id=organisation_id, incident=incident
    )
    return list(rows.order_by("-pk"))


def one_sent(organisation_id: int, key: int) -> OnwardRequest:
    """One that this organisation sent. Raises OnwardRequest.DoesNotExist."""
    rows = OnwardRequest.objects.select_related("receiver", "sender", "again_of")
    return rows.get(pk=key, sender_id=organisation_id)


def one_come(organisation_id: int, key: int) -> OnwardRequest:
    """One that came to this organisation. Raises OnwardRequest.DoesNotExist."""
    rows = OnwardRequest.objects.select_related("receiver", "sender", "person")
    return rows.get(pk=key, receiver_id=organisation_id)


@dataclass(frozen=True, slots=True)
class Due:
    """What waits for a person at the receiver, and until when the first of it is due.

    unread  sent and not registered; unheld  registered without a slot; wanted_back  by the sender
    """

    unread: int = 0
    unread_due: datetime | None = None
    unheld: int = 0
    unheld_due: datetime | None = None
    wanted_back: tuple[int, ...] = ()


def due(organisation_id: int) -> Due:
    """What waits for a person here. One query."""
    rows = OnwardRequest.objects.filter(
        receiver_id=organisation_id, state__in=[State.SENT.value, *(each.value for each in AHEAD)]
    )
    found = list(rows.order_by("due_at", "pk").values_list("pk", "state", "due_at", "is_wanted_back"))
    unread = [each[2] for each in found if each[1] == State.SENT]
    unheld = [each[2] for each in found if each[1] == State.RECEIVED and not each[3]]
    back = tuple(each[0] for each in found if each[3])
    return Due(
        len(unread),
        unread[0] if unread else None,
        len(unheld),
        unheld[0] if unheld else None,
        back,
    )
