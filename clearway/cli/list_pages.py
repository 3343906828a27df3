"""The reference page of the waiting list: its checks, and the outcomes that are legal together."""

from collections.abc import Iterable

from clearway.core.people.roles import name_of
from clearway.domain.outpatients.outcomes import PRESETS, TABLE, Row
from clearway.domain.outpatients.validation import CHECKS, NOT_ASKED

from .clock_pages import GENERATED


def list_checks() -> str:
    """The checks, those that are not asked, and what may be said of an appointment."""
    return _page(
        "# Checks of the waiting list",
        GENERATED,
        "Each is a condition over one row of the lists, asked every minute and again of what the page List "
        "checks shows. DQ33 and DQ34 are conditions over the return of the month that ended last, asked "
        "once an hour; part 2a is in none, because no decision to admit is recorded. What is found stands in "
        "one queue, with its owner, who took it and since when. E keeps a figure out of a return; W is "
        "looked at each week. Numbers are those of the published set.",
        _table(
            ("check", "says", "severity", "owner"),
            ((code, each.says, each.severity, name_of(each.fixer)) for code, each in CHECKS.items()),
        ),
        "## Not asked, and why",
        _table(("check", "why"), NOT_ASKED.items()),
        "## Cashing up",
        "The keys of the cashing-up sheet:",
        _table(
            ("key", "says", "attended", "outcome", "status", "next step"),
            (
                (
                    f"`{key}`",
                    each.words,
                    each.attended,
                    each.outcome or "",
                    each.status or "as the clock stands",
                    each.next_step.meaning,
                )
                for key, each in PRESETS.items()
            ),
        ),
        "What is legal together, by where the clock stands, and the clock event it makes:",
        _table(("attended", "status", "next steps", "clock", "event"), (_outcome(row) for row in TABLE)),
    )


def _outcome(row: Row) -> tuple[str, ...]:
    return (
        ", ".join(sorted(row.attended)),
        row.status or "",
        ", ".join(sorted(step.meaning for step in row.steps)),
        ", ".join(sorted(phase.replace("_", " ") for phase in row.phases)),
        f"`{row.event}`" if row.event else "none",
    )


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _page(*parts: str) -> str:
    return "\n\n".join(parts) + "\n"
