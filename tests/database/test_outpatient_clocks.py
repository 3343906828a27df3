"""Clock events in the database: recorded once, in any order, corrected, and kept true to the engine."""

import csv
import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from django.db import DatabaseError, transaction

from clearway.cli import main
from clearway.core.audit.actions import Actor
from clearway.core.audit.models import Action
from clearway.core.organisation.models import Organisation
from clearway.desks.outpatients.clinics.models import Service
from clearway.desks.outpatients.clocks import actions, queries
from clearway.desks.outpatients.clocks.models import ClockEvent as Row
from clearway.desks.outpatients.clocks.models import Pathway
from clearway.desks.outpatients.patients import actions as patients
from clearway.domain.outpatients.clock_events import ClockEvent, EventKind
from clearway.domain.outpatients.identity import PathwayIdentifier
from clearway.domain.outpatients.measurement import Asked, ServiceKind, measure
from clearway.domain.shared.errors import NotAllowed
from tests.trust import a_trust

pytestmark = pytest.mark.django_db
NOW = datetime(2025, 5, 12, 9, 0, tzinfo=UTC)
DESK = Actor("desk")
RECEIVED = ClockEvent("received", EventKind.REFERRAL_RECEIVED, date(2025, 1, 6))


@pytest.fixture
def trust() -> Organisation:
    return a_trust()


@pytest.fixture
def pathway(trust: Organisation) -> Pathway:
    new = patients.New("Brown", "Ada", date(1970, 3, 1))
    patient = patients.register(new, organisation_id=trust.pk, by=DESK, at=NOW)
    service = Service.objects.create(
        organisation=trust, code="MSK", name="Physiotherapy", kind=ServiceKind.CONSULTANT_LED, function="110"
    )
    return actions.open_pathway(
        patient.pk,
        service=service,
        measure=measure(Asked(ServiceKind.CONSULTANT_LED)),
        organisation_id=trust.pk,
        by=DESK,
        at=NOW,
    )


def record(pathway: Pathway, *events: ClockEvent, at: datetime = NOW):  # type: ignore[no-untyped-def]
    recorded = [actions.Recorded(pathway.pk, each, "desk") for each in events]
    return actions.record(recorded, organisation_id=pathway.organisation_id, by=DESK, at=at)[0]


def test_a_pathway_has_an_identifier_of_twenty_characters_of_the_trust(pathway: Pathway) -> None:
    assert len(pathway.ppid) == 20
    assert pathway.ppid.startswith("TESTV")
    assert pathway.issuer == "TEST-VALLEY"


def test_a_received_referral_starts_the_clock_and_the_columns_of_the_lists_follow(pathway: Pathway) -> None:
    said = record(pathway, RECEIVED)

    pathway.refresh_from_db()
    assert said.open_period is not None and said.open_period.days == 126  # 6 January to 12 May
    assert (pathway.state, pathway.started_on) == ("ticking", date(2025, 1, 6))
    assert pathway.treat_by == date(2025, 5, 12)
    assert pathway.ended_on is None
    assert Action.objects.get(verb="clocks.record").detail["events"][0]["kind"] == "referral_received"


def test_the_same_event_twice_is_recorded_once(pathway: Pathway) -> None:
    record(pathway, RECEIVED)
    record(pathway, RECEIVED, RECEIVED)

    assert Row.objects.count() == 1


def test_one_key_cannot_name_two_events(pathway: Pathway) -> None:
    record(pathway, RECEIVED)

    with pytest.raises(NotAllowed, match="correction"):
        record(pathway, ClockEvent("received", EventKind.REFERRAL_RECEIVED, date(2025, 1, 7)))


def test_an_event_to_come_is_refused_by_the_day_in_london(pathway: Pathway) -> None:
    late_evening = datetime(2025, 5, 11, 23, 30, tzinfo=UTC)  # 00:30 on the 12th in London

    record(pathway, ClockEvent("a", EventKind.REFERRAL_RECEIVED, date(2025, 5, 12)), at=late_evening)
    with pytest.raises(NotAllowed, match="still to come"):
        record(pathway, ClockEvent("b", EventKind.ATTENDED, date(2025, 5, 13)), at=late_evening)


def test_a_correction_changes_the_clock_and_the_day_it_was_known_is_kept(pathway: Pathway) -> None:
    record(pathway, RECEIVED, at=datetime(2025, 1, 6, 12, 0, tzinfo=UTC))
    right = ClockEvent("mended", EventKind.REFERRAL_RECEIVED, date(2024, 12, 30), replaces="received")
    record(pathway, right)

    pathway.refresh_from_db()
    assert pathway.started_on == date(2024, 12, 30)
    then = queries.explained(pathway.pk, date(2025, 5, 12), known_by=date(2025, 2, 1))
    assert then.open_period is not None and then.open_period.start == date(2025, 1, 6)


