"""Every promise that a test names stands on the page of promises, and no other does."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "promises.md"


def marked() -> set[str]:
    """The promises that tests name."""
    return {
        str(node.args[0].value)
        for file in sorted((ROOT / "tests").rglob("test_*.py"))
        for node in ast.walk(ast.parse(file.read_text(), str(file)))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.promise"
        if isinstance(node.args[0], ast.Constant)
    }


def written() -> list[str]:
    """The promises on the page, in its order."""
    return re.findall(r"^- ([A-Z]\d+): \S", PAGE.read_text(), re.MULTILINE)


def test_every_promise_of_a_test_has_one_line_on_the_page_and_every_line_has_a_test() -> None:
    assert sorted(written()) == sorted(marked())
