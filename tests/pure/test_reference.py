"""The committed pages equal the code, and every word of the code is explained."""

import argparse
import re
from enum import StrEnum
from pathlib import Path

import pytest

from clearway.cli import reference
from clearway.domain.ambulance import quality, words
from clearway.domain.ambulance.transitions import STEPS
from clearway.domain.ambulance.words import JobState
from clearway.interchange import native

DOCS = Path(__file__).resolve().parents[2] / "docs"
ENUMS = [
    word
    for word in vars(words).values()
    if isinstance(word, type) and issubclass(word, StrEnum) and word is not StrEnum
]


def section(name: str) -> str:
    """The part of the glossary under the heading that names an enum."""
    found = re.search(rf"^## [^\n]*`{name}`.*?(?=^## |\Z)", (DOCS / "glossary.md").read_text(), re.M | re.S)
    assert found, f"The glossary has no section for {name}."
    return found.group()


@pytest.mark.parametrize("enum", ENUMS, ids=lambda each: each.__name__)
def test_the_glossary_explains_every_word_and_no_other(enum: type[StrEnum]) -> None:
    explained = re.findall(r"^\| `([^`]+)` \| \S", section(enum.__name__), re.M)

    assert explained == [member.value for member in enum]


@pytest.mark.parametrize(
    "word",
    [
        *("Job cycle", "Handover", "Cohorting", "Queuing", "Wrap-up", "Release", "Incident", "Assignment"),
        *("Fact", "Occurred", "Known", "Finding", "Freshness", "Feed", "Account", "Situation", "Fold"),
    ],
)
def test_the_glossary_explains_what_both_desks_say(word: str) -> None:
    assert re.search(rf"^- \*\*{word}\*\*: \w", (DOCS / "glossary.md").read_text(), re.M)


@pytest.mark.parametrize("name", ["states.md", "events.md", "rules.md"])
def test_the_committed_page_equals_the_code(name: str) -> None:
    assert (DOCS / "reference" / name).read_text() == reference.PAGES[name](), "Run: make reference"


def test_every_step_and_rule_is_on_its_page() -> None:
    states, rules = reference.states(), reference.rules()

    for (state, _), after in STEPS.items():
        start = "[*]" if state is JobState.NONE else state
        assert state is after or f"    {start} --> {after}" in states
    for code in quality.RULES:
        assert f"| {code} |" in rules


def test_every_example_can_be_sent() -> None:
    for value in reference.EXAMPLES.values():
        line = native.dump([value]).strip()
        parse = native.parse_position if b'"type"' not in line else native.parse_event
        assert parse(line) == value


def test_a_check_names_the_stale_page_and_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert reference.run(argparse.Namespace(action="write", folder=tmp_path)) == 0
    assert reference.run(argparse.Namespace(action="check", folder=tmp_path)) == 0
    capsys.readouterr()

    (tmp_path / "rules.md").write_text("old")

    assert reference.run(argparse.Namespace(action="check", folder=tmp_path)) == 1
    assert "rules.md differs from the code" in capsys.readouterr().out
