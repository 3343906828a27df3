"""Every write to the worklist: what the rules want, and what people do with it."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from clearway.domain.shared.errors import NotAllowed

from ..audit.actions import Actor, Entry, record_each
from ..live.actions import announce
from ..locks import Lock, one_at_a_time
from ..organisation.models import Site
from ..people.duties import DUTIES, NEXT_IN_LINE
from ..people.models import User
from ..people.queries import Rota, rota
from ..people.roles import ROLES
from .models import Task
from .queries import may_answer
from .rules import PERSON, Outcome, SweepPolicy, Wanted, in_one, is_of_many, many_of

TOPIC = "tasks"
State = Task.State
OUT_OF_SIGHT = (State.ANSWERED, State.SHELVED)
SWEPT_FIELDS = [
    *(
        "priority",
        "role",
        "title",
        "cause",
        "suggestion",
        "reading",
        "site",
        "state",
        "owner",
        "due_at",
        "changed_at",
    ),
    *("shelved_until", "escalated_to", "escalated_at", "gone_since", "closed_at", "closed_because"),
    *("members", "left", "step", "step_gone_since", "version"),
]


@dataclass
class ChangedMeanwhile(Exception):
    """Somebody else changed the task since it was shown. Nothing was done; `task` is how it stands now."""

    task: Task


@dataclass(frozen=True, slots=True)
class Swept:
    """What one sweep did, in numbers of tasks."""

    raised: int = 0
    changed: int = 0
    closed: int = 0
    returned: int = 0
    escalated: int = 0


# What the rules want


def sweep(organisation_id: int, outcomes: Iterable[Outcome], at: datetime, policy: SweepPolicy) -> Swept:
    """Bring the open tasks in line with what the rules want. One transaction, a fixed number of queries.

    Raises what has been wanted long enough, follows causes and priorities, closes what is no longer wanted,
    brings back what was shelved long enough, and passes an overdue P1 to the next in line.
    """
    with transaction.atomic():
        one_at_a_time(Lock.TASKS, organisation_id)
        work = _Sweep(organisation_id, at, policy)
        for outcome in outcomes:
            work.follow(outcome)
        work.return_from_shelf()
        work.escalate_overdue()
        return work.save()


@dataclass
class _Sweep:
    """One sweep: reads at the start, changes rows in memory, writes them together at the end."""

    organisation_id: int
    at: datetime
    policy: SweepPolicy
    entries: list[tuple[Actor, Callable[[], Entry]]] = field(default_factory=list)
    new: list[Task] = field(default_factory=list)
    touched: dict[int, Task] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        rows = Task.objects.select_for_update().filter(
            organisation_id=self.organisation_id, closed_at__isnull=True
        )
        self.open = {(task.rule, task.subject): task for task in rows.order_by("id")}
        self.states = {task.pk: task.state for task in self.open.values()}
        self.were_gone = {task.pk for task in self.open.values() if task.gone_since is not None}
        sites = Site.objects.filter(organisation_id=self.organisation_id)
        places = list(sites.values_list("code", "id", "area_id"))
        self.sites = {code: site for code, site, _ in places}
        self.areas = {site: area for _, site, area in places}
        self.rota: Rota = rota(self.organisation_id, self.at)

    def follow(self, outcome: Outcome) -> None:
        if outcome.failure:
            return
        wanted = self._wanted(outcome)
        by = Actor(f"rule:{outcome.rule}")
        for (rule, subject), task in self.open.items():
            is_its_own = rule == outcome.rule and outcome.speaks_of(subject)
            if is_its_own and not self._is_kept(wanted.get(subject)):
                self._let_go(task, outcome, wanted.values(), by)
        for each in wanted.values():
            current = self.open.get((outcome.rule, each.subject))
            if current is not None and current.closed_at is None:
                if self._is_kept(each):
                    self._is_there(current)
                    self._hold_step(current, each)
                if each.margin >= 1:
                    self._update(current, each, by)
            elif each.is_to_raise(self.at, delay(self.policy)):
                self._raise(outcome.rule, each, by)

    def _wanted(self, outcome: Outcome) -> dict[str, Wanted]:
        """What is wanted by subject: each by itself, or one for all of a role where there are many."""
        roles: dict[str, list[Wanted]] = {}
        for each in outcome.wanted:
            roles.setdefault(each.role, []).append(each)
        found, told = list[Wanted](), self._told(outcome.rule)
        for role, rows in roles.items():
            stand = [each for each in rows if self._stands(each, told)]
            found += in_one(outcome.many, stand) if self._are_many(outcome, role, len(stand)) else rows
        return {each.subject: each for each in found}

    def _told(self, rule: str) -> set[str]:
        """The subjects that a task of this rule speaks of, alone or among several."""
        tasks = [(subject, task) for (name, subject), task in self.open.items() if name == rule]
        return {each for subject, task in tasks for each in (subject, *task.members)}

    def _stands(self, wanted: Wanted, told: Collection[str]) -> bool:
        """Whether it is a task by now, or would be one if it stood alone."""
        return wanted.is_to_raise(self.at, delay(self.policy)) or (
            wanted.subject in told and self._is_kept(wanted)
        )

    def _are_many(self, outcome: Outcome, role: str, number: int) -> bool:
        """Together from so many on, until none is left: a number that goes up and down raises nothing."""
        limit = 1 if outcome.from_one else self.policy.together_from
        if not (outcome.many and limit):
            return False
        beginning = many_of(role)
        are_together = any(
            rule == outcome.rule and subject.startswith(beginning) for rule, subject in self.open
        )
        return number >= limit or are_together

    def _let_go(self, task: Task, outcome: Outcome, wanted: Iterable[Wanted], by: Actor) -> None:
        """Close a task whose cause has been gone for the off-delay; at once where another stands for it."""
        is_for_many = is_of_many(task.subject)
        others = [
            each
            for each in wanted
            if each.role == task.role
            and is_of_many(each.subject) != is_for_many
            and each.is_to_raise(self.at, delay(self.policy))
        ]
        if outcome.is_off:
            self._close(task, "The rule was switched off", by)
        elif others:
            because = "Each stands for itself now" if is_for_many else "It stands together with others now"
            self._close(task, because, by)
        elif task.state == State.ANSWERED or self._is_over(task, task.gone_since):
            # What comes after one that was dealt with is another.
            self._close(task, "The cause is gone", by)
        elif task.gone_since is None:
            task.gone_since = self.at
            self._note(task, "changed", "tasks.follow", {"gone_since": self.at.isoformat()}, by)

    def _is_there(self, task: Task) -> None:
        """The cause is there, or there again."""
        if task.gone_since is not None:
            task.gone_since = None
            task.changed_at = self.at
            self.touched[task.pk] = task

    def _hold_step(self, task: Task, wanted: Wanted) -> None:
        """A step that somebody was told of counts for the off-delay after it has gone, so that the next to
        reach it is no other alarm; not of a task that was answered or shelved, which nobody looks at."""
        if wanted.step >= task.step:
            gone_since = None
        elif task.state not in OUT_OF_SIGHT and not self._is_over(task, task.step_gone_since):
            gone_since = task.step_gone_since or self.at
        else:
            gone_since, task.step = None, wanted.step
            self.touched[task.pk] = task
        if gone_since != task.step_gone_since:
            task.step_gone_since = gone_since
            self.touched[task.pk] = task

    def _is_over(self, task: Task, gone_since: datetime | None) -> bool:
        """Whether what has been gone since then, or goes now, has been away for the off-delay."""
        return self.at - (gone_since or self.at) >= off_delay(self.policy, task.priority)

    def return_from_shelf(self) -> None:
        by = Actor("rule:shelf")
        for task in self.open.values():
            if task.gone_since is not None:
                continue  # it comes back with its cause, or closes
            if task.state == State.SHELVED and task.shelved_until and task.shelved_until <= self.at:
                reopen(task, self.policy, self.at)
                task.version += 1
                self._note(task, "returned", "tasks.return", {"because": "The time on the shelf is over"}, by)

    def escalate_overdue(self) -> None:
        by = Actor("rule:overdue")
        for task in self.open.values():
            overdue = (
                task.state == State.OPEN
                and task.gone_since is None
                and task.due_at is not None
                and task.due_at <= self.at
            )
            following = NEXT_IN_LINE.get(task.escalated_to or task.role)
            if overdue and task.priority == Task.Priority.P1 and following:
                task.escalated_to, task.escalated_at = following, self.at
                task.due_at = self.policy.due_at(task.priority, self.at)
                task.version += 1
                who = self._holder(following, task)
                detail = {"to": following, "who": who, "because": "Not acknowledged in time"}
                self._note(task, "escalated", "tasks.escalate", detail, by)

    def save(self) -> Swept:
        Task.objects.bulk_create(self.new)
        changed = list(self.touched.values())
        if changed:
            Task.objects.bulk_update(changed, SWEPT_FIELDS)
        entries = [(by, make()) for by, make in self.entries]
        record_each(entries, organisation_id=self.organisation_id, at=self.at)
        keys = [str(task.pk) for task in (*self.new, *changed)]
        announce(TOPIC, keys, organisation_id=self.organisation_id, at=self.at)
        return Swept(**self.counts)

    def _is_kept(self, wanted: Wanted | None) -> bool:
        return wanted is not None and wanted.is_to_keep(self.policy.dead_band)

    def _raise(self, rule: str, wanted: Wanted, by: Actor) -> None:
        task = Task(
            organisation_id=self.organisation_id,
            site_id=self.sites.get(wanted.site_code or ""),
            rule=rule,
            subject=wanted.subject,
            raised_at=self.at,
            changed_at=self.at,
            due_at=self.policy.due_at(wanted.priority, self.at),
            members=sorted(wanted.members),
            step=wanted.step,
            **_words(wanted),
        )
        self._take_over(task)
        self.new.append(task)
        self._count("raised")
        detail = {**_words(wanted), "subject": wanted.subject, "site": wanted.site_code}
        self.entries.append((by, lambda: Entry("tasks.raise", _subject(task), detail)))

    def _take_over(self, task: Task) -> None:
        """What people did with the task that stood for this one, or with one that it stands for, goes on.

        One that stands for several is to be acknowledged anew, because something has joined.
        """
        for before in self.open.values():
            if before.rule != task.rule or before.role != task.role:
                continue
            if task.subject in before.members or before.subject in task.members:
                task.owner_id = task.owner_id or before.owner_id
                task.escalated_to = task.escalated_to or before.escalated_to
                task.escalated_at = task.escalated_at or before.escalated_at
            if task.subject in before.members and self.states[before.pk] in (
                State.ACKNOWLEDGED,
                State.ANSWERED,
            ):
                task.state, task.answer = State(self.states[before.pk]), before.answer

    def _update(self, task: Task, wanted: Wanted, by: Actor) -> None:
        words = _words(wanted)
        changes = {
            name: value for name, value in words.items() if name != "reading" and getattr(task, name) != value
        }
        others = self._are_others(task, wanted)
        joined = self._joined(task, wanted)
        if not changes and not joined and wanted.step <= task.step:
            return
        before = {name: getattr(task, name) for name in changes}
        rises, is_told = _asks_for_more(task, wanted), self._is_told(task, joined, others)
        for name, value in words.items():
            setattr(task, name, value)
        task.site_id = self.sites.get(wanted.site_code or "")
        task.step = max(task.step, wanted.step)
        if rises or is_told:  # what was acknowledged, answered or shelved was something smaller
            self._ring_again(task)
        verb = "tasks.raise_priority" if rises else "tasks.join" if is_told else "tasks.follow"
        detail = {"now": changes, "was": before, **({"joined": sorted(joined)} if joined else {})}
        self._note(task, "changed", verb, detail, by)

    def _joined(self, task: Task, wanted: Wanted) -> set[str]:
        """Who is new among those that a task stands for, and was not there within the off-delay.

        Follows who is there. Of an answered one, who left and returns is not new.
        """
        there, now = {*task.members, *task.left}, wanted.members
        joined = set(now - there)
        if task.state == State.ANSWERED and not joined:
            return joined
        left = {each: task.left.get(each, self.at.isoformat()) for each in there - now}
        left = {each: at for each, at in left.items() if not self._is_over(task, datetime.fromisoformat(at))}
        if (sorted(now), left) != (task.members, task.left):
            task.members, task.left = sorted(now), left
            self.touched[task.pk] = task
        return joined

    def _told_above(self, task: Task) -> set[str]:
        """Whom a more urgent task of the same rule speaks of, or did of late: to ask for less is no alarm."""
        above = [
            each
            for each in self.open.values()
            if (each.rule, each.role) == (task.rule, task.role) and each.priority < task.priority
        ]
        return {subject for each in above for subject in (each.subject, *each.members, *each.left)}

    def _are_others(self, task: Task, wanted: Wanted) -> bool:
        """Whether a task waited out its off-delay with nobody left, and none of those it spoke of is back."""
        return task.pk in self.were_gone and not wanted.members & {*task.members, *task.left}

    def _is_told(self, task: Task, joined: set[str], are_others: bool) -> bool:
        """Whether those who joined are an alarm: nobody looks at the task, they are too urgent to be
        overlooked among the others, or there are no others: alone each of them would ring."""
        if task.state in OUT_OF_SIGHT:
            return bool(joined)
        rings_to = self.policy.told_when_joining(task.rule)
        return (are_others or task.priority <= rings_to) and bool(joined - self._told_above(task))

    def _ring_again(self, task: Task) -> None:
        """To be acknowledged anew; what nobody has acknowledged yet is due no later for it."""
        due_at = task.due_at if task.state == State.OPEN else None
        reopen(task, self.policy, self.at)
        task.due_at = min(filter(None, (due_at, task.due_at)))
        task.version += 1  # words alone must not spoil the form that somebody is filling in

    def _close(self, task: Task, because: str, by: Actor) -> None:
        close(task, because, self.at)
        task.version += 1
        self._note(task, "closed", "tasks.close", {"because": because}, by)

    def _note(self, task: Task, count: str, verb: str, detail: Mapping[str, Any], by: Actor) -> None:
        task.changed_at = self.at
        self.touched[task.pk] = task
        self._count(count)
        self.entries.append((by, lambda: Entry(verb, _subject(task), detail)))

    def _count(self, name: str) -> None:
        self.counts[name] = self.counts.get(name, 0) + 1

    def _holder(self, duty: str, task: Task) -> str | None:
        holder = self.rota.holder(duty, self.areas.get(task.site_id) if task.site_id else None)
        return holder.user.username if holder else None


def delay(policy: SweepPolicy) -> timedelta:
    """How long a cause must hold before it is raised."""
    return timedelta(seconds=policy.on_delay_seconds)


def off_delay(policy: SweepPolicy, priority: int) -> timedelta:
    """How long a cause must be gone before its task closes."""
    urgent = policy.off_delay_urgent_seconds if priority == Task.Priority.P1 else None
    return timedelta(seconds=policy.off_delay_seconds if urgent is None else urgent)


def reopen(task: Task, policy: SweepPolicy, at: datetime) -> None:
    """To be acknowledged anew."""
    task.state, task.shelved_until = State.OPEN, None
    task.due_at = policy.due_at(task.priority, at)


def close(task: Task, because: str, at: datetime) -> None:
    task.state, task.shelved_until = State.CLOSED, None
    task.closed_at, task.closed_because = at, because


def _words(wanted: Wanted) -> dict[str, Any]:
    return {
        "priority": wanted.priority,
        "role": wanted.role,
        "title": wanted.title[:200],
        "cause": wanted.cause[:500],
        "suggestion": wanted.suggestion[:300],
        "reading": wanted.reading,
    }


def _asks_for_more(task: Task, wanted: Wanted) -> bool:
    """More urgent than it was, or further than it has lately been."""
    is_further = wanted.priority == task.priority and wanted.step > task.step
    return wanted.priority < task.priority or is_further


def _subject(task: Task) -> str:
    return f"task:{task.pk}"


# What people do


@dataclass(frozen=True, slots=True)
class Shown:
    """The task a person acts on, as it was on the screen: its id and the version that was shown."""

    key: int
    version: int
    organisation_id: int


@dataclass(frozen=True, slots=True)
class ByHand:
    """What a person wants somebody to do. due_at  by when; None: as long as its priority gives."""

    title: str
    cause: str
    priority: int
    role: str
    site: Site | None = None
    due_at: datetime | None = None


def raise_by_hand(
    wanted: ByHand, policy: SweepPolicy, *, organisation_id: int, by: Actor, at: datetime
) -> Task:
    """A task that a person raises for a role."""
    if wanted.role not in ROLES:
        raise NotAllowed("unknown", f"The role {wanted.role!r}", "Choose a role from the list.")
    with transaction.atomic():
        task = Task.objects.create(
            organisation_id=organisation_id,
            site=wanted.site,
            rule=PERSON,
            subject=f"by:{by.name}:{at.isoformat()}:{wanted.title}"[:150],
            priority=wanted.priority,
            title=wanted.title,
            cause=wanted.cause,
            role=wanted.role,
            raised_at=at,
            changed_at=at,
            due_at=wanted.due_at or policy.due_at(wanted.priority, at),
        )
        names = ("title", "priority", "cause", "role")
        detail = {name: getattr(wanted, name) for name in names}
        _finish(task, "tasks.raise", detail, by, at)
    return task


def acknowledge(shown: Shown, *, by: Actor, at: datetime) -> Task:
    """Somebody has seen it and takes it on, unless somebody has already."""

    def change(task: Task) -> dict[str, Any]:
        if task.state != State.OPEN:
            raise _not_while(task, "Acknowledging")
        task.state = State.ACKNOWLEDGED
        task.owner_id = task.owner_id or by.user_id
        return {}

    return _change(shown, "tasks.acknowledge", change, by, at)


def assign(shown: Shown, owner: User, *, by: Actor, at: datetime) -> Task:
    """Give it to somebody, or take it oneself. Who takes it acknowledges it."""

    def change(task: Task) -> dict[str, Any]:
        before = task.owner.username if task.owner else None
        task.owner = owner
        if task.state == State.OPEN and owner.pk == by.user_id:
            task.state = State.ACKNOWLEDGED
        return {"to": owner.username, "was": before}

    return _change(shown, "tasks.assign", change, by, at)


def answer(shown: Shown, text: str, *, by: Actor, at: datetime) -> Task:
    """Say what was done. A rule's task waits out of sight until its cause is gone; a person's is closed."""

    def change(task: Task) -> dict[str, Any]:
        task.answer, task.state, task.shelved_until = text, State.ANSWERED, None
        task.owner_id = task.owner_id or by.user_id
        if task.rule == PERSON:
            close(task, "Answered", at)
        return {"answer": text}

    return _change(shown, "tasks.answer", change, by, at)


def shelve(shown: Shown, minutes: int, reason: str, policy: SweepPolicy, *, by: Actor, at: datetime) -> Task:
    """Put it out of sight for a while, counted on screen. It returns by itself, or when it becomes urgent."""
    if not 1 <= minutes <= policy.shelve_most_minutes:
        most = f"{policy.shelve_most_minutes:.0f}"
        raise NotAllowed("asked for longer", "Shelving", f"Choose from 1 to {most} minutes.")

    def change(task: Task) -> dict[str, Any]:
        if task.state not in (State.OPEN, State.ACKNOWLEDGED):
            raise _not_while(task, "Shelving")
        if task.priority == Task.Priority.P1 and task.state == State.OPEN:
            raise NotAllowed("not acknowledged", "Shelving a P1", "Acknowledge it first.")
        task.state, task.shelved_until = State.SHELVED, at + timedelta(minutes=minutes)
        return {"minutes": minutes, "reason": reason}

    return _change(shown, "tasks.shelve", change, by, at)


def unshelve(shown: Shown, policy: SweepPolicy, *, by: Actor, at: datetime) -> Task:
    """Bring it back before its time."""

    def change(task: Task) -> dict[str, Any]:
        if task.state != State.SHELVED:
            raise _not_while(task, "Bringing back")
        reopen(task, policy, at)
        return {}

    return _change(shown, "tasks.return", change, by, at)


def escalate(shown: Shown, to: str, reason: str, policy: SweepPolicy, *, by: Actor, at: datetime) -> Task:
    """Pass it up to a role or a duty; who holds that duty for the task's area now is recorded with it."""
    if to not in ROLES and to not in DUTIES:
        raise NotAllowed("unknown", f"The role {to!r}", "Choose a role from the list.")

    def change(task: Task) -> dict[str, Any]:
        if to == by.role:
            _check_is_theirs(task, by, at)  # passing it on to oneself is taking it back
        holder = rota(task.organisation_id, at).holder(to, task.site.area_id if task.site else None)
        reopen(task, policy, at)
        task.escalated_to, task.escalated_at = to, at
        task.owner = None
        return {"to": to, "reason": reason, "who": holder.user.username if holder else None}

    return _change(shown, "tasks.escalate", change, by, at, passes_on=True)


