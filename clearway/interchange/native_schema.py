"""The native schema as JSON Schema (2020-12), for a supplier to check messages with before they are sent.

Made from the events themselves. Msgspec leaves out what its types cannot say; that is added here: the form of
a time with its century, and what a report of a hospital must hold. `clearway feed check` judges what no
schema can: keys within a file, a relief within 24 hours, an assignment named twice in a cohort.
"""

from inspect import cleandoc
from typing import Any

from clearway.domain.ambulance.hospitals import LEVELS
from clearway.domain.ambulance.words import HospitalMeasure

from . import native
from .native_words import MEANINGS

DIALECT = "https://json-schema.org/draft/2020-12/schema"
TIME = (
    r"^20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])[Tt]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
    r"(\.[0-9]+)?([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$"
)


def published(kind: str) -> dict[str, Any]:
    """The schema of one line: kind is "event" or "position"."""
    shape = native.schema()[kind]
    for name, each in shape["$defs"].items():
        if "description" in each:
            each["description"] = cleandoc(each["description"]).partition("\n")[0]
        for field, of in each.get("properties", {}).items():
            _name_the_form_of_times(of)
            if field in MEANINGS:
                of["description"] = MEANINGS[field]
        if name == "HospitalEvent":
            _say_what_a_report_holds(each)
    return {
        "$schema": DIALECT,
        "title": f"Clearway native {kind}",
        "$comment": f"One JSON object a line, UTF-8, at most {native.MAX_LINE_BYTES:,} bytes.",
        **shape,
    }


def _name_the_form_of_times(of: dict[str, Any]) -> None:
    for each in (of, *of.get("anyOf", ())):
        if each.get("format") == "date-time":
            each["pattern"] = TIME


def _say_what_a_report_holds(report: dict[str, Any]) -> None:
    """See domain.ambulance.hospitals.check_sense."""
    counts = report["properties"]["counts"]
    counts["propertyNames"] = {"enum": [each.value for each in HospitalMeasure]}
    level = {"type": "integer", "enum": list(LEVELS)}
    counts["properties"] = {HospitalMeasure.PRESSURE_LEVEL.value: level}
    report["anyOf"] = [
        {"properties": {"counts": {"minProperties": 1}}},
        {"required": ["note"], "properties": {"note": {"type": "string", "minLength": 1}}},
        {"required": ["cohort"], "properties": {"cohort": {"type": "array"}}},
        {"required": ["relief"], "properties": {"relief": {"type": "object"}}},
    ]