def test_what_a_feed_says_out_of_turn_is_recorded_and_becomes_a_finding(pathway: Pathway) -> None:
    said = record(pathway, ClockEvent("treated", EventKind.TREATED, date(2025, 2, 3)))

    assert [finding.code for finding in said.findings] == ["CK01"]
    assert Row.objects.count() == 1


def test_what_a_person_asks_out_of_turn_is_refused_with_what_to_do(pathway: Pathway) -> None:
    with pytest.raises(NotAllowed) as refusal:
        actions.say(
            pathway.pk,
            ClockEvent("treated", EventKind.TREATED, date(2025, 2, 3)),
            organisation_id=pathway.organisation_id,
            by=DESK,
            at=NOW,
        )

    assert refusal.value.why
    assert Row.objects.count() == 0


def test_a_recorded_event_can_be_neither_changed_nor_deleted(pathway: Pathway) -> None:
    record(pathway, RECEIVED)

    for change in (lambda: Row.objects.update(on=date(2025, 1, 7)), lambda: Row.objects.all().delete()):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_what_is_kept_of_a_clock_is_rebuilt_from_its_events_and_compared(pathway: Pathway) -> None:
    record(pathway, RECEIVED)
    Pathway.objects.update(state="stopped", treat_by=date(2030, 1, 1))

    found = actions.rebuild(organisation_id=pathway.organisation_id, by=DESK, at=NOW)

    assert {each.column for each in found} == {"state", "treat_by"}
    pathway.refresh_from_db()
    assert (pathway.state, pathway.treat_by) == ("ticking", date(2025, 5, 12))
    assert actions.rebuild(organisation_id=pathway.organisation_id, by=DESK, at=NOW) == []


def test_the_command_names_a_clock_that_is_not_what_its_events_add_up_to(
    pathway: Pathway, capsys: pytest.CaptureFixture[str]
) -> None:
    record(pathway, RECEIVED)
    assert main(["verify", "clocks", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"pathways": 1, "differences": []}
    Pathway.objects.update(state="stopped")

    assert main(["verify", "clocks", "--json"]) == 1

    wrong = {"pathway": pathway.pk, "column": "state", "kept": "stopped", "rebuilt": "ticking"}
    assert json.loads(capsys.readouterr().out)["differences"] == [wrong]
    pathway.refresh_from_db()
    assert pathway.state == "stopped", "looking mends nothing"


def test_the_command_mends_what_differs_when_told_to(
    pathway: Pathway, capsys: pytest.CaptureFixture[str]
) -> None:
    record(pathway, RECEIVED)
    Pathway.objects.update(state="stopped")

    assert main(["verify", "clocks", "--mend"]) == 1
    assert "1 differ. They were written anew." in capsys.readouterr().out
    assert main(["verify", "clocks"]) == 0
    assert Action.objects.filter(verb="clocks.rebuild", actor="verify clocks").count() == 1


def test_an_identifier_belongs_to_one_pathway(pathway: Pathway) -> None:
    with pytest.raises(NotAllowed, match="Link the referral"):
        actions.open_pathway(
            pathway.patient_id,
            service=Service.objects.get(),
            measure=measure(Asked(ServiceKind.CONSULTANT_LED)),
            identifier=PathwayIdentifier(pathway.ppid, pathway.issuer),
            organisation_id=pathway.organisation_id,
            by=DESK,
            at=NOW,
        )


def test_what_a_department_writes_out_gives_the_same_clocks_from_the_file_alone(
    pathway: Pathway, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record(pathway, RECEIVED)
    record(pathway, ClockEvent("seen", EventKind.TREATED, date(2025, 3, 3), function="650"))
    events, clocks = tmp_path / "events.csv", tmp_path / "clocks.csv"
    slug = pathway.organisation.slug

    assert main(["clocks", "export", "--organisation", slug, "--out", str(events), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"pathways": 1, "events": 2, "file": str(events)}
    assert main(["clocks", str(events), "--as-of", "2025-03-31", "--out", str(clocks)]) == 0

    (row,) = csv.DictReader(clocks.read_text().splitlines())
    pathway.refresh_from_db()
    assert row["pathway"] == f"{pathway.issuer}-{pathway.ppid}"
    assert (row["state"], row["start_date"], row["ended_on"]) == (
        pathway.state,
        str(pathway.started_on),
        "2025-03-03",
    )
    assert Action.objects.get(verb="clocks.export").detail == {"pathways": 1, "events": 2}
    assert main(["clocks", "export", "--organisation", slug, "--out", str(events)]) == 2, (
        "it is there already"
    )
