"""Tasks in words and groups."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from clearway.domain.shared.alarms import WINDOW

from ..audit.models import Action
from ..clashes import between, both_in_words
from ..layout.times import clock
from ..people.duties import DUTIES
from ..people.queries import Rota
from ..people.roles import ROLES, name_of
from .models import Task
from .queries import Budget, Limits
from .rules import PERSON, RULE_FAILED

FLOOD = 10  # raised within WINDOW: above it, new ones are grouped by cause and site
NO_SITE = "Whole region"
VERBS = {
    "tasks.raise": "Raised",
    "tasks.follow": "Cause changed",
    "tasks.raise_priority": "Became more urgent",
    "tasks.join": "Others joined",
    "tasks.close": "Closed",
    "tasks.return": "Came back from the shelf",
    "tasks.escalate": "Escalated",
    "tasks.acknowledge": "Acknowledged",
    "tasks.assign": "Given",
    "tasks.answer": "Answered",
    "tasks.shelve": "Shelved",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One task as the list shows it.

    with_whom  who has it, or which role it waits for
    """

    key: int
    version: int
    priority: str
    title: str
    cause: str
    suggestion: str
    rule: str
    where: str
    raised_at: datetime
    due_at: datetime | None
    with_whom: str
    escalated_to: str
    state: str
    is_open: bool
    is_overdue: bool
    shelved_until: datetime | None
    gone_since: datetime | None = None

    @property
    def rule_name(self) -> str:
        return "raised by a person" if self.rule == PERSON else f"rule: {rule_name(self.rule).lower()}"

    @property
    def is_pinned(self) -> bool:
        """A P1 that nobody has acknowledged stays on top."""
        return self.priority == "P1" and self.is_open


@dataclass(frozen=True, slots=True)
class Bundle:
    """Tasks of one cause at one site in one line, while more come than anybody can read."""

    rule: str
    where: str
    lines: tuple[Line, ...]

    @property
    def count(self) -> int:
        return len(self.lines)


@dataclass(frozen=True, slots=True)
class Group:
    """The tasks of one priority, by site. `rows` holds lines and, in a flood, bundles."""

    heading: str
    rows: tuple[Line | Bundle, ...]


@dataclass(frozen=True, slots=True)
class Worklist:
    """The whole list. `recent` is how many were raised in the last ten minutes."""

    groups: tuple[Group, ...]
    shelved: tuple[Line, ...]
    answered: tuple[Line, ...]
    recent: int

    @property
    def is_flooded(self) -> bool:
        return self.recent > FLOOD

    @property
    def is_empty(self) -> bool:
        return not self.groups


def worklist(tasks: Iterable[Task], at: datetime, mine: frozenset[str] | None = None) -> Worklist:
    """Tasks into groups.

    mine  roles to keep; None for every role's tasks
    """
    chosen = [task for task in tasks if mine is None or (task.escalated_to or task.role) in mine]
    lines = [line(task, at) for task in chosen]
    by_state = {
        state: tuple(one for one, task in zip(lines, chosen, strict=True) if task.state == state)
        for state in Task.State
    }
    active = [one for one, task in zip(lines, chosen, strict=True) if task.state in Task.TO_DO]
    recent = sum(one.raised_at > at - WINDOW for one in active)
    return Worklist(
        groups=tuple(_groups(active, at, recent > FLOOD)),
        shelved=by_state[Task.State.SHELVED],
        answered=by_state[Task.State.ANSWERED],
        recent=recent,
    )


ASKED = {"owner": "With", "answer": "Answer", "to": "Escalated to", "minutes": "Shelved until"}


