"""What a therapy may say to a consultant's clock on which its referral sits.

Therapy that is the first definitive treatment stops that clock. Therapy that prepares for it or supports it
does not, however it ends: whoever runs the clock is told, and decides. Who does not come to therapy has not
missed the consultant's first appointment.

Source: NHS England, Recording and reporting referral to treatment waiting times, version 5.0, rules 4a iii
and 5e, section 4.3.1.
"""

from .clock_events import EventKind
from .clock_rules import TABLE

E = EventKind
TREATS = frozenset({E.TREATED, E.ADMITTED_FOR_TREATMENT})
MISSES = frozenset({E.MISSED, E.NOT_BROUGHT, E.ARRIVED_TOO_LATE})
MONITORS = frozenset(
    {E.MONITORING_BY_PATIENT, E.MONITORING_BY_CLINICIAN, E.MONITORING_AFTER_OFFERS, E.LONG_THINKING_TIME}
)
# The record of a death tells every clock, and after a miss here nothing had ended that could begin again.
UNSAID = frozenset({E.DIED, E.REOFFERED, E.REBOOKED_BY_PATIENT})
STOPS = frozenset(rule.kind for rule in TABLE if rule.effect.closes)


def from_therapy(kind: EventKind) -> EventKind | None:
    """What to record on a consultant's clock where a therapy would record `kind` on its own; else None."""
    if kind in UNSAID:
        return None
    if kind in MISSES:
        return E.THERAPY_MISSED
    if kind in MONITORS:
        return E.ATTENDED
    return E.THERAPY_ENDED if kind in STOPS - TREATS else kind
