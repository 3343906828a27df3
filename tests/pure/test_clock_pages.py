"""The pages about clocks equal the code, and the how-to shows what really comes out."""

import re
import tomllib
from pathlib import Path

import pytest

from clearway.cli import clock_pages, main, reference
from clearway.config.regions import find
from clearway.domain.outpatients.clock_events import EventKind
from clearway.domain.outpatients.clock_rules import TABLE
from clearway.domain.outpatients.words import ClockState

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.mark.parametrize("page", ["clock_events", "clock_rules", "outpatient_codes"])
def test_the_committed_page_equals_the_code(page: str) -> None:
    committed = (DOCS / "reference" / f"{page.replace('_', '-')}.md").read_text()

    assert committed == getattr(clock_pages, page)(), "Run: make reference"


def test_every_rule_and_every_event_is_on_its_page() -> None:
    rules, events = clock_pages.clock_rules(), clock_pages.clock_events()

    assert rules.count("\n| `") >= len(TABLE)
    assert all(f"| `{kind}` |" in events for kind in EventKind)


def test_the_glossary_explains_every_clock_state_and_no_other() -> None:
    text = (DOCS / "glossary.md").read_text().partition("(`ClockState`)")[2]

    assert re.findall(r"^\| `([^`]+)` \| \S", text, re.M) == [state.value for state in ClockState]


def test_the_how_to_says_what_comes_out(tmp_path: Path) -> None:
    page = (DOCS / "how-to" / "compute-clocks.md").read_text()
    example, correction = (
        block.replace("\n   ", "\n") for block in re.findall(r"```csv\n   (.*?)```", page, re.S)
    )
    words = ["--as-of", "2025-04-17", "--out", str(tmp_path / "clocks.csv")]

    (tmp_path / "events.csv").write_text(example)
    assert main(["clocks", str(tmp_path / "events.csv"), *words, "--returns", "monthly"]) == 0
    clocks = (tmp_path / "clocks.csv").read_text().splitlines()[1:]
    (tmp_path / "events.csv").write_text(correction)
    assert main(["clocks", str(tmp_path / "events.csv"), *words]) == 0
    corrected = (tmp_path / "clocks.csv").read_text()

    assert [line.split(",")[3:10:6] for line in clocks] == [
        ["ticking", "101"],
        ["nullified", "63"],
        ["ticking", "28"],
    ]
    assert "2025-05-12" in clocks[0]
    assert "P1,01,1,ticking,ticking,10,2025-01-03" in corrected


def test_every_worked_example_stands_on_its_page_with_the_answer_that_is_expected() -> None:
    page = (DOCS / "reference" / "clock-examples.md").read_text()
    examples = tomllib.loads(find("worcestershire")["clock_examples.toml"].decode())["examples"]

    assert page == reference.PAGES["clock-examples.md"](), "Run: make reference"
    parts = re.split(r"^## ", page, flags=re.M)[1:]
    assert [part.split(".")[0] for part in parts] == [each["number"] for each in examples]
    for part, example in zip(parts, examples, strict=True):
        rows = [line.strip("| ").split(" | ") for line in part.splitlines() if line.startswith("| ")]
        for expected in example["expect"]:
            days = [row for row in rows if row[0] == str(expected["as_of"])]
            assert "days" not in expected or any(str(expected["days"]) in row for row in days)
        assert re.search(r"^- .+\.", part, re.M), f"Example {example['number']} tells nothing."
