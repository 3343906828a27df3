"""Who hears what happens in the region, as it happens: the feed, the picture of a policy, or nobody."""

from typing import Any, Protocol

from clearway.domain.ambulance.words import Availability, CallStatus, JobStatus, StatusSource

from .control import Job


class Teller(Protocol):
    """Tells further, or keeps. Times are seconds since 1970; `known` is what the event says besides."""

    def call(self, at: float, incident: str, status: CallStatus, **known: Any) -> None: ...
    def job(
        self, at: float, job: Job, status: JobStatus, source: StatusSource, known: dict[str, Any]
    ) -> None: ...
    def availability(self, at: float, call_sign: str, status: Availability, **known: Any) -> None: ...
