"""The tables of the ambulance desk, gathered for Django; each part of the desk keeps its own."""

from .facts.models import Fact
from .incidents.models import Assignment, Identity, Incident
from .liaison.models import HospitalState
from .quality.models import Finding
from .resources.models import Position, Resource
from .snapshots.models import Snapshot

__all__ = [
    "Assignment",
    "Fact",
    "Finding",
    "HospitalState",
    "Identity",
    "Incident",
    "Position",
    "Resource",
    "Snapshot",
]
