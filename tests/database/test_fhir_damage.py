"""Whatever is sent, FHIR answers it: damaged requests are kept with their bytes and explained, never a fault.

bench/api_fuzz.py asks the same of a real server, by its own description and as everybody who might ask.
"""

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearway.core.feeds.models import Batch, Quarantined
from clearway.core.organisation.models import Organisation
from clearway.desks.outpatients.booking.models import Appointment
from clearway.gateway.fhir import door
from tests import fhir, sizes
from tests.fhir import Peer, a_booking, a_key, a_message, a_referral, issues, slots
from tests.outpatients import NOW, a_patient
from tests.therapies import Department
from tests.trust import a_trust, stop_the_clock

pytestmark = pytest.mark.django_db
HOW_TO = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "book-through-fhir.md"
JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=30),
    st.just([]),
    st.just({}),
    st.just([{}]),
    st.sampled_from(["\0", "\ud800", "Patient/1", "urn:uuid:2", "9999-12-31T23:59:59+14:00", "0001-01-01"]),
)


@pytest.fixture
def trust(monkeypatch: pytest.MonkeyPatch) -> Organisation:
    stop_the_clock(monkeypatch, NOW)
    monkeypatch.setattr(door, "LIMITS", door.Limits())
    monkeypatch.setattr(door, "AT_ONCE", 100_000)
    return a_trust()


@pytest.fixture
def physio(trust: Organisation) -> Department:
    return fhir.physio(trust)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where something can be damaged."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, each in items:
        yield (*path, name)
        yield from places(each, (*path, name))


def damaged(body: dict[str, Any], path: tuple[Any, ...], junk: Any, how: str) -> dict[str, Any]:
    made = copy.deepcopy(body)
    target = made
    for name in path[:-1]:
        target = target[name]
    if how == "gone":
        del target[path[-1]]
    elif how == "renamed" and isinstance(path[-1], str):
        target[f"{path[-1]}X"] = target.pop(path[-1])
    else:
        target[path[-1]] = junk
    return made


@pytest.mark.promise("R6")
def test_a_damaged_request_is_done_or_kept_and_explained_and_the_account_adds_up(physio: Department) -> None:
    peer = Peer(a_key(physio.trust))
    entry = physio.entry(physio.referral(patient=physio.patient(nhs_number=fhir.NUMBER)), minutes=30)
    bodies: list[tuple[str, dict[str, Any]]] = [
        ("Appointment", a_booking(slots()[0], entry)),
        ("$process-message", a_message(slots()[1])),
        ("$process-message", a_referral()),
    ]
    everywhere = [(where, body, path) for where, body in bodies for path in places(body)]

    @settings(max_examples=sizes.of("R6", "damaged FHIR requests"))
    @given(
        st.sampled_from(everywhere),
        JUNK,
        st.sampled_from(["gone", "renamed", "other"]),
        st.booleans(),
    )
    def send(chosen: tuple[str, dict[str, Any], tuple[Any, ...]], junk: Any, how: str, cut: bool) -> None:
        where, body, path = chosen
        raw = json.dumps(damaged(body, path, junk, how)).encode()
        before, kept = Batch.objects.count(), Quarantined.objects.count()

        answer = peer.post(where, raw[: len(raw) // 2] if cut else raw)

        assert answer.status_code in (200, 201, 400, 409, 422), answer.content
        batch = Batch.objects.order_by("-pk")[0]
        assert Batch.objects.count() == before + 1
        assert batch.done_at and batch.lines == 1
        if answer.status_code >= 400:
            assert Quarantined.objects.count() == kept + 1
            row = Quarantined.objects.order_by("-pk")[0]
            assert bytes(row.body) == bytes(batch.body)
            assert row.place and row.why and row.fix
            assert issues(answer)

    send()
    assert Appointment.objects.exclude(state="cancelled").count() <= 1


def test_whatever_is_typed_behind_an_address_is_answered_with_an_outcome(physio: Department) -> None:
    peer = Peer(a_key(physio.trust))
    names = st.sampled_from(
        ["_id", "patient", "date", "status", "start", "_count", "_after", "identifier", "x"]
    )

    @settings(max_examples=80)
    @given(
        st.sampled_from(["Patient", "Slot", "Appointment", "Task", "Observation"]),
        st.dictionaries(names, st.text(max_size=40), max_size=4),
        st.text(st.characters(blacklist_characters="/?#"), min_size=1, max_size=20),
    )
    def ask(kind: str, query: dict[str, str], key: str) -> None:
        text = urlencode({name: value.encode("utf-8", "surrogatepass") for name, value in query.items()})
        for path in (f"{kind}?{text}", f"{kind}/{quote(key.encode('utf-8', 'surrogatepass'))}"):
            answer = peer.get(path)
            assert answer.status_code < 500, (path, answer.content)
            assert answer["Content-Type"].startswith("application/fhir+json"), path

    ask()


def test_the_how_to_asks_for_what_is_answered(physio: Department) -> None:
    page = HOW_TO.read_text()
    peer = Peer(a_key(physio.trust))
    entry = physio.entry(physio.referral(patient=a_patient(physio.trust)), minutes=30)
    told = re.search(r"<<'END'\n(.*?)\nEND", page, re.S)
    assert told
    body = {**json.loads(told.group(1)), "slot": [{"reference": f"Slot/{slots()[0].pk}"}]}
    body["participant"][0]["actor"]["reference"] = f"Patient/{entry.patient_id}"
    searches = re.findall(r"--get \$FHIR/(\w+)((?: (?:\\\n\s*)?--data(?:-urlencode)? \S+)+)", page)
    assert [kind for kind, _ in searches] == ["Slot", "Patient"]

    for kind, asked in searches:
        pairs = [each.partition("=")[::2] for each in re.findall(r"--data(?:-urlencode)? (\S+)", asked)]
        found = peer.get(f"{kind}?{urlencode(pairs)}")
        assert (found.status_code, found.json()["total"] > 0) == (200, True), found.content
    assert peer.post("Appointment", body).status_code == 201
