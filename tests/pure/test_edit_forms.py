"""Every form that begins with what is kept says what it was opened with, or why it need not.

A form that begins with the values of a record is found in the code and in the templates. It stands in EDITS,
and then tests/database/test_edits.py opens it twice; or in BEGINS, with the reason why it edits no record.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.edits import EDITS

ROOT = Path(__file__).resolve().parents[2] / "clearway"
POSTED = re.compile(r'<form\b[^>]*method="post".*?</form>', re.DOTALL)
NOT_TYPED = r'(?![^>]*type="(?:hidden|radio|checkbox)")'
BEGINS_WITH = re.compile(
    rf'<input\b{NOT_TYPED}[^>]*\bvalue="\{{\{{(.*?)\}}\}}"|" (?:selected|checked)" if (.*?)\}}\}}'
    r"|% if ([^%]*?) %\} (?:selected|checked)"
)
A_NEW_ONE = "begins a new record with what is usual"
AS_IT_WAS = "begins a new record with what another says; that one stays as it is"

# View or template -> why it edits no record in place.
BEGINS = {
    "core/concerns/views.py report": A_NEW_ONE,
    "core/decisions/templates/decisions/export.html": "chooses what an export leaves out",
    "core/decisions/views.py export": "chooses the days of an export",
    "core/layout/fields.py DeskForm": "begins with what whoever makes one gives it",
    "core/layout/templates/layout/columns.html": "one's own columns",
    "core/openings/asking.py _form": "what was typed before signing in again",
    "core/people/desk.py _grant_page": A_NEW_ONE,
    "core/people/desk.py put_on_call": A_NEW_ONE,
    "core/recurring/views.py duty": A_NEW_ONE,
    "core/screens/desk.py put_up": A_NEW_ONE,
    "core/worklist/views.py new": A_NEW_ONE,
    "desks/ambulance/command/views.py packs": A_NEW_ONE,
    "desks/ambulance/delays/crews.py stack": "a report of a crew: each is kept",
    "desks/ambulance/delays/views.py _recorded": "a report of a crew: each is kept",
    "desks/ambulance/delays/views.py stack": "a report of a crew: each is kept, and a newer one is told of",
    "desks/ambulance/diverts/views.py propose": A_NEW_ONE,
    "desks/ambulance/downtime/templates/downtime/back_entry.html": "lines that were not read, typed again",
    "desks/ambulance/onward/views.py ask": AS_IT_WAS,
    "desks/ambulance/safeguarding/views.py new": A_NEW_ONE,
    "desks/outpatients/clinics/templates/clinics/clinics.html": "up to which day sessions are made",
    "desks/outpatients/clocks/forms.py EventForm": "an event of a clock: each is kept",
    "desks/outpatients/cover/views.py away": A_NEW_ONE,
    "desks/outpatients/enquiries/templates/enquiries/take.html": A_NEW_ONE,
    "desks/outpatients/enquiries/views.py take": A_NEW_ONE,
    "desks/outpatients/filing/views.py scans": A_NEW_ONE,
    "desks/outpatients/keeping/views.py place": A_NEW_ONE,
    "desks/outpatients/letters/views.py batch": "when a batch was posted, which is said once",
    "desks/outpatients/outcomes/templates/outcomes/sheet.html": "an outcome is said once, then taken back",
    "desks/outpatients/patients/forms.py PersonForm": "what is usual, beneath what the view gives it",
    "desks/outpatients/patients/views.py register": A_NEW_ONE,
    "desks/outpatients/records/rectification_views.py rectify": A_NEW_ONE,
    "desks/outpatients/records/views.py take": A_NEW_ONE,
    "desks/outpatients/referrals/forms.py ReferralForm": A_NEW_ONE,
    "desks/outpatients/referrals/forms.py TriageForm": "a decision of triage, which is said once",
    "desks/outpatients/referrals/templates/referrals/referral.html": "why it is removed, which is said once",
    "desks/outpatients/referrals/views.py _referral_form": A_NEW_ONE,
    "desks/outpatients/referrals/views.py register": A_NEW_ONE,
    "desks/outpatients/replanning/views.py new": A_NEW_ONE,
    "desks/outpatients/replanning/views.py register": A_NEW_ONE,
    "desks/outpatients/supervision/templates/supervision/give.html": A_NEW_ONE,
    "desks/outpatients/supervision/views.py give": A_NEW_ONE,
    "desks/outpatients/supervision/views.py training": A_NEW_ONE,
    "desks/outpatients/trials/views.py trials": A_NEW_ONE,
    "desks/outpatients/waiting/templates/waiting/entry.html": "an answer of the patient, as it was read",
}


def test_every_form_that_begins_with_a_record_guards_it_or_says_why_not() -> None:
    found = {*_in_code(), *_in_templates()}
    known = {place for each in EDITS for place in each.places}

    assert found - known - BEGINS.keys() == set(), "begins with what? Guard it with core/clashes.py"
    assert BEGINS.keys() - found == set(), "is not there any more"
    assert not known & BEGINS.keys()


def _in_code() -> Iterator[str]:
    """Every function that makes a form with `initial`."""
    for path in sorted(ROOT.rglob("*.py")):
        if "initial=" not in (text := path.read_text()):
            continue
        for function in ast.walk(ast.parse(text)):
            if isinstance(function, ast.FunctionDef) and any(map(_begins, ast.walk(function))):
                yield f"{path.relative_to(ROOT)} {function.name}"
            if isinstance(function, ast.ClassDef) and any(map(_begins_itself, function.body)):
                yield f"{path.relative_to(ROOT)} {function.name}"


def _begins_itself(method: ast.stmt) -> bool:
    """Whether it is the `__init__` of a form that says what the form begins with, not only hands it on."""
    if not isinstance(method, ast.FunctionDef) or method.name != "__init__":
        return False
    given = {each.arg for each in (*method.args.args, *method.args.kwonlyargs)}
    return any(
        isinstance(node, ast.Call)
        and ast.unparse(node.func) == "super().__init__"
        and any(each.arg == "initial" and ast.unparse(each.value) not in given for each in node.keywords)
        for node in ast.walk(method)
    )


def _begins(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call) or not any(each.arg == "initial" for each in node.keywords):
        return False
    if any(each.arg == "initial" and ast.unparse(each.value) == "{}" for each in node.keywords):
        return False
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    return name.endswith("Form") or isinstance(node.func, ast.Subscript)


def _in_templates() -> Iterator[str]:
    """Every template with a form that shows what was not typed into it."""
    for path in sorted(ROOT.rglob("*.html")):
        for form in POSTED.finditer(path.read_text()):
            if any(map(_is_kept, BEGINS_WITH.finditer(form[0]))):
                yield str(path.relative_to(ROOT))


def _is_kept(found: re.Match[str]) -> bool:
    shown = next(each for each in found.groups() if each)
    return "typed" not in shown or " or " in shown


@pytest.mark.parametrize("each", EDITS, ids=lambda each: each.name)
def test_an_edit_form_shows_both_values_and_says_what_it_follows(each: object) -> None:
    template = (ROOT / each.template).read_text()  # type: ignore[attr-defined]

    assert "both_values(both)" in template
    assert re.search(r"opened_with\(|name=\"(corrects|version|was|was-\{\{ name \}\})\"", template)
