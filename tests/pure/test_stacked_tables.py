"""A table that becomes cards on a phone names each value there, because its head is not to be seen."""

import re
from pathlib import Path

import pytest

CLEARWAY = Path(__file__).resolve().parents[2] / "clearway"
STACKED = [each for each in CLEARWAY.rglob("templates/**/*.html") if "rows stacked" in each.read_text()]


@pytest.mark.parametrize("template", STACKED, ids=lambda path: path.stem)
def test_each_value_has_a_name_that_is_a_column(template: Path) -> None:
    for table in re.findall(r"rows stacked.*?</table>", template.read_text(), re.DOTALL):
        heads = re.findall(r'<th scope="col"[^>]*>(?:<span[^>]*>)?([^<]*)', table)
        cells = re.findall(r"<td([^>]*)>(.{0,6})", table.partition("<tbody>")[2])
        labels = [re.search(r'data-label="([^"]*)"', said) for said, _ in cells]
        named = [label[1] for label in labels if label]

        assert named and set(named) <= set(heads)
        for (said, begins), label in zip(cells, labels, strict=True):
            assert label or "colspan" in said or "actions" in said or begins.startswith("<form"), said
