"""Figures for a regional pressure dashboard: values in, JSON or CSV out, and the schema of both.

Each figure has the instant at which it was true and its age; one that nobody can know has no value, never 0.
What is asked for follows the exchange of BNSSG every 15 minutes (queue, cohort, handovers beyond limits, time
lost, crews, level) as far as the desk knows it. Nothing here names a patient, an incident or a person.
"""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from clearway.domain.shared.freshness import Freshness

VERSION = 1
DIALECT = "https://json-schema.org/draft/2020-12/schema"
COLUMNS = ("site", "measure", "limit_minutes", "value", "unit", "as_of", "age_seconds", "reason", "state")
# Measure -> unit, and what it is. Of a site, where a site is named; else of the whole trust.
MEASURES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "inbound": ("crews", "crews on their way to the hospital"),
        "queuing": ("patients", "patients who wait with their crew"),
        "cohorted": ("patients", "patients who wait in a cohort, or whose crew has left them waiting"),
        "waiting_beyond": ("patients", "patients who wait now for longer than limit_minutes"),
        "longest_wait": ("minutes", "the longest wait now"),
        "handovers_last_hour": ("handovers", "handovers of the last 60 minutes"),
        "mean_handover_last_hour": ("minutes", "mean of the handovers of the last 60 minutes"),
        "lost_since_midnight": ("minutes", "crew minutes beyond limit_minutes since local midnight"),
        "clearing": ("crews", "crews in wrap-up at the hospital"),
        "opel_declared": ("level", "level that the hospital declares, 1 to 4"),
        "opel_figures_least": ("level", "least level that its figures can mean"),
        "opel_figures_most": ("level", "highest level that its figures can mean"),
        "crews_on_shift": ("crews", "crews on shift"),
        "crews_free": ("crews", "crews free to be sent"),
        "crews_on_a_job": ("crews", "crews on a job"),
        "calls_without_a_crew": ("calls", "calls of all categories to which nobody has been sent"),
        "reap": ("level", "level of the resource escalation action plan"),
        "csp": ("level", "level of the clinical safety plan"),
    }
)


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure. site: ODS code, "" for the trust; value None for unknown; as_of None for never said.

    state   how far the source it rests on can be trusted as the present; "" for what rests on no source
    reason  why it could not be made, where something is at fault
    """

    measure: str
    value: float | None
    as_of: datetime | None
    site: str = ""
    limit_minutes: float | None = None
    state: str = ""
    reason: str = ""


def as_json(code: str, at: datetime, figures: Iterable[Figure]) -> dict[str, Any]:
    """The whole answer, as known at an instant. code  of the trust"""
    return {
        "version": VERSION,
        "organisation": code,
        "as_known_at": _instant(at),
        "figures": [_row(each, at) for each in figures],
    }


def as_csv(at: datetime, figures: Iterable[Figure]) -> str:
    """The same figures, one a line under COLUMNS; an empty cell is unknown."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(_row(each, at) for each in figures)
    return out.getvalue()


def _row(figure: Figure, at: datetime) -> dict[str, Any]:
    said = asdict(figure)
    age = None if figure.as_of is None else max(0, int((at - figure.as_of).total_seconds()))
    more: dict[str, Any] = {
        "unit": MEASURES[figure.measure][0],
        "as_of": _instant(figure.as_of),
        "age_seconds": age,
    }
    more |= {name: _number(said[name]) for name in ("value", "limit_minutes")}
    return {name: {**said, **more}[name] for name in COLUMNS}


def _number(value: float | None) -> float | None:
    """Whole where it is whole, else to two places; numbers of numpy become plain ones."""
    if value is None:
        return None
    return int(value) if float(value).is_integer() else round(float(value), 2)


def _instant(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def schema() -> dict[str, Any]:
    """The answer as JSON Schema (2020-12)."""
    instant = {"type": "string", "format": "date-time"}
    unknown = {"type": "null"}
    number = {"anyOf": [{"type": "number", "minimum": 0}, unknown]}
    words = "; ".join(f"{name}: {meaning}" for name, (_, meaning) in MEASURES.items())
    figure = {
        "type": "object",
        "required": list(COLUMNS),
        "additionalProperties": False,
        "properties": {
            "site": {"type": "string", "description": "ODS code of the site; empty for the whole trust"},
            "measure": {"enum": list(MEASURES), "description": words},
            "limit_minutes": {**number, "description": "of measures that have a limit"},
            "value": {**number, "description": "null: nobody can know it"},
            "unit": {"enum": sorted({unit for unit, _ in MEASURES.values()})},
            "as_of": {"anyOf": [instant, unknown], "description": "when the source was last heard"},
            "age_seconds": {"anyOf": [{"type": "integer", "minimum": 0}, unknown]},
            "state": {
                "enum": ["", *map(str, Freshness)],
                "description": "of the source it rests on: stale and lost are not the present; else empty",
            },
            "reason": {
                "type": "string",
                "description": "why it could not be made, else empty",
            },
        },
    }
    return {
        "$schema": DIALECT,
        "title": "Clearway regional figures",
        "type": "object",
        "required": ["version", "organisation", "as_known_at", "figures"],
        "additionalProperties": False,
        "properties": {
            "version": {"enum": [VERSION]},
            "organisation": {"type": "string", "description": "ODS code of the trust"},
            "as_known_at": instant,
            "figures": {"type": "array", "items": figure},
        },
    }
