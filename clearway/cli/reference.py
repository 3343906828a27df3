"""Write the pages of docs/reference that can drift from the code, or check that they are current.

The job cycle, the native events, the rules and the commands are tables in the code; their pages are made
from those tables and committed, so that they can be read without running anything.

Example: clearway reference check
"""

import argparse
import dataclasses
import enum
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from clearway.cli import clock_pages, example_pages, list_pages, manual
from clearway.config import environment
from clearway.domain.ambulance import availability, calls, quality, transitions
from clearway.domain.ambulance.events import (
    AvailabilityEvent,
    CallEvent,
    Event,
    ExpectedRelief,
    HospitalEvent,
    InCohort,
    JobEvent,
    Patient,
    Position,
)
from clearway.domain.ambulance.words import (
    Availability,
    CallStatus,
    Category,
    HospitalMeasure,
    JobState,
    JobStatus,
    ReceivingUnit,
    ResourceKind,
    Standing,
    StatusSource,
)
from clearway.domain.shared.findings import Severity
from clearway.gateway import hl7_reasons
from clearway.interchange import (
    ads_export,
    api_description,
    native,
    native_schema,
    referral_message,
    regional_figures,
)
from clearway.interchange.fhir import reference as fhir_page
from clearway.interchange.hl7 import reference as hl7_page
from clearway.interchange.native_words import EXAMPLES, MEANINGS

GENERATED = "Generated from the code by `clearway reference write`; edit the code, not this page."

