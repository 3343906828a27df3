"""The pages of docs/reference about waiting time clocks and outpatient codes, made from the tables "
"in the code."""

from collections.abc import Iterable
from enum import EnumType

from clearway.cli.clocks import ANSWER
from clearway.domain.outpatients import words
from clearway.domain.outpatients.clock_events import DERIVED, EventKind, Evidence
from clearway.domain.outpatients.clock_findings import FINDINGS
from clearway.domain.outpatients.clock_policy import SWITCHES
from clearway.domain.outpatients.clock_rules import TABLE, Rule
from clearway.domain.outpatients.clock_words import CLOSED, OPEN, Effect, Phase, Prompt
from clearway.domain.outpatients.words import ClockState, Code, RttStatus
from clearway.interchange.clock_file import COLUMNS

GENERATED = "Generated from the code by `clearway reference write`; edit the code, not this page."
EFFECTS = {
    Effect.KEEP: "none",
    Effect.OPEN: "a clock starts that day",
    Effect.OPEN_STATED: "a clock starts on the day stated",
    Effect.OPEN_UNKNOWN: "a clock of unknown start",
    Effect.MOVE_START: "the start moves to the day stated, if earlier or none was known",
    Effect.STOP: "stops that day",
    Effect.STOP_AT_MISS: "stops on the day of the missed appointment",
    Effect.NULLIFY: "nullified",
    Effect.LEAVE: "goes on elsewhere",
}


def clock_events() -> str:
    """What goes into `clearway clocks` and what comes out."""
    return _page(
        "# Clock events",
        GENERATED,
        "The file that `clearway clocks` reads: CSV in UTF-8, or Parquet, one event a row, in any "
        "order. Columns "
        "may stand in any order; those that are not needed may be left out. Dates are civil dates, "
        "without time. "
        "A row that cannot be read goes to the file of rejects with its field, the reason and the fix; it is "
        "never guessed at.",
        "## Columns read",
        _table(
            ("column", "needed", "holds", "example"),
            (
                (f"`{each.name}`", "yes" if each.needed else "", each.holds, f"`{each.example}`")
                for each in COLUMNS
            ),
        ),
        "## Events",
        "What each does to the clock stands in [the table of rules](clock-rules.md). The evidence "
        "named here is "
        "what some rule of the event asks for; without it the clock goes on and the row is a finding.",
        _table(
            ("event", "what happened", "evidence that matters"),
            ((f"`{kind}`", kind.meaning, _evidence_of(kind)) for kind in EventKind),
        ),
        "## Evidence",
        _table(
            ("word", "what can be shown"),
            ((f"`{proof}`", proof.meaning) for proof in Evidence if proof not in DERIVED),
        ),
        "## Columns written",
        "One row for each clock of each pathway, and one for a pathway without a clock.",
        _table(("column", "holds"), ((f"`{name}`", holds) for name, holds in ANSWER.items())),
        "## Findings",
        "An event that cannot be right stays in the history, changes no clock and stands in the file "
        "of findings.",
        _table(
            ("code", "what is wrong", "what mends it"),
            ((each.code, each.says, each.fix) for each in FINDINGS.values()),
        ),
        "## Choices",
        "Where the guidance leaves a choice, `--policy` switches it on.",
        _table(("switch", "meaning"), ((f"`{switch}`", says) for switch, says in SWITCHES.items())),
        "## Return figures",
        "`--returns monthly` looks back to the first of the month of the day asked about, `--returns "
        "weekly` six "
        "days. Counted are pathways of measurement 01. Incomplete: open at the end of the day, by "
        "week band and "
        "unknown start. Completed: stopped within the span with 30, 31, 32, 34, 35 or 36, admitted "
        "or not. New: "
        "clock starts within the span; a clock received from another provider counts by its original start. "
        "Nullified clocks are in no figure. Functions 108, 111 and 115 are counted as 110; no other "
        "grouping of "
        "the national return is made. The figures of `list` say how the list came to its length.",
    )


def clock_rules() -> str:
    """The table of rules."""
    return _page(
        "# Rules of the waiting time clock",
        GENERATED,
        "Source: NHS England, Recording and reporting referral to treatment waiting times, version 5.0 "
        "(11 February 2025), PRN01045, with the rules suite of October 2022. Rule is the rule or "
        "section there. "
        "For one event the first row decides whose phase, evidence and choices hold; an event "
        "without a row is a "
        "finding (CK01). All rows hold from 1 October 2015; earlier days are read alike.",
        "## Phases",
        _table(
            ("phase", "state of the clock"),
            ((str(phase).replace("_", " "), _state(phase)) for phase in Phase),
        ),
        "## Rules",
        _table(
            ("event", "from", "asks for", "effect", "to", "status", "rule", "in words"),
            (_rule_row(rule) for rule in TABLE),
        ),
        "## What a person is asked to do",
        _table(("prompt", "meaning"), ((f"`{prompt}`", prompt.meaning) for prompt in Prompt)),
        "## States",
        _table(("state", "meaning"), ((f"`{state}`", state.meaning) for state in ClockState)),
        "## Status codes",
        _table(("code", "meaning"), ((status.value, status.meaning) for status in RttStatus)),
    )


def outpatient_codes() -> str:
    """The national codes that the outpatient desk uses."""
    parts = []
    for word in vars(words).values():
        if isinstance(word, EnumType) and issubclass(word, Code) and word is not Code:
            parts += [
                f"## {(word.__doc__ or '').splitlines()[0].rstrip('.')} (`{word.__name__}`)",
                _table(("code", "meaning"), ((f"`{each.value}`", each.meaning) for each in word)),
            ]
    functions = _table(("code", "function"), words.TREATMENT_FUNCTIONS.items())
    return _page("# Codes of the outpatient desk", GENERATED, *parts, "## Treatment functions", functions)


def _rule_row(rule: Rule) -> tuple[str, ...]:
    return (
        f"`{rule.kind}`",
        _phases(rule.when),
        "; ".join(_asks_for(rule)),
        EFFECTS[rule.effect],
        "" if rule.to is None else str(rule.to).replace("_", " "),
        "" if rule.status is None else rule.status.value,
        rule.reference,
        rule.says.replace("{", "‹").replace("}", "›"),
    )


def _asks_for(rule: Rule) -> Iterable[str]:
    yield from sorted(str(proof) for proof in rule.needs)
    if rule.offers:
        yield f"{rule.offers} reasonable offers declined"
    if rule.start is False:
        yield "start not known"
    for switch, on in rule.switches:
        yield f"{switch} {'on' if on else 'off'}"


def _phases(when: frozenset[Phase]) -> str:
    if when == OPEN:
        return "any open"
    if when == CLOSED:
        return "any closed"
    return ", ".join(str(phase).replace("_", " ") for phase in Phase if phase in when)


def _state(phase: Phase) -> str:
    from clearway.domain.outpatients.clock_words import Standing

    state = str(Standing(phase).state)
    return f"{state}, or unknown_start" if phase.is_open else state


def _evidence_of(kind: EventKind) -> str:
    asked = {proof for rule in TABLE if rule.kind is kind for proof in rule.needs} - DERIVED
    return ", ".join(f"`{proof}`" for proof in Evidence if proof in asked)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _page(*parts: str) -> str:
    return "\n\n".join(parts) + "\n"
