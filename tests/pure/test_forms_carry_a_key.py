"""Every form of every page carries a key of its own, and every page does under it what the form asks."""

import re
from pathlib import Path

import pytest
from django.template import engines
from django.test import RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver

from clearway.core.repeats import keys

pytestmark = pytest.mark.promise("R18")
PACKAGE = Path(__file__).resolve().parents[2] / "clearway"
FORM = re.compile(r"<form\b[^>]*>.*?</form>", re.DOTALL | re.IGNORECASE)
POSTS = re.compile(r"<form\b[^>]*\bmethod=[\"']?post", re.IGNORECASE)
FETCH = re.compile(r"fetch\([^;]*method: \"POST\"[^;]*;", re.DOTALL)
PROVES = "proves who somebody is, counts wrong tries, and gives the session a new name"
MACHINES = ("/api/", "/fhir/")  # which name each message themselves, or only ask
NOTHING = "only reads"
# Addresses whose forms are not done under their key, each with the reason.
UNKEYED = {
    "/sign-in/": PROVES,
    "/sign-in/second-step/": PROVES,
    "/sign-out/": "ends the session that a second sending would need",
    "/sign-in/provider/": PROVES,
    "/sign-in/provider/back/": PROVES,
    "/sign-in/provider/logout/": "the provider's word, which is spent once",
    "/feeds/<slug:source>/mapping/": "what waits is read a message at a time; its version holds it",
    "/screen/": NOTHING,
    "/screen/state/": NOTHING,
    "/sign-in/provider/gone/": NOTHING,
    "/sign-in/provider/keys/": NOTHING,
    "/my-account/second-factor/confirm/": PROVES,
    "/my-account/second-factor/app/": PROVES,
    "/my-account/second-factor/passkey/": PROVES,
    "/my-account/second-factor/<int:key>/remove/": PROVES,
    "/my-account/second-factor/codes/": "codes are shown once and kept nowhere, sealed or not",
}


def unkeyed(resolver: URLResolver | None = None, before: str = "/") -> set[str]:
    """The addresses of the desks whose views do not look at the key of a form."""
    found = set()
    for pattern in (resolver or get_resolver()).url_patterns:
        address = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            found |= unkeyed(pattern, address)
        elif isinstance(pattern, URLPattern) and not getattr(pattern.callback, "is_once", False):
            found.add(address)
    return found


def test_every_form_of_every_template_writes_what_carries_its_key() -> None:
    without, forms = [], 0
    for file in sorted(PACKAGE.rglob("*.html")):
        for form in FORM.findall(file.read_text()):
            if POSTS.match(form):
                forms += 1
                without += [] if "{{ csrf_input }}" in form else [f"{file.name}: {form[:80]}"]

    assert without == [], "write {{ csrf_input }} into these forms"
    assert forms > 200


def test_each_form_has_another_key() -> None:
    page = engines["jinja2"].from_string("{{ csrf_input }} {{ csrf_input }}")
    written = page.render({}, RequestFactory().get("/"))

    given = re.findall(rf'type="hidden" name="{keys.NAME}" value="([^"]+)"', written)
    assert len(set(given)) == 2
    for key in given:
        sent = RequestFactory().post("/", {keys.NAME: key})
        assert keys.of(sent) == key


def test_no_form_of_a_desk_has_a_field_of_that_name() -> None:
    files = [each for each in PACKAGE.rglob("*.py") if each.name == "forms.py" or each.parent.name == "forms"]
    files += [each for each in PACKAGE.rglob("*.html") if "repeats" not in each.parts]

    assert [each.name for each in files if re.search(rf"\b{keys.NAME}\b", each.read_text())] == []


def test_every_script_that_sends_something_sends_a_key() -> None:
    calls = [
        call for file in (PACKAGE / "static" / "js").glob("*.js") for call in FETCH.findall(file.read_text())
    ]

    assert calls
    assert [call for call in calls if f'"{keys.HEADER}"' not in call] == []


def test_every_page_does_what_a_form_asks_under_its_key_or_says_why_not() -> None:
    of_machines = {each for each in unkeyed() if each.startswith(MACHINES)}

    assert unkeyed() - of_machines == set(UNKEYED)
