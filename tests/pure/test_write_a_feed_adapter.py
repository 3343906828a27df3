"""The worked example of docs/how-to/write-a-feed-adapter.md, run as it stands there."""

import re
import sys
from pathlib import Path
from types import ModuleType
from typing import cast

import pytest

from clearway import cli
from clearway.domain.shared.errors import CannotParse
from clearway.interchange.adapters import ADAPTERS
from clearway.interchange.adapters.adapter import Adapter, read

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "write-a-feed-adapter.md"


def block(language: str) -> str:
    """The page's block of this language."""
    (text,) = re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(), flags=re.DOTALL)
    return str(text)


@pytest.fixture
def adapter() -> Adapter:
    module = ModuleType("northshire")
    exec(compile(block("python"), str(PAGE), "exec"), vars(module))
    return cast(Adapter, module)


def test_the_example_reads_its_rows_as_the_page_says(adapter: Adapter) -> None:
    told = []
    for line, result in read(adapter, block("csv").encode()):
        if isinstance(result, CannotParse):
            told.append(str(result))
        else:
            stamps = ", ".join(f"{event.status} {event.occurred_at:%H:%M}" for event in result)
            told.append(f"line {line.number}: {stamps}")

    assert told == block("text").splitlines()


def test_the_example_carries_or_leaves_out_every_column(adapter: Adapter) -> None:
    columns = set(block("csv").splitlines()[0].split(","))
    left_out = {column for names in adapter.LEFT_OUT.values() for column in names}

    assert {column for column in columns if f'"{column}"' in block("python")} == columns
    assert left_out == {"Desk"}


def test_the_example_imports_nothing_but_the_house_and_the_standard_library(adapter: Adapter) -> None:
    imported = re.findall(r"^from (\w+)", block("python"), flags=re.MULTILINE)

    assert all(name == "clearway" or name in sys.stdlib_module_names for name in imported)


def test_the_example_is_checked_by_the_command_as_the_page_says(
    adapter: Adapter,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(cast(dict[str, Adapter], ADAPTERS), adapter.NAME, adapter)
    file = tmp_path / "northshire.csv"
    file.write_text(block("csv"))

    assert cli.main(["feed", "check", str(file), "--format", adapter.NAME]) == 1

    told = capsys.readouterr().out.splitlines()
    page = re.search(r"```console\n(.*?)```", PAGE.read_text(), flags=re.DOTALL)
    assert page is not None and told[0] == page.group(1).strip()
    assert f"  {block('text').splitlines()[-1]}" in told
    assert not any("KNOWS" in line for line in told)
