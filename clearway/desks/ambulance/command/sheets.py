"""The sheet of a shift: what is open, which whoever comes next has to know. It names no patient."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from clearway.core.concerns.queries import open_ones
from clearway.core.decisions import queries as decisions
from clearway.core.layout.times import clock, moment
from clearway.core.people.roles import name_of
from clearway.core.worklist import queries as worklist
from clearway.domain.ambulance.breaks import BreakState
from clearway.domain.ambulance.delays import Awaited
from clearway.domain.shared.figures import Figures

from ..breaks import queries as breaks
from ..delays import queries as delays
from ..delays.policy import delays as delay_policy
from ..messages import queries as messages
from ..unavailability import queries as unavailability
from ..unavailability.policy import unavailability as unavailability_policy
from . import figures
from .figures import Seen

OWED = (BreakState.OPEN, BreakState.LATE, BreakState.TRAVELLING, BreakState.MISSED)
STACKS = (Awaited.ASKED, Awaited.UNANSWERED, Awaited.NEXT_DUE)
Rows = tuple[tuple[str, ...], ...]


def tasks(seen: Seen) -> Figures:
    """What is to do, with its owner."""
    rows = tuple(
        (
            f"P{row.priority} {row.title}",
            f"{row.owner or 'Nobody'}, {name_of(row.role)}",
            f"{row.get_state_display()}, {seen.old(row.raised_at)}",
        )
        for row in worklist.open_tasks(seen.organisation_id)
        if figures.is_ours(row.role)
    )
    return Figures("" if rows else "No task is open.", ("Task", "Owner", "Stands"), rows)


def cannot_be_sent(seen: Seen) -> Figures:
    """Who is unavailable, why, and until when."""
    policy = unavailability_policy(seen.organisation_id, seen.at)
    rows = tuple(
        (
            each.row.call_sign,
            f"{each.reason.says}, {each.timer}" + (f", until {clock(each.until)}" if each.until else ""),
            seen.old(each.row.since),
        )
        for each in unavailability.lasting(seen.organisation_id, policy, seen.at)
    )
    return Figures("" if rows else "Nobody is unavailable.", ("Crew", "Why", "Since"), rows)


def breaks_owed(seen: Seen) -> Figures:
    """Breaks that have not been had."""
    rows = tuple(
        (
            row.call_sign,
            BREAK_WORDS[BreakState(row.state)],
            f"by {clock(row.start_by)}" if row.start_by else "",
        )
        for row in breaks.on_shift(seen.organisation_id, seen.at)
        if row.state in OWED
    )
    return Figures("" if rows else "No break is owed now.", ("Crew", "Break", "To begin"), rows)


BREAK_WORDS: Mapping[BreakState, str] = figures.BREAKS


def stacks(seen: Seen) -> Figures:
    """Crews that were asked for a STACK and have not said all."""
    found = delays.standing(
        seen.organisation_id, seen.reading, delay_policy(seen.organisation_id, seen.at), seen.at
    )
    rows = tuple(
        (
            each.clock.call_sign,
            str(each.awaited).replace("_", " ").capitalize(),
            seen.old(each.row.asked_at if each.row else None),
        )
        for each in found
        if each.awaited in STACKS and each.row is not None
    )
    return Figures("" if rows else "No STACK is open.", ("Crew", "STACK", "Asked"), rows)


def reviews(seen: Seen) -> Figures:
    """Decisions that somebody has to look at again."""
    rows = tuple(
        (row.decision, f"{row.by}, {name_of(row.role)}", moment(row.review_at, seen.at))
        for row in decisions.to_review(seen.organisation_id, seen.at)
        if figures.is_ours(row.role)
    )
    return Figures("" if rows else "None.", ("Decision", "By", "Review"), rows)


def without_words(part: Figures) -> Figures:
    """Messages that somebody has not acknowledged, for whoever may not read what they say."""
    rows = tuple((to, "For those who write messages", sent) for to, _, sent in part.rows)
    return replace(part, rows=rows)


def unheard(seen: Seen) -> Figures:
    """Messages that somebody has not acknowledged."""
    rows = tuple(
        (each.name, each.of.words, seen.old(each.of.at))
        for each in messages.unanswered(seen.organisation_id, 0, seen.at)
    )
    return Figures("" if rows else "Every message is acknowledged.", ("To", "Message", "Sent"), rows)


def concerns(seen: Seen) -> Figures:
    """Open hazards, risks and incidents with who answers for them."""
    rows = tuple(
        (each.kind, f"{each.what}; {name_of(each.owner)}", seen.old(each.reported_at))
        for each in open_ones(seen.organisation_id, seen.at)
        if each.desk == "ambulance"
    )
    return Figures("" if rows else "None is open.", ("Kind", "What, and who answers", "Reported"), rows)


PARTS: Mapping[str, tuple[str, Callable[[Seen], Figures]]] = {
    "tasks": ("Open tasks", tasks),
    "levels": ("Levels", figures.ladders),
    "diverts": ("Diverts", figures.diverted),
    "stacks": ("STACK reports", stacks),
    "unavailable": ("Unavailable", cannot_be_sent),
    "breaks": ("Breaks owed", breaks_owed),
    "reviews": ("Decisions to review", reviews),
    "messages": ("Messages not acknowledged", unheard),
    "concerns": ("Hazards, risks and incidents", concerns),
}
