"""Entering posts, asking for leave and deciding it, naming stand-ins, and taking sickness in one go."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction

from clearway.core.audit.actions import Actor, Entry
from clearway.core.audit.actions import record as audit
from clearway.core.layout.times import local
from clearway.core.people.models import User
from clearway.core.people.queries import roles_held
from clearway.core.worklist import actions as worklist
from clearway.core.worklist import queries as tasks
from clearway.domain.outpatients.cover import Away, spread
from clearway.domain.shared.errors import NotAllowed

from . import queries
from .models import Absence, OfficePost, StandIn

LEADS = frozenset({"outpatient_coordinator", "outpatient_team_leader"})


@dataclass(frozen=True, slots=True)
class NewPost:
    """A post as somebody enters it. weekdays: ISO, 1 to 7."""

    name: str
    weekdays: tuple[int, ...]
    holder_id: int | None = None
    deputy_id: int | None = None


@dataclass(frozen=True, slots=True)
class NewAbsence:
    """Somebody of the office is to be away; both days included."""

    user_id: int
    kind: Away
    starts_on: date
    ends_on: date
    words: str = ""


@dataclass(frozen=True, slots=True)
class Spread:
    """What became of the work of somebody who fell ill.

    given   how many open tasks went to whom, by name
    kept    tasks that only whom they were escalated to can give away
    posts   posts of today that somebody else covers now; `empty` those that nobody does
    """

    given: Mapping[str, int]
    kept: int
    posts: int
    empty: int


@transaction.atomic
def enter_post(new: NewPost, *, organisation_id: int, by: Actor, at: datetime) -> OfficePost:
    """Enter a post, or say anew who holds the one of this name and on which days. Raises NotAllowed."""
    event = "Entering this post"
    if not new.weekdays or not set(new.weekdays) <= set(range(1, 8)):
        raise NotAllowed("as it stands", event, "Choose the days on which it is covered.")
    if new.deputy_id is not None and new.deputy_id == new.holder_id:
        raise NotAllowed("as it stands", event, "Choose somebody else as deputy.")
    for person in filter(None, (new.holder_id, new.deputy_id)):
        _of_the_office(person, organisation_id, event, at)
    said = {
        "weekdays": sorted(set(new.weekdays)),
        "holder_id": new.holder_id,
        "deputy_id": new.deputy_id,
    }
    row, is_new = OfficePost.objects.update_or_create(
        organisation_id=organisation_id,
        name=new.name,
        ended_at=None,
        defaults=said,
        create_defaults={**said, "entered_at": at},
    )
    _say("cover.enter_post", f"office_post:{row.pk}", {**said, "new": is_new}, organisation_id, by, at)
    return row


@transaction.atomic
def end_post(key: int, *, organisation_id: int, by: Actor, at: datetime) -> OfficePost:
    """It is no post of the office any more. Raises NotAllowed."""
    row = OfficePost.objects.select_for_update().get(pk=key, organisation_id=organisation_id)
    if row.ended_at is not None:
        raise NotAllowed("ended", "Ending this post", "Somebody ended it a moment ago.")
    row.ended_at = at
    row.save(update_fields=["ended_at"])
    _say("cover.end_post", f"office_post:{key}", {}, organisation_id, by, at)
    return row


@transaction.atomic
def ask(new: NewAbsence, *, organisation_id: int, by: Actor, at: datetime) -> Absence:
    """Ask for leave. It is decided by somebody else. Raises NotAllowed."""
    if new.kind is Away.SICKNESS:
        raise NotAllowed("asked for", "Asking for this leave", "Enter it as sickness; nobody decides it.")
    return _away(new, None, organisation_id, by, at)


@transaction.atomic
def decide(key: int, is_granted: bool, *, organisation_id: int, by: Actor, at: datetime) -> Absence:
    """Grant or refuse leave. Raises NotAllowed, for one's own too."""
    row = _undecided(key, organisation_id, "Deciding this leave")
    if by.user_id is not None and by.user_id == row.user_id:
        raise NotAllowed("your own", "Deciding this leave", "Somebody else decides your leave.")
    return _decided(row, is_granted, "", "cover.decide", by, at)


