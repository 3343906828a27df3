"""Reviewing looks at identities: somebody else says of each whether its reason held."""

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from clearway.domain.shared.errors import NotAllowed

from ..organisation.queries import policies
from . import queries
from .actions import Actor, Entry, record
from .models import LookReview

POLICY = "identity_looks"
WHAT = "Reviewing this look"
REVIEW_DAYS, SHOWN_MINUTES = 7, 5  # where the trust has no policy


def review_within(values: dict[str, float]) -> timedelta:
    """How long a look may wait for its review, by the values of the policy."""
    return timedelta(days=values.get("review_days", REVIEW_DAYS))


def shown_for(organisation_id: int, at: datetime) -> timedelta:
    """How long an identity stays on the screen of who looked, as the policy of the day says. One query."""
    values = policies(organisation_id, [POLICY], at.date()).get(POLICY, {})
    return timedelta(minutes=values.get("shown_minutes", SHOWN_MINUTES))


@transaction.atomic
def review(
    key: int, finding: str, words: str, *, organisation_id: int, by: Actor, at: datetime
) -> LookReview:
    """Say of a look what was found. Raises NotAllowed: no such look, one's own, or reviewed already."""
    look = queries.look(organisation_id, key)
    if look is None:
        raise NotAllowed("gone", WHAT, "There is no such look. Open the list again.")
    if look.user_id is not None and look.user_id == by.user_id:
        raise NotAllowed("one's own", WHAT, "Nobody reviews a look of their own. A colleague does.")
    try:
        with transaction.atomic():
            made = LookReview.objects.create(look=look, finding=finding, words=words, by=by.name, at=at)
    except IntegrityError:
        raise NotAllowed("reviewed", WHAT, "A colleague has just reviewed it. Open the list again.") from None
    detail = {"look": look.pk, "finding": finding, "words": words}
    record([Entry("identity.review", look.subject, detail)], organisation_id=organisation_id, by=by, at=at)
    return made
