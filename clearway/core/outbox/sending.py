"""The worker of the outbox: messages are made ready and given to their carriers, each once.

Making is one transaction: killed in the middle, the message is queued as before. Giving it to a carrier is
three steps: it is marked as being sent and committed, the carrier is called, and its answer is written.
Killed between, nobody knows whether it left. A carrier that takes keys is then asked again with the same key
and sends it once; for any other a person finds out, because twice may be worse than late.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from django.db import OperationalError, transaction

from clearway.domain.shared.outgoing import State

from ..audit.actions import Actor
from .actions import Held, step
from .models import POST, Outgoing

log = logging.getLogger(__name__)

DUTY = Actor("duty:outbox")
LEASE = timedelta(seconds=60)  # a carrier that has not answered by then is taken for lost
AGAIN = timedelta(seconds=30)  # doubled at each try
LONGEST_WAIT = timedelta(minutes=10)  # between two tries
MOST_DOUBLED = 10
MOST_TRIES = 6
MOST_ASKED = 14  # tries with a carrier that takes keys and does not answer: about an hour and a half
NOBODY_CARRIES = Held(
    "carrier",
    "The system or provider that it goes to is not connected any more.",
    "Connect it again and let the message be made anew, or withdraw it.",
)
UNCERTAIN = Held(
    "uncertain",
    "The connection ended while it was being sent: it may have left, or not.",
    "Ask the provider, then mark it as sent or send it again.",
)


@dataclass(frozen=True, slots=True)
class Ready:
    """It was made. digest: SHA-256 of what is to leave."""

    digest: str


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """What caused it no longer holds."""

    why: str


@dataclass(frozen=True, slots=True)
class Later:
    """It may go, and not before then."""

    at: datetime


Made = Ready | Held | Withdrawn
Between = Held | Withdrawn | Later


class Maker(Protocol):
    """What a desk does for its kind of message. Each is called in a transaction of the worker."""

    def make(self, row: Outgoing, *, by: Actor, at: datetime) -> Made:
        """Look whether it is still to go; write and keep what is to leave."""

    def look_again(self, row: Outgoing, at: datetime) -> Between | None:
        """Whether something has come between since it was made; None when it may go."""

    def body(self, row: Outgoing) -> bytes:
        """What was made, as it was kept."""

    def left(self, row: Outgoing, *, by: Actor, at: datetime) -> None:
        """It has left: keep what follows from that."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """What a carrier is given. key: the same parcel has the same key, whenever it is given.

    again  it was given before, and may have been taken: a carrier that cannot tell by the key looks first
    """

    key: str
    digest: str
    body: bytes
    again: bool = False


@dataclass
class NotTaken(Exception):
    """The carrier has not taken it and it may be given again later.

    waits  it is away, and is asked for as long as it takes: nothing is wrong with the message
    """

    why: str
    waits: bool = False


@dataclass
class Refused(Exception):
    """The carrier will never take it."""

    why: str


class Carrier(Protocol):
    """Who takes messages away when called. takes_key: giving the same key again sends nothing again."""

    takes_key: bool

    def carry(self, parcel: Parcel) -> str:
        """Take it; returns the carrier's own name of it. Raises NotTaken or Refused; anything else that is
        raised leaves it uncertain whether it was taken."""


@dataclass(frozen=True, slots=True)
class Office:
    """Who makes which kind of message, and who carries what by itself.

    lease  how long a carrier may take to answer before it is taken for lost
    """

    makers: Mapping[str, Maker]
    carriers: Mapping[str, Carrier]
    by: Actor = DUTY
    lease: timedelta = LEASE

    def work(self, at: datetime) -> bool:
        """Take the next step of one message; whether there may be more to do at once."""
        return self._pick_up(at) or self._make(at) or self._send(at)

    def _make(self, at: datetime) -> bool:
        with transaction.atomic():
            rows = Outgoing.objects.select_for_update(skip_locked=True).filter(
                state=State.QUEUED, due_at__lte=at, kind__in=list(self.makers)
            )
            row = rows.order_by("due_at", "id").first()
            if row is None:
                return False
            made = self._made(row, at)
            if isinstance(made, Ready):
                step(row, State.READY, by=self.by, at=at, digest=made.digest, due_at=at)
            else:
                self._stop(row, made, at)
        return True

    def _made(self, row: Outgoing, at: datetime) -> Made:
        """One that cannot be made must be seen, and must not stand in the way of the others."""
        try:
            with transaction.atomic():
                return self.makers[row.kind].make(row, by=self.by, at=at)
        except OperationalError:
            raise
        except Exception as problem:
            log.exception("Message %s could not be made", row.pk)
            why = f"It could not be made: {type(problem).__name__}."
            return Held("fault", why, "Try again; if it fails again, tell the administrator.")

    def _stop(self, row: Outgoing, because: Held | Withdrawn, at: datetime) -> None:
        if isinstance(because, Held):
            step(row, State.HELD, held=because, by=self.by, at=at)
        else:
            step(row, State.WITHDRAWN, why=because.why, by=self.by, at=at)

    def _send(self, at: datetime) -> bool:
        row, carrier = self._claim(at)
        if row is None or carrier is None:
            return row is not None
        body = self.makers[row.kind].body(row)
        parcel = Parcel(f"{row.organisation_id}:{row.key}", row.digest, body, again=row.tries > 1)
        write = self._asked(row, carrier, parcel, at)
        with transaction.atomic():
            now = Outgoing.objects.select_for_update().get(pk=row.pk)
            if now.state == State.SENDING and now.since == row.since:
                write(now)
        return True

    def _asked(
        self, row: Outgoing, carrier: Carrier, parcel: Parcel, at: datetime
    ) -> Callable[[Outgoing], None]:
        """Call the carrier; what is to be written of its answer."""
        try:
            reference = carrier.carry(parcel)
        except NotTaken as refusal:
            return partial(self._later, refusal=refusal, at=at)
        except Refused as refusal:
            return partial(step, to=State.FAILED, why=refusal.why, by=self.by, at=at)
        except Exception as problem:
            log.warning("Message %s: no answer from %s: %s", row.pk, row.carrier, type(problem).__name__)
            return partial(self._unknown, carrier=carrier, at=at)
        return partial(self._gone, reference=reference, at=at)

    def _claim(self, at: datetime) -> tuple[Outgoing | None, Carrier | None]:
        """The next one for a carrier, looked at again and marked as being sent before anybody is called.

        No carrier where it does not go now. Carriers are asked for once: they may be read from the tables.
        """
        with transaction.atomic():
            rows = Outgoing.objects.select_for_update(skip_locked=True).filter(
                state=State.READY, due_at__lte=at, kind__in=list(self.makers)
            )
            row = rows.exclude(carrier=POST).order_by("due_at", "id").first()
            if row is None:
                return None, None
            between = self.makers[row.kind].look_again(row, at)
            if isinstance(between, Later):
                row.due_at = max(between.at, at + AGAIN)
                row.save(update_fields=["due_at"])
            elif between is not None:
                self._stop(row, between, at)
            elif (carrier := self.carriers.get(row.carrier)) is None:
                self._stop(row, NOBODY_CARRIES, at)
            else:
                step(row, State.SENDING, by=self.by, at=at, tries=row.tries + 1)
                return row, carrier
            return row, None

    def _gone(self, row: Outgoing, reference: str, at: datetime) -> None:
        step(row, State.SENT, by=self.by, at=at, reference=reference[:80])
        self.makers[row.kind].left(row, by=self.by, at=at)

    def _later(self, row: Outgoing, refusal: NotTaken, at: datetime) -> None:
        if row.tries >= MOST_TRIES and not refusal.waits:
            why = f"Given up after {row.tries} tries: {refusal.why}"
            step(row, State.FAILED, why=why, by=self.by, at=at)
        else:
            self._wait(row, refusal.why, at)
            if refusal.waits:
                self._rest(row.carrier, row.due_at)

    def _wait(self, row: Outgoing, why: str, at: datetime) -> None:
        """It stays ready and says why it was not taken, for whoever looks meanwhile."""
        wait = min(AGAIN * 2 ** min(row.tries - 1, MOST_DOUBLED), LONGEST_WAIT)
        step(row, State.READY, why=why, by=self.by, at=at, due_at=at + wait)

    def _rest(self, carrier: str, until: datetime) -> None:
        """Ask a carrier that is away for nothing else until then: each try could take until its time-out,
        and everybody else's messages would wait behind. What another worker has in hand is left to it."""
        rows = Outgoing.objects.select_for_update(skip_locked=True).filter(
            state=State.READY, carrier=carrier, due_at__lt=until
        )
        Outgoing.objects.filter(pk__in=rows.values("pk")).update(due_at=until)

    def _unknown(self, row: Outgoing, carrier: Carrier | None, at: datetime) -> None:
        """It may have left. Who takes keys is asked again, for long; then a person finds out."""
        if carrier is not None and carrier.takes_key and row.tries < MOST_ASKED:
            self._wait(row, UNCERTAIN.why, at)
        else:
            step(row, State.HELD, held=UNCERTAIN, by=self.by, at=at)

    def _pick_up(self, at: datetime) -> bool:
        """What a worker that was killed left as being sent."""
        with transaction.atomic():
            rows = Outgoing.objects.select_for_update(skip_locked=True).filter(
                state=State.SENDING, since__lt=at - self.lease, kind__in=list(self.makers)
            )
            row = rows.order_by("since", "id").first()
            if row is None:
                return False
            self._unknown(row, self.carriers.get(row.carrier), at)
        return True
