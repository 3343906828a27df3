"""What was said in the end: events with their corrections, as if right from the start."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date

from .clock_events import ClockEvent, EventKind, in_fixed_order


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something wrong with keys or corrections: a code of clock_findings.FINDINGS and the event."""

    code: str
    event: ClockEvent


def settled(
    events: Iterable[ClockEvent], known_by: date | None = None
) -> tuple[list[ClockEvent], list[Trouble]]:
    """The events that count, in their fixed order, and what was wrong with keys and corrections.

    known_by  leaves out what was written down later: the history as it was known then
    A correction stands at the place (key and sequence) of what it replaces, so that correcting an event and
    having recorded it rightly give the same. Any order and any repetition of `events` give the same.
    """
    known = [event for event in events if known_by is None or event.known_on <= known_by]
    if not any(event.replaces for event in known) and len({event.key for event in known}) == len(known):
        return in_fixed_order(known), []  # the ordinary case, kept quick
    by_key, troubles = _one_each(known)
    last_word, outvoted = _last_words(by_key.values())
    roots = [event for event in by_key.values() if event.replaces not in by_key]
    counted = [(root, _followed(root, last_word)) for root in roots]
    troubles += [Trouble("CK05", root) for root in roots if root.replaces is not None]
    troubles += [Trouble("CK06", event) for event in outvoted]
    troubles += [Trouble("CK11", event) for event in _circles(by_key)]
    kept = [_in_its_place(*each) for each in counted if each[1].kind is not EventKind.WITHDRAWN]
    return in_fixed_order(kept), sorted(troubles, key=lambda each: (each.event.on, each.code, each.event.key))


def _known_first(event: ClockEvent) -> tuple[object, ...]:
    said = (event.start_on, event.until, event.function, event.outside_contact, event.replaces)
    return (
        event.known_on,
        event.sequence,
        event.on,
        event.kind,
        sorted(event.evidence),
        [str(each) for each in said],
    )


def _one_each(events: Iterable[ClockEvent]) -> tuple[dict[str, ClockEvent], list[Trouble]]:
    """Each key once: the event known first. The others are troubles."""
    by_key: dict[str, ClockEvent] = {}
    troubles = []
    for event in sorted(set(events), key=_known_first):
        first = by_key.setdefault(event.key, event)
        if replace(event, recorded_on=first.recorded_on) != first:
            troubles.append(Trouble("CK07", event))
    return by_key, troubles


def _last_words(events: Iterable[ClockEvent]) -> tuple[dict[str, ClockEvent], list[ClockEvent]]:
    """For each event that was corrected its latest correction, and the corrections before it."""
    last: dict[str, ClockEvent] = {}
    outvoted = []
    for event in sorted(events, key=lambda event: (event.known_on, event.sequence, event.key)):
        if event.replaces is not None:
            if event.replaces in last:
                outvoted.append(last[event.replaces])
            last[event.replaces] = event
    return last, outvoted


def _followed(root: ClockEvent, last_word: dict[str, ClockEvent]) -> ClockEvent:
    """What became of an event through its corrections."""
    event = root
    while event.key in last_word:
        event = last_word[event.key]
    return event


def _in_its_place(root: ClockEvent, event: ClockEvent) -> ClockEvent:
    return replace(event, key=root.key, sequence=root.sequence, replaces=None)


def _circles(by_key: dict[str, ClockEvent]) -> Iterator[ClockEvent]:
    """Corrections that lead back to themselves."""
    for event in by_key.values():
        seen = {event.key}
        at = event
        while at.replaces in by_key and at.replaces not in seen:
            at = by_key[at.replaces]
            seen.add(at.key)
        if at.replaces in seen:
            yield event