@transaction.atomic
def withdraw(key: int, *, organisation_id: int, by: Actor, at: datetime) -> Absence:
    """Whoever asked does not want it any more; what was granted can be withdrawn until it begins."""
    row = Absence.objects.select_for_update().get(pk=key, organisation_id=organisation_id)
    if row.decided is False or row.starts_on <= local(at).date():
        raise NotAllowed("over", "Withdrawing this leave", "It has begun, or was refused.")
    return _decided(row, False, "Withdrawn", "cover.withdraw", by, at)


@transaction.atomic
def stand_in(key: int, on: date, user_id: int, *, organisation_id: int, by: Actor, at: datetime) -> StandIn:
    """Name who covers a post on a day. Raises NotAllowed for somebody who is away then."""
    event = "Standing in"
    post = OfficePost.objects.select_for_update().get(
        pk=key, organisation_id=organisation_id, ended_at__isnull=True
    )
    if on < local(at).date() or on.isoweekday() not in post.weekdays:
        raise NotAllowed("as it stands", event, "Choose a day to come on which the post is covered.")
    user = _of_the_office(user_id, organisation_id, event, at)
    if user_id in queries.away(organisation_id, on):
        raise NotAllowed("away", event, f"{user} is away on that day. Choose somebody else.")
    row, _ = StandIn.objects.update_or_create(
        post=post, on=on, defaults={"user": user, "said_at": at, "said_by": by.name}
    )
    detail = {"on": on.isoformat(), "user": user.username}
    _say("cover.stand_in", f"office_post:{key}", detail, organisation_id, by, at)
    return row


@transaction.atomic
def sick(user_id: int, until: date, *, organisation_id: int, by: Actor, at: datetime) -> Spread:
    """Somebody is ill from today until a day: their open work and their posts of today go to who is there.

    Each open task goes to whoever of the same duties has fewest; each post of today to its deputy, else to
    whoever covers least today. Raises NotAllowed, also where they are entered as away already.
    """
    today = local(at).date()
    new = NewAbsence(user_id, Away.SICKNESS, today, until)
    row = _away(new, True, organisation_id, by, at)
    present = [each for each in queries.present(organisation_id, at) if each.pk != user_id]
    given, kept = _spread_tasks(row.user, present, organisation_id, by, at)
    posts, empty = _spread_posts(row, present, organisation_id, by, at)
    detail = {"given": given, "kept": kept, "posts": posts, "empty": empty}
    _say("cover.spread", f"absence:{row.pk}", detail, organisation_id, by, at)
    return Spread(given, kept, posts, empty)


@transaction.atomic
def back(key: int, *, organisation_id: int, by: Actor, at: datetime) -> Absence:
    """They are here again: the absence ends yesterday, or was a slip where it began today."""
    row = Absence.objects.select_for_update().get(pk=key, organisation_id=organisation_id)
    today = local(at).date()
    if row.decided is not True or not row.starts_on <= today <= row.ends_on:
        raise NotAllowed("as it stands", "Being back", "They are not entered as away today.")
    if row.starts_on == today:
        return _decided(row, False, "Back on the same day", "cover.back", by, at)
    row.ends_on = date.fromordinal(today.toordinal() - 1)
    row.save(update_fields=["ends_on"])
    _say("cover.back", f"absence:{key}", {"ends_on": row.ends_on.isoformat()}, organisation_id, by, at)
    return row


def _spread_tasks(
    user: User, present: Sequence[User], organisation_id: int, by: Actor, at: datetime
) -> tuple[dict[str, int], int]:
    """Give away the open tasks of a person; who got how many, and how many could not be given away."""
    every = [task for task in tasks.open_tasks(organisation_id) if task.owner_id is not None]
    theirs = {task.pk: task for task in every if task.owner_id == user.pk}
    load = {each.pk: sum(task.owner_id == each.pk for task in every) for each in present}
    people, roles = {each.pk: each for each in present}, roles_held(organisation_id, at)
    may = {key: _may_have(task.role, load, roles) for key, task in theirs.items()}
    given: dict[str, int] = {}
    for key, person in spread(may, load).items():
        shown = worklist.Shown(key, theirs[key].version, organisation_id)
        try:
            worklist.assign(shown, people[person], by=by, at=at)
        except NotAllowed:  # escalated to this very person
            continue
        name = str(people[person])
        given[name] = given.get(name, 0) + 1
    return given, len(theirs) - sum(given.values())


