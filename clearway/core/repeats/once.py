"""A form that is sent twice is done once, and answered the same (R18, docs/adr/0115).

Everything that a view does under a key is one transaction with the row that says so. Whoever sends the same
form meanwhile waits on that row; whoever sends it afterwards hears what the first one heard.
"""

import random
import time
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import IntegrityError, InterfaceError, OperationalError, connection, transaction
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from ..locks import AGAIN, GIVEN_UP, PAUSE
from ..people import kept
from . import keys, presenters
from .models import SentForm
from .sealing import Answer, seal, unseal

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
# Somebody else's row came between: who looks again sees it, and says in words what is in the way.
COLLIDED = ("23505", "23P01")  # unique, exclusion
WAITED = "55P03"  # the time limit for waiting for a lock
LOOKS = 4  # how often the limit is waited for while the first of two is being done
# A browser or a hand sends again within this; later it may have happened again, in the same words.
SOON = timedelta(minutes=1)
REFUSALS = (Http404, PermissionDenied, SuspiciousOperation)  # answers, which Django writes
CLAIM = """
INSERT INTO core_sent_form (key, asked, at, answer) VALUES (%s, %s, %s, '') ON CONFLICT (key) DO NOTHING
"""
KEPT_HEADERS = ("Location", "Content-Type", "Cache-Control")
View = Callable[..., HttpResponse]


class _StillGoing(Exception):
    """The first of two is not done, and we have waited long enough."""


def once(view: View) -> View:
    """Do what the view does with a form that carries a key at most once.

    Where it sends on to is kept for who sends the form again, and a page that the view has `keep`. What says
    what is wrong with the form or in its way, what only shows something, and a file are not: such a form is
    done again, and who looks at something twice is on record twice.
    """

    @wraps(view)
    def done(request: Any, *arguments: Any, **named: Any) -> HttpResponse:
        is_within = getattr(request, "is_once", False)  # one view may show the page of another
        if request.method in SAFE or is_within or not (key := keys.of(request)):
            return view(request, *arguments, **named)
        request.is_once = True
        return _Sending(request, key).done(lambda: view(request, *arguments, **named))

    done.is_once = True  # type: ignore[attr-defined]
    return done


def keep(page: HttpResponse, instead: HttpResponse | None = None) -> HttpResponse:
    """Something was done, though the view answers with a page: keep it for who sends the form again.

    No other page is kept: one on which somebody looks at who a patient is would be seen again without a look.
    instead  what they are answered in its place, where the page names patients
    """
    page.kept_as = instead or page  # type: ignore[attr-defined]
    return page


class _Sending:
    """One form that was sent, tried until it is done or refused."""

    def __init__(self, request: Any, key: str) -> None:
        self.request, self.key = request, key
        self.row, self.asked = keys.digest(key), keys.asked(request, key)
        self.session = dict(request.session.items())

    def done(self, work: Callable[[], HttpResponse]) -> HttpResponse:
        """Tried again where the database gave it up or was cut off; the key tells whether it was done."""
        may_again = not connection.in_atomic_block
        tries, looks, cuts = AGAIN, LOOKS, 1
        while True:
            link = connection.connection
            try:
                return self._try(work)
            except _StillGoing:
                looks -= 1
                if not looks:
                    return self._page("repeats/still_going.html", self.key)
            except (OperationalError, InterfaceError, IntegrityError) as lost:
                is_cut = connection.connection is not link  # Django has taken another one, or has none
                if not may_again or not (cuts if is_cut else tries and _of_another(lost)):
                    if may_again and not is_cut and _sqlstate(lost) in (*GIVEN_UP, WAITED):
                        return self._page("repeats/crowded.html", self.key)
                    raise
                cuts, tries = cuts - is_cut, tries - 1
                self._as_it_came()
                time.sleep(random.uniform(0, PAUSE))

    def _try(self, work: Callable[[], HttpResponse]) -> HttpResponse:
        refusal = None
        with transaction.atomic():
            if not self._claim():
                return self._repeated()
            try:
                answer = work()
            except REFUSALS as problem:
                # What was written about it stays: a refusal is on record.
                refusal = problem
            if refusal is None and (said := _kept_of(answer, self._told())) is not None:
                self._keep(said)
            else:
                SentForm.objects.filter(pk=self.row).delete()
        if refusal is not None:
            raise refusal
        return answer

    def _claim(self) -> bool:
        """Whether the form is new. Waits for whoever is sending it just now."""
        try:
            with connection.cursor() as cursor:
                cursor.execute(CLAIM, [self.row, self.asked, self.request.at])
                return bool(cursor.rowcount == 1)
        except OperationalError as lost:
            if _sqlstate(lost) == WAITED:
                raise _StillGoing from None
            raise

    def _keep(self, answer: HttpResponse) -> None:
        told = tuple((each.level, str(each.message), each.extra_tags or "") for each in self._told())
        headers = {name: answer[name] for name in KEPT_HEADERS if name in answer}
        page = "" if "Location" in headers else answer.content.decode()
        said = seal(Answer(answer.status_code, headers, page, told), self.key)
        SentForm.objects.filter(pk=self.row).update(answer=said)

    def _repeated(self) -> HttpResponse:
        """What the first one was answered, and told."""
        before = SentForm.objects.get(pk=self.row)
        if bytes(before.asked) != self.asked:
            return self._page("repeats/other_words.html", at=before.at)
        if self.request.at - before.at > SOON and keys.NAME in self.request.POST:
            return self._page("repeats/sent_before.html", at=before.at)
        said = unseal(bytes(before.answer), self.key)
        for level, text, tags in said.messages:
            messages.add_message(self.request, level, text, tags)
        if (there := said.headers.get("Location")) is None:
            return HttpResponse(said.page, status=said.status, headers=said.headers)
        answer = HttpResponseRedirect(there, headers=said.headers)
        answer.status_code = said.status
        return answer

    def _page(self, template: str, key: str = "", at: Any = None) -> HttpResponse:
        """A refusal that keeps what was typed, to be sent again: as a form of its own, or under a key."""
        typed = keys.typed(self.request)
        context = {
            "typed": {name: values for name, values in typed.items() if name not in kept.SECRET},
            "typed_words": presenters.typed(typed),
            "has_files": bool(self.request.FILES),
            "back": presenters.back(self.request),
            "at": at,
            "key": key,
        }
        return render(self.request, template, context, status=409)

    def _as_it_came(self) -> None:
        """Take back what a try that was lost did to the request."""
        self._told().clear()
        self.request.session.clear()
        self.request.session.update(self.session)
        for file in self.request.FILES.values():
            file.seek(0)

    def _told(self) -> list[Any]:
        told: list[Any] = messages.get_messages(self.request)._queued_messages  # type: ignore[union-attr]
        return told


def _kept_of(answer: HttpResponse, told: list[Any]) -> HttpResponse | None:
    """What is kept of it, where it is done: what the view says, or sent on, and not only to read why not."""
    is_refusal = bool(told) and all(each.level >= messages.ERROR for each in told)
    sends_on = 300 <= answer.status_code < 400 and not is_refusal
    said: HttpResponse | None = getattr(answer, "kept_as", answer if sends_on else None)
    return said


def _of_another(lost: Exception) -> bool:
    """Whether somebody else came between, so that it may go well the next time."""
    return _sqlstate(lost) in (*GIVEN_UP, *COLLIDED)


def _sqlstate(lost: Exception) -> str | None:
    return getattr(lost.__cause__, "sqlstate", None)
