"""Road disruptions from a DATEX II situation publication (CEN EN 16157, versions 2 and 3): bytes to values.

Only what bears on driving is taken: closures, flooding, events, weather and abnormal traffic. Everything else
(roadworks that leave the road open, signs, car parks) is counted and passed over. Elements are found by their
local names, because each version has its own namespaces.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from xml.etree import ElementTree

import numpy as np

from clearway.domain.ambulance.disruptions import DisruptionKind
from clearway.domain.shared.errors import CannotParse
from clearway.domain.shared.geography import Point, distance_km

MOST_BYTES = 20_000_000
SMALLEST_KM = 0.3  # around a single point
TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
K = DisruptionKind

CLOSED = {
    "roadClosed",
    "carriagewayClosures",
    "bridgeClosed",
    "tunnelClosed",
    "roadClosedIntermittently",
    "closedPermanentlyForTheWinter",
}
FLOODED = {"flooding", "flashFloods"}
KINDS = {
    "PublicEvent": K.EVENT,
    "DisturbanceActivity": K.EVENT,
    "PoorEnvironmentConditions": K.WEATHER,
    "WeatherRelatedRoadConditions": K.WEATHER,
    "AbnormalTraffic": K.CONGESTION,
    "Accident": K.CONGESTION,
}
Element = ElementTree.Element


@dataclass(frozen=True, slots=True)
class RoadRecord:
    """One situation record that hinders travel.

    reference      the record's id, the same in every later publication
    ends_at        None where the file names no end
    extra_minutes  the delay that the file names, else None
    is_over        the publisher says that it has ended or was cancelled
    """

    reference: str
    kind: DisruptionKind
    centre: Point
    radius_km: float
    starts_at: datetime
    ends_at: datetime | None
    extra_minutes: float | None
    words: str
    is_over: bool


@dataclass(frozen=True, slots=True)
class Publication:
    """What a file holds. passed_over counts record types that do not hinder travel."""

    records: tuple[RoadRecord, ...]
    passed_over: Mapping[str, int] = field(default_factory=dict)


def parse(body: bytes) -> Publication:
    """The disruptions in a publication. Raises CannotParse for the first record that cannot be read."""
    root = _root(body)
    publication = next((each for each in root.iter() if _name(each) in PUBLICATIONS), None)
    if publication is None:
        raise CannotParse(
            "the whole file",
            "It holds no situation publication.",
            "Export situations (SituationPublication) from the traffic information system.",
        )
    records: dict[str, RoadRecord] = {}
    passed_over: Counter[str] = Counter()
    for number, element in enumerate(_all(publication, "situationRecord"), start=1):
        kind = _kind(element)
        if kind is None:
            passed_over[_type(element) or "without a type"] += 1
            continue
        record = _record(element, kind, f"situation record {number} ({element.get('id') or 'without id'})")
        records[record.reference] = record  # the last version in the file counts
    return Publication(tuple(records.values()), dict(passed_over))


PUBLICATIONS = {"payloadPublication", "payload", "SituationPublication", "situationPublication"}


def _root(body: bytes) -> Element:
    if len(body) > MOST_BYTES:
        raise CannotParse("the whole file", f"It has more than {MOST_BYTES:,} bytes.", "Split it.")
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CannotParse("the whole file", "It is not UTF-8.", "Export it as UTF-8 XML.") from None
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        # Entities can blow a small file up to gigabytes; no DATEX II file needs them.
        raise CannotParse("the head of the file", "It declares a document type.", "Remove the DOCTYPE.")
    try:
        return ElementTree.fromstring(text)
    except ElementTree.ParseError as problem:
        line, column = problem.position
        where = f"line {line}, column {column}"
        raise CannotParse(where, "It is not well-formed XML.", "Export the file again.") from None
    except ValueError:
        why = "It names another encoding than UTF-8."
        raise CannotParse("line 1", why, "Export it as UTF-8 XML.") from None


def _kind(record: Element) -> DisruptionKind | None:
    said = {each.text.strip() for each in record.iter() if each.text and _name(each).endswith("Type")}
    if said & FLOODED:
        return K.FLOODING
    if _type(record) == "RoadClosed" or said & CLOSED:
        return K.CLOSURE
    return KINDS.get(_type(record))


def _record(record: Element, kind: DisruptionKind, where: str) -> RoadRecord:
    reference = record.get("id")
    if not reference:
        raise CannotParse(where, "It has no id.", "Each situationRecord needs its id.")
    starts_at = _instant(record, ("overallStartTime", "situationRecordCreationTime"), where)
    if starts_at is None:
        raise CannotParse(
            f"{where}, overallStartTime", "It names no start.", "Add validity/overallStartTime."
        )
    centre, radius_km = _area(record, where)
    delay = next(_texts(record, "delayTimeValue"), None)
    return RoadRecord(
        reference=reference[:200],
        kind=kind,
        centre=centre,
        radius_km=radius_km,
        starts_at=starts_at,
        ends_at=_instant(record, ("overallEndTime",), where),
        extra_minutes=None if delay is None else _number(delay, f"{where}, delayTimeValue") / 60,
        words=_words(record),
        is_over=any(each in ("true", "1") for name in ("end", "cancel") for each in _texts(record, name)),
    )


def _area(record: Element, where: str) -> tuple[Point, float]:
    """The middle and half the extent of every point that the record names."""
    latitudes = [_number(each, f"{where}, latitude") for each in _texts(record, "latitude")]
    longitudes = [_number(each, f"{where}, longitude") for each in _texts(record, "longitude")]
    for line in _texts(record, "posList"):
        numbers = [_number(each, f"{where}, posList") for each in line.split()]
        latitudes += numbers[0::2]
        longitudes += numbers[1::2]
    if not latitudes or len(latitudes) != len(longitudes):
        why = "It names no point on the ground by latitude and longitude."
        raise CannotParse(f"{where}, location", why, "Export locations with coordinates (WGS84).")
    if not (
        -90 <= min(latitudes) <= max(latitudes) <= 90 and -180 <= min(longitudes) <= max(longitudes) <= 180
    ):
        why = "A coordinate is not in degrees."
        raise CannotParse(f"{where}, location", why, "Export locations as WGS84, latitude before longitude.")
    centre = Point((min(latitudes) + max(latitudes)) / 2, (min(longitudes) + max(longitudes)) / 2)
    furthest = float(distance_km(*centre, np.array(latitudes), np.array(longitudes)).max())
    return centre, round(max(furthest, SMALLEST_KM), 3)


def _instant(record: Element, names: tuple[str, ...], where: str) -> datetime | None:
    for name in names:
        for text in _texts(record, name):
            try:
                at = datetime.fromisoformat(text)
            except ValueError:
                why = f"{text[:40]!r} is not a time."
                raise CannotParse(f"{where}, {name}", why, "Write it as 2026-11-22T14:05:00Z.") from None
            if at.tzinfo is None:
                why = f"{text[:40]!r} does not say its time zone."
                raise CannotParse(f"{where}, {name}", why, "Add the offset, for example Z.")
            return at
    return None


def _words(record: Element) -> str:
    """The first comment, else the road's name, as the publisher wrote it."""
    for outer in ("generalPublicComment", "comment", "roadName", "roadNumber"):
        for element in _all(record, outer):
            said = " ".join(" ".join(element.itertext()).split())
            if said:
                return said[:300]
    return ""


def _number(text: str, where: str) -> float:
    try:
        number = float(text)
    except ValueError:
        raise CannotParse(where, f"{text[:40]!r} is not a number.", "Write a decimal number.") from None
    if not np.isfinite(number):
        raise CannotParse(where, f"{text[:40]!r} is not a number.", "Write a decimal number.")
    return number


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _type(record: Element) -> str:
    """The type of a record without its prefix: "sit:RoadClosed" is "RoadClosed"."""
    return record.get(TYPE, "").rpartition(":")[2]


def _all(element: Element, name: str) -> Iterator[Element]:
    return (each for each in element.iter() if _name(each) == name)


def _texts(element: Element, name: str) -> Iterator[str]:
    return (each.text.strip() for each in _all(element, name) if each.text and each.text.strip())
