"""HL7 v2 as it comes over the wire: bytes in; a header, and texts by their place ("PID-5.1").

Places count from 1, as the standard writes them: segment, field, component, subcomponent. What is said of a
place in an error is the place and what was expected, never the value: it may name a patient.
"""

import codecs
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta, timezone
from functools import cached_property
from typing import Any, Self, cast
from zoneinfo import ZoneInfo

import hl7
import hl7.containers
import hl7.util

from clearway.domain.shared.errors import CannotParse

# The library logs the text that it cannot unescape, which may be a name. A filter stays where the logs are
# set up later; `disabled` does not.
for _its in (hl7.util, hl7.containers):
    _its.logger.addFilter(lambda record: False)
NULL = '""'  # "delete what you hold"; an empty field says nothing at all
LONGEST_KEY = 120  # characters of MSH-10 that are kept
CHARACTER_SETS = {  # HL7 table 0211: what MSH-18 says -> how Python calls it
    "ASCII": "ascii",
    "8859/1": "iso-8859-1",
    "8859/15": "iso-8859-15",
    "UNICODE": "utf-8",
    "UNICODE UTF-8": "utf-8",
    "UTF-8": "utf-8",
}
SEQUENCE = re.compile(r"0*[1-9][0-9]{0,14}")
PLACE = re.compile(r"([A-Z][A-Z0-9]{2})-(\d{1,2})(?:\.(\d{1,2}))?(?:\.(\d{1,2}))?")
STAMP = re.compile(
    r"(?P<year>\d{4})(?P<month>\d{2})?(?P<day>\d{2})?(?P<hour>\d{2})?(?P<minute>\d{2})?(?P<second>\d{2})?"
    r"(?:\.(?P<fraction>\d{1,6}))?(?P<zone>[+-]\d{4})?"
)
NO_HEADER = CannotParse(
    "MSH", "The message does not begin with a segment MSH.", "Send one message in each block, MSH first."
)


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a message. component, part: None for the whole of what is before."""

    segment: str
    field: int
    component: int | None = None
    part: int | None = None

    @classmethod
    def of(cls, words: str) -> Self:
        """The place that a text like "PID-5.1" names. Raises ValueError for any other text."""
        found = PLACE.fullmatch(words)
        if found is None or int(found[2]) < 1:
            raise ValueError(f"{words!r} is no place like PID-5.1")
        segment, field, component, part = found.groups()
        return cls(segment, int(field), *(int(each) if each else None for each in (component, part)))

    def __str__(self) -> str:
        ends = "".join(f".{each}" for each in (self.component, self.part) if each is not None)
        return f"{self.segment}-{self.field}{ends}"


@dataclass(frozen=True, slots=True)
class Header:
    """What MSH says of a message.

    key      message control id (MSH-10), the sender's own name of the message
    kind     "SIU^S12": message code and trigger event
    sent_at  MSH-7, the sender's time, with its fractions of a second; None where it says none
    sequence  MSH-13, the sender's own count of its messages; None where it says none
    """

    key: str
    kind: str
    version: str
    application: str
    facility: str
    processing: str
    sent_at: datetime | None
    sequence: int | None = None


@dataclass(frozen=True)
class Message:
    """One message that can be taken apart. lines  its segments as they came; zone  of times that name none.

    Only the segments that are asked for are taken apart: an attached document or a vendor's own segments cost
    nothing.
    """

    header: Header
    lines: tuple[str, ...]
    zone: ZoneInfo
    _apart: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of its segments, in order."""
        sign = self.lines[0][3]
        return tuple(line.partition(sign)[0] for line in self.lines)

    def count(self, segment: str) -> int:
        """How often a segment occurs."""
        return self.names.count(segment)

    def segments(self, name: str) -> Sequence[Any]:
        """Every segment of a name, taken apart. Raises CannotParse."""
        if name not in self._apart:
            head = self.lines[0]
            rest = [line for line, its in zip(self.lines, self.names, strict=True) if its == name]
            # The separators stand in MSH, so it is taken apart with any other.
            apart = _apart("\r".join([head, *rest] if name != "MSH" else [head]))
            self._apart[name] = list(apart)[name != "MSH" :]
        return cast("Sequence[Any]", self._apart[name])

    def repeats(self, place: Place, nth: int = 1) -> int:
        """How often a field is repeated in the nth segment of its name; 0 where there is none."""
        if self.count(place.segment) < nth:
            return 0
        segment = self.segments(place.segment)[nth - 1]
        return len(segment(place.field)) if len(segment) > place.field else 0

    def text(self, place: Place, *, nth: int = 1, repeat: int = 1) -> str:
        """What stands at a place, unescaped and without spaces around it; "" where nothing does.

        A place that names no component reads the first. nth  segment of that name; repeat  of its field
        """
        if self.repeats(place, nth) < repeat:
            return ""
        try:
            segment = self.segments(place.segment)[nth - 1]
            found = segment.extract_field(nth, place.field, repeat, place.component or 1, place.part or 1)
        except (IndexError, LookupError):
            return ""
        return str(found or "").strip()

    def instant(self, place: Place, *, nth: int = 1) -> datetime | None:
        """The instant at a place; None where nothing stands. Raises CannotParse."""
        text = self.text(place, nth=nth)
        return stamp(text, str(place), self.zone) if text not in ("", NULL) else None

    def day(self, place: Place) -> date | None:
        """The civil date at a place; None where nothing stands. Raises CannotParse."""
        text = self.text(place)
        if text in ("", NULL):
            return None
        try:
            return date(int(text[:4]), int(text[4:6]), int(text[6:8]))
        except ValueError:
            raise CannotParse(str(place), "There is no such day.", "Send it as YYYYMMDD.") from None


