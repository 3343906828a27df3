"""A number that is another trust's, sent in a form, is refused as one that nobody has; nothing is done."""

import inspect
import re
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django import forms
from django.db import connection, transaction
from django.test import Client
from django.urls import resolve

from clearway.core.layout.fields import DeskForm, LocalInstant
from clearway.core.organisation.models import Organisation
from clearway.core.people import matrix
from clearway.core.people.models import RoleGrant, User
from clearway.core.people.roles import ROLES
from tests.browser import everything
from tests.browser.test_every_outpatient_page import DESK, ROWS, WORDS
from tests.therapies import NINE
from tests.trust import signed_in, stop_the_clock
from tests.twins import APART, FIRST, NOBODYS, numbered

from .test_matrix import undrawn

__all__ = ["undrawn"]
pytestmark = [pytest.mark.django_db, pytest.mark.promise("S1")]
DAY = timedelta(days=1)
OWN = range(FIRST, FIRST + APART)
_SENT = re.compile(r'POST(?:\.get|\.getlist)?[\[(]"(\w+)"|_number\(request, "(\w+)"')
_PRESSED = re.compile(r'name="(what|step|do|answer|granted)" value="(\w+)"')
_WRITES = re.compile(r"\s*(INSERT|UPDATE|DELETE)", re.IGNORECASE)
# What views read without a form and no number is: what was pressed, words, codes, seals, addresses.
NO_NUMBERS = {
    *("what", "step", "do", "answer", "seen", "back", "next", "board", "column", "name", "theme", "words"),
    *("reason", "why", "reason_code", "outcome", "digest", "once", "line", "status", "granted", "query"),
    *("code", "area", "site", "style", "sealed", "only", "cut", "to", "text", "call_sign"),
}
# What is typed where a word of one's own or the first choice would not do.
SAID = {"slots": "09:30 45 new", "code": "another", "number": "1", "minutes": "30", "letters": "dn"}
DESKS = (DESK, "/tasks/", "/decisions/", "/contacts/", "/messages/", "/duties/", "/concerns/")