LINKS = {
    "Patient": "[patient](#patient)",
    "InCohort": "[in cohort](#in-cohort)",
    "ExpectedRelief": "[expected relief](#expected-relief)",
}
TITLES: tuple[tuple[type, str, str], ...] = (
    (
        CallEvent,
        "call",
        "Something about an incident itself: the times of its call, its category, its place.",
    ),
    (JobEvent, "job", "A status of one resource on one assignment."),
    (AvailabilityEvent, "availability", "A change in whether a resource can be sent, whatever job it holds."),
    (
        HospitalEvent,
        "hospital",
        "How a hospital stands. A figure that is left out stays as it was, with its age.",
    ),
    (ExpectedRelief, "expected relief", "What will relieve those who wait at a hospital."),
    (InCohort, "in cohort", "One patient of a cohort list."),
    (Patient, "patient", "The patient of a call event. Age and sex are operational, the rest is identity."),
    (
        Position,
        "position",
        "Where a resource was. It is known by call sign and time and needs no message id.",
    ),
)
WORDS: tuple[type[enum.Enum], ...] = (
    CallStatus,
    JobStatus,
    Availability,
    Standing,
    Category,
    ResourceKind,
    StatusSource,
    HospitalMeasure,
    ReceivingUnit,
)
URGENCY: Mapping[Severity, str] = {
    Severity.CRITICAL: "the number must not be published until it is mended",
    Severity.HIGH: "to be dealt with in the same shift",
    Severity.MEDIUM: "to be dealt with on the same day",
    Severity.LOW: "to be watched as a trend",
}
LIMITS: Mapping[str, str] = {
    "implausibly_short_handover_seconds": "HQ09: shorter than so many seconds",
    "long_handover": "HQ10: longer than so many minutes",
    "absurd_handover": "HQ10B: longer than so many minutes",
    "future_seconds": "HQ27: so many seconds after it was received",
    "geofence_metres": "HQ06, HQ07, HQ08, HQ19, HQ38: so near to a hospital a vehicle is at it",
    "fence_minutes": "HQ06, HQ08, HQ19, ST01, ST03, ST05: for so many minutes",
    "early_press_minutes": "HQ07: so many minutes before it was there",
    "standing_metres": "HQ08, HQ38, ST02, ST03, ST06: moves less than a fifth of it between two positions",
    "standing_minutes": "ST02: for so many minutes",
    "standing_on_way_minutes": "ST06: for so many minutes",
    "moving_kmh": "ST01, ST05: at so many kilometres an hour or more",
    "off_scene_metres": "ST04: further than so many metres from the scene",
    "fastest_kmh": "ST07: faster than so many kilometres an hour",
    "gap_seconds": "between two positions; over a longer gap nothing is concluded",
    "feed_minutes": "HQ37: positions older than so many minutes",
    "ghost_minutes": "HQ38: for so many minutes",
    "overrun_minutes": "ST08: so many minutes after the end of the shift",
    "together_count": "HQ12: so many handovers",
    "together_seconds": "HQ12: within so many seconds",
    "pins_minutes": "HQ13: further apart than so many minutes",
    "cohort_handover_seconds": "HQ16: within so many seconds of the start of the cohort",
    "silent_queue_minutes": "HQ17: waits longer than so many minutes",
    "wrap_up_minutes": "HQ39: longer than so many minutes",
    "late_edit_hours": "HQ30: changed more than so many hours after it happened",
    "fastest_share": "HQ34: in less than so much of the driving time",
    "cohort_minutes": "HQ18: what began or ended within so many minutes of the list is left out",
    "relief_minutes": "HQ35: handover within so many minutes of the relief's arrival",
    "skew_seconds": "HQ28: off by more than so many seconds",
    "heaping_z": "HQ32: by more than so many standard deviations",
    "unknown_amber": "HQ33: more than so much of the day's handovers, amber",
    "unknown_red": "HQ33: the same, red",
    "least_a_day": "HQ33: days with fewer arrivals are not judged",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=["write", "check"], help="write the pages, or name the stale ones")
    parser.add_argument(
        "--folder", type=Path, default=Path("docs/reference"), help="where they are (default: %(default)s)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Write or check every page. Exit code 1 when a check finds a stale page."""
    stale = stale_pages(arguments.folder)
    if arguments.action == "check":
        for name in stale:
            print(f"{arguments.folder / name} differs from the code. Run: clearway reference write")
        return 1 if stale else 0
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for name in stale:
        (arguments.folder / name).write_text(PAGES[name]())
        print(f"Wrote {arguments.folder / name}")
    return 0


def stale_pages(folder: Path) -> list[str]:
    """The pages of a folder that differ from the code, or are not there."""
    return [name for name, text in PAGES.items() if _read(folder / name) != text()]


def states() -> str:
    """The page of the job cycle and of availability: diagrams and tables."""
    return _page(
        "# States of a job and of a resource",
        GENERATED,
        "A resource has two independent states: where its job stands, and whether it can be sent. A crew "
        "clears its job before it books unavailable, otherwise the clock of the job would absorb the time.",
        "## The job cycle",
        "Steps that stay in the same state are in the table only. *From a feed* marks an end that is "
        "accepted from a control room which has no better word, and refused to a person.",
        _diagram(_job_edges()),
        _table(("state", "status", "leads to", "who may say it"), _job_rows()),
        "### Statuses that come unannounced",
        "A status that the table does not allow is kept, flagged (JC02, or JC04 after the end) and shown. It "
        "moves the job forward to the state below, never back, and never reopens a job that is over.",
        _table(("status", "lands in"), [(_word(s), _word(t)) for s, t in transitions.LANDS_IN.items()]),
        "## Availability",
        "Staying in a state with another standing or reason is always allowed. A change that is not in the "
        "diagram is kept and flagged (AV01).",
        _diagram(_availability_edges()),
        _table(
            ("state", "may be followed by"),
            [(_word(a), ", ".join(map(_word, _ordered(b)))) for a, b in availability.FOLLOWS.items()],
        ),
    )


def events() -> str:
    """The page of the native events: fields, words and an example of each."""
    shapes = native.schema()
    defined = {**shapes["event"]["$defs"], **shapes["position"].get("$defs", {})}
    sections = [
        part
        for kind, title, about in TITLES
        for part in (
            f"## {title}",
            about,
            _table(("field", "type", "required", "meaning"), _field_rows(defined[kind.__name__])),
            *(_example(EXAMPLES[kind]) if kind in EXAMPLES else ()),
        )
    ]
    return _page(
        "# Native events",
        GENERATED,
        "One JSON object a line, UTF-8, at most 16,384 bytes. A field that is not named here is refused; a "
        "field that is not required may be left out. Times carry an offset and lie between 2000 and 2099. "
        "Keys and names hold no control characters. The same as JSON Schema: "
        "[events](native-events.schema.json), [positions](native-positions.schema.json). "
        "`clearway feed check` reads a whole file by it.",
        *sections,
        "## Words",
        "Each word is explained in the [glossary](../glossary.md).",
        _table(
            ("list", "words"),
            [(word.__name__, ", ".join(f"`{each.value}`" for each in word)) for word in WORDS],
        ),
    )


def rules() -> str:
    """The page of the quality rules, their limits, and the response clock."""
    return _page(
        "# Rules of data quality",
        GENERATED,
        "A rule that is broken makes a finding beside the facts. Nothing is corrected in silence: what was "
        "said stays, and somebody who can mend it is asked. HQ are the rules of the handover, JC those of "
        "the job cycle, AV those of availability, ST those of statuses against positions. What each finds is "
        "measured in [data quality](../explanation/data-quality.md).",
        _table(
            ("code", "what is wrong", "severity", "who can mend it"),
            [(rule.code, rule.sentence, rule.severity, rule.fixer) for rule in quality.RULES.values()],
        ),
        "## Severity",
        _table(("severity", "meaning"), list(URGENCY.items())),
        "## The order of times",
        "The first must not be later than the second. Equal seconds are legal.",
        _table(
            ("earlier", "later", "rule"), [(_word(a), _word(b), code) for a, b, code in quality.LEGAL_ORDER]
        ),
        "## Limits",
        "Proposals for a trust to set; its policy replaces them.",
        _table(
            ("limit", "value"),
            [(LIMITS[each.name], f"{each.default:g}") for each in dataclasses.fields(quality.Limits)],
        ),
        "## When the response clock starts",
        "At the earliest of the triage code, the first allocation, and so many seconds after the call was "
        "connected. A clock start that the control room itself sends is taken instead. The seconds are those "
        "of the Ambulance Response Programme of 2017, recalled and not checked against a current "
        "specification: a trust confirms them before it publishes a response time.",
        _table(
            ("category", "seconds"),
            [(category, str(seconds)) for category, seconds in calls.CLOCK_START_SECONDS.items()],
        ),
    )


def _schema(kind: str) -> str:
    return json.dumps(native_schema.published(kind), indent=2, ensure_ascii=False) + "\n"


PAGES: Mapping[str, Callable[[], str]] = {
    "commands.md": manual,
    "states.md": states,
    "events.md": events,
    "native-events.schema.json": lambda: _schema("event"),
    "native-positions.schema.json": lambda: _schema("position"),
    "regional-figures.schema.json": lambda: json.dumps(regional_figures.schema(), indent=2) + "\n",
    "rules.md": rules,
    "settings.md": environment.page,
    "clock-events.md": clock_pages.clock_events,
    "clock-rules.md": clock_pages.clock_rules,
    "ads-export.md": ads_export.reference_page,
    "referral-messages.md": referral_message.reference_page,
    "api.md": api_description.reference_page,
    "api.openapi.json": api_description.page,
    "hl7-messages.md": lambda: f"{hl7_page.page()}\n{hl7_reasons.section()}",
    "fhir.md": fhir_page.page,
    "clock-examples.md": example_pages.clock_examples_page,
    "outpatient-codes.md": clock_pages.outpatient_codes,
    "list-checks.md": list_pages.list_checks,
}


def _job_edges() -> list[tuple[str, str, str]]:
    moves: dict[tuple[str, str], list[str]] = {}
    for (state, status), after in transitions.STEPS.items():
        if state is not after:
            moves.setdefault((_node(state), after.value), []).append(_word(status))
    for (state, status), after in transitions.SHORT_ENDS.items():
        moves.setdefault((_node(state), after.value), []).append(f"{_word(status)} (from a feed)")
    edges = [(start, end, ", ".join(words)) for (start, end), words in moves.items()]
    return [*edges, *((state.value, "[*]", "") for state in JobState if state.is_over and state != "none")]


def _availability_edges() -> list[tuple[str, str, str]]:
    return [(a.value, b.value, "") for a, after in availability.FOLLOWS.items() for b in _ordered(after)]


def _ordered(states: Iterable[Availability]) -> list[Availability]:
    return sorted(states, key=list(Availability).index)


def _node(state: JobState) -> str:
    return "[*]" if state is JobState.NONE else state.value


def _job_rows() -> list[tuple[str, ...]]:
    rows = [(a, s, b, "a feed or a person") for (a, s), b in transitions.STEPS.items()]
    rows += [(a, s, b, "a feed only") for (a, s), b in transitions.SHORT_ENDS.items()]
    rows += [
        (state, status, state, "a feed or a person, after the end")
        for state, statuses in transitions.AFTER_THE_END.items()
        for status in sorted(statuses, key=list(JobStatus).index)
    ]
    places = list(JobState)
    ordered = sorted(rows, key=lambda row: places.index(row[0]))
    return [(_word(state), _word(status), _word(after), who) for state, status, after, who in ordered]


def _field_rows(shape: dict[str, Any]) -> list[tuple[str, ...]]:
    required = {*shape.get("required", ()), "type"}
    return [
        (f"`{name}`", _type(of), "yes" if name in required else "", MEANINGS[name])
        for name, of in shape["properties"].items()
    ]


def _type(of: dict[str, Any]) -> str:
    """A JSON Schema type as a reader would say it."""
    if "anyOf" in of:
        return " or ".join(_type(each) for each in of["anyOf"] if each != {"type": "null"})
    if "$ref" in of:
        name = of["$ref"].rpartition("/")[2]
        return LINKS.get(name, f"a word of {name}")
    if "enum" in of:
        return " or ".join(f"`{value}`" for value in of["enum"])
    if of.get("format") == "date-time":
        return "time with offset"
    if of.get("type") in ("array", "object"):
        return _several(of)
    return _bounds(of)


def _several(of: dict[str, Any]) -> str:
    if of["type"] == "array":
        return f"list of {_type(of['items'])}, at most {of['maxItems']}"
    return f"words of HospitalMeasure, each with a {_type(of['additionalProperties'])}"


def _bounds(of: dict[str, Any]) -> str:
    kind = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false"}[
        of["type"]
    ]
    if of.get("pattern", "").startswith("^("):
        return " or ".join(f"`{word}`" for word in of["pattern"].strip("^$()").split("|"))
    if of.get("pattern", "").startswith("^\\d"):
        return f"text of the form `{of['pattern']}`"
    if "maxLength" in of:
        return f"{kind}, {of.get('minLength', 0)} to {of['maxLength']} characters"
    if "minimum" in of:
        return f"{kind}, {of['minimum']:,} to {of['maximum']:,}"
    return kind


def _example(value: Event | Position) -> tuple[str, str]:
    return "Example:", f"```json\n{json.dumps(json.loads(native.dump([value])), indent=2)}\n```"


def _diagram(edges: Iterable[tuple[str, str, str]]) -> str:
    lines = [f"    {start} --> {end}" + (f": {label}" if label else "") for start, end, label in edges]
    return "\n".join(["```mermaid", "stateDiagram-v2", *lines, "```"])


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _page(*parts: str) -> str:
    return "\n\n".join(parts) + "\n"


def _word(word: enum.StrEnum | str) -> str:
    return str(word).replace("_", " ")


def _read(path: Path) -> str | None:
    return path.read_text() if path.is_file() else None
