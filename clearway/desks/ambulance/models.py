"""The tables of the ambulance desk, gathered for Django; each part of the desk keeps its own."""

from .handovers.models import Snapshot
from .incidents.models import Assignment, Fact, Identity, Incident
from .quality.models import Finding
from .resources.models import Position, Resource

__all__ = ["Assignment", "Fact", "Finding", "Identity", "Incident", "Position", "Resource", "Snapshot"]
