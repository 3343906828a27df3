"""Files replayed through the gateway: at once with an exact account, or in time for the boards."""

import dataclasses
import json
import os
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from clearway.cli import main
from clearway.config.regions import find
from clearway.core.audit.actions import Actor
from clearway.core.audit.models import Action
from clearway.core.feeds.models import Batch, Quarantined, Source
from clearway.core.feeds.rules import SILENT_FEED
from clearway.core.layout import context
from clearway.core.organisation.actions import load_region
from clearway.core.organisation.models import Organisation
from clearway.core.organisation.queries import policies
from clearway.desks.ambulance import live, situation
from clearway.desks.ambulance.facts.models import Fact
from clearway.desks.ambulance.incidents.models import Assignment
from clearway.desks.ambulance.quality.models import Finding
from clearway.domain.shared.errors import NotAllowed
from clearway.gateway import replay
from clearway.interchange import native
from clearway.interchange.region_pack import parse

from .conftest import conveyance

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
BY = Actor("command:tester")
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

    source = replay.source_for(valley, "native", "native-live", live=True, by=BY, at=now)
    account = replay.in_time(source, "native", file.read_bytes(), speed=60, clock=lambda: now, wait=wait)

    assert (account.received, account.applied, account.quarantined) == (8, 7, 1)
    stamps = sorted(Fact.objects.values_list("occurred_at", flat=True))
    assert stamps[0] == datetime(2027, 1, 1, tzinfo=UTC)
    assert stamps[-1] - stamps[0] == timedelta(minutes=1)
    assert sum(waited) == pytest.approx(60)


def test_a_finished_replay_is_no_source_that_fell_silent(valley: Organisation, file: Path) -> None:
    before = names_in(valley)

    assert main(["replay", str(file)]) == 0

    assert Source.objects.get(name="native-file").received_at is not None
    assert names_in(valley) == before
    assert "native-file" not in {feed.name for feed in context.feeds(valley.pk, NOW)}
    wanted = SILENT_FEED.check(situation.read(valley.pk, NOW), policies(valley.pk, SILENT_FEED.policies, NOW))
    assert "source:native-file" not in {each.subject for each in wanted}


def test_a_replay_in_time_is_part_of_the_present_only_while_it_runs(valley: Organisation) -> None:
    source = replay.source_for(valley, "native", "native-live", live=True, by=BY, at=NOW)

    with pytest.raises(KeyboardInterrupt), replay.switched_on(source, by=BY, clock=lambda: NOW):
        during = names_in(valley)
        raise KeyboardInterrupt

    assert "native-live" in during
    assert "native-live" not in names_in(valley)
    assert said(source) == ["feeds.open_source", "feeds.enable_source", "feeds.disable_source"]
    assert set(Action.objects.filter(subject="source:native-live").values_list("actor", flat=True)) == {
        BY.name
    }


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_a_replay_that_is_ended_early_leaves_no_source_switched_on(
    valley: Organisation, file: Path, monkeypatch: pytest.MonkeyPatch, ending: signal.Signals
) -> None:
    during = []

    def interrupted(_seconds: float) -> None:
        during.append(names_in(valley))
        signal.raise_signal(ending)

    monkeypatch.setattr("time.sleep", interrupted)

    assert main(["replay", str(file), "--speed", "60"]) == 130

    assert "native-live" in during[0]
    assert "native-live" not in names_in(valley)


def test_a_source_that_was_on_stays_on_after_a_replay_through_it(valley: Organisation, cad: Source) -> None:
    source = replay.source_for(valley, "native", cad.name, live=True, by=BY, at=NOW)

    with replay.switched_on(source, by=BY, clock=lambda: NOW):
        pass

    assert cad.name in names_in(valley)
    assert said(cad) == []


def test_a_replay_never_speaks_as_a_source_of_another_organisation(
    valley: Organisation, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = Organisation.objects.create(code="OTH", slug="other", name="Other", timezone="Europe/London")
    words = ["replay", str(file), "--organisation", other.slug, "--source", "valley-cad"]

    assert main(words) == 2

    assert "belongs to another organisation" in capsys.readouterr().err
    assert not Batch.objects.exists()


def test_a_region_never_takes_over_a_source_of_another_organisation(valley: Organisation) -> None:
    region = parse(find("test-valley"))
    stranger = dataclasses.replace(region, organisation_code="OTH", slug="other")

    with pytest.raises(NotAllowed, match="belongs to another organisation"):
        load_region(stranger, by=BY, at=NOW)

    assert Source.objects.get(name="valley-cad").organisation == valley


def test_a_replay_does_not_speak_as_a_source_that_reads_another_format(
    valley: Organisation, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["replay", str(file), "--adapter", "lancaster", "--source", "valley-cad"]) == 2
    assert "reads native" in capsys.readouterr().err


def test_a_source_is_switched_off_and_on_by_command_and_the_strip_follows(
    valley: Organisation, cad: Source, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["source", "disable", cad.name]) == 0
    assert cad.name not in names_in(valley)
    (gone,) = live.sources(valley.pk, frozenset({cad.name}), NOW)
    assert (gone.key, gone.html) == (cad.name, "")

    assert main(["source", "enable", cad.name]) == 0
    assert main(["source", "enable", cad.name]) == 0
    assert cad.name in names_in(valley)
    (back,) = live.sources(valley.pk, frozenset({cad.name}), NOW)
    assert cad.name in back.html

    assert said(cad) == ["feeds.disable_source", "feeds.enable_source"]
    assert capsys.readouterr().out.splitlines() == [
        f"{cad.name} is off.",
        f"{cad.name} is on.",
        f"{cad.name} was already on.",
    ]


def test_a_source_that_does_not_exist_is_named_with_those_there_are(
    valley: Organisation, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["source", "disable", "nobody"]) == 2
    assert "valley-cad" in capsys.readouterr().err


def names_in(organisation: Organisation) -> set[str]:
    """The sources that the present rests on."""
    return set(situation.read(organisation.pk, NOW).feeds.name)


def said(source: Source) -> list[str]:
    """What the audit has about a source, oldest first."""
    rows = Action.objects.filter(subject=f"source:{source.name}").order_by("id")
    return list(rows.values_list("verb", flat=True))


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
