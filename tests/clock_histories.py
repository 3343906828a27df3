"""Invented histories of a pathway for tests, as wild as the types allow."""

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import strategies as st

from clearway.domain.outpatients.clock_events import (
    DERIVED,
    STATES_A_START,
    ClockEvent,
    EventKind,
    Evidence,
    in_fixed_order,
)
from clearway.domain.outpatients.clock_policy import ClockPolicy, Switch

FIRST_DAY = date(2025, 1, 1)
SAID = sorted(set(Evidence) - DERIVED)
KINDS = [kind for kind in EventKind if kind is not EventKind.WITHDRAWN]
# Drawn more often, so that histories get somewhere.
COMMON = [
    *(EventKind.REFERRAL_RECEIVED, EventKind.ATTENDED, EventKind.MISSED, EventKind.TREATED),
    *(EventKind.MONITORING_BY_CLINICIAN, EventKind.DECISION_TO_TREAT, EventKind.REOFFERED),
    *(
        EventKind.TRANSFERRED_OUT,
        EventKind.TRANSFER_RECEIVED,
        EventKind.START_NOT_KNOWN,
        EventKind.START_FOUND,
    ),
    *(EventKind.OFFER_DECLINED, EventKind.MONITORING_AFTER_OFFERS, EventKind.DISCHARGED_AFTER_MISS),
]

days = st.integers(0, 200).map(lambda day: FIRST_DAY + timedelta(days=day))
policies = st.sets(st.sampled_from(sorted(Switch))).map(lambda on: ClockPolicy(frozenset(on)))
evidence = st.one_of(
    st.just(frozenset(SAID)), st.just(frozenset[Evidence]()), st.frozensets(st.sampled_from(SAID), max_size=4)
)


@st.composite
def events(draw: st.DrawFn, key: str = "0") -> ClockEvent:
    kind = draw(st.sampled_from(COMMON) | st.sampled_from(KINDS))
    on = draw(days)
    start = draw(st.none() | st.integers(0, 150)) if kind in STATES_A_START else None
    absent = draw(st.none() | st.integers(0, 90)) if kind is EventKind.UNAVAILABLE else None
    return ClockEvent(
        key=key,
        kind=kind,
        on=on,
        sequence=draw(st.integers(0, 3)),
        start_on=None if start is None else on - timedelta(days=start),
        until=None if absent is None else on + timedelta(days=absent),
        evidence=draw(evidence),
        function=draw(st.sampled_from([None, "650", "110"])),
        outside_contact=draw(st.booleans()),
    )


@st.composite
def histories(draw: st.DrawFn, max_size: int = 14) -> list[ClockEvent]:
    """Events of one pathway, each with a key of its own, in the order in which they came."""
    count = draw(st.integers(0, max_size))
    return [draw(events(key=str(place))) for place in range(count)]


def ranked(history: list[ClockEvent]) -> list[ClockEvent]:
    """The same history with a sequence that leaves no ties, as the bulk engine asks for it."""
    return [replace(event, sequence=place) for place, event in enumerate(in_fixed_order(history))]
