"""GOV.UK Notify: sending texts and emails through its own client, and taking its callbacks.

A reference names the message and nobody (domain/shared/delivery.reference_of). Notify takes a reference
twice, so a message that may have been taken already is looked up by its reference before it is sent again.
"""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpResponse, JsonResponse

from clearway.core.audit.actions import Actor
from clearway.core.feeds import actions as feeds
from clearway.core.feeds import door
from clearway.core.feeds.models import Source
from clearway.core.outbox.sending import Carrier, NotTaken, Parcel, Refused
from clearway.desks.outpatients.conversations import actions as conversations
from clearway.domain.shared.delivery import Heard, reference_of
from clearway.domain.shared.errors import CannotParse
from clearway.interchange import notify as reading
from clearway.interchange.api import NOTIFY

log = logging.getLogger(__name__)
KIND = "notify"
PATIENCE = 10  # seconds for an answer
TEXT, EMAIL = "text", "email"


@dataclass(frozen=True, slots=True)
class Account:
    """A service at Notify, or at what behaves like it. templates: channel -> its template's id.

    The words of a message are approved in Clearway, so each template there is one field, ((body)), and for
    emails a subject, ((subject)).
    """

    key: str
    address: str
    templates: Mapping[str, str]
    patience: float = PATIENCE


class NotifyCarrier:
    """One channel of an account, as a carrier of the outbox. Used by one thread at a time."""

    takes_key = True

    def __init__(self, channel: str, account: Account) -> None:
        from notifications_python_client.notifications import NotificationsAPIClient

        self.channel, self.account = channel, account
        client: Any = NotificationsAPIClient
        self.client = client(account.key, base_url=account.address, timeout=account.patience)

    def carry(self, parcel: Parcel) -> str:
        """Send it, unless it was taken before. Raises NotTaken, Refused, or what leaves it uncertain."""
        from notifications_python_client.errors import HTTPError

        reference = reference_of(parcel.key)
        try:
            return (parcel.again and self._taken(reference)) or self._send(parcel, reference)
        except HTTPError as problem:
            if problem.response is None or problem.status_code >= 500:
                raise
            if problem.status_code in (401, 403, 429):
                raise NotTaken(f"the provider answered {problem.status_code}") from problem
            raise Refused(f"The provider refused it ({problem.status_code}).") from problem

    def _taken(self, reference: str) -> str:
        """The provider's name of what was sent with a reference; "" where it has nothing."""
        found = self.client.get_all_notifications(reference=reference)["notifications"]
        return str(found[0]["id"]) if found else ""

    def _send(self, parcel: Parcel, reference: str) -> str:
        said = json.loads(parcel.body)
        template = self.account.templates[self.channel]
        words = {name: said[name] for name in ("subject", "body") if said.get(name)}
        if self.channel == TEXT:
            answer = self.client.send_sms_notification(said["to"], template, words, reference)
        else:
            answer = self.client.send_email_notification(said["to"], template, words, reference)
        return str(answer["id"])


def carriers(account: Account | None) -> dict[str, Carrier]:
    """The carriers of an account; none without one."""
    if account is None:
        return {}
    return {channel: NotifyCarrier(channel, account) for channel in account.templates}


def record(source: Source, body: bytes, *, at: datetime) -> bool | CannotParse:
    """Take one callback; whether it said something new."""
    try:
        said = reading.parse(body)
    except CannotParse as problem:
        return problem
    who: dict[str, Any] = {
        "organisation_id": source.organisation_id,
        "by": Actor(f"feed:{source.name}"),
        "at": at,
    }
    return conversations.hear(said, **who) if isinstance(said, Heard) else conversations.told(said, **who)


@door.door(NOTIFY)
def deliver(request: Any) -> HttpResponse:
    """Take one callback: stored and committed, then answered; the workers read it.

    401 without the key of such a source, 411 for one sent in chunks, 413 over 64 KiB, 400 when empty.
    """
    _, name = door.holder(request, NOTIFY)
    body = door.sent(request, NOTIFY)
    batch = feeds.store(Source.objects.get(name=name), body, at=request.at)
    return JsonResponse({"batch": batch.pk}, status=202)