def parse(raw: bytes, *, encoding: str = "utf-8", zone: ZoneInfo) -> Message:
    """Take one message apart.

    encoding  of its letters, where MSH-18 names none
    zone      of its times, where they name none
    Raises CannotParse where it cannot be taken apart, or has no type (MSH-9) or no key (MSH-10).
    """
    message = take_apart(raw, encoding=encoding, zone=zone)
    return replace(message, header=_header(message))


def take_apart(raw: bytes, *, encoding: str = "utf-8", zone: ZoneInfo) -> Message:
    """As parse, but whatever its header says: an acknowledgement needs no event. Raises CannotParse."""
    text = _decoded(raw, encoding).lstrip("\ufeff")
    text = re.sub(r"\r\n|\n", "\r", text).strip("\r\n \x0b\x1c")
    if not text.startswith("MSH") or len(text.partition("\r")[0]) < 8:
        raise NO_HEADER
    if "\0" in text:
        where = f"segment {text.count(chr(13), 0, text.index(chr(0))) + 1}"
        raise CannotParse(where, "It holds a byte of zero.", "Send text only.")
    message = Message(_NOTHING, tuple(text.split("\r")), zone)
    if bad := next((name for name in message.names if not re.fullmatch(r"[A-Z][A-Z0-9]{2}", name)), None):
        number = message.names.index(bad) + 1
        raise CannotParse(
            f"segment {number}", "It has no name of three letters.", "End each segment with a CR only."
        )
    return message


def _apart(text: str) -> Any:
    try:
        return hl7.parse(text)
    except Exception:  # its parser raises whatever it stumbles over
        why = "The separators in MSH-1 and MSH-2 do not fit the rest."
        raise CannotParse("MSH-2", why, r"Send |^~\& as separators.") from None


_NOTHING = Header("", "", "", "", "", "", None)


def header_of(raw: bytes, zone: ZoneInfo) -> Header | None:
    """As much of a header as can be read of anything, to know and answer its sender; None for none."""
    begun = raw.removeprefix(codecs.BOM_UTF8).lstrip(b"\r\n \x0b")
    first = begun.partition(b"\r")[0].partition(b"\n")[0]
    try:
        return parse(first, encoding="iso-8859-1", zone=zone).header
    except CannotParse:
        pass
    fields = first.decode("iso-8859-1").strip("\ufeff \x0b").split("|")
    if fields[0] != "MSH" or len(fields) < 3:
        return None
    said = [each.partition("^")[0].strip() for each in (*fields, *[""] * 12)]
    kind = fields[8].strip() if len(fields) > 8 else ""
    return Header(said[9][:LONGEST_KEY], kind, said[11][:8], said[2], said[3], said[10][:3], None)


