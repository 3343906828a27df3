"""Every write about people: signing in, granting and ending roles, accounts, on-call."""

from datetime import datetime
from typing import Any

from django.db import transaction

from ..audit.actions import Actor, Entry, record
from .models import User
from .reach import actor, standing


def record_sign_in(user: Any, *, request_id: str, at: datetime) -> None:
    """Record that somebody signed in, in the leading role held now."""
    now = standing(user, at)
    by = actor(user, now.roles[0] if now.roles else "", request_id)
    _record_session(user, "people.sign_in", now.organisation.pk if now.organisation else None, by, at)


def record_sign_out(user: User, *, by: Actor, at: datetime) -> None:
    """Record that somebody signed out."""
    home = standing(user, at).organisation
    _record_session(user, "people.sign_out", home.pk if home else None, by, at)


def _record_session(user: User, verb: str, organisation_id: int | None, by: Actor, at: datetime) -> None:
    with transaction.atomic():
        entry = Entry(verb, f"user:{user.username}", {})
        record([entry], organisation_id=organisation_id, by=by, at=at)
