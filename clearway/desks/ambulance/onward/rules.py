"""What came back of what was asked of other services: somebody tells the crew, or sends it elsewhere."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from clearway.core.layout.times import clock, day
from clearway.core.onward.models import OnwardRequest
from clearway.core.worklist.rules import Outcome, Rule, Values, Wanted, evaluate
from clearway.domain.shared.onward import State

LOOK_BACK = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class CameBack:
    """Requests that were refused of late and not sent again: key, service and when."""

    refused: tuple[tuple[int, str, datetime], ...]


def refused(found: CameBack, values: Mapping[str, Values]) -> Iterator[Wanted]:
    """One task for each request that came back."""
    for key, service, since in found.refused:
        yield Wanted(
            subject=f"onward:{key}",
            priority=3,
            title=f"{service} refused a patient whom a crew left at home",
            cause=f"Refused {day(since)}, {clock(since)}; the reason is on the request",
            role="patient_flow_coordinator",
            suggestion=f"Tell the crew, and send it again or elsewhere: /onward/{key}/",
        )


ONWARD_REFUSED: Rule[CameBack] = Rule(
    code="onward_refused",
    sentence="A request that a service refused is sent again, elsewhere, or told to the crew.",
    source="Clearway proposal",
    check=refused,
)


def outcomes(
    organisation_id: int, policies: Mapping[str, Values], modes: Mapping[str, str], at: datetime
) -> list[Outcome]:
    """What this rule wants now. One query."""
    rows = OnwardRequest.objects.filter(
        sender_id=organisation_id, state=State.REFUSED.value, since__gt=at - LOOK_BACK, again__isnull=True
    )
    found = CameBack(tuple(rows.order_by("pk").values_list("pk", "service_name", "since")))
    return evaluate([ONWARD_REFUSED], found, policies, modes)
