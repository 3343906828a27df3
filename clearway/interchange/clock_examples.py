"""Worked examples of the clock rules as a file: numbered histories, each of one pathway or of several."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from clearway.domain.outpatients.clock_events import ClockEvent, EventKind, Evidence
from clearway.domain.outpatients.clock_policy import ClockPolicy, Switch
from clearway.domain.outpatients.words import MeasurementType
from clearway.domain.shared.errors import CannotParse

FILE = "clock_examples.toml"
MORE = ("start_on", "until", "function", "outside_contact")


@dataclass(frozen=True, slots=True)
class Example:
    """One worked example.

    rule      its rule or section of the recording guidance
    pathways  name -> its events in order; "" for the one the example is about
    switches  the choices of the guidance under which it holds
    asked     the days it is asked about, each with the name of the pathway
    """

    number: str
    title: str
    rule: str
    measurement: MeasurementType
    pathways: Mapping[str, tuple[ClockEvent, ...]]
    switches: frozenset[Switch]
    asked: tuple[tuple[date, str], ...]

    @property
    def policy(self) -> ClockPolicy:
        return ClockPolicy(self.switches, self.measurement)


def parse(raw: bytes) -> list[Example]:
    """Every example of the file. Raises CannotParse naming the example and the fix."""
    try:
        rows = tomllib.loads(raw.decode())["examples"]
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError) as problem:
        raise CannotParse(FILE, f"It holds no examples: {problem}.", "Add [[examples]] tables.") from None
    return [_example(row) for row in rows]


def _example(row: Mapping[str, Any]) -> Example:
    number = str(row.get("number", "?"))
    try:
        pathways: dict[str, list[ClockEvent]] = {}
        for place, event in enumerate(row["events"]):
            pathways.setdefault(event.get("pathway", ""), []).append(_event(place, event))
        return Example(
            number=number,
            title=row["title"],
            rule=row["rule"],
            measurement=MeasurementType(row.get("measurement", "01")),
            pathways={name: tuple(events) for name, events in pathways.items()},
            switches=frozenset(Switch(word) for word in row.get("switches", ())),
            asked=tuple((each["as_of"], each.get("pathway", "")) for each in row["expect"]),
        )
    except (KeyError, ValueError) as problem:
        raise CannotParse(f"{FILE}, example {number}", f"{problem}.", "Correct its events.") from None


def _event(place: int, row: Mapping[str, Any]) -> ClockEvent:
    more = {key: row[key] for key in MORE if key in row}
    evidence = frozenset(Evidence(word) for word in row.get("evidence", ()))
    return ClockEvent(f"example:{place}", EventKind(row["kind"]), row["on"], place, evidence=evidence, **more)
