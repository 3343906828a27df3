"""What cannot be replayed is refused with the place and the fix, before anything is started."""

from pathlib import Path

import pytest

from clearway import cli
from clearway.config import scratch

OTHERS = """
[[policies]]
name = "{name}"
valid_from = 2025-01-01
review_on = 2026-01-01
owner = "Flow lead"
mark = "assumed"
source = "tried"
[policies.values]
steps = []
"""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere"], "no region pack 'nowhere'"),
        (["test-valley", "--policies", "missing.toml"], "missing.toml cannot be read"),
        (["test-valley", "--policies", "other.toml"], "no policy 'ladder'"),
        (["test-valley", "--policies", "broken.toml"], "policies.toml"),
    ],
)
def test_what_cannot_be_replayed_is_named(
    words: list[str],
    said: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "other.toml").write_text(OTHERS.format(name="ladder"))
    (tmp_path / "broken.toml").write_text("[[policies]]\nname = 3")

    assert cli.main(["rules", "replay", *words]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--hours", "0"], ["--hours", "2000"], ["--since", "yesterday"]])
def test_a_time_that_is_none_is_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["rules", "replay", "test-valley", *words])

    assert ended.value.code == 2
    assert words[1] in capsys.readouterr().err


def test_a_replay_sees_nothing_of_the_deployment_into_which_it_could_write_or_send() -> None:
    own = ("CLEARWAY_DOWNTIME_FOLDERS", "CLEARWAY_NOTIFY_KEY", "CLEARWAY_WEB_DATABASE_URL", "DATABASE_URL")

    assert scratch.of_the_deployment([*own, "CLEARWAY_ROAD_GRAPH", "PATH"]) == list(own)