def clashes(task: Task, given: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """How a task stands now, beside what somebody asked of it as it stood before.

    given  what they typed, by the fields of the form
    """
    shelved = clock(task.shelved_until) if task.shelved_until else ""
    now = {
        "owner": task.owner.display_name if task.owner else "",
        "answer": task.answer,
        "to": duty_name(task.escalated_to) if task.escalated_to else "",
        "minutes": shelved,
    }
    yours = {name: _asked(name, given[name]) for name in now if name in given}
    return [("State", task.get_state_display(), "Not changed"), *both_in_words(between(now, yours), ASKED)]


def _asked(name: str, value: Any) -> str:
    words = {"owner": lambda: str(value.display_name), "to": lambda: duty_name(value)}
    return words.get(name, lambda: f"for {value} minutes" if name == "minutes" else str(value))()


def line(task: Task, at: datetime) -> Line:
    """One task in words."""
    return Line(
        key=task.pk,
        version=task.version,
        priority=f"P{task.priority}",
        title=task.title,
        cause=task.cause,
        suggestion=task.suggestion,
        rule=task.rule,
        where=task.site.name if task.site else NO_SITE,
        raised_at=task.raised_at,
        due_at=task.due_at,
        with_whom=task.owner.display_name if task.owner else duty_name(task.escalated_to or task.role),
        escalated_to=duty_name(task.escalated_to) if task.escalated_to else "",
        state=task.get_state_display(),
        is_open=task.state == Task.State.OPEN,
        is_overdue=task.state == Task.State.OPEN and task.due_at is not None and task.due_at <= at,
        shelved_until=task.shelved_until,
        gone_since=task.gone_since,
    )


def duty_name(code: str) -> str:
    """A role or a duty in words."""
    return DUTIES.get(code) or name_of(code)


def choices_of_escalation(task: Task, rota: Rota) -> list[tuple[str, str]]:
    """Roles and duties a task can be passed to, each with who holds it now for the task's area."""
    area = task.site.area_id if task.site else None
    roles = [code for code, role in ROLES.items() if "tasks.work" in role.permissions]
    return [(code, _with_holder(code, rota, area)) for code in dict.fromkeys((*DUTIES, *roles))]


def _with_holder(code: str, rota: Rota, area: int | None) -> str:
    holder = rota.holder(code, area)
    if holder is None:
        return f"{duty_name(code)} (nobody on call)" if code in DUTIES else duty_name(code)
    contact = f", {holder.contact}" if holder.contact else ""
    return f"{duty_name(code)}: {holder.user.display_name}{contact}"


def _groups(active: Sequence[Line], at: datetime, flooded: bool) -> Iterable[Group]:
    pinned = [one for one in active if one.is_pinned]
    if pinned:
        yield Group("P1, not acknowledged", tuple(pinned))
    for priority in ("P1", "P2", "P3"):
        rest = sorted(
            (one for one in active if one.priority == priority and not one.is_pinned),
            key=lambda one: (one.where == NO_SITE, one.where, one.raised_at),
        )
        if rest:
            yield Group(priority, tuple(_bundled(rest, at) if flooded else rest))


def _bundled(lines: Iterable[Line], at: datetime) -> Iterable[Line | Bundle]:
    """Old lines as they are; new ones of one rule and site together."""
    new: dict[tuple[str, str], list[Line]] = {}
    for one in lines:
        if one.raised_at > at - WINDOW:
            new.setdefault((one.rule, one.where), []).append(one)
        else:
            yield one
    for (rule, where), together in new.items():
        yield Bundle(rule_name(rule), where, tuple(together)) if len(together) > 1 else together[0]


def rule_name(code: str) -> str:
    """A rule in words."""
    known = {RULE_FAILED: "A rule that failed", PERSON: "Raised by a person"}
    return known.get(code) or code.replace("_", " ").capitalize()


@dataclass(frozen=True, slots=True)
class Happening:
    """One row of a task's history."""

    at: datetime
    what: str
    who: str
    detail: str


def history(actions: Iterable[Action]) -> list[Happening]:
    """A task's audit rows in words."""
    return [
        Happening(action.at, VERBS.get(action.verb, action.verb), _who(action), _detail(action.detail))
        for action in actions
    ]


def _who(action: Action) -> str:
    if action.actor.startswith("rule:"):
        return f"by itself ({rule_name(action.actor.removeprefix('rule:')).lower()})"
    return f"{action.actor}, {name_of(action.role)}" if action.role else action.actor


def _detail(detail: dict[str, Any]) -> str:
    words = []
    now = detail.get("now", {})
    if "priority" in now:
        words.append(f"P{detail['was']['priority']} to P{now['priority']}")
    words += [str(now[name]) for name in ("title", "cause") if name in now]
    if "to" in detail:
        words.append(f"to {duty_name(str(detail['to']))}")
    if detail.get("who"):
        words.append(f"on call: {detail['who']}")
    if "minutes" in detail:
        words.append(f"for {detail['minutes']} min")
    words += [
        str(detail[name]) for name in ("title", "cause", "answer", "reason", "because") if detail.get(name)
    ]
    return ". ".join(words)


@dataclass(frozen=True, slots=True)
class Measure:
    """One line of the alarm budget. `verdict` is "kept", "not kept", or "" where there is no limit."""

    name: str
    measured: str
    budget: str
    verdict: str


def measures(budget: Budget, limits: Limits) -> list[Measure]:
    """The budget beside what was measured. Shares are a direction rather than a limit."""
    held = (
        ("Mean raised in an hour", budget.per_hour, limits.raised_per_hour),
        ("Most raised in a clock hour", budget.most_in_an_hour, limits.most_per_hour),
        ("Most raised in any 10 min", budget.most_in_ten_minutes, limits.most_in_ten_minutes),
        ("Standing over 1 h now", budget.standing, limits.standing_over_an_hour),
    )
    lines = [
        Measure(name, f"{value:.1f}".removesuffix(".0"), f"at most {most:g}", _verdict(value, most))
        for name, value, most in held
    ]
    lines.append(Measure("Shelved now", str(budget.shelved), "no limit, always counted", ""))
    return lines + [_share(budget, priority, limits) for priority in (1, 2, 3)]


def _verdict(value: float, most: float) -> str:
    return "kept" if value <= most else "not kept"


def _share(budget: Budget, priority: int, limits: Limits) -> Measure:
    share = budget.share(priority)
    part = "" if share is None else f" ({100 * share:.0f}%)"
    wanted = f"about {limits.shares[f'P{priority}']:g}%"
    return Measure(f"P{priority} of all raised", f"{budget.raised[priority]}{part}", wanted, "")


def overdue_by(task: Task, at: datetime) -> timedelta | None:
    """How long a task has been overdue, None when it is not."""
    return at - task.due_at if task.due_at is not None and task.due_at < at else None
