"""The trust's choices for its clocks, as the rules take them."""

from datetime import date

from clearway.core.organisation.queries import policies
from clearway.domain.outpatients.clock_rules import ClockPolicy, Switch, allied_health_policy
from clearway.domain.outpatients.words import MeasurementType

NAME = "clock_rules"  # values: {"switches": [names of Switch]}


def switches(organisation_id: int, on: date) -> frozenset[Switch]:
    """The readings of the guidance that the trust has switched on. One query."""
    values = policies(organisation_id, [NAME], on).get(NAME, {})
    return frozenset(Switch(name) for name in values.get("switches", ()))


def policy_of(measurement: str, chosen: frozenset[Switch]) -> ClockPolicy:
    """How a pathway of this measurement is held to its standard."""
    measured = MeasurementType(measurement)
    if measured is MeasurementType.ALLIED_HEALTH:
        return allied_health_policy(switches=chosen)
    return ClockPolicy(chosen, measured)
