import subprocess
import sys
import time

import pytest

from clearway import cli


def test_the_overview_lists_every_command_with_a_line() -> None:
    for name in cli.names():
        assert f"  {name} " in cli.overview()


@pytest.mark.parametrize("name", cli.names())
def test_every_command_explains_itself_with_an_example(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main([*name.split(), "--help"])

    assert ended.value.code == 0
    assert "Example" in capsys.readouterr().out


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


def test_the_version_comes_quickly() -> None:
    began = time.perf_counter()
    result = subprocess.run(
        [sys.executable, "-m", "clearway", "--version"], capture_output=True, text=True, check=True
    )

    assert result.stdout.startswith("clearway ")
    assert time.perf_counter() - began < 1  # 0.05 s on a quiet machine; the promise is 0.3 s
