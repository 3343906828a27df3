from pathlib import Path

import pytest

from clearway.cli import doctor

STRONG = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on", "data_checksums": "on"}


def states(findings: object) -> dict[str, str]:
    return {finding.about: finding.state for finding in findings}  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("name", "weak"),
    [
        ("fsync", "off"),
        ("full_page_writes", "off"),
        ("synchronous_commit", "local"),
        ("data_checksums", "off"),
    ],
)
def test_a_setting_that_can_lose_an_acknowledged_write_is_a_fault_with_its_fix(name: str, weak: str) -> None:
    findings = {finding.about: finding for finding in doctor.durability({**STRONG, name: weak})}

    assert findings[name].state == doctor.FAULT
    assert findings[name].fix
    assert sum(finding.state == doctor.FAULT for finding in findings.values()) == 1


def test_a_standby_that_serves_reads_may_be_waited_for() -> None:
    found = states(doctor.durability({**STRONG, "synchronous_commit": "remote_apply"}))

    assert set(found.values()) == {doctor.OK}


def test_a_machine_for_itself_needs_no_https(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CLEARWAY_ALLOWED_HOSTS", raising=False)

    assert list(doctor.deployment()) == []


def test_a_machine_for_others_needs_https_and_a_long_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLEARWAY_ALLOWED_HOSTS", "desk.example")
    monkeypatch.setenv("CLEARWAY_SECRET_KEY", "short")
    monkeypatch.delenv("CLEARWAY_HTTPS", raising=False)

    assert states(doctor.deployment()) == {"Secret key": doctor.FAULT, "https": doctor.FAULT}


def test_checkpoints_that_go_nowhere_are_said_and_so_is_a_way_in_that_one_person_holds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("CLEARWAY_AUDIT_PLACES", raising=False)
    assert doctor.audit_places().state == doctor.WARNING
    monkeypatch.setenv("CLEARWAY_AUDIT_PLACES", "folder:/mnt/worm")
    assert doctor.audit_places().state == doctor.OK

    assert [doctor.way_in(able).state for able in (1, 2)] == [doctor.FAULT, doctor.OK]


def test_any_host_name_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLEARWAY_ALLOWED_HOSTS", "*")

    assert states(doctor.deployment())["Allowed hosts"] == doctor.FAULT


def test_a_misspelt_setting_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLEARWAY_ALOWED_HOSTS", "desk.example")

    (finding,) = doctor.variables()

    assert (finding.state, finding.fix) == (doctor.FAULT, "Did you mean CLEARWAY_ALLOWED_HOSTS?")


def test_missing_page_files_are_named_with_the_command_that_fetches_them(tmp_path: Path) -> None:
    (finding,) = doctor.page_files(tmp_path)

    assert finding.state == doctor.FAULT
    assert "coast.json" in finding.found
    assert "tools/setup.py" in finding.fix


def test_an_old_server_is_a_fault() -> None:
    assert doctor.server_version(140011).state == doctor.FAULT
    assert doctor.server_version(180006).found == "PostgreSQL 18.6"


def test_missing_drive_times_are_a_warning_with_a_fix_that_can_be_done_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = doctor.drive_times(tmp_path / "none.npz")
    monkeypatch.setattr("clearway.config.database.REPOSITORY", tmp_path)
    installed = doctor.drive_times(tmp_path / "none.npz")

    assert (here.state, installed.state) == (doctor.WARNING, doctor.WARNING)
    assert here.fix == "Run: .venv/bin/python tools/drive_times.py"
    assert "CLEARWAY_DRIVE_TIMES" in installed.fix


def test_packs_without_a_passphrase_or_a_folder_are_faults_and_one_folder_alone_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("FOLDERS", "PASSPHRASE", "PASSPHRASE_FILE"):
        monkeypatch.delenv(f"CLEARWAY_DOWNTIME_{name}", raising=False)
    assert [each.state for each in doctor.downtime_packs()] == [doctor.WARNING]

    monkeypatch.setenv("CLEARWAY_DOWNTIME_FOLDERS", f"{tmp_path},{tmp_path / 'gone'}")
    found = list(doctor.downtime_packs())
    assert [each.state for each in found] == [doctor.FAULT, doctor.FAULT]
    assert "no passphrase" in found[0].found and "gone" in found[1].found

    words = tmp_path / "words"
    words.write_text("a passphrase for tests")
    monkeypatch.setenv("CLEARWAY_DOWNTIME_PASSPHRASE_FILE", str(words))
    monkeypatch.setenv("CLEARWAY_DOWNTIME_FOLDERS", str(tmp_path))
    assert [each.state for each in doctor.downtime_packs()] == [doctor.WARNING]
    monkeypatch.setenv("CLEARWAY_DOWNTIME_FOLDERS", f"{tmp_path},{tmp_path}")
    assert [each.state for each in doctor.downtime_packs()] == [doctor.OK]
