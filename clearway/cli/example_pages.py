"""The reference page of the worked clock examples, computed by the engine from the file of the examples."""

from collections.abc import Iterable, Sequence
from datetime import date

from clearway.config.regions import find
from clearway.domain.outpatients.clock_events import ClockEvent
from clearway.domain.outpatients.clocks import Pathway, Period, explain
from clearway.interchange import clock_examples
from clearway.interchange.clock_examples import Example

from .clock_pages import GENERATED

REGION = "worcestershire"
ABOUT = (
    f"The histories are those of `regions/{REGION}/{clock_examples.FILE}`, which the tests run with the "
    "answers expected; the answers here are the engine's own. Dates are civil dates. Rule is the rule or "
    "section of the recording guidance, version 5.0; what happened and what follows from it are explained "
    "in [the rules](clock-rules.md) and [the events](clock-events.md)."
)


def clock_examples_page() -> str:
    """Every worked example: what happened, what the clock says as of each day, and why, step by step."""
    parts = [
        "# Worked examples of the waiting time clock",
        GENERATED,
        ABOUT,
    ]
    for each in clock_examples.parse(find(REGION)[clock_examples.FILE]):
        parts += _example(each)
    return "\n\n".join(parts) + "\n"


def _example(example: Example) -> Iterable[str]:
    yield f"## {example.number}. {example.title[0].upper()}{example.title[1:]}"
    choices = "".join(f" Choice: `{switch}`." for switch in sorted(example.switches))
    yield f"Rule {example.rule}. Measurement {example.measurement.value}.{choices}"
    named = len(example.pathways) > 1 or any(name for _, name in example.asked)
    asked = [(day, name, _explained(example, day, name)) for day, name in example.asked]
    yield _table(("day", *(("pathway",) if named else ()), "event", "with"), _events(example, named))
    yield _table(
        ("as of", *(("pathway",) if named else ()), "state", "status", "clock", "days", "band", "treat by"),
        (
            (str(day), *((name or "this one",) if named else ()), *_answer(found))
            for day, name, found in asked
        ),
    )
    last = {name: found for _, name, found in asked}
    sentences = [step for found in last.values() for step in found.steps]
    if sentences:
        yield "\n".join(f"- {step.event.on}: {step.says} ({step.reference})" for step in sentences)
    else:
        yield "- Nothing happened on this pathway, so there is no clock."
    if findings := [finding for found in last.values() for finding in found.findings]:
        yield "\n".join(f"- Finding {each.code}: {each.says}. {each.fix}" for each in findings)
    if prompts := [prompt for found in last.values() for prompt in found.prompts]:
        yield "\n".join(f"- To do by {each.due}: {each.prompt.meaning}" for each in prompts)


def _explained(example: Example, day: date, name: str) -> Pathway:
    return explain(example.pathways.get(name, ()), day, example.policy)


def _events(example: Example, named: bool) -> Iterable[Sequence[str]]:
    rows = [(event, name) for name, events in example.pathways.items() for event in events]
    for event, name in sorted(rows, key=lambda row: (row[0].on, row[0].sequence)):
        yield str(event.on), *((name or "this one",) if named else ()), f"`{event.kind}`", _carried(event)


def _carried(event: ClockEvent) -> str:
    said = [f"start {event.start_on}"] if event.start_on else []
    said += [f"until {event.until}"] if event.until else []
    said += [f"`{proof}`" for proof in sorted(event.evidence)]
    said += [f"function {event.function}"] if event.function else []
    said += ["outside a contact"] if event.outside_contact else []
    return ", ".join(said)


def _answer(found: Pathway) -> Sequence[str]:
    status = found.rtt_status.value if found.rtt_status else ""
    period = found.periods[-1] if found.periods else None
    state = str(found.state).replace("_", " ")
    if period is None:
        return state, status, "none", "", "", ""
    days = "unknown" if period.days is None else str(period.days)
    return state, status, _span(period), days, period.band, str(period.treat_by or "")


def _span(period: Period) -> str:
    start = "unknown" if period.start is None else str(period.start)
    return f"{start} to {period.ended_on}" if period.ended_on else f"from {start}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows))
