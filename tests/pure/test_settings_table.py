import re
from pathlib import Path

from clearway.config import environment

CODE = Path(__file__).resolve().parents[2] / "clearway"


def test_every_variable_that_the_code_reads_is_in_the_table() -> None:
    read = {
        name
        for path in CODE.rglob("*.py")
        for name in re.findall(r"""environ(?:\.get\(|\[)\s*["'](CLEARWAY_\w+)""", path.read_text())
    }

    assert read
    assert read <= environment.VARIABLES.keys()


def test_a_misspelt_variable_is_answered_with_the_nearest_one() -> None:
    found = environment.unknown({"CLEARWAY_HOMES": "/srv", "CLEARWAY_PORTRAIT": "1", "PATH": "/bin"})

    assert found == {"CLEARWAY_HOMES": "CLEARWAY_HOME", "CLEARWAY_PORTRAIT": ""}
