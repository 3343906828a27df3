"""Faults of rooms and equipment: whom they are reported to, and when they are asked about again."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from .completeness import working_days_after
from .words import Code


class Kind(Code):
    """What is at fault, which decides who mends it."""

    BUILDING = "building", "the building: water, heat, light, doors"
    EQUIPMENT = "equipment", "medical or therapy equipment"
    COMPUTER = "computer", "a computer, telephone or printer"
    CLEANING = "cleaning", "cleaning, waste or pests"


class Weight(Code):
    """How far it stops the work."""

    DANGER = "danger", "dangerous: nobody may use it"
    UNUSABLE = "unusable", "cannot be used"
    NUISANCE = "nuisance", "can be used for now"


class Mender(Code):
    """Who mends it."""

    ESTATES = "estates", "estates"
    ENGINEERS = "engineers", "medical engineering"
    COMPUTERS = "computers", "the IT service desk"
    DOMESTICS = "domestics", "domestic services"


USUAL: Mapping[Kind, Mender] = MappingProxyType(
    {
        Kind.BUILDING: Mender.ESTATES,
        Kind.EQUIPMENT: Mender.ENGINEERS,
        Kind.COMPUTER: Mender.COMPUTERS,
        Kind.CLEANING: Mender.DOMESTICS,
    }
)
STOPS = frozenset({Weight.DANGER, Weight.UNUSABLE})  # while it stands nobody is booked into the room


@dataclass(frozen=True, slots=True)
class UpkeepPolicy:
    """After how many working days a fault is asked about again (policy `upkeep`)."""

    danger: int = 1
    unusable: int = 2
    nuisance: int = 5

    def __post_init__(self) -> None:
        if not 1 <= self.danger <= self.unusable <= self.nuisance:
            raise ValueError("The more a fault stops, the sooner it is asked about again, from 1 day on.")


def chase_on(weight: Weight, asked_on: date, policy: UpkeepPolicy, holidays: Collection[date] = ()) -> date:
    """The day on which a fault that was reported, or asked about, on a day is asked about again."""
    days = {Weight.DANGER: policy.danger, Weight.UNUSABLE: policy.unusable, Weight.NUISANCE: policy.nuisance}
    return working_days_after(asked_on, days[weight], holidays)
