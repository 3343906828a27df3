"""Patients: registered once, changed, flagged, merged and unmerged; the dead are left in peace."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from clearway.core.audit.actions import Actor
from clearway.core.audit.models import Action
from clearway.core.organisation.models import Organisation
from clearway.desks.outpatients.patients import actions, queries
from clearway.desks.outpatients.patients.models import Patient
from clearway.domain.shared.errors import NotAllowed
from tests.trust import a_trust

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
DESK = Actor("desk")
ADA = actions.New("Brown", "Ada", date(1970, 3, 1), nhs_number="9990548609", phone="01905 000000")


@pytest.fixture
def trust() -> Organisation:
    return a_trust()


@pytest.fixture
def by(trust: Organisation) -> dict[str, Any]:
    return {"organisation_id": trust.pk, "by": DESK, "at": NOW}


def test_a_patient_gets_a_number_and_the_audit_holds_no_identity(by: dict[str, Any]) -> None:
    row = actions.register(ADA, **by)

    assert row.number == f"C{row.pk:07d}"
    said = Action.objects.get(verb="patients.register")
    assert said.subject == f"patient:{row.pk}"
    assert not any(word in str(said.detail) for word in ("Brown", "9990548609", "1970"))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"nhs_number": "9990548600"}, "last digit"),
        ({"nhs_number": "99905"}, "ten digits"),
        ({"born_on": date(2026, 11, 21)}, "still to come"),
        ({"postcode": "Worcester"}, "postcode"),
        ({"family_name": " "}, "family name"),
        ({"channel": "pigeon"}, "reached by"),
        ({"number": "7"}, "cannot be changed"),
        ({"died_on": date(2026, 1, 1)}, "cannot be changed"),
    ],
)
def test_what_cannot_be_right_is_refused_with_the_reason(
    by: dict[str, Any], change: dict[str, Any], why: str
) -> None:
    row = actions.register(ADA, **by)

    with pytest.raises(NotAllowed, match=why):
        actions.change(row.pk, change, **by)

    assert Patient.objects.get(pk=row.pk).family_name == "Brown"


def test_a_record_that_may_be_the_same_person_is_compared_first(by: dict[str, Any]) -> None:
    row = actions.register(ADA, **by)
    again = actions.New("Browne", "Ada Mary", date(1970, 3, 1))

    with pytest.raises(actions.LooksAlike) as refusal:
        actions.register(again, **by)
    assert refusal.value.alike == (row.pk,)

    other = actions.register(again, though_alike=True, **by)
    assert other.pk != row.pk


def test_two_patients_never_have_one_nhs_number(by: dict[str, Any]) -> None:
    actions.register(ADA, **by)
    other = actions.New("Green", "Eve", date(1990, 1, 1), nhs_number=ADA.nhs_number)

    with pytest.raises(NotAllowed, match="Another patient has this NHS number"):
        actions.register(other, though_alike=True, **by)


def test_a_changed_telephone_number_counts_as_confirmed_that_day(by: dict[str, Any]) -> None:
    row = actions.register(ADA, **by)

    actions.change(row.pk, {"mobile": "07700 900123"}, **by)

    row.refresh_from_db()
    assert row.confirmed_on == date(2026, 11, 20)
    assert Action.objects.get(verb="patients.change").detail == {"fields": ["confirmed_on", "mobile"]}


def test_a_need_is_recorded_once_and_reviewed_when_said_again(by: dict[str, Any]) -> None:
    row = actions.register(ADA, **by)

    first = actions.add_need(row.pk, "interpreter", "Polish", **by)
    again = actions.add_need(row.pk, "interpreter", "Polish ", **by)
    assert first.pk == again.pk

    actions.review_need(first.pk, ends=True, **by)
    assert queries.needs_of([row.pk]) == {}
    with pytest.raises(NotAllowed):
        actions.add_need(row.pk, "interpreter", " ", **by)


def test_who_has_died_is_not_written_to_and_cannot_die_before_birth_or_tomorrow(by: dict[str, Any]) -> None:
    row = actions.register(ADA, **by)
    for day in (date(1969, 1, 1), date(2026, 11, 21)):
        with pytest.raises(NotAllowed):
            actions.record_death(row.pk, day, **by)
    assert queries.may_contact(row, "phone")

    row = actions.record_death(row.pk, date(2026, 11, 19), **by)

    assert "died" in queries.may_contact(row, "phone").why


def test_text_messages_need_consent_and_a_machine_respects_opting_out_and_safe_contact(
    by: dict[str, Any],
) -> None:
    row = actions.register(ADA, **by)
    row = actions.change(row.pk, {"mobile": "07700 900123"}, **by)
    assert "agreed" in queries.may_contact(row, "text").why

    row = actions.change(row.pk, {"may_text": True}, **by)
    assert queries.may_contact(row, "text", by_machine=True)
    flag = actions.raise_flag(row.pk, "safe_contact", "Never ring the landline", **by)
    assert not queries.may_contact(row, "text", by_machine=True, flags=[flag])

    row = actions.change(row.pk, {"opted_out": True}, **by)
    assert queries.may_contact(row, "text")
    assert not queries.may_contact(row, "text", by_machine=True)


def test_a_merger_hides_one_record_and_can_be_undone(by: dict[str, Any]) -> None:
    one = actions.register(ADA, **by)
    two = actions.register(actions.New("Brown", "Ada", date(1970, 3, 1)), though_alike=True, **by)

    actions.merge(two.pk, one.pk, "Same address and practice", **by)
    found = queries.search(one.organisation_id, "brown")
    assert [each.pk for each in found] == [one.pk]
    with pytest.raises(NotAllowed, match="merged"):
        actions.change(two.pk, {"phone": "1"}, **by)

    actions.unmerge(two.pk, "Two sisters", **by)
    assert len(queries.search(one.organisation_id, "brown")) == 2


@pytest.mark.parametrize(("into", "why"), [("self", "itself"), ("other", "Say how you know")])
def test_a_merger_needs_two_records_and_a_reason(by: dict[str, Any], into: str, why: str) -> None:
    one = actions.register(ADA, **by)
    two = actions.register(actions.New("Green", "Eve", date(1990, 1, 1)), **by)

    with pytest.raises(NotAllowed, match=why):
        actions.merge(one.pk, one.pk if into == "self" else two.pk, "x" if into == "self" else " ", **by)


@pytest.mark.parametrize(
    "asked", ["ada brown", "brown, ada", "bro", "999 054 8609", "C{pk:07d}"], ids=lambda asked: asked
)
def test_a_patient_is_found_by_name_number_or_nhs_number(by: dict[str, Any], asked: str) -> None:
    row = actions.register(ADA, **by)

    assert queries.search(row.organisation_id, asked.format(pk=row.pk)) == [row]
    assert queries.search(row.organisation_id, "", date(1970, 3, 1)) == [row]
    assert queries.search(row.organisation_id, "") == []
