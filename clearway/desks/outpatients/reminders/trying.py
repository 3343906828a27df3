"""Trials of reminders, where reminders are made: who comes into one, and whose words or days differ.

Nobody comes into one whom a text or email does not reach: who opted out, has a safe-contact flag, or a need
that the text does not meet (queries.reach_of).
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from clearway.core.audit.actions import Actor
from clearway.domain.outpatients.messages import Channel, Message
from clearway.domain.outpatients.reminders import ReminderPolicy, Way, route
from clearway.domain.outpatients.trials import Days, Varies

from ..booking import queries as appointments
from ..trials import actions as trials
from ..trials import queries as tried
from . import queries

MOST = 1000  # patients that come into a trial in one go


def running(organisation_id: int) -> Sequence[Any]:
    """The trials that run."""
    return tried.running(organisation_id)


def draw_for_days(
    running: Sequence[Any],
    plan: ReminderPolicy,
    connected: Collection[str],
    *,
    organisation_id: int,
    by: Actor,
    at: datetime,
) -> Mapping[tuple[int, str], Days]:
    """Patient and service -> days, of everybody in a trial of days; who is due to come into one does so.

    They do on the first day on which either arm would remind them, whichever they are in: otherwise those who
    cancel between the two days would be missing from one arm alone.
    """
    of_days = [each for each in running if each.varies == Varies.DAYS]
    if plan.is_on and plan.may_send(at):
        for trial in of_days:
            _draw(trial, connected, organisation_id, by, at)
    return tried.own_days(of_days)


def _draw(trial: Any, connected: Collection[str], organisation_id: int, by: Actor, at: datetime) -> None:
    days = [tried.days_of(arm) for arm in trial.arms.all()]
    nearest, farthest = max(each.near for each in days), max(each.farthest for each in days)
    inside = tried.placed(trial)
    rows = queries.untold(organisation_id, tried.services_of(trial), nearest, farthest, at)
    keys = [row.pk for row in rows if row.person_id not in inside][:MOST]
    visits = appointments.with_patients(keys)
    reach = queries.reach_of(visits.values())
    reached = [
        visits[key]
        for key in keys
        if key in visits and route(reach[visits[key].patient.person_id], connected).way is not Way.CALL
    ]
    trials.draw(trial, reached, organisation_id=organisation_id, by=by, at=at)


def place(
    running: Sequence[Any],
    visit: Any,
    service: str,
    kind: Message,
    channel: Channel,
    *,
    organisation_id: int,
    by: Actor,
    at: datetime,
) -> int | None:
    """The patient's place in the trial that this message is part of; drawn now where its words are tried."""
    for trial in running:
        if trial.kind != kind or service not in tried.services_of(trial):
            continue
        if trial.varies == Varies.DAYS:
            return trials.place_of(trial, visit)
        if trial.channel == channel:
            trials.draw(trial, [visit], organisation_id=organisation_id, by=by, at=at)
            return trials.place_of(trial, visit)
    return None
