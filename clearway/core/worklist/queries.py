"""Reading the worklist: what is open, what happened to a task, and how the alarm budget is kept."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType

from django.db.models import Q

from clearway.domain.shared.alarms import WINDOW, Alarm, most_within

from ..audit.models import Action
from ..feeds.queries import first_heard
from ..organisation.queries import policies
from ..people.models import RoleGrant
from ..people.queries import on_call
from ..people.reach import Sites
from .models import Task
from .rules import SweepPolicy, sweep_policy

DAY = timedelta(hours=24)
STANDING = timedelta(hours=1)
RINGS_AGAIN = ("tasks.raise_priority", "tasks.join")  # verbs by which a task that was there is an alarm again
WORKLIST, MODES, BUDGET = "worklist", "rule_modes", "alarm_budget"  # the policies of the worklist itself


def within(sites: Sites) -> Q:
    """Tasks at these sites; None is every site, and tasks that belong to none."""
    return Q() if sites is None else Q(site__code__in=sites)


def open_tasks(organisation_id: int, sites: Sites = None) -> list[Task]:
    """Every task that is not closed, most urgent and oldest first. One query."""
    return list(
        Task.objects.filter(within(sites), organisation_id=organisation_id, closed_at__isnull=True)
        .select_related("site", "owner")
        .order_by("priority", "raised_at", "id")
    )


def closed_lately(organisation_id: int, at: datetime, sites: Sites = None) -> list[Task]:
    """What was closed in the last hour, newest first."""
    return list(
        Task.objects.filter(within(sites), organisation_id=organisation_id, closed_at__gt=at - STANDING)
        .select_related("site", "owner")
        .order_by("-closed_at")[:50]
    )


def task(organisation_id: int, key: int, sites: Sites = None) -> Task:
    """One task. Raises Task.DoesNotExist, also for one at a site out of reach."""
    return (
        Task.objects.filter(within(sites), organisation_id=organisation_id)
        .select_related("site", "owner")
        .get(pk=key)
    )


def by_keys(organisation_id: int, keys: Collection[int]) -> dict[int, Task]:
    """These tasks, open or closed, by key. One query."""
    return {row.pk: row for row in Task.objects.filter(organisation_id=organisation_id, pk__in=keys)}


def history(organisation_id: int, key: int) -> list[Action]:
    """What happened to a task, oldest first, from the audit."""
    return list(Action.objects.filter(organisation_id=organisation_id, subject=f"task:{key}").order_by("id"))


def may_answer(task: Task, user_id: int | None, at: datetime) -> bool:
    """Whether this person may acknowledge, answer, give away or shelve a task.

    One that a person escalated is for whoever holds the role or the duty it went to, or was given it there;
    where nobody holds it, and where a rule passed it on because it was overdue, whoever comes first may.
    """
    if not task.escalated_to or user_id is None or task.owner_id == user_id:
        return True
    if _escalated_by(task) is None:
        return True
    grants = RoleGrant.objects.running_at(at).filter(
        Q(site=None) | Q(site=task.site_id), organisation_id=task.organisation_id, role=task.escalated_to
    )
    addressees = set(grants.values_list("user_id", flat=True))
    area = task.site.area_id if task.site else None
    if holder := on_call(task.organisation_id, task.escalated_to, area, at):
        addressees.add(holder.user_id)
    return not addressees or user_id in addressees


def _escalated_by(task: Task) -> int | None:
    """The person who escalated it last; None when a rule did."""
    rows = Action.objects.filter(verb="tasks.escalate", subject=f"task:{task.pk}").order_by("-id")
    return rows.values_list("user_id", flat=True).first()


def policy(organisation_id: int, on: date) -> SweepPolicy:
    """How tasks behave at this trust, on a day."""
    return sweep_policy(policies(organisation_id, [WORKLIST], on).get(WORKLIST))


@dataclass(frozen=True, slots=True)
class Limits:
    """The alarm budget of a trust (policy `alarm_budget`). Shares are percent of all tasks raised."""

    raised_per_hour: float = 6
    most_per_hour: float = 12
    most_in_ten_minutes: int = 10
    standing_over_an_hour: int = 5
    shares: Mapping[str, float] = field(
        default_factory=lambda: MappingProxyType({"P1": 5, "P2": 15, "P3": 80})
    )


def limits(organisation_id: int, on: date) -> Limits:
    """The alarm budget of this trust, on a day."""
    return Limits(**policies(organisation_id, [BUDGET], on).get(BUDGET, {}))


@dataclass(frozen=True, slots=True)
class Hour:
    """One hour of the budget: tasks raised, and the most in any ten minutes of it."""

    begins_at: datetime
    raised: int
    most_in_ten_minutes: int


@dataclass(frozen=True, slots=True)
class Budget:
    """The alarm budget as it was kept over 24 hours.

    raised, share       alarms by priority, and each as a part of all
    per_hour            mean over the day
    most_in_ten_minutes in any ten minutes of the day, wherever they begin
    standing            open for more than an hour now, neither answered nor shelved
    at_first            alarms while the first messages brought in what had gone before, not counted
    """

    hours: tuple[Hour, ...]
    raised: dict[int, int]
    per_hour: float
    most_in_ten_minutes: int
    standing: int
    shelved: int
    by_rule: tuple[tuple[str, int], ...]
    at_first: int = 0

    @property
    def most_in_an_hour(self) -> int:
        return max(hour.raised for hour in self.hours)

    @property
    def total(self) -> int:
        return sum(self.raised.values())

    def share(self, priority: int) -> float | None:
        """Part of all tasks raised, 0 to 1; None when none was."""
        return self.raised[priority] / self.total if self.total else None


def budget(organisation_id: int, at: datetime) -> Budget:
    """Measure the budget over the last 24 hours: every alarm, a task that asked anew too. Four queries.

    A trust that is connected in the middle of a night learns of all its waits at once. That says nothing
    about its rules, so what was raised within ten minutes of the first message is counted apart.
    """
    found = alarms(organisation_id, at - DAY, at + timedelta.resolution)
    every = [(each.at, each.priority, each.rule) for each in found if each.at > at - DAY]
    first = first_heard(organisation_id)
    rows = [row for row in every if first is None or not first <= row[0] < first + WINDOW]
    times = [raised_at for raised_at, _, _ in rows]
    standing = list(
        Task.objects.filter(organisation_id=organisation_id, closed_at__isnull=True).values_list(
            "state", "raised_at"
        )
    )
    priorities = Counter(priority for _, priority, _ in rows)
    return Budget(
        hours=_hours(times, at),
        raised={priority: priorities[priority] for priority in (1, 2, 3)},
        per_hour=len(rows) / 24,
        most_in_ten_minutes=most_within(times),
        standing=sum(state in Task.TO_DO and raised_at < at - STANDING for state, raised_at in standing),
        shelved=sum(state == Task.State.SHELVED for state, _ in standing),
        by_rule=tuple(Counter(rule for _, _, rule in rows).most_common()),
        at_first=len(every) - len(rows),
    )


def alarms(organisation_id: int, since: datetime, until: datetime) -> list[Alarm]:
    """What called for attention in [since, until), and what was open then; oldest first. Two queries."""
    tasks = list(
        Task.objects.filter(
            Q(closed_at__isnull=True) | Q(closed_at__gte=since),
            organisation_id=organisation_id,
            raised_at__lt=until,
        ).order_by("raised_at", "id")
    )
    found = [Alarm(task.rule, task.role, task.priority, task.raised_at, task.closed_at) for task in tasks]
    by_subject = {f"task:{task.pk}": task for task in tasks}
    risen = Action.objects.filter(
        organisation_id=organisation_id, verb__in=RINGS_AGAIN, at__gte=since, at__lt=until
    ).values_list("subject", "at")
    found += [
        Alarm(task.rule, task.role, task.priority, at, is_again=True)
        for subject, at in risen
        if (task := by_subject.get(subject))
    ]
    return sorted(found, key=lambda alarm: alarm.at)


def _hours(times: list[datetime], at: datetime) -> tuple[Hour, ...]:
    running = at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    begins = [running - timedelta(hours=back) for back in range(23, -1, -1)]
    return tuple(
        _hour(begin, [each for each in times if begin <= each < begin + STANDING]) for begin in begins
    )


def _hour(begins_at: datetime, times: list[datetime]) -> Hour:
    return Hour(begins_at, len(times), most_within(times))
