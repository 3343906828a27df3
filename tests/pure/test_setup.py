"""Set-up does without the drive times where they cannot be fetched, and does not keep asking for them."""

import importlib.util
import os
import time
from pathlib import Path
from types import ModuleType

import pytest

TOOLS = Path(__file__).resolve().parents[2] / "tools"


@pytest.fixture
def setup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Set-up in a folder of its own, with no registry: every command fails."""
    monkeypatch.syspath_prepend(str(TOOLS))
    found = importlib.util.spec_from_file_location("clearway_setup", TOOLS / "setup.py")
    assert found and found.loader
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    for name in ("requirements-travel.lock", "tools/drive_times.py", ".venv/made"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "ENVIRONMENT", tmp_path / ".venv")
    return module


@pytest.fixture
def tried(setup: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The commands that were run; each fails."""
    commands: list[object] = []

    def fail(command: object) -> None:
        commands.append(command)
        raise setup.CannotSetUp("No registry answers.")

    monkeypatch.setattr(setup, "run", fail)
    return commands


def test_drive_times_that_cannot_be_fetched_are_left_alone_for_a_day(
    setup: ModuleType, tried: list[object], capsys: pytest.CaptureFixture[str]
) -> None:
    setup.fetch_drive_times()
    assert "No registry answers." in capsys.readouterr().out

    setup.fetch_drive_times()
    assert len(tried) == 1
    assert "To try now: .venv/bin/python tools/drive_times.py" in capsys.readouterr().out

    yesterday = time.time() - setup.DAY - 1
    os.utime(setup.ENVIRONMENT / ".failed-drive-times", (yesterday, yesterday))
    setup.fetch_drive_times()
    assert len(tried) == 2


def test_another_package_of_drive_times_is_tried_at_once(setup: ModuleType, tried: list[object]) -> None:
    setup.fetch_drive_times()
    (setup.ROOT / "requirements-travel.lock").write_text("another version")

    setup.fetch_drive_times()

    assert len(tried) == 2


def test_drive_times_fetched_by_hand_meanwhile_are_not_called_missing(
    setup: ModuleType, tried: list[object], capsys: pytest.CaptureFixture[str]
) -> None:
    setup.fetch_drive_times()
    table = setup.ROOT / "clearway" / "_vendor" / "drive_times.npz"
    table.parent.mkdir(parents=True)
    table.write_bytes(b"made by hand")
    capsys.readouterr()

    setup.fetch_drive_times()

    assert len(tried) == 1
    assert capsys.readouterr().out == ""
