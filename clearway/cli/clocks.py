"""Compute waiting time clocks from a file of dated events, and the monthly or weekly return figures.

Nothing else of Clearway is needed: no database, no server. One row of the answer is one clock of one pathway,
with its start, days, week band, the dates around 18 weeks and the sentence of the rule. A row that cannot be
read is written to a file of rejects with its reason, and counted; an event that cannot be right goes to a
file of findings. Columns and words: docs/reference/clock-events.md.

Exit code 1: the answer was written, and rows were rejected.

Examples:
  clearway clocks events.csv --as-of 2026-10-31 --out clocks.csv
  clearway clocks events.parquet --as-of 2026-10-31 --out clocks.parquet --returns monthly --json
"""

import argparse
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clearway.cli import a_day

if TYPE_CHECKING:
    from clearway.domain.outpatients.clock_events import ClockEvent
    from clearway.domain.outpatients.clock_policy import ClockPolicy
    from clearway.engine.outpatients.bulk_clocks import Clocks
    from clearway.engine.outpatients.returns import Returns, Waits
    from clearway.interchange.clock_file import ClockFile

# Column of the answer -> what it holds; the reference page is made of it.
ANSWER = {
    "pathway": "key of the pathway, as in the file",
    "measurement": "01 consultant-led, 02 allied health, 09 other",
    "period": "1 for the first clock of the pathway, 2 for the next; empty where none ever started",
    "state": "of this clock: ticking, unknown_start, stopped, nullified or transferred; else none",
    "pathway_state": "of the pathway: the same words, and monitoring",
    "status": "newest status code of this clock, of the pathway where it has no clock",
    "start_date": "first day of the clock; empty where not known",
    "opened_on": "day on which it came onto the list; later than the start after a transfer",
    "ended_on": "day of the stop, the nullified appointment or the transfer",
    "days": "days waited, to the end or to the day asked about",
    "complete_weeks": "for display only",
    "band": "week band of the national return",
    "treat_by": "126th day, the last inside 18 weeks",
    "first_breach_day": "127th day, the first one over",
    "within_standard": "yes up to the 126th day, else no",
    "function": "treatment function that stopped the clock, or that has it",
    "admitted": "yes where the stop was an admission for treatment",
    "rule": "rule or section of the national guidance that decided last",
    "because": "the same in a sentence",
    "findings": "events of this pathway that cannot be right; see the file of findings",
    "rejected_rows": "rows of this pathway that could not be read: its clock may be wrong without them",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("events", type=Path, help="events, .csv or .parquet")
    parser.add_argument(
        "--as-of", type=a_day, required=True, metavar="DATE", help="end of this day, 2026-10-31"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="clocks, .csv or .parquet")
    parser.add_argument(
        "--returns",
        choices=["monthly", "weekly"],
        help="also count the return of the month or week to that day",
    )
    parser.add_argument(
        "--policy",
        action="append",
        default=[],
        metavar="SWITCH",
        choices=["miss_discharge_stops_at_miss", "second_miss_nullifies", "late_arrival_is_miss"],
        help="switch on a choice that the guidance leaves open; may be given again",
    )
    parser.add_argument("--json", action="store_true", help="print the counts as JSON")


def run(arguments: argparse.Namespace) -> int:
    from clearway.domain.outpatients.clock_policy import ClockPolicy, Switch
    from clearway.engine.outpatients.returns import Span, doubts
    from clearway.interchange import clock_file

    policy = ClockPolicy(frozenset(Switch(word) for word in arguments.policy))
    names = _beside(arguments.out)
    read = clock_file.read(arguments.events)
    answer = compute(read, arguments.as_of, policy)
    _save(arguments.out, answer.columns())
    summary: dict[str, Any] = answer.summary() | {"files": {"clocks": str(arguments.out)}}
    for what, columns in (("rejects", _rejects(read)), ("findings", answer.found())):
        names[what].unlink(missing_ok=True)  # what an earlier run left is not this run's
        if any(columns.values()):
            _save(names[what], columns)
            summary["files"][what] = str(names[what])
    if arguments.returns:
        figures = answer.returns(Span(arguments.returns))
        _save(names["returns"], _return_rows(figures))
        summary |= {"returns": _return_summary(figures, answer.left_out())}
        if figures.span is Span.MONTHLY:
            before = compute(read, figures.first_day - timedelta(days=1), policy).returns(figures.span)
            summary["returns"]["to_look_at"] = [asdict(each) for each in doubts(figures, before)]
        summary["files"]["returns"] = str(names["returns"])
    print(json.dumps(summary, indent=2) if arguments.json else _told(summary))
    return 1 if read.refused else 0


@dataclass(slots=True)
class Answer:
    """The clocks of a file. findings  pathway, event, code and what would mend it, of each"""

    read: "ClockFile"
    listed: "list[list[ClockEvent]]"
    clocks: "Clocks"
    findings: "list[tuple[int, ClockEvent, str, str]]"

    def columns(self) -> dict[str, list[object]]:
        rows = list(self._rows())
        return {name: [row[place] for row in rows] for place, name in enumerate(ANSWER)}

    def _rows(self) -> Iterator[tuple[object, ...]]:
        """Periods and pathways without one, in the order of the file."""
        found = [0] * len(self.read.pathways)
        for pathway, *_ in self.findings:
            found[pathway] += 1
        next_period = 0
        owners = self.clocks.pathway.tolist()
        periods = list(self._periods())
        for number, name in enumerate(self.read.pathways):
            head = (name, str(self.read.measurement[number]))
            tail = (found[number], self.read.refused_of.get(number, 0))
            state = self._state(number)
            first = next_period
            while next_period < len(owners) and owners[next_period] == number:
                period = periods[next_period]
                yield (*head, period[0], period[1], state, *period[2:], *tail)
                next_period += 1
            if first == next_period:
                status = int(self.clocks.status[number]) or None
                yield (*head, None, "none", state, status and f"{status}", *[None] * 13, *tail)

    def _state(self, pathway: int) -> str:
        from clearway.engine.outpatients.bulk_clocks import STATES

        return str(STATES[self.clocks.state[pathway]])

    def _periods(self) -> Iterator[tuple[object, ...]]:
        """What the answer says of each period, from its number to the sentence."""
        from clearway.domain.outpatients import counting
        from clearway.engine.outpatients.bulk_clocks import EPOCH, NO_DAY, STATES

        clocks, labels = self.clocks, counting.BandLabels()
        events = [event for history in self.listed for event in history]
        for number, state, status, start, opened, ended, days, band, function, admitted, rule, row in zip(
            *(
                column.tolist()
                for column in (
                    *(clocks.number, clocks.period_state, clocks.period_status, clocks.start),
                    *(clocks.opened_on, clocks.ended_on, clocks.days, clocks.band, clocks.function),
                    *(clocks.admitted, clocks.rule, clocks.event),
                )
            ),
            strict=True,
        ):
            first = None if start == NO_DAY else EPOCH + timedelta(days=start)
            end = None if ended == NO_DAY else EPOCH + timedelta(days=ended)
            decided = clocks.rules[rule]
            yield (
                number,
                str(STATES[state]),
                f"{status}" if status else None,
                first and first.isoformat(),
                (EPOCH + timedelta(days=opened)).isoformat(),
                end and end.isoformat(),
                None if first is None else days,
                None if first is None else counting.complete_weeks(days),
                counting.UNKNOWN_BAND if first is None else labels.of(band),
                first and counting.treat_by(first).isoformat(),
                first and counting.first_breach_day(first).isoformat(),
                None if first is None else "yes" if days <= counting.STANDARD_DAYS else "no",
                f"{function:03}" if function else None,
                "yes" if admitted else None,
                decided.reference,
                decided.told(events[row].on, first, end),
            )

    def found(self) -> dict[str, list[object]]:
        """The findings as columns."""
        from clearway.domain.outpatients.clock_findings import FINDINGS

        names = ("pathway", "event_id", "event", "date", "code", "what", "fix")
        rows = [
            (
                self.read.pathways[pathway],
                event.key,
                str(event.kind),
                event.on.isoformat(),
                code,
                FINDINGS[code].says,
                fix,
            )
            for pathway, event, code, fix in self.findings
        ]
        return {name: [row[place] for row in rows] for place, name in enumerate(names)}

    def summary(self) -> dict[str, Any]:
        """Counts that add up: rows = used + rejected."""
        from clearway.engine.outpatients.bulk_clocks import STATES

        states = [str(STATES[code]) for code in self.clocks.state.tolist()]
        rejected = len(self.read.refused)
        return {
            "as_of": self.clocks.as_of.isoformat(),
            "rows": self.read.rows,
            "used": self.read.rows - rejected,
            "rejected": rejected,
            "pathways": len(self.read.pathways),
            "clocks": len(self.clocks.days),
            "open": int(self.clocks.is_open.sum()),
            "findings": len(self.findings),
            "pathways_by_state": {state: states.count(state) for state in sorted(set(states))},
        }

    def returns(self, span: Any) -> "Returns":
        import numpy as np

        from clearway.engine.outpatients.returns import returns

        counted = np.array([each == "01" for each in self.read.measurement], dtype=np.bool_)
        return returns(self.clocks, counted, span)

    def left_out(self) -> int:
        """Pathways that are in no national return."""
        return sum(each != "01" for each in self.read.measurement)


def compute(read: "ClockFile", as_of: date, policy: "ClockPolicy") -> Answer:
    """The clocks of every pathway of a file, corrections applied, with everything found wrong."""
    from clearway.domain.outpatients.clock_findings import FINDINGS, FIXES
    from clearway.domain.outpatients.corrections import settled
    from clearway.engine.outpatients.bulk_clocks import FINDING_CODES, EventColumns, bulk_clocks

    listed = []
    findings: list[tuple[int, ClockEvent, str, str]] = []
    for pathway, events in enumerate(read.events):
        ordered, troubles = settled(events)
        listed.append(ordered)
        findings += [
            (pathway, each.event, each.code, FINDINGS[each.code].fix)
            for each in troubles
            if each.event.on <= as_of
        ]
    columns = EventColumns.of(listed)
    clocks = bulk_clocks(columns, as_of, policy)
    flat = [event for history in listed for event in history]
    found = (clocks.finding_event.tolist(), clocks.finding.tolist(), clocks.finding_rule.tolist())
    for row, place, rule in zip(*found, strict=True):
        code = FINDING_CODES[place]
        fix = FIXES[next(iter(clocks.rules[rule].when))] if code == "CK01" else FINDINGS[code].fix
        findings.append((int(columns.pathway[row]), flat[row], code, fix))
    findings += _without_contact(clocks, flat)
    return Answer(read, listed, clocks, sorted(findings, key=lambda each: (each[0], each[1].on, each[2])))


def _without_contact(
    clocks: "Clocks", events: "list[ClockEvent]"
) -> "Iterable[tuple[int, ClockEvent, str, str]]":
    """Stops that cannot have been made outside a contact."""
    from clearway.domain.outpatients.clock_findings import FINDINGS

    rows = (clocks.pathway.tolist(), clocks.event.tolist(), clocks.rule.tolist())
    for pathway, row, rule in zip(*rows, strict=True):
        if events[row].outside_contact and clocks.rules[rule].needs_a_contact:
            yield pathway, events[row], "CK12", FINDINGS["CK12"].fix


def _beside(out: Path) -> dict[str, Path]:
    """The other files of a run, named after the answer."""
    return {what: out.with_name(f"{out.stem}.{what}.csv") for what in ("rejects", "findings", "returns")}


def _save(path: Path, columns: dict[str, list[object]]) -> None:
    from clearway.cli import CannotRun
    from clearway.interchange import clock_file

    try:
        clock_file.write(path, columns)
    except OSError as problem:
        raise CannotRun(f"{path} cannot be written: {problem.strerror}.") from None
    except ImportError:
        raise CannotRun("Parquet needs pyarrow. Run: pip install 'clearway[parquet]'") from None


def _rejects(read: "ClockFile") -> dict[str, list[object]]:
    """Rejected rows with the reason before the cells as they stood."""
    width = max([len(read.header), *(len(each.cells) for each in read.refused)])
    names = [*read.header, *(f"cell {place}" for place in range(len(read.header) + 1, width + 1))]
    columns: dict[str, list[object]] = {
        "row": [each.row for each in read.refused],
        "field": [each.field for each in read.refused],
        "why": [each.why for each in read.refused],
        "fix": [each.fix for each in read.refused],
    }
    for place, name in enumerate(names):
        columns[f"was: {name}"] = [
            each.cells[place] if place < len(each.cells) else None for each in read.refused
        ]
    return columns


def _return_rows(figures: "Returns") -> dict[str, list[object]]:
    """One figure a row: which return, function, figure, value."""
    rows: list[tuple[str, str, str, int]] = []
    for name, waits in _parts(figures):
        rows += [(name, function, *each) for function, each in _by_function(figures, waits)]
    rows += [
        ("new_periods", function or "not given", "total", int(count))
        for function, count in zip(figures.functions, figures.new_periods, strict=True)
    ]
    rows += [("list", "all", name, value) for name, value in _flow(figures).items()]
    names = ("return", "function", "figure", "value")
    columns: dict[str, list[object]] = {"first_day": [], "last_day": []}
    columns |= {name: [row[place] for row in rows] for place, name in enumerate(names)}
    columns["first_day"] = [figures.first_day.isoformat()] * len(rows)
    columns["last_day"] = [figures.last_day.isoformat()] * len(rows)
    return columns


def _parts(figures: "Returns") -> list[tuple[str, "Waits"]]:
    return [
        ("incomplete", figures.incomplete),
        ("completed_admitted", figures.completed_admitted),
        ("completed_non_admitted", figures.completed_non_admitted),
    ]


def _by_function(figures: "Returns", waits: "Waits") -> Iterator[tuple[str, tuple[str, int]]]:
    from clearway.domain.outpatients import counting
    from clearway.engine.outpatients.returns import Waits

    labels = counting.BandLabels()
    bands = [labels.of(band) for band in range(counting.BANDS)] + [counting.UNKNOWN_BAND]
    for place, function in enumerate(figures.functions):
        mine = Waits(waits.counts[place : place + 1])
        named = function or "not given"
        for band, count in zip(bands, mine.counts[0].tolist(), strict=True):
            yield named, (band, int(count))
        yield named, ("total", mine.total)
        yield named, ("within 18 weeks", mine.within_standard)
        for weeks in counting.LONG_WAITS:
            yield named, (f"over {weeks} weeks", mine.over(weeks))


def _flow(figures: "Returns") -> dict[str, int]:
    return {
        "open before": figures.open_before,
        "opened": figures.opened,
        "completed": figures.completed,
        "nullified": figures.nullified,
        "handed on": figures.handed_on,
        "open": figures.incomplete.total,
    }


def _return_summary(figures: "Returns", left_out: int) -> dict[str, Any]:
    from clearway.domain.outpatients import counting

    waits = figures.incomplete
    share = waits.share_within
    return {
        "span": str(figures.span),
        "first_day": figures.first_day.isoformat(),
        "last_day": figures.last_day.isoformat(),
        "incomplete": waits.total,
        "incomplete_unknown_start": waits.unknown,
        "within_18_weeks": waits.within_standard,
        "share_within_18_weeks": None if share is None else round(share, 4),
        "meets_92_percent": figures.meets_standard,
        **{f"over_{weeks}_weeks": waits.over(weeks) for weeks in counting.LONG_WAITS},
        "completed_admitted": figures.completed_admitted.total,
        "completed_non_admitted": figures.completed_non_admitted.total,
        "new_periods": int(figures.new_periods.sum()),
        "list": _flow(figures),
        "pathways_of_other_measures_left_out": left_out,
    }


def _told(summary: dict[str, Any]) -> str:
    """The counts as lines."""
    found = f"{summary['pathways']:,} pathways, {summary['clocks']:,} clocks, {summary['open']:,} open"
    lines = [
        f"{summary['rows']:,} rows: {summary['used']:,} used, {summary['rejected']:,} rejected",
        f"{found} at the end of {summary['as_of']}; {summary['findings']:,} findings",
    ]
    if figures := summary.get("returns"):
        share = figures["share_within_18_weeks"]
        lines.append(
            f"{figures['first_day']} to {figures['last_day']}: {figures['incomplete']:,} incomplete, "
            f"{'no' if share is None else format(share, '.1%')} within 18 weeks, "
            f"{figures['over_52_weeks']:,} over 52; {figures['completed_admitted']:,} completed admitted, "
            f"{figures['completed_non_admitted']:,} not admitted, {figures['new_periods']:,} new"
        )
        lines += [f"Look at {each['code']}: {each['says']}" for each in figures.get("to_look_at", ())]
    lines += [f"{what}: {name}" for what, name in summary["files"].items()]
    return "\n".join(lines)
