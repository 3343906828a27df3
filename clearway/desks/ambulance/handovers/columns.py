"""The columns of the handover board. What is left out stands beneath the row, once it is opened."""

from clearway.core.layout.columns import Column
from clearway.engine.ambulance.handovers import HandoverPolicy

BOARD = "handovers"
USUAL_LIMITS = (
    1,
    2,
)  # of the four, by place: all should be handed over within the first, none beyond the second


def every(policy: HandoverPolicy) -> tuple[Column, ...]:
    """All of them, in the order of the board. Eleven are usual; who waits longest cannot be left out."""
    beyond = [
        Column(f"beyond-{place}", f"Beyond {limit:g} min", is_usual=place in USUAL_LIMITS)
        for place, limit in enumerate(policy.limits)
    ]
    return (
        Column("hospital", "Hospital", is_fixed=True),
        Column("queuing", "Queuing"),
        Column("cohort", "Cohort (crew gone)"),
        Column("longest", "Longest wait", is_fixed=True),
        *beyond,
        Column("inbound", "Inbound, next"),
        Column("ahead", "Arriving in 30 min: wait"),
        Column("wrap-up", "Wrap-up", is_usual=False),
        Column("pressure", "Pressure"),
        Column("boarding", "Boarding"),
        Column("majors", "Majors", is_usual=False),
        Column("resus", "Resus", is_usual=False),
        Column("said", "Said", is_usual=False),
        Column("mean", "Mean last hour", is_usual=False),
        Column("lost", "Lost today"),
    )
