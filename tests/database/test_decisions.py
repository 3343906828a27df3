"""The decision log: nothing is edited, nothing typed is lost, and the picture attaches itself."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from clearway.core.audit.models import Action
from clearway.core.decisions import actions, snapshots
from clearway.core.decisions.models import Decision
from clearway.core.feeds.actions import store
from clearway.core.feeds.models import Source
from clearway.core.organisation.models import Organisation
from clearway.core.people.models import User
from clearway.desks.ambulance.handovers.picture import counts
from clearway.domain.ambulance.situation import Feed, compose
from clearway.domain.ambulance.transitions import Assignment
from clearway.domain.ambulance.words import JobState, JobStatus
from clearway.domain.shared.errors import NotAllowed
from clearway.domain.shared.geography import Point
from tests.trust import AT, PASSWORD, a_trust, acting, signed_in, somebody

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
TYPED = {"known": "9 crews wait", "decision": "Divert minors for 90 min", "reason": "Two bays are shut"}


@pytest.fixture
def trust() -> Organisation:
    return a_trust()


@pytest.fixture
def person(trust: Organisation) -> User:
    return somebody("pfc", "patient_flow_coordinator", trust)


def write(trust: Organisation, person: User, *, at: datetime = AT, **more: Any) -> Decision:
    written = actions.Written(**{**TYPED, "decided_at": AT, **more})
    return actions.write(written, organisation_id=trust.pk, by=acting(person), at=at)


def test_a_decision_is_written_with_its_audit_row_and_the_age_of_every_source(
    trust: Organisation, person: User
) -> None:
    cad = Source.objects.create(organisation=trust, name="cad", kind="cad", expected_interval_seconds=10)
    store(cad, b"{}", at=AT - 2 * MINUTE)

    row = write(trust, person)

    assert row.role == "patient_flow_coordinator"
    assert row.snapshot["feeds"] == [
        {
            "name": "cad",
            "kind": "cad",
            "heard_at": (AT - 2 * MINUTE).isoformat(),
            "age_seconds": 120,
            "state": "stale",
        }
    ]
    assert [hospital["code"] for hospital in row.snapshot["handovers"]["hospitals"]] == ["TV001", "TV002"]
    assert Action.objects.get().verb == "decisions.write"


def test_the_picture_counts_who_waits_and_says_nothing_where_nobody_can_know() -> None:
    arrived = AT - 40 * MINUTE
    waits = Assignment(
        "1/A1", "1", "A1", JobState.QUEUING, arrived, None, None, "X", {JobStatus.AT_HOSPITAL: arrived}
    )
    comes = Assignment("2/A2", "2", "A2", JobState.CONVEYING, arrived, None, None, "X", {})
    sites = [("X", "Hillside", Point(51, -3))]

    known = compose(AT, sites, [waits, comes], [], {}, [Feed("cad", "cad", 10, AT, frozenset({"handover"}))])
    unknown = compose(AT, sites, [waits, comes], [], {}, [Feed("cad", "cad", 10, AT, frozenset())])

    seen = {"code": "X", "name": "Hillside", "waiting": 1, "longest_minutes": 40.0, "inbound": 1}
    assert counts(known)["hospitals"] == [seen]
    assert counts(unknown)["hospitals"] == [{**seen, "waiting": None, "longest_minutes": None}]


def test_a_decision_is_not_lost_when_the_picture_cannot_be_taken(
    trust: Organisation, person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> dict[str, Any]:
        raise OSError("no picture")

    monkeypatch.setitem(snapshots._PICTURES, "handovers", fails)

    assert write(trust, person).snapshot["handovers"] == {
        "missing": "The picture could not be taken: OSError"
    }


def test_a_decision_is_not_lost_when_the_database_refuses_its_picture(
    trust: Organisation, person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> dict[str, Any]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")
        return {}

    monkeypatch.setitem(snapshots._PICTURES, "handovers", fails)

    with transaction.atomic():  # as under the key of its form
        made = write(trust, person)
    assert made.snapshot["handovers"] == {"missing": "The picture could not be taken: DataError"}


@pytest.mark.promise("S7")
@pytest.mark.parametrize("change", ["UPDATE core_decision SET reason = 'x'", "DELETE FROM core_decision"])
def test_the_database_refuses_to_change_an_entry(trust: Organisation, person: User, change: str) -> None:
    write(trust, person)

    with pytest.raises((IntegrityError, DatabaseError), match="insert-only"), transaction.atomic():
        connection.cursor().execute(change)


def test_written_five_minutes_later_it_asks_why(trust: Organisation, person: User) -> None:
    write(trust, person, at=AT + 5 * MINUTE)

    with pytest.raises(NotAllowed, match="more than 5 minutes"):
        write(trust, person, at=AT + 5.1 * MINUTE, decision="Another")

    late = write(trust, person, at=AT + 6 * MINUTE, decision="Another", late_reason="was on the telephone")
    assert late.late_reason == "was on the telephone"


def test_nobody_decides_in_the_future(trust: Organisation, person: User) -> None:
    with pytest.raises(NotAllowed, match="still to come"):
        write(trust, person, decided_at=AT + 2 * MINUTE)


def test_a_correction_supersedes_and_the_old_words_stay(trust: Organisation, person: User) -> None:
    first = write(trust, person)

    second = write(trust, person, decision="Divert minors for 60 min", supersedes=first.pk, at=AT + MINUTE)

    assert second.supersedes == first
    page = signed_in(person).get(f"/decisions/{first.pk}/").content.decode()
    assert "<del>Divert minors for 90 min</del>" in page
    assert f"entry {second.pk}" in page


def test_an_entry_is_corrected_once(trust: Organisation, person: User) -> None:
    first = write(trust, person)
    write(trust, person, decision="one", supersedes=first.pk)

    with pytest.raises(NotAllowed, match="Somebody else saved this"):
        write(trust, person, decision="other", supersedes=first.pk)


def test_the_same_sent_twice_is_one_entry(trust: Organisation, person: User) -> None:
    assert write(trust, person) == write(trust, person, at=AT + MINUTE)


def test_an_entry_of_another_trust_cannot_be_corrected_or_read(trust: Organisation, person: User) -> None:
    other = a_trust("other-vale")
    theirs = write(other, somebody("them", "patient_flow_coordinator", other))

    with pytest.raises(NotAllowed, match="no such entry"):
        write(trust, person, supersedes=theirs.pk)
    assert signed_in(person).get(f"/decisions/{theirs.pk}/").status_code == 404


# The pages


def test_a_decision_is_written_from_the_page_and_remembers_the_screen(
    trust: Organisation, person: User
) -> None:
    client = signed_in(person)
    page = client.get(
        "/decisions/new/", headers={"Referer": "http://testserver/tasks/?mine=1"}
    ).content.decode()
    assert 'name="screen" value="/tasks/"' in page

    response = client.post("/decisions/new/", {**TYPED, "screen": "/tasks/", "site": "TV001"}, follow=True)

    row = Decision.objects.get()
    assert (row.screen, row.site and row.site.code, row.by) == ("/tasks/", "TV001", person)
    assert "Divert minors for 90 min" in response.content.decode()
    assert "Divert minors for 90 min" in client.get("/decisions/").content.decode()


def test_a_mistake_takes_no_text_away(person: User) -> None:
    response = signed_in(person).post("/decisions/new/", {**TYPED, "reason": "", "told": "SDO at 02:10"})

    page = response.content.decode()
    assert response.status_code == 422
    assert "Say why" in page
    assert "Divert minors for 90 min" in page
    assert 'value="SDO at 02:10"' in page


@pytest.mark.promise("S4")
def test_what_was_typed_survives_the_end_of_the_session(person: User) -> None:
    person.set_password(PASSWORD)
    person.save()
    client = signed_in(person)
    client.get("/decisions/")
    session = client.session
    session["seen_at"] = (datetime.now(UTC) - timedelta(hours=1)).timestamp()
    session.save()

    asked = client.post("/decisions/new/", TYPED)
    back = client.post(
        "/sign-in/", {"username": "pfc", "password": PASSWORD, "next": "/decisions/new/"}, follow=True
    )

    assert asked["Location"] == "/sign-in/?next=%2Fdecisions%2Fnew%2F"
    assert "Divert minors for 90 min" in back.content.decode()
    assert not Decision.objects.exists()


@pytest.mark.promise("S4")
def test_what_one_person_typed_is_not_shown_to_the_next(trust: Organisation, person: User) -> None:
    other = somebody("sdo", "service_delivery_officer", trust)
    other.set_password(PASSWORD)
    other.save()
    client = signed_in(person)
    client.get("/decisions/")
    session = client.session
    session["seen_at"] = (datetime.now(UTC) - timedelta(hours=1)).timestamp()
    session.save()
    client.post("/decisions/new/", TYPED)

    page = client.post(
        "/sign-in/", {"username": "sdo", "password": PASSWORD, "next": "/decisions/new/"}, follow=True
    )

    assert page.status_code == 200
    assert "Divert minors" not in page.content.decode()


def test_a_decision_with_an_nhs_number_is_refused_and_nothing_typed_is_lost(
    trust: Organisation, person: User
) -> None:
    page = signed_in(person).post("/decisions/new/", {**TYPED, "known": "999 000 0018 waits since 14:00"})

    text = page.content.decode()
    assert "Leave out the NHS number" in text
    assert "Two bays are shut" in text
    assert not Decision.objects.exists()
