"""Rows of one trust: with the filters of the queries taken away, the database still shows no other's."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import ProgrammingError, connection, transaction
from django.test import Client

from clearway.config import postgres
from clearway.config.database import USES
from clearway.core.onward.models import OnwardPerson, OnwardRequest
from clearway.core.organisation import own_rows
from clearway.core.organisation.models import Organisation
from clearway.core.people import matrix
from clearway.desks.outpatients.models import (
    Appointment,
    ClockEvent,
    Entry,
    Need,
    Pathway,
    Patient,
    Referral,
)
from tests.therapies import NINE, Department, a_department
from tests.trust import a_trust, signed_in, somebody, stop_the_clock

pytestmark = [pytest.mark.django_db, pytest.mark.promise("S2")]
FOREIGN = "Zeitgeber"  # a name that only the other trust's patients have
# Tables of a trust without the fence, each with why (docs/adr/0109).
OPEN = {
    "outpatients_listed_organisation": "the national directory of practices, of no patient",
    "outpatients_deprived_area": "national figures of postcodes, of no patient",
    "core_action": "its rows may be of no trust; pages read it by trust, and it holds no identity",
    "core_change": "the tailer of all trusts writes and reads it; pushed rows hold no identity",
    "core_push": "the tailer of all trusts writes and reads it; pushed rows hold no identity",
    "core_onwardstep": "says what was done, without identity; both trusts of a request read it",
}


def fenced() -> dict[str, str]:
    """The tables with a policy for rows -> what it shows."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, p.qual FROM pg_policies p JOIN pg_class c ON c.relname = p.tablename"
            " WHERE p.policyname = 'own_rows' AND p.cmd = 'ALL' AND c.relrowsecurity"
        )
        return dict(cursor.fetchall())


@contextmanager
def as_a_desk_of(trust: Organisation | None) -> Iterator[None]:
    """The rights of the desks, and the rows of one trust."""
    own_rows.only(trust.pk if trust else None)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {postgres.WEB}")
        yield
        transaction.set_rollback(True)


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch) -> tuple[Department, Department]:
    """Two trusts with the same department; the patients of the second have a name of their own."""
    stop_the_clock(monkeypatch, NINE)
    made = []
    for slug, name in (("own", "Ownfield"), ("other", FOREIGN)):
        physio = a_department(a_trust(slug))
        patient = physio.patient(family_name=name, address=f"1 {name} Road")
        Need.objects.create(patient=patient, kind="format", detail=f"{name} needs", recorded_at=NINE)
        physio.entry(physio.referral(patient=patient))
        slot = physio.session(starts_at=NINE).slots.order_by("pk")[0]
        physio.booked(slot, physio.entry(physio.referral(patient=patient)))
        made.append(physio)
    return made[0], made[1]


# Every table


def test_every_table_of_a_trust_in_the_outpatient_desk_that_knows_a_patient_is_fenced() -> None:
    patients = {
        model._meta.db_table
        for model in apps.get_app_config("outpatients").get_models()
        if any(field.related_model is Patient for field in model._meta.concrete_fields)
    }
    named = {
        model._meta.db_table
        for model in apps.get_models()
        if {"nhs_number", "family_name", "born_on", "postcode"}
        & {field.name for field in model._meta.concrete_fields}
    }

    assert len(patients) > 20 and "ambulance_identity" in named
    assert sorted((patients | named) - set(fenced()) - set(OPEN)) == []


def test_a_fence_lets_rows_in_by_the_trust_of_the_session_or_with_a_fenced_parent() -> None:
    of_trust = re.compile(r"\b(organisation|sender|receiver)_id = ANY \(\( ?SELECT clearway_whose_rows\(\)")
    for table, shown in fenced().items():
        parent = re.search(r"FROM (\w+) p\s+WHERE \(p.id = \w+.\w+_id\)", shown)
        assert of_trust.search(shown) or (parent and of_trust.search(fenced()[parent[1]])), table


@pytest.mark.parametrize("model", [Patient, Referral, Entry, Appointment, Pathway, ClockEvent, Need])
def test_without_any_filter_a_desk_reads_changes_and_deletes_no_row_of_another_trust(
    two: tuple[Department, Department], model: Any
) -> None:
    own, other = two
    by = "patient__organisation" if model is Need else "organisation"
    ours = set(model.objects.filter(**{by: own.trust}).values_list("pk", flat=True))
    theirs = set(model.objects.filter(**{by: other.trust}).values_list("pk", flat=True))
    assert ours and theirs

    with as_a_desk_of(own.trust):
        assert set(model.objects.values_list("pk", flat=True)) == ours
        if model is not ClockEvent:  # which no desk may change
            assert model.objects.filter(pk__in=theirs).update(id=0) == 0
            assert model.objects.filter(pk__in=theirs)._raw_delete("default") == 0
    with as_a_desk_of(None):
        assert not model.objects.exists(), "who has no trust sees none"


