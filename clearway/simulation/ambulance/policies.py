"""Policies: where a crew that leaves scene is told to go; functions of the picture and the question."""

from collections.abc import Callable
from dataclasses import dataclass

from clearway.domain.ambulance.situation import Situation
from clearway.engine.ambulance.conveyance import Choice, Destinations, nearest_hospital

from .demand import Call


@dataclass(frozen=True, slots=True)
class Question:
    """One crew on scene with one patient.

    key           of its assignment
    destinations  departments that may take this patient
    at            now, seconds since 1970
    """

    key: str
    call: Call
    destinations: Destinations
    latitude: float
    longitude: float
    at: float


Policy = Callable[[Situation, Question], tuple[Choice, ...]]


def nearest(situation: Situation, question: Question) -> tuple[Choice, ...]:
    """The nearest department that will be open: what a crew without advice does."""
    return nearest_hospital(situation, question.destinations, question.latitude, question.longitude)
