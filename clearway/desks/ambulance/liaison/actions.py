"""What people say of a hospital: from its own desk, or told to the control room by telephone."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from uuid import uuid4

import msgspec
from django.db import transaction

from clearway.core.audit.actions import Actor, Entry
from clearway.core.audit.actions import record as audit
from clearway.core.clashes import check_fields
from clearway.core.feeds.models import Source
from clearway.domain.ambulance.events import ExpectedRelief, HospitalEvent
from clearway.domain.ambulance.words import HospitalMeasure, StatusSource

from ..facts import actions as facts
from . import queries

SPEAKS_AS = {"halo": StatusSource.HALO, "hospital_user": StatusSource.HOSPITAL}
NO_TIME = datetime(2000, 1, 1, tzinfo=UTC)  # in the hash of what was said, so that saying it again is known


@dataclass(frozen=True, slots=True)
class Spoken:
    """What a person says of a hospital.

    once     the same key again is the same word, said once
    told_by  whose word it is, where the person writes it down for another
    relief   what is expected and when; without a time, that nothing is expected any more
    """

    site: str
    counts: Mapping[HospitalMeasure, int]
    note: str = ""
    told_by: str = ""
    relief: ExpectedRelief | None = None
    once: str = field(default_factory=lambda: str(uuid4()))


@transaction.atomic
def say(
    spoken: Spoken,
    *,
    organisation_id: int,
    by: Actor,
    at: datetime,
    seen: Mapping[HospitalMeasure, int | None] | None = None,
) -> bool:
    """Record what a person says of a hospital, now: a fact of the desk's own source beside those of feeds.

    seen  the figures that stood on the page of who says it; None for who looked at no page
    Returns whether it was new: the same form sent twice is said once. Raises ChangedMeanwhile where another
    figure was said since.
    """
    if seen is not None:
        facts.lock(organisation_id)
        now = queries.figures(organisation_id, spoken.site, at)
        check_fields(_plain(spoken.counts), _plain(seen), _plain(now), f"Saying how {spoken.site} stands")
    event = HospitalEvent(
        message_id=f"say:{spoken.once}",
        occurred_at=at,
        site=spoken.site,
        counts=dict(spoken.counts),
        note=spoken.note or None,
        source=SPEAKS_AS.get(by.role, StatusSource.EOC),
        told_by=spoken.told_by or None,
        relief=spoken.relief,
    )
    said = msgspec.json.encode(msgspec.structs.replace(event, occurred_at=NO_TIME))
    source = Source.objects.get(organisation_id=organisation_id, kind="desk")
    (outcome,) = facts.record(
        [facts.Received(event.message_id, facts.body_hash(said), (event,))], source=source, by=by, at=at
    )
    if outcome is facts.Outcome.CONTRADICTION:  # sent before, changed since with the browser's back button
        return say(replace(spoken, once=str(uuid4())), organisation_id=organisation_id, by=by, at=at)
    if outcome is facts.Outcome.APPLIED:
        detail = {"counts": dict(spoken.counts), "note": spoken.note, "told_by": spoken.told_by}
        if spoken.relief is not None:
            detail["relief"] = msgspec.to_builtins(spoken.relief)
        entry = Entry("hospitals.say", f"site:{spoken.site}", detail)
        audit([entry], organisation_id=organisation_id, by=by, at=at)
    return outcome is facts.Outcome.APPLIED


def _plain(figures: Mapping[HospitalMeasure, int | None]) -> dict[str, int | None]:
    return {measure.value: value for measure, value in figures.items()}