def _change(
    shown: Shown,
    verb: str,
    change: Callable[[Task], dict[str, Any]],
    by: Actor,
    at: datetime,
    passes_on: bool = False,
) -> Task:
    """Lock, check that it is what was shown, change, save, record, announce.

    Raises Task.DoesNotExist, ChangedMeanwhile, NotAllowed.
    """
    with transaction.atomic():
        task = (
            Task.objects.select_for_update(of=("self",))
            .select_related("owner", "site")
            .get(pk=shown.key, organisation_id=shown.organisation_id)
        )
        if task.version != shown.version:
            raise ChangedMeanwhile(task)
        if task.closed_at is not None:
            raise _not_while(task, "This")
        if not passes_on:
            _check_is_theirs(task, by, at)
        detail = change(task)
        task.version += 1
        task.changed_at = at
        task.save()
        _finish(task, verb, detail, by, at)
    return task


def _check_is_theirs(task: Task, by: Actor, at: datetime) -> None:
    """What was escalated is for whom it was escalated to: nobody else makes the alarm go away."""
    if not may_answer(task, by.user_id, at):
        raise NotAllowed(
            "escalated", "This", "Only whom it was escalated to can do this. You can escalate it further."
        )


def _finish(task: Task, verb: str, detail: Mapping[str, Any], by: Actor, at: datetime) -> None:
    entry = Entry(verb, _subject(task), detail)
    record_each([(by, entry)], organisation_id=task.organisation_id, at=at)
    announce(TOPIC, [str(task.pk)], organisation_id=task.organisation_id, at=at)


def _not_while(task: Task, what: str) -> NotAllowed:
    return NotAllowed(task.get_state_display().lower(), what, "Look at the task as it stands now.")
