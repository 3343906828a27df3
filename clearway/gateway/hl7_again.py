"""Messages that were refused for what the desk can change: read again once the desk changed it.

Whatever somebody does at the desk leaves a row of the audit in its own transaction. The worker follows these
rows and reads again what watches what they touch: so a booking that came before its referral was triaged is
taken when it is, and no part of the desk has to know of messages.
"""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import InterfaceError, OperationalError, transaction

from clearway.core.audit.actions import Actor
from clearway.core.audit.following import Follower
from clearway.core.feeds.models import Quarantined
from clearway.desks.outpatients.exchange.touched import touched
from clearway.domain.shared.errors import CannotParse, NotAllowed

from . import hl7

log = logging.getLogger(__name__)
MOST = 50  # messages that are read again in one turn: the rest are in the next


@dataclass
class Again:
    """Who reads them again, with what is known of those that wait.

    One that is seen for the first time is read again at once: what mends it may have been done while it was
    read first, unseen by that reading. After a start that is true of all of them.
    """

    _seen: set[tuple[int, tuple[str, ...]]] = field(default_factory=set)  # lines with what they watch
    _due: dict[int, None] = field(default_factory=dict)  # in the order in which they became due
    _follower: Follower = field(default_factory=Follower)

    def work(self, at: datetime) -> bool:
        """Read again what may be taken now, MOST a turn, whoever is due longest first; always False.

        The rest is in the next turn, so that what is touched without end keeps no sender waiting. Where the
        server goes away meanwhile, what was not read stays due.
        """
        try:
            waiting = self._look()
        except Exception:
            self._begin_anew()  # what was done since the look before may be lost with this one
            raise
        for key in list(self._due)[:MOST]:
            del self._due[key]
            try:
                _read(waiting[key], at)
            except Exception:
                self._due[key] = None  # as the last: one that fails each time takes no other's turn
                raise
        return False

    def _begin_anew(self) -> None:
        self._seen, self._due = set(), {}
        self._follower.forget()

    def _look(self) -> dict[int, Any]:
        """The lines that wait for the desk, by key, with `_due` brought up to date."""
        rows = Quarantined.objects.filter(state=Quarantined.State.WAITING, source__kind=hl7.KIND)
        rows = rows.exclude(watches=[])
        if not rows.exists():
            self._begin_anew()
            return {}
        # Before the lines: what is done after this look is seen at the next one.
        acted = self._follower.fresh()
        waiting = list(rows.order_by("id").select_related("source").only(*NEEDED))
        self._note(waiting, touched(acted))
        return {each.pk: each for each in waiting}

    def _note(self, waiting: Iterable[Any], now: Mapping[int, set[str]]) -> None:
        """Which of those that wait are to be read again."""
        seen = {(each.pk, tuple(each.watches)) for each in waiting}
        new = {key for key, _ in seen - self._seen}
        mended = {
            each.pk for each in waiting if now.get(each.source.organisation_id, set()) & set(each.watches)
        }
        standing = {key for key, _ in seen}
        still = [key for key in self._due if key in standing]
        self._due = dict.fromkeys([*still, *sorted(new | mended)])
        self._seen = seen


NEEDED = ("watches", "source__name", "source__organisation_id")


def _read(row: Any, at: datetime) -> None:
    """Read one again, and with it what waited for it; whatever is wrong with it stops none of the others."""
    try:
        with transaction.atomic():
            try:
                taken = hl7.replay(row.pk, by=Actor(f"feed:{row.source.name}"), at=at)
            except (CannotParse, NotAllowed):
                return
            hl7.read_again(row.source, taken.provides, at=at)
    except (OperationalError, InterfaceError):
        raise  # the server is away: the caller tries again
    except Exception:
        log.exception("Line %s of quarantine could not be read again", row.pk)
