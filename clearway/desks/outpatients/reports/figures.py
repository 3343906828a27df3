"""The figures of each report: those of a page, by the page's own reading."""

from collections.abc import Callable, Mapping
from datetime import datetime

from clearway.domain.outpatients.reports import What
from clearway.domain.shared.figures import Figures

from ..outcomes import figures as outcomes
from ..performance import figures as performance
from ..referrals import figures as referrals
from ..waiting import figures as waiting

# What -> its reading, and the address of the page that shows it.
READINGS: Mapping[What, tuple[Callable[[int, datetime], Figures], str]] = {
    What.CAPACITY: (waiting.capacity, "op-waiting:capacity"),
    What.CHECKS: (waiting.checks_found, "op-waiting:validation"),
    What.UNOUTCOMED: (outcomes.unoutcomed, "op-outcomes:clinics"),
    What.LONG_WAITS: (waiting.long_waits, "op-waiting:packs"),
    What.LEDGER: (referrals.ledger, "op-referrals:ledger"),
    What.PERFORMANCE: (performance.performance, "op-performance:overview"),
}


def read(what: What, organisation_id: int, at: datetime) -> Figures:
    """What the page says at this instant."""
    return READINGS[what][0](organisation_id, at)
