"""A file of bookings: read as the engine takes it, refused by line, and measured by the command."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from clearway import cli
from clearway.domain.outpatients.attendance import Result
from clearway.domain.shared.errors import CannotParse
from clearway.engine.outpatients.attendance import NEVER
from clearway.interchange.attendance_file import parse
from tests.pure.test_attendance import a_past

HEAD = "person,booked_at,starts_at,came,kind,confirmed_at,group_sex\n"


def test_a_file_is_read_as_bookings_and_groups_that_no_model_sees() -> None:
    first = "a,2026-01-01T10:00,2026-01-20T09:00+00:00,no,new,,F\n"
    found, groups = parse((HEAD + first + "b,2026-01-02,2026-01-21,,,2026-01-19,M\n").encode())
    assert found.result.tolist() == [Result.MISSED, Result.OPEN]
    assert found.starts[0] == datetime(2026, 1, 20, 9, tzinfo=UTC).timestamp()
    assert found.first.tolist() == [True, False] and found.known[1] == NEVER
    assert found.confirmed[0] == NEVER > found.confirmed[1]
    assert groups == {"sex": ["F", "M"]}


@pytest.mark.parametrize(
    ("text", "where", "fix"),
    [
        ("person,starts_at\n", "line 1", "Name the columns"),
        (HEAD, "line 2", "Give one booking a line"),
        (HEAD + "a,yesterday,2026-01-20,no,,,\n", "line 2", "Write an ISO instant"),
        (HEAD + "a,2026-01-01,2026-01-20,perhaps,,,\n", "line 2", "Write yes, no, or nothing"),
        (HEAD + "a,2026-02-01,2026-01-20,no,,,\n", "line 2", "Correct booked_at"),
        ("\xff", "byte 0", "Save the file as UTF-8"),
    ],
)
def test_what_cannot_be_read_names_its_line_and_the_fix(text: str, where: str, fix: str) -> None:
    with pytest.raises(CannotParse, match=fix) as refusal:
        parse(text.encode("latin-1"))
    assert refusal.value.where == where


def test_the_command_measures_a_file_and_keeps_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    past = a_past(900)
    lines = [
        f"{person},{_at(booked)},{_at(starts)},{'no' if result else 'yes'},,,{'FM'[person % 2]}"
        for person, booked, starts, result in zip(
            past.person, past.booked, past.starts, past.result, strict=True
        )
    ]
    file = tmp_path / "bookings.csv"
    file.write_text(HEAD + "\n".join(lines))

    assert cli.main(["attendance", "evaluate", "--file", str(file), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["measures"][report["chosen"]]["auc"][0] > 0.55
    assert cli.main(["attendance", "evaluate", "--file", str(file)]) == 0
    assert "(chosen)\n  Area under the curve" in capsys.readouterr().out
    file.write_text(HEAD + "\n".join(lines[:50]))
    assert cli.main(["attendance", "evaluate", "--file", str(file)]) == 2
    assert "is too short. 50 bookings" in capsys.readouterr().err
    assert cli.main(["attendance", "evaluate", "--file", str(tmp_path / "none.csv")]) == 2
    assert "cannot be read" in capsys.readouterr().err


def _at(seconds: int) -> str:
    return datetime.fromtimestamp(int(seconds), UTC).isoformat()
