"""Local accounts beside a provider: only those marked for recovery come in, and never quietly."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.signals import user_login_failed
from django.db import transaction

from clearway.domain.shared.errors import NotAllowed

from ...audit.actions import Actor, Entry, record
from ...layout.times import local
from ...worklist.actions import ByHand, raise_by_hand
from ...worklist.queries import policy
from ..models import User
from ..reach import actor, standing
from .models import ProviderPerson

TOLD = "privacy_officer"  # reads the audit, and did not hand out the account


def is_only_for_recovery() -> bool:
    """Whether people sign in through a provider, so that local accounts are for when it is away."""
    return bool(settings.OPENID["issuer"])


def may_come_in(user: User) -> bool:
    """Whether the right password lets a local account in: beside a provider, only one for recovery."""
    return user.for_recovery or not is_only_for_recovery()


def turn_away(user: User, request: Any) -> None:
    """Record that an account not for recovery was tried with its password; it counts as a wrong one.

    For the lock-out too: otherwise who tries passwords would learn which one is right.
    """
    by = Actor("anonymous", request_id=request.id)
    home = standing(user, request.at).organisation
    with transaction.atomic():
        entry = Entry("people.refused_sign_in", f"user:{user.username}", {"why": "not for recovery"})
        record([entry], organisation_id=home.pk if home else None, by=by, at=request.at)
    user_login_failed.send(sender=__name__, credentials={"username": user.username}, request=request)


def keep_for_recovery(
    user: User, wanted: bool, *, organisation_id: int | None, by: Actor, at: datetime
) -> None:
    """Mark a local account as one for recovery, or take the mark away."""
    if wanted and ProviderPerson.objects.filter(user=user).exists():
        why = "This account comes from the provider, which would be away just then. Use a local one."
        raise NotAllowed("it is the provider's", "Keeping it for recovery", why)
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=user.pk)
        user.for_recovery = wanted
        user.save(update_fields=["for_recovery"])
        verb = "people.keep_for_recovery" if wanted else "people.end_recovery"
        record([Entry(verb, f"user:{user.username}", {})], organisation_id=organisation_id, by=by, at=at)


def record_use(user: Any, *, request_id: str, at: datetime) -> None:
    """Record that an account for recovery was used, and tell the privacy officer by a task."""
    now = standing(user, at)
    by = actor(user, now.roles[0] if now.roles else "", request_id)
    home = now.organisation
    with transaction.atomic():
        entry = Entry("people.use_recovery", f"user:{user.username}", {})
        record([entry], organisation_id=home.pk if home else None, by=by, at=at)
        if home is not None:
            wanted = ByHand(
                f"Recovery account {user.username} was used",
                "Somebody signed in without the trust's provider. Ask whether it was away, and look in the "
                "audit at what was done.",
                2,
                TOLD,
            )
            rules = policy(home.pk, local(at).date())
            raise_by_hand(wanted, rules, organisation_id=home.pk, by=by, at=at)
