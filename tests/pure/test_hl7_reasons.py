"""Every reason for which an HL7 message is not taken says what becomes of it."""

import ast
from collections.abc import Iterator
from pathlib import Path

from clearway.gateway.hl7_reasons import REASONS, After
from clearway.interchange.refusals import NOT_APPLIED

CLEARWAY = Path(__file__).resolve().parents[2] / "clearway"
READ = ("reading", "kinds", "trail", "people", "appointments", "referrals")
TAKEN = ("actions", "bookings", "crossing", "envelope", "people", "referred")
FILES = [
    *(CLEARWAY / "interchange" / "hl7" / f"{name}.py" for name in READ),
    *(CLEARWAY / "desks" / "outpatients" / "exchange" / f"{name}.py" for name in TAKEN),
    CLEARWAY / "gateway" / "hl7.py",
]
NO_MESSAGE = ("load_mapping", "Refused")  # what a person is told on a page; and how every refusal is made


def template(given: ast.expr, known: list[ast.Assign]) -> str:
    """The words of a reason, with {} for what differs; a name stands for what was put into it last."""
    if isinstance(given, ast.Name):
        its = [each for each in known if named(each) == given.id]
        given = max(its, key=lambda each: (each.lineno < given.lineno, each.lineno)).value
    if isinstance(given, ast.Constant):
        return str(given.value)
    if isinstance(given, ast.JoinedStr):
        return "".join(str(each.value) if isinstance(each, ast.Constant) else "{}" for each in given.values)
    return f"<{ast.unparse(given)}>"


def of_file(path: Path) -> Iterator[tuple[str, bool, bool]]:
    """Each refusal of a file: its words, whether it waits for a message, and whether it watches the desk."""
    module = ast.parse(path.read_text())
    known = [each for each in ast.walk(module) if isinstance(each, ast.Assign)]
    for part in module.body:
        if getattr(part, "name", "") in NO_MESSAGE:
            continue
        calls = (each for each in ast.walk(part) if isinstance(each, ast.Call))
        for call in calls:
            if not (isinstance(call.func, ast.Name) and call.func.id in ("CannotParse", "Refused")):
                continue
            said = {each.arg for each in call.keywords}
            waits = len(call.args) > 3 or "waits_for" in said
            yield template(call.args[1], known), waits, len(call.args) > 4 or "watches" in said


def named(assigned: ast.Assign) -> str:
    target = assigned.targets[0]
    return target.id if isinstance(target, ast.Name) else ""


def test_every_reason_says_what_becomes_of_the_message() -> None:
    found = [each for path in FILES for each in of_file(path)]
    found.append((NOT_APPLIED.why, False, False))

    assert {words for words, _, _ in found} == set(REASONS)
    assert len(found) > 40
    for words, waits, watches in found:
        assert waits == (After.MESSAGE in REASONS[words]), words
        assert watches == (After.DESK in REASONS[words]), words
