"""Native events as JSON lines: bytes to domain events and back.

The schema is the events themselves (`clearway.domain.ambulance.events`); the generated reference is
docs/reference/events.md. A line that does not fit says which field, why, and what would mend it.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

import msgspec

from clearway.domain.ambulance import hospitals
from clearway.domain.ambulance.events import Event, HospitalEvent, Position
from clearway.domain.shared.errors import CannotParse

T = TypeVar("T", Event, Position)
MAX_LINE_BYTES = 16_384
_ENCODER = msgspec.json.Encoder()
_EVENTS: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)
_POSITIONS: msgspec.json.Decoder[Position] = msgspec.json.Decoder(Position)


def lines(body: bytes) -> Iterator[tuple[int, bytes]]:
    """The non-empty lines of a body with their numbers from 1."""
    for number, line in enumerate(body.split(b"\n"), start=1):
        if line.strip():
            yield number, line.strip()


def parse_event(line: bytes) -> Event:
    """One event from one line. Raises CannotParse with the field, the reason and the fix."""
    return _decode(line, _EVENTS)


def parse_position(line: bytes) -> Position:
    """One position from one line. Raises CannotParse with the field, the reason and the fix."""
    return _decode(line, _POSITIONS)


def dump(values: Iterable[Event | Position]) -> bytes:
    """Events or positions as JSON lines."""
    return b"".join(_ENCODER.encode(value) + b"\n" for value in values)


def schema() -> dict[str, Any]:
    """JSON Schema of an event and of a position, for the reference page."""
    return {"event": msgspec.json.schema(Event), "position": msgspec.json.schema(Position)}


def check_years(value: Event | Position) -> None:
    """Refuse times of another century: no system can store the edge of the calendar in every zone."""
    for field in ("occurred_at", "shift_start", "shift_end"):
        at = getattr(value, field, None)
        if at is not None and not 2000 <= at.year <= 2099:
            raise CannotParse(
                f"field {field}", "Its year is not between 2000 and 2099.", "Mend the clock or the mapping."
            )


def _decode(line: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    if len(line) > MAX_LINE_BYTES:
        raise CannotParse(
            "line", f"It has {len(line)} bytes; at most {MAX_LINE_BYTES} are read.", "Send one event a line."
        )
    try:
        value = decoder.decode(line)
    except msgspec.ValidationError as error:
        raise explained(str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise CannotParse(
            "line", f"Not JSON: {_without_values(str(error))}.", "Send one JSON object a line, UTF-8."
        ) from None
    check_years(value)
    if isinstance(value, HospitalEvent):
        hospitals.check_sense(value)
    return value


def explained(message: str) -> CannotParse:
    """What msgspec found wrong, as field, reason and fix, without a word of what was sent."""
    # The last of these is ours: what was sent may hold the same words.
    why, _, path = message.rpartition(" - at `$") if " - at `$" in message else (message, "", "")
    field = path.rstrip("`").lstrip(".") or "object"
    why = _without_values(why)
    missing = re.search(r"missing required field `(\w+)`", why)
    if missing:
        field = f"{field}.{missing.group(1)}" if field != "object" else missing.group(1)
    unknown = re.match(r"Object contains unknown field `(.*)`$", why, flags=re.DOTALL)
    if unknown:
        return CannotParse(
            _field(unknown.group(1)), "The schema names no such field.", "Remove it or map it to one."
        )
    return CannotParse(
        _field(field), f"{why}.", "Compare with docs/reference/events.md and mend the mapping."
    )


def _field(name: str) -> str:
    """The field's name, unless it looks like something other than a name."""
    return (
        f"field {name}"
        if re.fullmatch(r"[A-Za-z_][\w.\[\]]{0,39}", name, re.ASCII)
        else "field with an odd name"
    )


def _without_values(text: str) -> str:
    """The message without what the sender wrote: it may be somebody's name."""
    return re.sub(r"""['"].*""", "…", text, flags=re.DOTALL)
