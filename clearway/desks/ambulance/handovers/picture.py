"""The numbers of the handover board that go with a decision."""

from datetime import datetime, timedelta
from typing import Any

import numpy as np

from clearway.domain.ambulance.situation import JOB_STATES, Situation
from clearway.domain.ambulance.words import JobState, JobStatus

PRESENT = timedelta(minutes=1)  # a decision this young was taken on the live board


def picture(organisation_id: int, decided_at: datetime, now: datetime) -> dict[str, Any]:
    """Counts per hospital as the board showed them when the decision was taken."""
    from .. import situation

    if now - decided_at <= PRESENT:
        return counts(situation.read(organisation_id, now))
    return counts(situation.as_known(organisation_id, decided_at))


def counts(situation: Situation) -> dict[str, Any]:
    """Per hospital: patients waiting, the longest wait in minutes, crews on the way.

    Waiting and longest are None where no source can know a handover.
    """
    table, at = situation.assignments, situation.at
    knows = any("handover" in known for known in situation.feeds.knows)
    minutes = (at - table.stamp(JobStatus.AT_HOSPITAL)) / 60
    inbound = table.state == JOB_STATES.index(JobState.CONVEYING)
    hospitals = []
    for row, (code, name) in enumerate(zip(situation.sites.code, situation.sites.name, strict=True)):
        here = table.site == row
        waits = minutes[here & table.patient_is_waiting]
        hospitals.append(
            {
                "code": code,
                "name": name,
                "waiting": len(waits) if knows else None,
                "longest_minutes": round(float(np.max(waits)), 1) if knows and len(waits) else None,
                "inbound": int((here & inbound).sum()),
            }
        )
    return {"hospitals": hospitals}
