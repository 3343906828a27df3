"""Every public example of FHIR and of BaRS is accounted for; see bench/fhir_examples.

The examples are not in this repository; without ../shared/data these tests are skipped.
"""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from bench import fhir_examples
from bench.fhir_department import slots_of
from bench.fhir_examples import APPLIED, OUT, REFUSED, Row
from clearway.gateway.fhir import door
from tests.fhir import Peer, a_key
from tests.outpatients import NOW
from tests.therapies import a_department
from tests.trust import a_trust, stop_the_clock

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not fhir_examples.files(), reason=f"no examples under {fhir_examples.DATA}"),
]


@pytest.fixture
def rows(monkeypatch: pytest.MonkeyPatch) -> list[Row]:
    stop_the_clock(monkeypatch, NOW)
    monkeypatch.setattr(door, "LIMITS", door.Limits())
    monkeypatch.setattr(door, "AT_ONCE", 10_000)
    trust = a_trust()
    waiting: Iterator[dict[str, Any]] = iter(slots_of(a_department(trust), 30, NOW + timedelta(days=1)))
    peer = Peer(a_key(trust))

    def send(method: str, path: str, body: Any) -> tuple[int, dict[str, Any]]:
        answer = peer.send(method, path, body)
        return answer.status_code, json.loads(answer.content)

    return list(fhir_examples.account(send, lambda: next(waiting)))


def test_every_example_is_applied_refused_with_a_reason_or_out_of_scope(rows: list[Row]) -> None:
    assert {row.file for row in rows} == {
        str(path.relative_to(fhir_examples.DATA)) for path in fhir_examples.files()
    }
    assert {row.verdict for row in rows} == {APPLIED, REFUSED, OUT}
    assert all(row.why.count(". ") for row in rows if row.verdict != APPLIED), "place, reason and fix"
    local = [row for row in rows if row.how == "local" and row.kind in ("Appointment", "Bundle")]
    assert len(local) >= 8
    assert {row.verdict for row in local} == {APPLIED}, [row for row in local if row.verdict != APPLIED]