def test_a_desk_writes_no_row_into_another_trust(two: tuple[Department, Department]) -> None:
    own, other = two
    for fields in ({"organisation": other.trust}, {"organisation": own.trust}):
        said = {"born_on": NINE.date(), "family_name": "A", "given_names": "B", "registered_at": NINE}
        row = Patient(number="P99999", **said, **fields)
        with as_a_desk_of(own.trust):
            if fields["organisation"] == other.trust:
                with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
                    row.save()
            else:
                row.save()
    patient = Patient.objects.get(family_name="Ownfield")
    with (
        as_a_desk_of(own.trust),
        pytest.raises(ProgrammingError, match="row-level security"),
        transaction.atomic(),
    ):
        Patient.objects.filter(pk=patient.pk).update(organisation=other.trust)


def test_workers_see_every_trust_and_say_so_when_they_connect(two: tuple[Department, Department]) -> None:
    assert [kind for kind, use in USES.items() if use.every_trust] == ["worker"]
    with own_rows.of_every_trust(), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {postgres.WEB}")
        assert Patient.objects.filter(family_name=FOREIGN).exists()
        cursor.execute("RESET ROLE")


# The real queries of the real pages, with their filters taken away

TABLE = re.compile(r'"?(\w+)"?\."organisation_id" (?:= %s|IN \(%s\))')


@contextmanager
def without_the_filters() -> Iterator[list[str]]:
    """Each condition on the trust, in queries of fenced tables, becomes one that always holds."""
    tables, mutated = set(fenced()), []

    def mutate(execute: Any, statement: Any, *rest: Any) -> Any:
        def holds(found: re.Match[str]) -> str:
            if found[1] not in tables and not re.fullmatch(r"[TU]\d+", found[1]):
                return found[0]
            mutated.append(found[1])
            return "%s::text IS NOT NULL"

        text = str(statement)
        return execute(TABLE.sub(holds, text) if text.startswith("SELECT") else statement, *rest)

    with connection.execute_wrapper(mutate):
        yield mutated


def pages() -> list[str]:
    """The pages of the outpatient desk that need no key."""
    rows = [row for row in matrix.table() if row["method"] == "GET" and "<" not in row["route"]]
    return [row["route"] for row in rows if row["route"].startswith("/outpatients/")]


def showing(browser: Client, addresses: list[str]) -> set[str]:
    """The addresses whose answer names the other trust's patient."""
    browser.raise_request_exception = False
    found = set()
    for address in addresses:
        with transaction.atomic():
            answer = browser.get(address)
            body = b"".join(answer) if answer.streaming else answer.content
            transaction.set_rollback(True)
        if FOREIGN.encode() in body or f"{FOREIGN[:1]}{FOREIGN[1:].upper()}".encode() in body:
            found.add(address)
    return found


def test_with_every_filter_taken_away_no_page_shows_a_patient_of_another_trust(
    two: tuple[Department, Department], monkeypatch: pytest.MonkeyPatch
) -> None:
    own, other = two
    browser = signed_in(somebody("lead", "outpatient_team_leader", own.trust))
    patient = Patient.objects.get(organisation=other.trust)
    addresses = [
        *pages(),
        f"/outpatients/patients/?q={FOREIGN.lower()}",
        f"/outpatients/patients/{patient.pk}/",
        *(f"/outpatients/referrals/{each.pk}/" for each in Referral.objects.filter(organisation=other.trust)),
    ]

    with without_the_filters() as mutated:
        assert showing(browser, addresses) == set()
    assert {"outpatients_patient", "outpatients_referral", "outpatients_entry"} <= set(mutated)

    # Were there no fence, the same queries would have shown it: as who is not bound by it, they do.
    monkeypatch.setattr(postgres, "WEB", postgres.OWNER)
    with without_the_filters():
        assert len(showing(browser, addresses)) >= 5


def test_who_a_patient_is_that_one_trust_sends_another_is_seen_by_these_two_alone(
    two: tuple[Department, Department],
) -> None:
    own, other = two
    third = a_trust("third")
    request = OnwardRequest.objects.create(
        sender=own.trust,
        receiver=other.trust,
        kind="falls",
        service="FALLS",
        asked="Please see",
        incident="1",
        sent_at=NINE,
        due_at=NINE + timedelta(hours=2),
        since=NINE,
    )
    OnwardPerson.objects.create(request=request, family_name="Nobody", given_names="N")
    for trust, seen in ((own.trust, 1), (other.trust, 1), (third, 0)):
        with as_a_desk_of(trust):
            assert OnwardPerson.objects.count() == seen
