"""The words in which the desk's pages name statuses; docs/glossary.md explains them."""

from collections.abc import Mapping

from clearway.domain.ambulance.words import Availability, Category, JobState, JobStatus, ResourceKind

JOB_STATE: Mapping[JobState, str] = {
    JobState.NONE: "No job",
    JobState.ALLOCATED: "Allocated",
    JobState.MOBILE: "Mobile",
    JobState.AT_RVP: "At rendezvous point",
    JobState.ON_SCENE: "On scene",
    JobState.CONVEYING: "Conveying",
    JobState.ARRIVED: "Arrived",
    JobState.QUEUING: "Queuing",
    JobState.COHORTING: "Cohorting",
    JobState.WRAP_UP: "Wrap-up",
    JobState.STOOD_DOWN: "Stood down",
    JobState.RELEASED: "Crew released",
    JobState.CLEAR: "Crew clear",
}

JOB_STATUS: Mapping[JobStatus, str] = {
    status: status.value.replace("_", " ").capitalize() for status in JobStatus
} | {
    JobStatus.AT_RVP: "At rendezvous point",
    JobStatus.AT_HOSPITAL: "Arrived",
    JobStatus.HANDOVER: "Handed over",
    JobStatus.PREALERT: "Pre-alert",
}

AVAILABILITY: Mapping[Availability, str] = {
    Availability.OFF: "Off shift",
    Availability.BOOKING_ON: "Booking on",
    Availability.AVAILABLE: "Available",
    Availability.RESTRICTED: "Restricted",
    Availability.UNAVAILABLE: "Unavailable",
    Availability.BREAK_TRAVEL: "On the way to a break",
    Availability.ON_BREAK: "On a break",
}


def category(value: Category | None) -> str:
    """ "C2", or that it is not known."""
    return value or "Unknown"


def kind(value: ResourceKind | None) -> str:
    """ "DCA", or that it is not known."""
    return value or "Unknown"
