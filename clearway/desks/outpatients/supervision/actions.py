"""Giving work to a junior, handing it in, reviewing a sample of it, and recording training."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction

from clearway.core.audit.actions import Actor, Entry
from clearway.core.audit.actions import record as audit
from clearway.core.layout.times import local
from clearway.core.people.models import User
from clearway.core.worklist import actions as worklist
from clearway.core.worklist import queries as tasks
from clearway.domain.outpatients.supervision import MOST, Kind, sample
from clearway.domain.shared.errors import NotAllowed

from . import queries
from .models import Batch, BatchItem, Training


@dataclass(frozen=True, slots=True)
class New:
    """What is given: of one kind, by the subjects of what stands now.

    reviews  how many of them are looked at afterwards
    """

    kind: Kind
    user_id: int
    subjects: Collection[str]
    due_on: date
    reviews: int
    words: str = ""


@transaction.atomic
def give(new: New, *, organisation_id: int, by: Actor, at: datetime) -> Batch:
    """Give a batch: a task of the worklist that the junior owns. Raises NotAllowed."""
    event = "Giving this work"
    user = next((each for each in queries.juniors(organisation_id, at) if each.pk == new.user_id), None)
    things = [each for each in queries.to_give(organisation_id, new.kind, at) if each.subject in new.subjects]
    if user is None:
        raise NotAllowed("as it stands", event, "Choose a junior coordinator of this office.")
    if new.due_on < local(at).date():
        raise NotAllowed("as it stands", event, "It would be due before today.")
    if len(things) < len(set(new.subjects)) or not things:
        raise NotAllowed("given", event, "Some of it is done or given by now. Choose from what is left.")
    if len(things) > MOST:
        raise NotAllowed("as it stands", event, f"Give {MOST} things at most at a time.")
    row = Batch.objects.create(
        organisation_id=organisation_id,
        kind=new.kind.value,
        user=user,
        task=0,
        words=new.words,
        given_at=at,
        given_by=by.name,
        due_on=new.due_on,
        reviews=new.reviews,
    )
    title = f"{len(things)} {new.kind.meaning}, by {new.due_on:%-d %b}"
    row.task = _raise(row, title, f"{by.name} gives you this: /outpatients/office/work/{row.pk}/", by, at).pk
    row.save(update_fields=["task"])
    BatchItem.objects.bulk_create(
        BatchItem(batch=row, subject=each.subject, name=each.name, path=each.path) for each in things
    )
    _say("supervision.give", row, {"to": user.username, "things": len(things)}, by, at)
    return row


@transaction.atomic
def said(key: int, item: int, words: str, *, organisation_id: int, by: Actor, at: datetime) -> BatchItem:
    """Say of one thing that could not be brought to an end what was done with it. Raises NotAllowed."""
    row = _in_work(key, organisation_id, by, "Saying this", at)
    each = next((each for each in row.items if each.pk == item), None)
    if each is None or each.subject not in row.open:
        raise NotAllowed("done", "Saying this", "It is done already.")
    each.done_at, each.done_words = at, words
    each.save(update_fields=["done_at", "done_words"])
    _say("supervision.said", row.row, {"item": each.subject}, by, at)
    return each


@transaction.atomic
def hand_in(key: int, *, organisation_id: int, by: Actor, at: datetime) -> Batch:
    """It is all done: its task is closed, and chance chooses what is reviewed. Raises NotAllowed."""
    found = _in_work(key, organisation_id, by, "Handing it in", at)
    if found.open:
        left = f"{len(found.open)} still to do. Do them, or say what became of them."
        raise NotAllowed("in work", "Handing it in", left)
    row, worker = found.row, found.holder or found.row.user
    chosen = set(sample([each.pk for each in found.items], row.reviews, seed=row.pk))
    for each in found.items:
        each.done_at, each.worker, each.is_sampled = each.done_at or at, worker, each.pk in chosen
    BatchItem.objects.bulk_update(found.items, ["done_at", "worker", "is_sampled"])
    row.handed_in_at, row.user = at, worker
    row.save(update_fields=["handed_in_at", "user"])
    for task in tasks.open_tasks(organisation_id):
        if task.pk == row.task:
            shown = worklist.Shown(task.pk, task.version, organisation_id)
            worklist.answer(shown, "Handed in", by=by, at=at)
    _say("supervision.hand_in", row, {"reviewed": sorted(chosen)}, by, at)
    return row


@transaction.atomic
def review(
    key: int, item: int, is_right: bool, feedback: str = "", *, organisation_id: int, by: Actor, at: datetime
) -> BatchItem:
    """Say of one thing of the sample whether it is right. What is wrong goes back to its worker as a task.

    Raises NotAllowed: for one's own work, for what is wrong without a word why, and twice.
    """
    event = "Reviewing it"
    batch = Batch.objects.select_for_update(of=("self",)).get(pk=key, organisation_id=organisation_id)
    row = batch.items.filter(pk=item, is_sampled=True).select_related("worker").first()
    if row is None or row.is_right is not None:
        raise NotAllowed("as it stands", event, "It is not of the sample, or was reviewed already.")
    if by.user_id is not None and by.user_id == row.worker_id:
        raise NotAllowed("your own", event, "Somebody else reviews your work.")
    if not is_right and not feedback:
        raise NotAllowed("as it stands", event, "Write what is wrong and how it is done.")
    row.is_right, row.feedback = is_right, feedback
    row.reviewed_at, row.reviewed_by, row.reviewer_id = at, by.name, by.user_id
    row.save()
    if not is_right:
        _raise(batch, f"Put right: {row.name}"[:200], f"{feedback} ({row.path})", by, at)
    if not batch.items.filter(is_sampled=True, is_right__isnull=True).exists():
        batch.reviewed_at = at
        batch.save(update_fields=["reviewed_at"])
    _say("supervision.review", batch, {"item": row.subject, "right": is_right}, by, at)
    return row


@transaction.atomic
def train(
    user_id: int, topic: str, on: date, words: str, *, organisation_id: int, by: Actor, at: datetime
) -> Training:
    """Record that somebody was taught something, with what shows it. Raises NotAllowed."""
    event = "Recording this"
    if by.user_id is not None and by.user_id == user_id:
        raise NotAllowed("your own", event, "Somebody else records your training.")
    if not any(each.pk == user_id for each in queries.juniors(organisation_id, at)):
        raise NotAllowed("as it stands", event, "Choose a junior coordinator of this office.")
    if on > local(at).date():
        raise NotAllowed("as it stands", event, "It cannot have been after today.")
    row = Training.objects.create(
        organisation_id=organisation_id,
        user_id=user_id,
        topic=topic,
        on=on,
        words=words,
        recorded_at=at,
        recorded_by=by.name,
    )
    entry = Entry("supervision.train", f"user:{user_id}", {"topic": topic, "on": on.isoformat()})
    audit([entry], organisation_id=organisation_id, by=by, at=at)
    return row


def _in_work(key: int, organisation_id: int, by: Actor, event: str, at: datetime) -> queries.Progress:
    """A batch that is not handed in, of whoever asks. Locks it."""
    Batch.objects.select_for_update().get(pk=key, organisation_id=organisation_id)
    found = queries.one(organisation_id, key, at)
    if found.row.handed_in_at is not None:
        raise NotAllowed("handed in", event, "It is handed in.")
    if by.user_id is not None and (found.holder is None or found.holder.pk != by.user_id):
        raise NotAllowed("another's", event, "Only whose work it is can do this. The worklist gives it on.")
    return found


def _raise(row: Batch, title: str, cause: str, by: Actor, at: datetime) -> Any:
    """A task that the worker of a batch owns."""
    wanted = worklist.ByHand(title, cause[:500], 3, queries.JUNIOR)
    policy = tasks.policy(row.organisation_id, local(at).date())
    task = worklist.raise_by_hand(wanted, policy, organisation_id=row.organisation_id, by=by, at=at)
    shown = worklist.Shown(task.pk, task.version, row.organisation_id)
    return worklist.assign(shown, User.objects.get(pk=row.user_id), by=by, at=at)


def _say(verb: str, row: Batch, detail: Mapping[str, Any], by: Actor, at: datetime) -> None:
    audit([Entry(verb, f"batch:{row.pk}", detail)], organisation_id=row.organisation_id, by=by, at=at)
