"""A sign-in that is half done: the password was right, and the second factor is still to come."""

from datetime import datetime
from typing import Any

from django.utils.crypto import constant_time_compare

from ..people.models import User

KEY = "half"
SECONDS = 5 * 60


def begin(request: Any, user: Any) -> None:
    """Keep who it is, under a new session key; nobody is signed in by this."""
    request.session.cycle_key()
    request.session[KEY] = {
        "user": user.pk,
        "backend": user.backend,
        "known": user.get_session_auth_hash(),
        "at": request.at.timestamp(),
    }


def of(session: Any, at: datetime) -> User | None:
    """Whose sign-in is half done here; None when none is, or it took too long, or the account has changed."""
    kept = session.get(KEY)
    if not kept or not 0 <= at.timestamp() - kept["at"] <= SECONDS:
        return None
    user = User.objects.filter(pk=kept["user"], is_active=True).first()
    if user is None or not constant_time_compare(kept["known"], user.get_session_auth_hash()):
        return None
    user.backend = kept["backend"]  # as Django's own sign-in keeps it
    return user