@dataclass
class Walk:
    """One person of the own trust, what their requests are answered, and which forms were read meanwhile."""

    client: Client
    forms: list[DeskForm] = field(default_factory=list)

    def send(self, address: str, data: dict[str, Any], number: int = 0) -> tuple[Any, ...]:
        """How it is answered and what it writes, without the number that was sent; all of it is undone."""
        written: list[Any] = []

        def note(execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
            done = execute(sql, params, many, context)
            if isinstance(sql, str) and _WRITES.match(sql) and context["cursor"].rowcount:
                written.append((sql.split("VALUES")[0][:80], number in (params or ()) if number else False))
            return done

        self.forms.clear()
        with transaction.atomic():
            with connection.execute_wrapper(note):
                answer = self.client.post(address, data)
            transaction.set_rollback(True)
        said = str(
            [{name: list(map(str, each)) for name, each in form.errors.items()} for form in self.forms]
        )
        where = answer.headers.get("Location", "").replace(str(number), "N")
        kept = tuple(each for each in written if "django_session" not in each[0])
        return answer.status_code, where, said.replace(str(number), "N"), kept


@cache
def _buttons(folder: Path) -> frozenset[tuple[str, str]]:
    """Name and value of what can be pressed on the pages of one part."""
    pages = folder.glob("templates/**/*.html")
    return frozenset(each for page in pages for each in _PRESSED.findall(page.read_text()))


@cache
def _view(route: str) -> tuple[str, str, Path]:
    """The text of the view of this address, that of its module, and where the part stands."""
    view = inspect.unwrap(resolve(own(route)).func)
    module = inspect.getmodule(view)
    assert module is not None and module.__file__ is not None
    return inspect.getsource(view), inspect.getsource(module), Path(module.__file__).parent


def pressed(route: str) -> list[dict[str, str]]:
    """Each button that the view of this address knows."""
    _, text, folder = _view(route)
    known = (each for each in _buttons(folder) if all(f'"{word}"' in text for word in each))
    return [{name: value} for name, value in sorted(known)]


def unformed(route: str) -> list[str]:
    """Names of numbers that its view reads without a form."""
    found = (one or other for one, other in _SENT.findall(_view(route)[0]))
    return [name for name in found if name not in NO_NUMBERS]


def own(route: str) -> str:
    """This address, naming a row of one's own that fits it, where there is one."""
    said = re.sub(r"<slug:(\w+)>", lambda found: WORDS.get(found[1], "nothing"), route)
    if "<int:" in said:
        about = max((each for each in ROWS if route.removeprefix(DESK).startswith(each)), key=len, default="")
        said = re.sub(r"<int:\w+>", str(_newest(ROWS[about]) if about else FIRST + 1), said)
    return re.sub(r"<(?:\w+:)?\w+>", "nothing", said)


@cache
def _newest(rows: str) -> int:
    told = rows if rows.startswith("core_") else f"outpatients_{rows}"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT max(id) FROM {told} AND id < {FIRST + APART}")
        return cursor.fetchone()[0] or FIRST + 1


def filled(form: DeskForm, on: date) -> dict[str, Any]:
    """What a person could type and choose in every field; `on` is the day of what has one."""
    found = {name: _typed(each, on) for name, each in form.fields.items()}
    said = {name: value for name, value in SAID.items() if name in form.fields and not is_own(found[name])}
    return {name: value for name, value in {**found, **said}.items() if value is not None}


def _typed(of: Any, on: date) -> Any:
    if isinstance(of, forms.ModelChoiceField):
        return getattr(of.queryset.first(), of.to_field_name or "pk", "")
    if isinstance(of, forms.ChoiceField):
        known = [str(value) for value, _ in of.choices if str(value)]
        return known[-1:] if isinstance(of, forms.MultipleChoiceField) else "".join(known[-1:])
    if isinstance(of, forms.IntegerField):
        return of.min_value or 1 if of.max_value is not None and of.max_value < FIRST else FIRST + 1
    plain: dict[type, Any] = {
        LocalInstant: f"{on}T08:30",
        forms.DateField: str(on),
        forms.TimeField: "09:30",
        forms.FileField: None,
        forms.BooleanField: "on",
    }
    return next((value for kind, value in plain.items() if isinstance(of, kind)), "Some words")


def is_own(value: Any) -> bool:
    """Whether a value that a form takes is the number of a row of one's own."""
    text = str(value[0] if isinstance(value, list) and value else value)
    return text.isdecimal() and int(text) in OWN


@pytest.fixture
def walk(db: None, undrawn: None, monkeypatch: pytest.MonkeyPatch) -> Walk:
    """Somebody who may do everything in a trust where every page has something to show, which has a twin."""
    stop_the_clock(monkeypatch, NINE)
    with numbered():
        everything.fill(NINE, "unused")
        user = User.objects.get(username=everything.PEOPLE["light"])
        trust = Organisation.objects.get(slug=everything.SLUG)
        wide = [code for code, role in ROLES.items() if not role.is_site_limited]
        RoleGrant.objects.bulk_create(
            RoleGrant(user=user, role=code, organisation=trust, starts_at=NINE - DAY) for code in wide
        )
    found = Walk(signed_in(user))
    found.client.raise_request_exception = False
    begin = DeskForm.__init__

    def noted(form: DeskForm, *given: Any, **named: Any) -> None:
        begin(form, *given, **named)
        found.forms.append(form)

    monkeypatch.setattr(DeskForm, "__init__", noted)
    return found


@dataclass
class Found:
    """Each number that a form took, those of one's own that were accepted, and what is wrong."""

    sent: set[str] = field(default_factory=set)
    accepted: set[str] = field(default_factory=set)
    wrong: dict[str, object] = field(default_factory=dict)


def walk_form(walk: Walk, route: str, way: dict[str, str], found: Found) -> bool:
    """Send every number that this form takes as one's own, as another trust's and as nobody's.

    Whether a button may be missing: it is no form, or one that takes no number.
    """
    address = own(route)
    status = walk.send(address, way)[0]
    begun, names = list(walk.forms), unformed(route)
    if status in (403, 404, 405):
        return status == 404
    for on in (NINE.date(), NINE.date() + DAY):  # some days are to come, and some may not be
        typed = {name: value for form in begun for name, value in filled(form, on).items()}
        data = {**dict.fromkeys(names, str(FIRST + 1)), **typed, **way}
        numbers = [
            name
            for name in data
            if is_own(data[name]) and name != "version" and f"{route} {name}" not in found.accepted
        ]
        if not numbers:
            return status == 422
        mine = walk.send(address, data)
        if mine[0] == 302:
            break
    for name in numbers:
        where, value = f"{route} {name}", int(data[name][0] if isinstance(data[name], list) else data[name])
        others = value + APART, value + NOBODYS
        foreign, nobodys = (walk.send(address, {**data, name: str(each)}, each) for each in others)
        if foreign != nobodys or any(kept for _, kept in foreign[3]) or foreign[0] >= 500:
            found.wrong[f"{where} {way}"] = foreign, nobodys
        found.sent.add(where)
        if mine[0] == 302 and mine[3] != foreign[3]:
            found.accepted.add(where)
    return False


def test_a_number_of_another_trust_in_a_form_is_refused_as_one_that_nobody_has(walk: Walk) -> None:
    found = Found()
    for row in matrix.table():
        route = row["route"]
        if row["method"] != "POST" or not route.startswith(DESKS) or "POST" not in _view(route)[1]:
            continue
        if walk_form(walk, route, {}, found):
            for way in pressed(route):
                walk_form(walk, route, way, found)

    assert found.wrong == {}
    assert len(found.sent) > 45
    assert len(found.accepted) > 10, "numbers of one's own are taken"
