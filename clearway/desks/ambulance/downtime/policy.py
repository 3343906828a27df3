"""Policy `downtime`: how often a pack is written, and when somebody is told."""

from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from clearway.core.layout.times import local
from clearway.core.organisation.queries import policies

NAME = "downtime"


@dataclass(frozen=True, slots=True)
class Downtime:
    """The trust's rules for downtime.

    every_minutes    from one pack to the next
    task_minutes     without a pack, after which somebody is told
    keep_hours       after which a pack is removed
    drill_days       from one drill to the next
    reconcile_hours  after a failure, within which it is reconciled
    """

    every_minutes: float = 5
    task_minutes: float = 15
    keep_hours: float = 24
    drill_days: float = 183
    reconcile_hours: float = 24

    @property
    def every(self) -> timedelta:
        return timedelta(minutes=self.every_minutes)

    @property
    def keep(self) -> timedelta:
        return timedelta(hours=self.keep_hours)


def made(values: Any) -> Downtime:
    """The policy as its values say; what they do not name keeps its default."""
    known = {each.name for each in fields(Downtime)}
    return Downtime(**{name: value for name, value in values.items() if name in known})


def downtime(organisation_id: int, at: datetime) -> Downtime:
    """The policy in force on the local day of `at`. One query."""
    return made(policies(organisation_id, [NAME], local(at).date()).get(NAME, {}))
