"""Every write about screens on walls."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from clearway.domain.shared.errors import NotAllowed

from ..audit.actions import Actor, Entry, record
from ..feeds.actions import key_hash
from ..live.actions import look_again
from ..organisation.models import Area, Site
from .models import Screen
from .queries import LIFE, waiting_for

TURN_EVERY = timedelta(days=1)  # the key that a screen keeps is replaced so often
SENT_ANEW = timedelta(minutes=5)  # a newer key that has not come back is taken for lost after so long
SEEN_EVERY = timedelta(seconds=15)  # a screen that shows is written down at most so often


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a screen is to be: the code that it shows, what it is called, and what it may show."""

    code: str
    name: str
    board: str
    area: Area | None
    site: Site | None
    theme: str


def put_up(wanted: Wanted, *, organisation_id: int, by: Actor, at: datetime) -> Screen:
    """Let the screen that shows a code show a board. It answers by itself, within seconds.

    Raises NotAllowed where a screen of the name hangs already, or the code was entered before.
    """
    with transaction.atomic():
        lapsed = _let_go(organisation_id, by, at)
        try:
            with transaction.atomic():
                row = Screen.objects.create(
                    organisation_id=organisation_id,
                    name=wanted.name,
                    board=wanted.board,
                    area=wanted.area,
                    site=wanted.site,
                    theme=wanted.theme,
                    code=wanted.code,
                    made_at=at,
                    made_by=by.name,
                )
        except IntegrityError as problem:
            raise _refused(problem, wanted) from None
        detail = {
            "name": row.name,
            "board": row.board,
            "area": wanted.area.code if wanted.area else None,
            "site": wanted.site.code if wanted.site else None,
            "never_answered": lapsed,
        }
        _record("screens.put_up", row, detail, by, at)
    return row


def answer(code: str, *, at: datetime) -> str | None:
    """The screen that shows a code comes back: its key, once, where somebody has put it up; else None."""
    with transaction.atomic():
        found = waiting_for(code, at)
        row = found and Screen.objects.select_for_update().get(pk=found.pk)
        if row is None or row.code != code:
            return None
        token = secrets.token_urlsafe(32)
        row.code, row.token_hash = "", key_hash(token)
        row.answered_at = row.turned_at = row.seen_at = at
        row.save()
        _record("screens.answer", row, {"name": row.name}, _itself(row), at)
    return token


def turn(screen: Screen, token: str, *, at: datetime) -> str | None:
    """A newer key for a screen whose key is a day old; None where it keeps the one that it brought.

    The former key counts until the newer one has come back, so that an answer that is lost locks nobody out.
    Of requests that come together one gets the newer key: a second would make the first one worthless,
    whichever of their answers the browser keeps.
    """
    brought = key_hash(token)
    if not _is_to_turn(screen, brought, at):
        return None
    with transaction.atomic():
        row = Screen.objects.select_for_update().get(pk=screen.pk)
        if row.taken_off_at is not None or not _is_to_turn(row, brought, at):
            return None
        newer = None if brought == row.next_hash else secrets.token_urlsafe(32)
        if newer is None:
            row.token_hash, row.next_hash, row.next_at, row.turned_at = brought, None, None, at
        else:
            row.next_hash, row.next_at = key_hash(newer), at
        row.save(update_fields=["token_hash", "next_hash", "next_at", "turned_at"])
        verb = "screens.new_key" if newer else "screens.turn_key"
        _record(verb, row, {"name": row.name}, _itself(row), at)
    return newer


def _is_to_turn(row: Screen, brought: str, at: datetime) -> bool:
    """Whether the newer key has come back, or it is time to send one and none is on its way."""
    if brought == row.next_hash:
        return True
    if brought != row.token_hash or row.turned_at is None or at - row.turned_at < TURN_EVERY:
        return False
    return row.next_at is None or at - row.next_at >= SENT_ANEW


def seen(screen: Screen, *, at: datetime) -> None:
    """A screen shows its board now."""
    showing = Screen.objects.filter(pk=screen.pk, taken_off_at__isnull=True, seen_at__lt=at - SEEN_EVERY)
    showing.update(seen_at=at)


def take_off(key: int, *, organisation_id: int, by: Actor, at: datetime) -> Screen:
    """Take a screen off: its stream ends at once, and it says so itself. Raises Screen.DoesNotExist."""
    with transaction.atomic():
        row = Screen.objects.select_for_update().get(pk=key, organisation_id=organisation_id)
        if row.taken_off_at is not None:
            raise NotAllowed("taken off", "Taking this screen off", "It was taken off already.")
        _end(row, by, at)
        _record("screens.take_off", row, {"name": row.name}, by, at)
        look_again(organisation_id)
    return row


def _let_go(organisation_id: int, by: Actor, at: datetime) -> list[str]:
    """End those whose code nobody showed in time, so that their names are free again."""
    silent = Screen.objects.filter(organisation_id=organisation_id, taken_off_at__isnull=True)
    rows = list(silent.filter(answered_at__isnull=True, made_at__lte=at - LIFE))
    for row in rows:
        _end(row, by, at)
    return [row.name for row in rows]


def _end(row: Screen, by: Actor, at: datetime) -> None:
    row.code, row.taken_off_at, row.taken_off_by = "", at, by.name
    row.save(update_fields=["code", "taken_off_at", "taken_off_by"])


def _itself(row: Screen) -> Actor:
    return Actor(f"screen:{row.pk}")


def _refused(problem: IntegrityError, wanted: Wanted) -> NotAllowed:
    if "one_screen_waits_for_a_code" in str(problem):
        why = "It was entered already. Wait for the screen; if nothing comes, it shows another code by now."
        return NotAllowed("entered", "This code", why)
    why = f"A screen called {wanted.name} hangs already. Choose another name, or take that one off first."
    return NotAllowed("taken", "This name", why)


def _record(verb: str, row: Screen, detail: dict[str, Any], by: Actor, at: datetime) -> None:
    entry = Entry(verb, f"screen:{row.pk}", detail)
    record([entry], organisation_id=row.organisation_id, by=by, at=at)
