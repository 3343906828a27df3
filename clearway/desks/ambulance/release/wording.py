"""A record of release in words, for every board that shows it."""

from collections.abc import Iterable

from clearway.core.layout.times import clock
from clearway.domain.ambulance.release import Kind, Record, ReleasePolicy

from .queries import Standing


def note(kept: Standing, policy: ReleasePolicy) -> str:
    """The newest record of a patient in a few words, for other boards."""
    record = kept.record
    if record.kind is Kind.EXCEPTION:
        reason = policy.reason(record.reason)
        until = f", look again {clock(record.look_at)}" if record.look_at else ""
        return f"Stays: {(reason.says if reason else record.reason).lower()}{until}"
    if record.kind is Kind.RELIEF:
        return f"With {record.relief}"
    return "Released" if record.accepted else "Released, not accepted"


def in_words(record: Record, policy: ReleasePolicy) -> str:
    """A whole record in one line."""
    parts = {Kind.RELEASE: _release, Kind.EXCEPTION: _exception, Kind.RELIEF: _relief}[record.kind]
    told = [*parts(record, policy)]
    if record.commander:
        told.append(f"commander told: {record.commander}")
    return "; ".join(told)


def _release(record: Record, policy: ReleasePolicy) -> Iterable[str]:
    accepted = "accepted by the hospital" if record.accepted else "not accepted yet: the clock runs"
    yield f"Released, {accepted}"
    place = policy.place(record.place)
    yield f"left: {(place.says if place else record.place).lower()}"
    taken = f" at {clock(record.news2_at)}" if record.news2_at else ""
    yield f"NEWS2 {record.news2}{taken}, stable by {record.stable_by}"
    if record.decided_by:
        yield f"decided by {record.decided_by}"
    yield f"nurse in charge: {record.nurse or 'nobody recorded'}"
    given = [word for word, said in (("verbally", record.verbal), ("by record", record.epcr)) if said]
    yield f"handover {' and '.join(given)}"
    if record.equipment:
        yield f"equipment left: {record.equipment}"


def _exception(record: Record, policy: ReleasePolicy) -> Iterable[str]:
    reason = policy.reason(record.reason)
    yield f"Stays: {(reason.says if reason else record.reason).lower()}"
    if record.words:
        yield record.words
    yield f"decided by {record.decided_by}"
    if record.look_at:
        yield f"look again {clock(record.look_at)}"


def _relief(record: Record, _policy: ReleasePolicy) -> Iterable[str]:
    yield f"Relieved by {record.relief}: the clock runs"
    if record.words:
        yield record.words
