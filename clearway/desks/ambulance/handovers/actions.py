"""What people at the desk and at the hospital say of a vehicle: queuing, cohorting, handed over."""

from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

import msgspec
from django.db import transaction

from clearway.core.audit.actions import Actor, Entry
from clearway.core.audit.actions import record as audit
from clearway.core.feeds.models import Source
from clearway.domain.ambulance import transitions
from clearway.domain.ambulance.events import JobEvent
from clearway.domain.ambulance.words import JobState, JobStatus, StatusSource
from clearway.domain.shared.errors import NotAllowed

from ..facts import actions as facts
from ..incidents import queries as incidents

# What a person may say from the hospital page. All else comes from the crew and the control room's CAD.
MARKS = (JobStatus.QUEUING, JobStatus.COHORT_STARTED, JobStatus.HANDOVER)
SPEAKS_AS = {"halo": StatusSource.HALO, "hospital_user": StatusSource.HOSPITAL}


@dataclass(frozen=True, slots=True)
class NoSuchAssignment(Exception):
    """The vehicle is not at this hospital (any more)."""

    key: str

    def __str__(self) -> str:
        return "This vehicle is not at this hospital any more. Load the page again to see where it is."


def possible(state: JobState) -> tuple[JobStatus, ...]:
    """What a person may say of a vehicle in this state that would say something new."""
    if state in (JobState.RELEASED, JobState.CLEAR):  # its patient may still be accepted
        return (JobStatus.HANDOVER,)
    return tuple(status for status in MARKS if transitions.STEPS.get((state, status), state) is not state)


@transaction.atomic
def mark(
    key: str, status: JobStatus, *, organisation_id: int, site_code: str, by: Actor, at: datetime
) -> None:
    """Record that a person said this status of a vehicle at this hospital, now.

    It is a fact of the desk's own source: what the CAD says stands beside it. Raises NotAllowed when the
    job cycle does not allow it from where the vehicle now stands, NoSuchAssignment when it is not there.
    """
    if status not in MARKS:
        raise NotAllowed("on the hospital page", status.value, "Only the crew and the control room say this.")
    facts.lock(organisation_id)
    folded = incidents.at_site(organisation_id, key, site_code)
    if folded is None:
        raise NoSuchAssignment(key)
    speaker = SPEAKS_AS.get(by.role, StatusSource.EOC)
    transitions.check(folded, status, speaker)
    event = JobEvent(
        message_id=str(uuid4()),
        occurred_at=at,
        incident=folded.incident,
        call_sign=folded.call_sign,
        assignment=folded.key,
        status=status,
        source=speaker,
    )
    source = Source.objects.get(organisation_id=organisation_id, kind="desk")
    body = facts.body_hash(msgspec.json.encode(event))
    facts.record([facts.Received(event.message_id, body, (event,))], source=source, by=by, at=at)
    entry = Entry("handovers.mark", f"assignment:{key}", {"status": status.value, "site": site_code})
    audit([entry], organisation_id=organisation_id, by=by, at=at)
