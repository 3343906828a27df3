"""Whatever an address writes, an action writes that leads to the audit: for every address, in the source.

What a request of the tests really wrote is held against the audit in tests/audited.py; here is what none of
them may have asked. A function "leads to" what it refers to, and to what that leads to.
"""

import ast
import inspect
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from tests.leads_to import definition, graph

pytestmark = pytest.mark.promise("S6")
AUDIT = ("clearway.core.audit.actions.record", "clearway.core.audit.actions.record_each")
MAKES = ("create", "bulk_create", "bulk_update", "get_or_create", "update_or_create")
ROWS = ("objects", "filter(", "exclude(")
SILENT = {
    "core.feeds.actions.store": "a message as it was sent, by whom and when: a record of its own",
    "core.feeds.actions.close": "what became of it, beside it",
    "core.feeds.actions.heard": "when a source was heard last",
    "core.live.actions.announce": "what screens draw anew",
    "core.people.models.UserManager": "how Django makes accounts; no address does it so",
    "core.people.provider.actions.begin": "which session the provider began; signing in is on record",
    "core.people.provider.actions.follow": "the new name of a session; the proof that earned it is on record",
    "core.screens.actions.seen": "when a screen on a wall showed last",
    "desks.outpatients.conversations.actions.knocked": "how often it was tried: what the limit counts",
    "desks.outpatients.waiting.queueing.check": "what a check found, found anew at every look",
    "desks.outpatients.waiting.queueing._keep": "the same",
}
"""What an address may have written without an audit row, each with the reason."""


def views(resolver: URLResolver | None = None) -> Iterator[str]:
    """The definition of the view behind each address."""
    for pattern in (resolver or get_resolver()).url_patterns:
        if isinstance(pattern, URLResolver):
            yield from views(pattern)
        elif isinstance(pattern, URLPattern):
            view: Any = inspect.unwrap(pattern.callback)
            yield f"{view.__module__}.{view.__qualname__.split('.')[0]}"


def is_write(call: ast.Call) -> bool:
    """Whether a call of a method writes rows."""
    assert isinstance(call.func, ast.Attribute)
    name = call.func.attr
    if name in MAKES:
        return True
    if name == "execute":
        said = ast.unparse(call.args[0]).upper() if call.args else ""
        return any(word in said for word in ("INSERT INTO", "UPDATE ", "DELETE FROM"))
    if name == "save" or (name == "delete" and not call.args):
        return "session" not in ast.unparse(call.func.value)  # which keeps itself
    # A dict has an update too; that of rows says of which, or names its columns.
    named = bool(call.keywords) and not call.args
    return name == "update" and (named or any(word in ast.unparse(call.func.value) for word in ROWS))


def all_above(starts: Iterable[str], referred: Mapping[str, set[str]], but: Collection[str] = ()) -> set[str]:
    """Everything that leads to one of these, not past what is left out."""
    seen: set[str] = set()
    waiting = list(starts)
    while waiting:
        if (name := waiting.pop()) not in seen:
            seen.add(name)
            waiting += referred.get(name, set()) - set(but)
    return seen


def unaudited(starts: set[str]) -> set[str]:
    """The writers to which a view leads past every action that leads to the audit.

    Such an action and what it calls to write are one: its row tells of all. A view that leads to the audit
    is none: what it writes by itself, or by a helper, is told of by nobody.
    """
    leads = graph(starts)
    modules = {name.rpartition(".")[0] for name in starts}
    referred: dict[str, set[str]] = {}
    for name, others in leads.items():
        for other in others:
            referred.setdefault(other, set()).add(name)
    actions = {each for each in all_above(AUDIT, referred) if each.rpartition(".")[0] not in modules}
    writers = [name for name in leads if name not in actions and any(map(is_write, definition(name).calls))]
    return {name for name in writers if all_above([name], referred, actions) & starts}


def test_whatever_an_address_writes_is_written_by_an_action_that_leads_to_the_audit() -> None:
    starts = set(views())
    assert len(starts) > 300

    found = {name.removeprefix("clearway.") for name in unaudited(starts)}

    assert sorted(found - set(SILENT)) == []
    assert sorted(set(SILENT) - found) == []  # what is not written any more needs no reason


@pytest.mark.parametrize(
    ("source", "is_one"),
    [
        ("Screen.objects.create(name='x')", True),
        ("row.save(update_fields=['name'])", True),
        ("rows.filter(pk=1).update(name='x')", True),
        ("showing.update(seen_at=at)", True),
        ("row.delete()", True),
        ("cursor.execute('INSERT INTO core_change VALUES (1)')", True),
        ("request.session.save()", False),
        ("context.update(more)", False),
        ("cursor.execute('SELECT 1')", False),
        ("answer.delete('name')", False),
    ],
)
def test_the_guard_sees_every_way_to_write(source: str, is_one: bool) -> None:
    call = ast.parse(source, mode="eval").body

    assert isinstance(call, ast.Call) and is_write(call) is is_one
