"""Downtime packs: what they hold and never hold, that no folder costs another its pack, and who is told."""

import base64
import csv
import io
import json
import re
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings

from clearway.cli import main
from clearway.core.audit.actions import Actor
from clearway.core.decisions import actions as decisions
from clearway.core.feeds.models import Source
from clearway.core.organisation.models import Organisation
from clearway.core.people.models import OnCall
from clearway.core.worklist.models import Task
from clearway.desks.ambulance import rules, situation
from clearway.desks.ambulance.downtime import actions, packing, queries, register
from clearway.desks.ambulance.downtime.carried import ClinicList, Table, as_csv
from clearway.desks.ambulance.downtime.models import PackFolder, PaperForm
from clearway.domain.ambulance.downtime import Form
from clearway.domain.ambulance.events import CallEvent, Patient
from clearway.domain.ambulance.words import CallStatus, FormKind
from clearway.interchange import sealed
from tests.trust import somebody

from .conftest import at, conveyance, deliver

pytestmark = pytest.mark.django_db
WORDS = "a passphrase for tests"
BY = Actor("duty:downtime-packs")


@pytest.fixture
def folders(tmp_path: Path) -> Any:
    """Two folders that the settings name."""
    made = [tmp_path / "one", tmp_path / "two"]
    for folder in made:
        folder.mkdir()
    with override_settings(DOWNTIME_FOLDERS=[str(each) for each in made], DOWNTIME_PASSPHRASE=WORDS):
        yield made


def tend(trust: Organisation, minutes: float) -> list[packing.Written]:
    return packing.tend(trust, by=BY, at=at(minutes))


