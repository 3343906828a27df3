"""The minutes of an escalation call: decisions and actions, who was there, what was said at each point."""

from collections.abc import Iterable, Mapping, Sequence

from clearway.core.layout.times import clock
from clearway.core.people.roles import name_of
from clearway.core.worklist.models import Task
from clearway.domain.ambulance.command import Said
from clearway.domain.shared.figures import Figures, again

from .models import CallLine, EscalationCall


def actions(lines: Iterable[CallLine], stand: Mapping[int, Task], title: str = "Actions") -> Figures:
    """Actions with their owners, their times, and how their tasks stand."""
    rows = tuple(
        (line.words, name_of(line.role), clock(line.until), _state(stand.get(line.task or 0)))
        for line in lines
        if line.kind == Said.ACTION
    )
    return Figures("" if rows else "None.", ("Action", "Owner", "By", "Task"), rows, title=title)


def _state(task: Task | None) -> str:
    if task is None:
        return "No data"
    said = f": {task.answer}" if task.answer else ""
    return f"{task.get_state_display()}{said}"


def heads(lines: Sequence[CallLine]) -> list[Figures]:
    """What a call came to so far: roll-call, decisions, the next call."""
    present = [(line.words, line.role, clock(line.at)) for line in lines if line.kind == Said.PRESENT]
    decided = [
        (line.words, f"entry {line.decision}", clock(line.until) if line.until else "none")
        for line in lines
        if line.kind == Said.DECISION
    ]
    following = [line.until for line in lines if line.kind == Said.NEXT]
    return [
        Figures(
            "" if present else "Nobody yet.", ("Present", "Role", "From"), tuple(present), title="Roll-call"
        ),
        Figures("" if decided else "None.", ("Decision", "Log", "Review"), tuple(decided), title="Decisions"),
        Figures(
            f"At {clock(following[-1])}." if following else "Not settled.", ("Next",), (), title="Next call"
        ),
    ]


def points(row: EscalationCall, lines: Sequence[CallLine]) -> list[tuple[str, str, tuple[Figures, ...]]]:
    """Each point with everything that was said there, in its order, and the figures it began with."""
    said: dict[str, list[str]] = {}
    for line in lines:
        if line.kind == Said.POINT:
            said.setdefault(line.point, []).append(line.words)
    return [
        (
            f"{place}. {point['says']}",
            "; ".join(said.get(point["code"], ())),
            again(point["figures"]),
        )
        for place, point in enumerate(row.agenda, start=1)
    ]


def parts(row: EscalationCall, lines: Sequence[CallLine], stand: Mapping[int, Task]) -> list[Figures]:
    """The whole minutes: first what was decided and asked, then the agenda with its figures."""
    roll, decided, following = heads(lines)
    found = [roll, decided, actions(lines, stand), following]
    for says, said, begun in points(row, lines):
        found.append(Figures(said or "Nothing was noted.", ("Point",), (), title=says))
        found += begun
    return found
