"""Each form of each page is sent twice somewhere in the database tests: the first time that one is done.

The second sending must write nothing and be answered as the first was (R18). A page that only shows
something lets the key go: whoever looks twice is on record twice.
"""

import copy
from collections.abc import Callable
from typing import Any

from django.test import Client

from clearway.core.repeats import keys
from clearway.core.repeats.models import SentForm
from tests import audited

PAGES = {"advice/<str:call_sign>/page/"}  # routes whose page alone tells what was done
_SENT: set[str] = set()  # routes, by this process


def checked(
    ask: Callable[..., Any], client: Client, request: dict[str, Any], answer: Any, written: audited.Written
) -> None:
    """Send what was just done once more, where its route has not been yet. Raises AssertionError."""
    if "INSERT core_sent_form" not in written:
        return
    route = answer.resolver_match.route
    key = keys.of(answer.wsgi_request) if answer.status_code < 400 and route not in _SENT else ""
    if not key or not SentForm.objects.filter(pk=keys.digest(key)).exists():
        return
    assert answer.status_code >= 300 or route in PAGES, f"/{route} keeps a page that may show who somebody is"
    _SENT.add(route)
    cookies = copy.deepcopy(client.cookies)
    with audited.watched() as anew:
        second = ask(client, **request)
    client.cookies = cookies  # what it was told, it is told once
    assert second.status_code == answer.status_code, (route, second.status_code, second.content.decode())
    assert second.get("Location") == answer.get("Location"), route
    assert second.content == answer.content, route
    did = sorted(each for each in anew if each.partition(" ")[2] not in audited.HOUSEKEEPING)
    assert did == [], f"/{route} sent twice did {did} again"