def encoded(text: str, encoding: str) -> bytes:
    """A message that somebody pasted, in the character set that it names."""
    return text.encode(_character_set(text.encode("utf-8", "replace"), encoding), "replace")


def _character_set(raw: bytes, encoding: str) -> str:
    named = raw.partition(b"\r")[0].partition(b"\n")[0].split(raw[3:4] or b"|")
    said = named[17].decode("ascii", "replace").split("~")[0].strip() if len(named) > 17 else ""
    return CHARACTER_SETS.get(said.upper(), encoding)


def _decoded(raw: bytes, encoding: str) -> str:
    try:
        return raw.decode(_character_set(raw, encoding))
    except UnicodeDecodeError as problem:
        number = raw.count(b"\r", 0, problem.start) + 1
        why = f"A letter is not {problem.encoding}."
        raise CannotParse(
            f"segment {number}", why, "Say the character set in MSH-18, or in the mapping."
        ) from None


def _header(message: Message) -> Header:
    def said(words: str) -> str:
        return message.text(Place.of(words))

    kind, key = f"{said('MSH-9.1')}^{said('MSH-9.2')}", said("MSH-10")
    if not re.fullmatch(r"[A-Z0-9]{3}\^[A-Z0-9]{3}", kind):
        raise CannotParse("MSH-9", "It names no message type and event.", "Send them like SIU^S12.")
    if not key:
        raise CannotParse("MSH-10", "The message has no control id.", "Give every message its own.")
    if len(key) > LONGEST_KEY:
        why = f"The control id is longer than {LONGEST_KEY} characters."
        raise CannotParse("MSH-10", why, "Send a shorter one.")
    sent_at, sequence = message.instant(Place.of("MSH-7")), said("MSH-13")
    return Header(
        key,
        kind,
        said("MSH-12"),
        said("MSH-3"),
        said("MSH-4"),
        said("MSH-11"),
        sent_at,
        # 0 and -1 ask for the number that is expected, and count nothing.
        int(sequence) if SEQUENCE.fullmatch(sequence) else None,
    )


def stamp(text: str, where: str, zone: ZoneInfo) -> datetime:
    """The instant that an HL7 time stamp names.

    A civil time that occurs twice in autumn is the first of the two; the sender says which by an offset.
    Raises CannotParse for less than the minute, and for a time that does not exist.
    """
    found = STAMP.fullmatch(text)
    if found is None or found["minute"] is None:
        raise CannotParse(where, "It is no time to the minute.", "Send it as YYYYMMDDHHMM[SS][+ZZZZ].")
    names = ("year", "month", "day", "hour", "minute", "second")
    year, month, day, hour, minute, second = (int(found[name] or 0) for name in names)
    micro = int((found["fraction"] or "0").ljust(6, "0"))
    try:
        naive = datetime(year, month, day, hour, minute, second, micro)  # noqa: DTZ001 - its zone is found below
        if found["zone"]:
            return _with_offset(naive, found["zone"])
    except (ValueError, OverflowError):
        raise CannotParse(where, "There is no such time.", "Send it as YYYYMMDDHHMM[SS][+ZZZZ].") from None
    instant = naive.replace(tzinfo=zone).astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) != naive:
        why = "The clocks skip this time in spring."
        raise CannotParse(where, why, "Send the time that was meant, or an offset (+ZZZZ).")
    return instant


def _with_offset(naive: datetime, offset: str) -> datetime:
    ahead = timedelta(hours=int(offset[1:3]), minutes=int(offset[3:5]))
    if ahead >= timedelta(hours=24):
        raise ValueError
    return naive.replace(tzinfo=timezone(-ahead if offset[0] == "-" else ahead)).astimezone(UTC)
