"""`clearway evidence` says what ran, and never that a promise was kept when nothing showed it."""

import json
import re
from pathlib import Path

import pytest

from clearway.cli import evidence, main

CARRIES = {"carries": {"R2": ["a", "b"]}, "sizes": {"R2": {"attempts": 1000}}}


def ended(**outcomes: str) -> list[dict[str, object]]:
    return [CARRIES, *({"test": name, "outcome": how, "seconds": 1.5} for name, how in outcomes.items())]


@pytest.mark.parametrize(
    ("record", "says", "result"),
    [
        (ended(a="passed", b="passed"), "Holds.", "passed"),
        (ended(a="passed", b="failed"), "Holds.", "failed"),
        (ended(a="skipped", b="failed"), "Holds.", "failed"),
        (ended(a="skipped", b="skipped"), "Holds.", "not shown"),
        (ended(a="passed", b="skipped"), "Holds.", "in part"),
        (ended(a="passed", b="passed"), "Holds. Not shown: the rest.", "in part"),
        (ended(a="passed"), "Holds.", "not finished"),
        (ended(), "Holds.", "not shown"),
        ([], "Holds.", "not shown"),
        ([{"carries": {}, "sizes": {}}], "Holds.", "not shown"),
    ],
)
def test_a_promise_has_passed_only_when_all_that_carries_it_ran_and_passed(
    record: list[dict[str, object]], says: str, result: str
) -> None:
    assert evidence.judge("R2", says, record, "quick").result == result


def test_a_record_that_was_cut_keeps_what_was_whole(tmp_path: Path) -> None:
    file = tmp_path / "record"
    file.write_text(json.dumps(CARRIES) + '\n{"test": "a", "outc')

    assert evidence.read(file) == [CARRIES]
    assert evidence.read(tmp_path / "none") == []


def test_a_promise_is_run_and_kept_with_seed_size_and_machine(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["evidence", "r9", "--change", "--seed", "7", "--into", str(tmp_path)])

    said = capsys.readouterr().out
    (file,) = tmp_path.glob("*.json")
    kept = json.loads(file.read_text())
    (shown,) = kept["promises"]
    (log,) = re.findall(r"what the tests said is in (\S+)\.\n", said)
    assert Path(log).is_file() and Path(log).parent.stat().st_mode & 0o077 == 0
    assert code == 0 and "R9" in said and "--seed 7" in said
    assert (kept["seed"], kept["size"], shown["promise"]) == (7, "change", "R9")
    assert {how for how, _ in shown["tests"].values()} == {"passed"}
    assert shown["says"] == evidence.words()["R9"]
    assert kept["versions"]["django"] and kept["machine"]["cores"]
    assert str(evidence.ROOT) not in file.read_text()


def test_what_is_missing_is_said_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evidence", "R99"]) == 2
    assert "There is no promise R99" in capsys.readouterr().err
    monkeypatch.setattr(evidence, "NEEDED", ("no_such_package",))
    assert main(["evidence", "R9"]) == 2
    assert "python3 tools/setup.py test" in capsys.readouterr().err
