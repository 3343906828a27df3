"""Answering for what destinations can do: each answer is a new dated version of a policy, with its source."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from django.db import transaction

from clearway.core.audit.actions import Actor
from clearway.core.clashes import MEANWHILE, ChangedMeanwhile, between
from clearway.core.layout.times import local
from clearway.core.locks import Lock, key_of, one_at_a_time
from clearway.core.organisation import actions as organisation
from clearway.core.organisation.models import PolicyVersion
from clearway.core.organisation.queries import versions_of
from clearway.domain.ambulance import destination_answers, destinations
from clearway.domain.shared.errors import NotAllowed
from clearway.domain.shared.region import Mark, Policy

from . import queries
from .queries import Group, Item


class Reply(StrEnum):
    """What somebody answers."""

    AS_IT_STANDS = "confirm"
    CHANGED = "change"
    NOT_SO = "not_so"


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer.

    changes  the values that differ from those that stand; None takes one away
    source   who says so, and how; owner, the post that answers for it from now on
    seen     the version that was on the screen
    """

    reply: Reply
    source: str
    owner: str
    review_on: date
    seen: int
    changes: Mapping[str, Any] = field(default_factory=dict)


READ = {
    Group.ROLES: destination_answers.role_of,
    Group.PLACES: destinations.place_of,
    Group.RULES: destinations.rule_of,
    Group.KINDS: destinations.kind_of,
}
MAY_BE_DENIED = frozenset({Group.ROLES, Group.PLACES})


@transaction.atomic
def answer(item: Item, answer: Answer, *, organisation_id: int, by: Actor, at: datetime) -> PolicyVersion:
    """Answer for one thing, from today. Advice goes by it at once.

    Raises NotAllowed with the reason, and ChangedMeanwhile where somebody answered since it was shown.
    """
    today = local(at).date()
    one_at_a_time(Lock.DESTINATION, key_of(organisation_id, item.name))
    item = queries.item(organisation_id, item.name, today) or item
    if answer.seen != item.version:
        found = between(_now(item), _said(item, answer))
        if not found and (newest := versions_of(organisation_id, item.name)):
            return newest[0]  # somebody else has answered the very same
        raise ChangedMeanwhile("changed", "Answering for it", MEANWHILE, found, now=item.version)
    if answer.reply is Reply.NOT_SO and item.group not in MAY_BE_DENIED:
        raise NotAllowed("a rule", "Denying it", "A rule is taken away in the region pack only.")
    if answer.reply is Reply.CHANGED and not answer.changes:
        raise NotAllowed("unchanged", "Changing it", "Nothing is changed. Confirm it as it stands.")
    if answer.reply is not Reply.CHANGED and answer.changes:
        changed = ", ".join(sorted(answer.changes)).replace("_", " ")
        why = f"You have typed a change ({changed}): press Confirm with this change, or take it back."
        raise NotAllowed("changed", "Confirming it as it stands", why)
    values = {**item.values, **answer.changes}
    values = {name: value for name, value in values.items() if value is not None}
    values |= _stands(item, answer)
    signed = organisation.Signed(
        item.name, values, answer.owner, answer.source, answer.review_on, Mark.VERIFIED, answer.seen
    )
    _check(item, signed, today)
    return organisation.sign(
        signed,
        verb=f"destinations.{answer.reply.value}",
        detail={"source": answer.source, "review_on": answer.review_on.isoformat(), **_changed(item, answer)},
        organisation_id=organisation_id,
        by=by,
        at=at,
        today=today,
    )


def _stands(item: Item, answer: Answer) -> dict[str, str]:
    if item.group not in MAY_BE_DENIED:
        return {}
    return {"stands": "not_so" if answer.reply is Reply.NOT_SO else "confirmed"}


def _now(item: Item) -> dict[str, Any]:
    return {**item.values, "source": item.source, "owner": item.owner, "review_on": item.review_on}


def _said(item: Item, answer: Answer) -> dict[str, Any]:
    signed = {"source": answer.source, "owner": answer.owner, "review_on": answer.review_on}
    return {**answer.changes, **_stands(item, answer), **signed}


def _check(item: Item, signed: organisation.Signed, today: date) -> None:
    policy = Policy(
        *(signed.name, today, signed.source, signed.owner, signed.review_on, signed.mark, signed.values)
    )
    try:
        READ[item.group](policy)
    except ValueError as problem:
        name, _, why = str(problem).partition(": ")
        raise NotAllowed("wrong", "Changing it", f"{name.replace('_', ' ').capitalize()}: {why}.") from None


def _changed(item: Item, answer: Answer) -> dict[str, Any]:
    return {"was": {name: item.values.get(name) for name in answer.changes}, "now": dict(answer.changes)}