def packs(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def busy(knowing: Organisation, cad: Source) -> Organisation:
    """A crew that waits at a hospital with a patient who has a name, a decision, and somebody on call."""
    site = knowing.sites.filter(kind="emergency_department").order_by("code")[0]
    patient = Patient(age=71, name="PLANTED, Name", nhs_number="9990002101", born_on="1955-01-02")
    call = CallEvent("c1", at(-5), "1", CallStatus.CALL_CONNECT, nature="PLANTED nature", patient=patient)
    deliver(cad, [call, *conveyance(site.code, start=-50, until="at_hospital")], known=0)
    user = somebody("officer", "service_delivery_officer", knowing)
    decisions.write(
        decisions.Written("Two wait", "Hold one crew back", "No bays", decided_at=at(0)),
        organisation_id=knowing.pk,
        by=Actor("officer", user_id=user.pk, role="service_delivery_officer"),
        at=at(0),
    )
    turn = {"starts_at": at(-60), "ends_at": at(600), "contact": "01234 567890"}
    OnCall.objects.create(organisation=knowing, duty="local_commander", user=user, **turn)
    return knowing


def test_a_pack_holds_the_boards_decisions_people_and_numbered_forms_and_nobodys_name(
    busy: Organisation, folders: list[Path]
) -> None:
    first, second = tend(busy, 1)
    file = (folders[0] / first.name).read_text()
    page = sealed.open_page(file, WORDS)

    assert file == (folders[1] / second.name).read_text()
    assert "A1" not in file.partition(sealed.BEGINS)[0]
    for there in ("A1", "Hold one crew back", "01234 567890", "local commander", "Queuing", "I0001", "D0003"):
        assert there in page
    assert page.count("data-made=") == 9  # every part says how old it is
    for planted in ("PLANTED", "9990002101", "1955-01-02"):
        assert planted not in page and planted not in file
    assert "http" not in page and "src=" not in page


def test_the_tables_of_a_pack_are_files_and_every_crew_has_a_card(
    busy: Organisation, folders: list[Path]
) -> None:
    page = sealed.open_page((folders[0] / tend(busy, 1)[0].name).read_text(), WORDS)

    found = dict(re.findall(r'href="data:text/csv;charset=utf-8;base64,([^"]*)" download="([^"]*)"', page))
    files = {name: base64.b64decode(data).decode("utf-8-sig") for data, name in found.items()}
    assert set(files) == {
        f"{each}.csv" for each in ("resources", "hospitals", "vehicles", "diverts", "breaks")
    }
    assert next(csv.reader(io.StringIO(files["vehicles.csv"])))[:2] == ["Hospital", "Call sign"]
    assert any(row[1] == "A1" for row in csv.reader(io.StringIO(files["vehicles.csv"])))
    assert "PLANTED" not in "".join(files.values())
    crews = len(list(csv.reader(io.StringIO(files["resources.csv"])))) - 1
    assert page.count('class="card"') == crews >= 1


def test_no_cell_of_a_table_is_worked_out_by_a_spreadsheet() -> None:
    table = Table("x.csv", "X", ("A", "B"), [("=1+1", 'say "no", twice'), ("@x", "-2"), ("plain", "1-2")])

    rows = list(csv.reader(io.StringIO(as_csv(table).removeprefix("\ufeff"))))

    assert rows == [["A", "B"], ["'=1+1", 'say "no", twice'], ["'@x", "'-2"], ["plain", "1-2"]]


def test_a_pack_is_written_every_five_minutes_and_goes_after_a_day(
    busy: Organisation, folders: list[Path]
) -> None:
    assert len(tend(busy, 0)) == 2
    assert tend(busy, 4.9) == []
    assert len(tend(busy, 5)) == 2
    (folders[0] / "notes.txt").write_text("not ours")
    tend(busy, 5 + 24 * 60)

    names = packs(folders[0])
    assert names == ["clearway-pack-test-valley-20261120T0805Z.html", "clearway-pack-test-valley-20261121T0805Z.html", "notes.txt"]  # noqa: E501  # fmt: skip


def test_the_same_blank_numbers_lie_in_every_pack_until_they_are_used(
    busy: Organisation, folders: list[Path]
) -> None:
    tend(busy, 0)
    tend(busy, 5)
    assert PaperForm.objects.filter(of_pack=True).count() == 4 * packing.RESERVE

    user = somebody("hand", "patient_flow_coordinator", busy)
    scope = {"organisation_id": busy.pk, "by": Actor("Hand", user_id=user.pk), "at": at(6)}
    register.draw({FormKind.STATUS: 2}, is_drill=False, **scope)
    failure = actions.declare("Flood", is_drill=False, **scope)
    register.use(Form(FormKind.STATUS, 4), failure, busy.pk, scope["by"], at(6))
    assert not queries.unaccounted(busy.pk, failure).exists()  # the packs' numbers are a heap of their own


def test_a_folder_that_cannot_be_written_costs_no_other_its_pack_and_somebody_is_told_once(
    busy: Organisation, folders: list[Path]
) -> None:
    tend(busy, 0)
    gone = folders[0]
    for path in gone.iterdir():
        path.unlink()
    gone.rmdir()
    gone.write_text("a file stands where the folder was")

    failed, well = tend(busy, 5)
    assert "Not a directory" in failed.problem and not well.problem
    assert [each.folder for each in tend(busy, 6.1)] == [str(gone)]  # that one is tried again every minute
    assert len(packs(folders[1])) == 2
    for minutes in (14, 17, 20, 23):
        tend(busy, minutes)
        rules.run(busy.pk, situation.read(busy.pk, at(minutes)), at(minutes))
    task = Task.objects.get(rule="downtime_pack", closed_at=None)
    assert str(gone) in task.title and "Not a directory" in task.cause

    gone.unlink()
    gone.mkdir()
    tend(busy, 25)
    for minutes in (25, 27):
        rules.run(busy.pk, situation.read(busy.pk, at(minutes)), at(minutes))
    assert not Task.objects.filter(rule="downtime_pack", closed_at=None).exists()


def test_without_a_passphrase_nothing_is_written_in_clear(busy: Organisation, folders: list[Path]) -> None:
    for words, said in (("", "no passphrase"), ("short", "5 characters")):
        with override_settings(DOWNTIME_PASSPHRASE=words):
            found = packing.write(busy, [str(each) for each in folders], by=BY, at=at(0))
        assert all(said in each.problem for each in found)
    assert packs(folders[0]) == []
    assert PackFolder.objects.filter(written_at=None).count() == 2


def test_packs_go_after_a_day_though_no_new_one_can_be_made(busy: Organisation, folders: list[Path]) -> None:
    tend(busy, 0)
    with override_settings(DOWNTIME_PASSPHRASE=""):
        tend(busy, 5 + 24 * 60)
    assert packs(folders[0]) == packs(folders[1]) == []


@pytest.mark.parametrize("named", [0, 1])
def test_packs_go_after_a_day_from_a_folder_that_the_settings_name_no_more(
    busy: Organisation, folders: list[Path], named: int
) -> None:
    tend(busy, 0)
    with override_settings(DOWNTIME_FOLDERS=[str(each) for each in folders[:named]]):
        tend(busy, 6)
        assert len(packs(folders[1])) == 1
        assert "do not name it" in PackFolder.objects.get(folder=str(folders[1])).problem
        tend(busy, 5 + 24 * 60)
        assert packs(folders[1]) == []
        assert PackFolder.objects.filter(folder=str(folders[1])).count() == 0


def test_a_drill_is_due_half_a_year_after_the_last_and_asked_for_once(busy: Organisation) -> None:
    def due(minutes: float) -> int:
        for later in (0, 2):
            rules.run(busy.pk, situation.read(busy.pk, at(minutes + later)), at(minutes + later))
        return Task.objects.filter(rule="downtime_due", subject="drill", closed_at=None).count()

    half_a_year = timedelta(days=183) / timedelta(minutes=1)
    assert due(0) == 0  # the trust was set up a month ago
    assert due(half_a_year) == 1
    user = somebody("hand", "patient_flow_coordinator", busy)
    scope = {"organisation_id": busy.pk, "by": Actor("Hand", user_id=user.pk), "at": at(half_a_year + 5)}
    actions.declare("Winter drill", is_drill=True, **scope)
    actions.end("All went well", is_drill=True, **scope)
    assert due(half_a_year + 10) == 0


def test_the_commands_write_and_open_a_pack(
    busy: Organisation, folders: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = tmp_path / "words"
    words.write_text(WORDS)
    (made, _) = packing.write(busy, [str(each) for each in folders], by=BY, at=at(0))
    pack = str(folders[0] / made.name)

    assert main(["downtime", "open", pack, "--passphrase-file", str(words), "--json"]) == 0
    assert "Hold one crew back" in json.loads(capsys.readouterr().out)["page"]
    words.write_text("something else entirely")
    assert main(["downtime", "open", pack, "--passphrase-file", str(words)]) == 2
    assert "passphrase is another" in capsys.readouterr().err
    assert main(["downtime", "open", str(words), "--passphrase-file", str(words)]) == 2
    assert main(["downtime", "open", str(tmp_path / "none"), "--passphrase-file", str(words)]) == 2


def test_clinic_lists_that_cannot_be_made_cost_the_control_room_no_pack(busy: Organisation) -> None:
    def broken() -> Sequence[ClinicList]:
        raise KeyError("PLANTED")

    busy.desks = ["ambulance", "outpatients"]
    page = sealed.open_page(packing.made(busy, WORDS, by=BY, at=at(1), lists=broken), WORDS)

    assert "The clinic lists could not be made." in page and "No clinic is planned" not in page
    assert "Hold one crew back" in page and "PLANTED" not in page
    busy.desks = ["outpatients"]
    with pytest.raises(KeyError):
        packing.made(busy, WORDS, by=BY, at=at(1), lists=broken)
