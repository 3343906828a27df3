"""Files replayed through the gateway: at once with an exact account, or in time for the boards."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from clearway.cli import main
from clearway.core.feeds.models import Quarantined
from clearway.core.organisation.models import Organisation
from clearway.desks.ambulance.facts.models import Fact
from clearway.desks.ambulance.incidents.models import Assignment
from clearway.desks.ambulance.quality.models import Finding
from clearway.gateway import replay
from clearway.interchange import native

from .conftest import conveyance

pytestmark = pytest.mark.django_db
BESIDE = Path(__file__).resolve().parents[3] / "shared" / "data"
DATA = Path(os.environ.get("CLEARWAY_REAL_DATA", BESIDE))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "day.jsonl"
    path.write_bytes(native.dump(conveyance("TVH01")) + b"nonsense\n")
    return path


def test_a_file_replayed_twice_changes_nothing(
    valley: Organisation, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["replay", str(file), "--json"]) == 0
    assert main(["replay", str(file), "--json"]) == 0

    first, again = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert (first["received"], first["applied"], first["quarantined"]) == (8, 7, 1)
    assert (again["received"], again["duplicate"], again["quarantined"]) == (8, 7, 1)
    assert Assignment.objects.count() == 1


def test_a_replay_in_time_moves_the_events_to_now_and_keeps_their_distances(
    valley: Organisation, file: Path
) -> None:
    now = datetime(2027, 1, 1, tzinfo=UTC)
    waited: list[float] = []

    def wait(seconds: float) -> None:
        nonlocal now
        waited.append(seconds)
        now += timedelta(seconds=seconds)

    source = replay.source_for(valley, "native", "native-live", live=True)
    account = replay.in_time(source, "native", file.read_bytes(), speed=60, clock=lambda: now, wait=wait)

    assert (account.received, account.applied, account.quarantined) == (8, 7, 1)
    stamps = sorted(Fact.objects.values_list("occurred_at", flat=True))
    assert stamps[0] == datetime(2027, 1, 1, tzinfo=UTC)
    assert stamps[-1] - stamps[0] == timedelta(minutes=1)
    assert sum(waited) == pytest.approx(60)


def test_an_unknown_adapter_is_named_with_those_there_are(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["replay", str(file), "--adapter", "mars"]) == 2
    assert "native, san_francisco, lancaster" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("adapter", "name"),
    [
        ("san_francisco", "sf_cad/sf_cad_2020-04-07_15.csv.gz"),
        ("lancaster", "lancaster_cad/lancaster_cad_2010_2016.csv.gz"),
    ],
)
def test_every_row_of_a_real_control_rooms_file_is_accounted_for(
    valley: Organisation, adapter: str, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = DATA / name
    if not path.exists():
        pytest.skip(f"the real data are not here: {name}")

    assert main(["replay", str(path), "--adapter", adapter, "--json"]) == 0

    account = json.loads(capsys.readouterr().out)
    assert account["received"] == account["applied"] + account["duplicate"] + account["quarantined"]
    assert account["applied"] > 0.9 * account["received"]
    assert Quarantined.objects.count() == account["quarantined"]
    assert not Assignment.objects.exclude(destination=None).exists()
    assert not Finding.objects.filter(code="HQ04").exists()  # the feed cannot know a handover
    assert Finding.objects.filter(code="HQ01").exists()
