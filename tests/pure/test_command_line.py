import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from clearway import cli

# Commands that do something and say so; every other one reports, and must be readable by a program.
DOING = {
    *(
        "demo",
        "demo prepare",
        "demo desk",
        "provider",
        "feed",
        "feed department",
        "web",
        "ingest",
        "mllp",
        "worker",
        "migrate",
    ),
    *("region load", "completion"),
    *(
        "source add",
        "mapping load",
        "source key",
        "source disable",
        "source enable",
        "user add",
        "hold place",
        "hold release",
        "reference",
    ),
}
OSM = """<osm><node id="1" lat="51.01" lon="-3.0"/><node id="2" lat="51.02" lon="-3.0"/>
<way id="9"><nd ref="1"/><nd ref="2"/><tag k="highway" v="primary"/></way></osm>"""


def test_every_module_that_runs_is_a_command() -> None:
    folder = Path(cli.__file__).parent
    runs = {path.stem for path in folder.glob("*.py") if "\ndef run(arguments" in path.read_text()}

    assert runs - {cli.module_of(name).rpartition(".")[2] for name in cli.names()} == set()


def test_the_overview_lists_every_command_with_a_line() -> None:
    for name in cli.names():
        assert f"  {name} " in cli.overview()


@pytest.mark.parametrize("name", cli.names())
def test_every_command_explains_itself_with_an_example(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main([*name.split(), "--help"])

    assert ended.value.code == 0
    assert "Example" in capsys.readouterr().out


@pytest.mark.parametrize("name", [name for name in cli.names() if name not in DOING])
def test_every_command_that_reports_can_do_so_as_json(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main([*name.split(), "--help"])

    assert "--json" in capsys.readouterr().out


def test_the_commands_that_only_do_something_are_known_ones() -> None:
    assert set(cli.names()) >= DOING


def test_a_forecast_of_a_file_is_given_as_json_with_its_days_or_why_there_is_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "counts.csv"
    days = [f"2024-{month:02}-{day:02},{100 + day % 7}" for month in (1, 2, 3) for day in range(1, 29)]
    file.write_text("\n".join(["day,count", *days]))
    assert cli.main(["forecast", "demand", "--file", str(file), "--days", "2", "--json"]) == 0
    (made,) = json.loads(capsys.readouterr().out)
    assert [each["day"] for each in made["days"]] == ["2024-03-29", "2024-03-30"]
    assert all(each["p10"] < each["likely"] < each["p90"] for each in made["days"])

    file.write_text("\n".join(days[:20]))
    assert cli.main(["forecast", "demand", "--file", str(file), "--json"]) == 1
    (short,) = json.loads(capsys.readouterr().out)
    assert short["days"] == [] and "56 known days" in short["why_not"]


def test_a_road_graph_is_accounted_for_as_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLEARWAY_ROAD_GRAPH", str(tmp_path / "roads.npz"))
    (tmp_path / "area.osm").write_text(OSM)

    assert cli.main(["roads", "graph", str(tmp_path / "area.osm"), "--as-of", "2026-11-01", "--json"]) == 0

    made = json.loads(capsys.readouterr().out)
    assert (made["nodes"], made["arcs"], made["as_of"]) == (2, 2, "2026-11-01")
    assert Path(made["kept_in"]).is_file()


def test_a_mistyped_command_is_answered_with_the_nearest_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["migrat"]) == 2
    assert "Did you mean 'migrate'?" in capsys.readouterr().err


def test_an_expected_problem_is_said_plainly_with_exit_code_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(arguments: object) -> int:
        raise cli.CannotRun("Port 8000 is taken.")

    monkeypatch.setattr("clearway.cli.web.run", refuse)

    assert cli.main(["web"]) == 2
    assert capsys.readouterr().err == "clearway web: Port 8000 is taken.\n"


@pytest.mark.parametrize(
    "words", ["ads export --from 23/11/2026", "rules replay --since yesterday", "simulate x --start 1"]
)
def test_a_day_that_is_none_is_answered_with_how_to_write_one(
    words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        cli.main(words.split())

    typed = words.rsplit(maxsplit=1)[-1]
    assert f"{typed!r} is not a day; write it as 2026-10-31" in capsys.readouterr().err


def test_the_version_comes_quickly() -> None:
    began = time.perf_counter()
    result = subprocess.run(
        [sys.executable, "-m", "clearway", "--version"], capture_output=True, text=True, check=True
    )

    assert result.stdout.startswith("clearway ")
    assert time.perf_counter() - began < 1  # 0.05 s on a quiet machine; the promise is 0.3 s