def _may_have(role: str, people: Collection[int], roles: Mapping[int, set[str]]) -> set[int]:
    """Who holds the role that a task is for, else those who lead the office."""
    same = {each for each in people if role in roles.get(each, ())}
    return same or {each for each in people if roles.get(each, set()) & LEADS}


def _spread_posts(
    row: Absence, present: Sequence[User], organisation_id: int, by: Actor, at: datetime
) -> tuple[int, int]:
    """Name somebody for each post of today that is empty now; how many are covered, and how many are not."""
    today = row.starts_on
    places = queries.plan(organisation_id, [today])
    load = {each.pk: sum(place.person == each.pk for place in places) for each in present}
    empty = [place.post for place in places if place.person is None]
    named = spread({each: list(load) for each in empty}, load)
    for post, person in named.items():
        stand_in(post, today, person, organisation_id=organisation_id, by=by, at=at)
    held = {post.pk for post in queries.posts(organisation_id) if post.holder_id == row.user_id}
    theirs = [place for place in places if place.post in held]
    return sum(place.person is not None or place.post in named for place in theirs), len(empty) - len(named)


def _away(new: NewAbsence, decided: bool | None, organisation_id: int, by: Actor, at: datetime) -> Absence:
    event, today = "Entering these days", local(at).date()
    if new.ends_on < new.starts_on or new.starts_on < today:
        raise NotAllowed("as it stands", event, "Choose days from today on, in their order.")
    user = _of_the_office(new.user_id, organisation_id, event, at)
    known = queries.absences(organisation_id, new.starts_on)
    if any(each.user_id == user.pk and each.starts_on <= new.ends_on for each in known):
        raise NotAllowed("entered", event, f"{user} is entered as away on some of these days. Look at those.")
    row = Absence.objects.create(
        organisation_id=organisation_id,
        user=user,
        kind=new.kind.value,
        starts_on=new.starts_on,
        ends_on=new.ends_on,
        words=new.words,
        asked_at=at,
        asked_by=by.name,
        decided=decided,
        decided_at=at if decided is not None else None,
        decided_by=by.name if decided is not None else "",
    )
    detail = {"kind": row.kind, "from": row.starts_on.isoformat(), "to": row.ends_on.isoformat()}
    verb = "cover.ask" if decided is None else "cover.sick"
    _say(verb, f"absence:{row.pk}", {**detail, "user": user.username}, organisation_id, by, at)
    return row


def _undecided(key: int, organisation_id: int, event: str) -> Absence:
    row = (
        Absence.objects.select_for_update(of=("self",))
        .select_related("user")
        .get(pk=key, organisation_id=organisation_id)
    )
    if row.decided is not None:
        raise NotAllowed("decided", event, f"{row.decided_by} decided it. Look at it again.")
    return row


def _decided(row: Absence, granted: bool, words: str, verb: str, by: Actor, at: datetime) -> Absence:
    row.decided, row.decided_at, row.decided_by, row.decider_id = granted, at, by.name, by.user_id
    row.words = words or row.words
    row.save()
    _say(verb, f"absence:{row.pk}", {"granted": granted}, row.organisation_id, by, at)
    return row


def _of_the_office(user_id: int, organisation_id: int, event: str, at: datetime) -> User:
    user = queries.staff(organisation_id, at).filter(pk=user_id).first()
    if user is None:
        raise NotAllowed("as it stands", event, "Choose somebody who works in the office.")
    return user


def _say(
    verb: str, subject: str, detail: Mapping[str, Any], organisation_id: int, by: Actor, at: datetime
) -> None:
    audit([Entry(verb, subject, detail)], organisation_id=organisation_id, by=by, at=at)
