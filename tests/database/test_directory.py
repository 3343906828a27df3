"""The directory of practices: loaded from files, followed to successors, used where codes stand."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from clearway.cli import main
from clearway.core.audit.models import Action
from clearway.core.feeds.models import Source
from clearway.core.organisation.models import Organisation
from clearway.core.outbox.models import Outgoing
from clearway.core.worklist.models import Task
from clearway.desks.outpatients import rules, situation
from clearway.desks.outpatients.directory import actions, queries
from clearway.desks.outpatients.directory.models import DirectoryLoad, ListedOrganisation
from clearway.desks.outpatients.exchange import actions as exchange
from clearway.desks.outpatients.letters import actions as letter_actions
from clearway.desks.outpatients.letters.models import Correspondent, Letter
from clearway.desks.outpatients.patients.models import Patient
from clearway.desks.outpatients.referrals import actions as referrals
from clearway.domain.outpatients.practices import Standing
from clearway.domain.shared.errors import NotAllowed
from clearway.gateway.duties import groups
from tests.beside import DESK, MAPPING, deliver
from tests.directory import file, practice, successor
from tests.fhir import Peer, a_key
from tests.letters import with_letters, work
from tests.outpatients import NOW, TODAY, a_patient, scope
from tests.pas import adt
from tests.therapies import NINE, a_department
from tests.trust import a_trust, signed_in, somebody

pytestmark = pytest.mark.django_db
OPEN = (practice("M81001", "HILL SURGERY"), practice("M81002", "VALE SURGERY", address="2 VALE LANE"))
CLOSED = practice("M81001", "HILL SURGERY", closed="20240331")


@pytest.fixture
def trust() -> Organisation:
    return a_trust()


def load(trust: Organisation, *rows: list[str]) -> actions.Plan:
    return actions.load(file(*rows), "epraccur.csv", **scope(trust))[0]


def merged(trust: Organisation) -> None:
    """Hill Surgery closed, and Vale Surgery took its place."""
    load(trust, *OPEN)
    load(trust, CLOSED)
    load(trust, successor("M81001", "M81002"))


def split(trust: Organisation) -> None:
    """Hill Surgery closed, and two took its place."""
    load(trust, CLOSED, OPEN[1], practice("M81003", "DALE SURGERY"))
    load(trust, successor("M81001", "M81002"), successor("M81001", "M81003"))


def standing(trust: Organisation, code: str = "M81001") -> tuple[Standing, str]:
    found = queries.resolved(trust.pk, code, TODAY)
    assert found is not None
    return found.found.standing, found.found.current


def test_a_file_makes_versions_of_what_differs_and_the_same_file_again_changes_nothing(
    trust: Organisation,
) -> None:
    first = load(trust, *OPEN)
    again = load(trust, *OPEN)
    closed = load(trust, CLOSED)

    assert (len(first.new), first.same) == (2, 0)
    assert (len(again.changes), again.same) == (0, 2)
    assert [(each.now.code, each.fields) for each in closed.altered] == [("M81001", ("status", "closed_on"))]
    rows = ListedOrganisation.objects.filter(code="M81001").order_by("version")
    assert [(row.version, row.status, row.is_newest) for row in rows] == [
        (1, "active", False),
        (2, "closed", True),
    ]
    assert Action.objects.filter(verb="directory.load").count() == 3


def test_a_code_stands_for_the_successor_and_for_the_one_that_a_person_chose_of_several(
    trust: Organisation,
) -> None:
    assert queries.resolved(trust.pk, "M81001", TODAY) is None  # without a directory nothing is said
    split(trust)
    assert standing(trust) == (Standing.SEVERAL, "M81001")

    with pytest.raises(NotAllowed, match="one of the successors"):
        actions.choose("M81001", "M89999", "A letter", **scope(trust))
    actions.choose("M81001", "M81003", "The commissioner's letter of 2 April", **scope(trust))
    assert standing(trust) == (Standing.SUCCEEDED, "M81003")
    actions.choose("M81001", "M81002", "Dale took none of our patients", **scope(trust))
    assert standing(trust) == (Standing.SUCCEEDED, "M81002")


def test_a_succession_that_leads_back_is_refused_and_what_stood_before_stays(trust: Organisation) -> None:
    merged(trust)

    found = load(trust, successor("M81002", "M81001"))

    assert [each.where for each in found.refused] == ["succession M81002 to M81001"]
    assert standing(trust) == (Standing.SUCCEEDED, "M81002")
    assert DirectoryLoad.objects.latest("id").refused_count == 1


def test_a_dry_run_says_what_would_change_and_writes_nothing(
    trust: Organisation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from clearway.cli import ground

    monkeypatch.setattr(ground, "prepare", lambda role: None)
    Organisation.objects.update(desks=["outpatients"])
    load(trust, *OPEN)
    a_patient(trust, practice="M81001")
    path = tmp_path / "epraccur.csv"
    path.write_bytes(file(CLOSED, practice("M8", "TOO SHORT")))

    assert main(["directory", "load", str(path), "--dry-run", "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert (said["written"], said["changed"], said["closed"], said["patients_of_closed"]) == (False, 1, 1, 1)
    assert said["refused"][0]["where"] == "line 2, column 1, code"
    assert DirectoryLoad.objects.count() == 1
    assert main(["directory", "load", str(path)]) == 1
    assert "M81001 HILL SURGERY: status, closed_on, 1 of our patients" in capsys.readouterr().out
    assert DirectoryLoad.objects.count() == 2


# Where codes stand


def test_a_closed_practice_in_a_message_keeps_its_code_and_is_shown_as_its_successor(
    trust: Organisation,
) -> None:
    a_department(trust)
    merged(trust)
    source = Source.objects.create(organisation=trust, name="pas", kind="hl7", expected_interval_seconds=3600)
    exchange.load_mapping(source, MAPPING, "the first", by=DESK, at=NINE)

    deliver(source, adt("A28", NINE - timedelta(hours=1), more=("PD1|||HILL^^M81001",)))

    patient = Patient.objects.get()
    assert patient.practice == "M81001"
    desk = signed_in(somebody("ada", "outpatient_coordinator", trust))
    page = desk.get(f"/outpatients/patients/{patient.pk}/").content.decode()
    assert "VALE SURGERY</a> (M81002), 2 VALE LANE" in page
    assert "given as HILL SURGERY (M81001, closed 31 Mar 2024)" in page


def test_fhir_serves_the_practice_that_counts_by_name_and_the_code_that_was_given_as_old(
    trust: Organisation,
) -> None:
    merged(trust)
    row = a_patient(trust, practice="M81001")
    system = "https://fhir.nhs.uk/Id/ods-organization-code"

    said = Peer(a_key(trust)).get(f"Patient/{row.pk}").json()["generalPractitioner"]

    assert said == [
        {
            "type": "Organization",
            "identifier": {"system": system, "value": "M81002"},
            "display": "VALE SURGERY",
        },
        {"type": "Organization", "identifier": {"use": "old", "system": system, "value": "M81001"}},
    ]


def referred(trust: Organisation, code: str, to: str = "physio") -> Letter:
    """The acknowledgement to whoever referred somebody."""
    physio = a_department(trust, to)
    new = referrals.New(
        a_patient(trust).pk, physio.service.pk, TODAY, source="03", sender="Dr Reed", sender_organisation=code
    )
    referrals.register(new, **scope(trust))
    work(NOW)
    return Letter.objects.filter(audience="referrer").latest("id")


def test_a_letter_to_a_closed_practice_goes_to_its_successor_under_the_name_that_counts(
    trust: Organisation,
) -> None:
    with_letters(trust)
    merged(trust)
    Correspondent.objects.create(organisation=trust, key="M81001", name="Hill Surgery", address="1 Old Road")
    Correspondent.objects.create(organisation=trust, key="Dr Reed", name="A namesake", address="9 Far Road")

    letter = referred(trust, "M81001")

    assert letter.to_name == "VALE SURGERY"
    assert letter.to_address == "2 VALE LANE\nWORCESTER\nWORCESTERSHIRE\nWR5 1DD"


def test_a_letter_waits_while_a_successor_is_to_be_chosen_and_goes_on_by_itself(trust: Organisation) -> None:
    with_letters(trust)
    split(trust)
    letter = referred(trust, "M81001")
    held = Outgoing.objects.get(pk=letter.outgoing_id)
    assert (held.state, held.reason) == ("held", "practice")

    actions.choose("M81001", "M81003", "The commissioner's letter", **scope(trust))
    work(NOW + timedelta(minutes=1))

    assert Letter.objects.get(pk=letter.pk).to_name == "DALE SURGERY"


def test_of_a_practice_that_closed_without_a_successor_its_old_address_does_not_count_and_a_new_one_does(
    trust: Organisation,
) -> None:
    with_letters(trust)
    load(trust, CLOSED)
    Correspondent.objects.create(organisation=trust, key="M81001", name="Hill Surgery", address="1 Old Road")
    letter = referred(trust, "M81001")
    held = Outgoing.objects.get(pk=letter.outgoing_id)
    assert (held.state, held.reason) == ("held", "referrer")

    assert letter_actions.set_address(letter.pk, "Vale Surgery", "2 Vale Lane", **scope(trust)) == 1
    work(NOW + timedelta(minutes=1))

    letter.refresh_from_db()
    assert (letter.to_name, letter.to_address) == ("Vale Surgery", "2 Vale Lane")


def test_a_letter_waits_for_the_day_on_which_another_practice_takes_over_and_then_goes_on(
    trust: Organisation,
) -> None:
    with_letters(trust)
    load(trust, CLOSED, OPEN[1])
    load(trust, successor("M81001", "M81002", on=f"{TODAY + timedelta(days=1):%Y%m%d}"))
    letter = referred(trust, "M81001")
    Organisation.objects.update(desks=["outpatients"])
    keep_house = next(duty.work for duty in groups()["rules"]() if duty.name == "housekeeping")

    keep_house(NOW + timedelta(hours=1))
    assert Outgoing.objects.get(pk=letter.outgoing_id).state == "held"
    keep_house(NOW + timedelta(days=1))
    work(NOW + timedelta(days=1))

    letter.refresh_from_db()
    assert letter.to_name == "VALE SURGERY"


def test_a_letter_that_was_made_for_a_practice_that_has_closed_since_is_made_anew(
    trust: Organisation,
) -> None:
    with_letters(trust)
    load(trust, *OPEN)
    letter = referred(trust, "M81001")
    assert letter.to_name == "HILL SURGERY"

    load(trust, CLOSED)
    load(trust, successor("M81001", "M81002"))
    work(NOW + timedelta(minutes=1))

    letter.refresh_from_db()
    assert letter.to_name == "VALE SURGERY"


def test_an_address_that_is_entered_for_one_practice_lets_go_every_letter_that_stands_for_it(
    trust: Organisation,
) -> None:
    with_letters(trust)
    nowhere = [cell if column not in (4, 7, 8) else "" for column, cell in enumerate(OPEN[1])]
    load(trust, CLOSED, nowhere)
    load(trust, successor("M81001", "M81002"))
    before, now = referred(trust, "M81001"), referred(trust, "M81002", to="hands")
    assert set(Outgoing.objects.filter(reason="referrer").values_list("pk", flat=True)) == {
        before.outgoing_id,
        now.outgoing_id,
    }

    assert letter_actions.set_address(now.pk, "Vale Surgery", "2 Vale Lane", **scope(trust)) == 2


def test_codes_that_stand_for_no_open_practice_are_on_the_check_list_until_they_are_seen_to(
    trust: Organisation,
) -> None:
    for code in ("M81001", "M81001", "M89999", "M81002"):
        a_patient(trust, practice=code)

    def wanted() -> dict[str, str]:
        rules.run(trust.pk, situation.read(trust.pk, NOW), NOW)
        rows = Task.objects.filter(rule="practice_unclear", closed_at__isnull=True)
        return {row.subject: row.title for row in rows}

    assert wanted() == {}  # no directory: nothing is known to be wrong
    split(trust)
    found = {
        each.code: (each.patients, each.resolved.found.standing) for each in queries.checks(trust.pk, NOW)
    }
    assert found == {"M81001": (2, Standing.SEVERAL), "M89999": (1, Standing.UNKNOWN)}
    assert wanted() == {"directory:codes": "2 codes of practices stand for no open practice"}
    actions.choose("M81001", "M81003", "The commissioner's letter", **scope(trust))
    Patient.objects.filter(practice="M89999").update(practice="M81002")
    assert wanted() == {}


# Pages


def test_a_practice_is_found_by_code_name_or_postcode_and_its_page_tells_its_history(
    trust: Organisation,
) -> None:
    merged(trust)
    desk = signed_in(somebody("ada", "outpatient_coordinator", trust))

    for text in ("M81002", "vale surg", "wr51dd"):
        assert "VALE SURGERY" in desk.get("/outpatients/directory/", {"text": text}).content.decode()
    page = desk.get("/outpatients/directory/M81001/").content.decode()
    assert "Status: active became closed; Closed: nothing became 2024-03-31" in page
    assert "VALE SURGERY</a> (M81002), from 1 Apr 2024" in page
    assert desk.get("/outpatients/directory/M80000/").status_code == 404


def test_a_person_chooses_on_the_page_and_only_who_may_change_records(trust: Organisation) -> None:
    split(trust)
    a_patient(trust, practice="M81001")
    choice: dict[str, Any] = {"new": "M81003", "why": "The commissioner's letter"}
    desk = signed_in(somebody("ada", "outpatient_coordinator", trust))

    assert "Closed: choose its successor" in desk.get("/outpatients/directory/checks/").content.decode()
    assert desk.post("/outpatients/directory/M81001/", {"new": "M81003"}).status_code == 422
    assert desk.post("/outpatients/directory/M81001/", choice).status_code == 302
    assert standing(trust) == (Standing.SUCCEEDED, "M81003")
    reader = signed_in(somebody("rex", "receptionist", trust))
    assert reader.post("/outpatients/directory/M81001/", choice).status_code == 403
