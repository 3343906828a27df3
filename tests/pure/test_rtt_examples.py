"""The worked examples of the clock rules: each row of tests/golden/rtt_examples.toml, with its number."""

import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from clearway.domain.outpatients import counting
from clearway.domain.outpatients.clock_events import ATTENDED_CODE, ClockEvent, EventKind, Evidence
from clearway.domain.outpatients.clock_policy import ClockPolicy, Switch
from clearway.domain.outpatients.clocks import Pathway, Period, explain
from clearway.domain.outpatients.words import MeasurementType

FILE = Path(__file__).resolve().parents[1] / "golden" / "rtt_examples.toml"
EXAMPLES: list[dict[str, Any]] = tomllib.loads(FILE.read_text())["examples"]
CASES = [
    pytest.param(
        example, expected, id=f"{example['number']} {expected['as_of']} {expected.get('pathway', '')}"
    )
    for example in EXAMPLES
    for expected in example["expect"]
]
PERIOD = ("start", "days", "band", "status", "admitted", "function", "treat_by", "first_breach_day")


def event(place: int, row: dict[str, Any]) -> ClockEvent:
    more = {key: row[key] for key in ("start_on", "until", "function", "outside_contact") if key in row}
    evidence = frozenset(Evidence(word) for word in row.get("evidence", ()))
    return ClockEvent(str(place), EventKind(row["kind"]), row["on"], place, evidence=evidence, **more)


def events_of(example: dict[str, Any], pathway: str | None = None) -> list[ClockEvent]:
    rows = example["events"]
    return [event(place, row) for place, row in enumerate(rows) if row.get("pathway") == pathway]


def policy_of(example: dict[str, Any]) -> ClockPolicy:
    return ClockPolicy(
        frozenset(Switch(word) for word in example.get("switches", ())),
        MeasurementType(example.get("measurement", "01")),
    )


def of_period(period: Period) -> dict[str, Any]:
    """What the examples may say of the newest clock."""
    return {
        **{name: getattr(period, name) for name in PERIOD},
        "weeks": period.complete_weeks,
        "within": period.is_within_standard,
        "over": [weeks for weeks, last in counting.LONG_WAITS.items() if (period.days or 0) > last],
        "queue_from": period.queue_from,
        "outside_contact": period.outside_contact,
        "completed": period.status is not None and not period.is_open and period.status.stops,
    }


def found(pathway: Pathway, events: list[ClockEvent]) -> dict[str, Any]:
    """Everything the examples may say of a pathway."""
    codes = [ATTENDED_CODE[each.kind] for each in events if each.kind in ATTENDED_CODE]
    return {
        "as_of": pathway.as_of,
        "state": pathway.state,
        "code": pathway.status,
        "rtt_status": pathway.rtt_status,
        "periods": len(pathway.periods),
        "open": pathway.open_period is not None,
        "findings": [finding.code for finding in pathway.findings],
        "attended": codes[-1] if codes else None,
        "earlier_days": pathway.periods[0].days if pathway.periods else None,
        **(of_period(pathway.periods[-1]) if pathway.periods else {}),
    }


@pytest.mark.parametrize(("example", "expected"), CASES)
def test_the_clock_of_every_worked_example_is_right(
    example: dict[str, Any], expected: dict[str, Any]
) -> None:
    name = expected.get("pathway")
    events = events_of(example, name)

    pathway = explain(events, expected["as_of"], policy_of(example))

    seen = found(pathway, events)
    wanted = {key: value for key, value in expected.items() if key not in ("pathway", "prompts")}
    assert {key: seen[key] for key in wanted} == wanted
    prompts = [f"{each.prompt} {each.due}" for each in pathway.prompts]
    assert set(expected.get("prompts", ())) <= set(prompts)
    assert seen["findings"] == expected.get("findings", [])


def test_all_fifty_four_examples_are_here() -> None:
    numbers = {int(example["number"].rstrip("b")) for example in EXAMPLES}

    assert numbers == set(range(1, 55))


@pytest.mark.parametrize("example", EXAMPLES, ids=[example["number"] for example in EXAMPLES])
def test_every_step_of_an_example_is_told_in_a_whole_sentence(example: dict[str, Any]) -> None:
    pathway = explain(events_of(example), date(2030, 1, 1), policy_of(example))

    assert len(pathway.steps) == len(events_of(example))
    for step in pathway.steps:
        assert step.says[0].isupper()
        assert step.says.endswith(".")
        assert "{" not in step.says
        assert step.reference
