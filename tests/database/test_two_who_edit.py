"""Two people change one record at once: nothing is overwritten unseen, and the second sees both values."""

import random
import re
from typing import Any

import pytest
from django.test import Client

from clearway.core.organisation.models import Organisation
from clearway.desks.outpatients.patients.models import Patient
from tests import sizes
from tests.filled import filled
from tests.outpatients import NOW, a_patient
from tests.trust import a_trust, signed_in, somebody, stop_the_clock

pytestmark = [pytest.mark.django_db, pytest.mark.promise("R3")]
FIELDS = ("given_names", "address", "phone", "mobile", "practice", "sex", "channel", "notice_hours")
TEXT = ("given_names", "address", "phone", "mobile", "practice")


@pytest.fixture
def trust(monkeypatch: pytest.MonkeyPatch) -> Organisation:
    stop_the_clock(monkeypatch, NOW)
    return a_trust()


class Writer:
    """Somebody with the form of a patient open, as a browser holds it."""

    def __init__(self, trust: Organisation, name: str) -> None:
        self.browser = signed_in(somebody(name, "outpatient_coordinator", trust))

    def open(self, row: Patient) -> None:
        self.address = f"/outpatients/patients/{row.pk}/edit/"
        self.hold(self.browser.get(self.address))

    def hold(self, page: Any) -> None:
        self.sent = filled(page)

    def save(self, **changed: str) -> Any:
        self.sent |= changed
        return self.browser.post(self.address, self.sent)


def another(field: str, chance: random.Random) -> str:
    if field in TEXT:
        return f"{field[:4]} {chance.randrange(10**6)}"
    return {
        "sex": chance.choice("12"),
        "channel": chance.choice(["letter", "text", "phone", "email"]),
        "notice_hours": str(chance.randrange(1, 100)),
    }[field]


def test_of_two_who_change_the_same_the_second_is_told_and_what_differs_elsewhere_is_kept(
    trust: Organisation, chance: random.Random
) -> None:
    one, two = Writer(trust, "one"), Writer(trust, "two")
    row = a_patient(trust)
    clashed = 0
    for number in range(sizes.of("R3", "pairs of edits")):
        one.open(row)
        two.open(row)
        mine = {name: another(name, chance) for name in chance.sample(FIELDS, chance.randint(1, 3))}
        theirs = {name: another(name, chance) for name in chance.sample(FIELDS, chance.randint(1, 3))}
        if number % 3 == 0:  # the others meet by chance
            mine["address"], theirs["address"] = f"{number} Mine Street", f"{number} Theirs Street"
        before = values(row)
        assert one.save(**mine).status_code == 302
        after_one = before | mine
        both = {
            name
            for name in set(mine) & set(theirs)
            if mine[name] != theirs[name] and mine[name] != before[name] and theirs[name] != before[name]
        }

        answer = two.save(**theirs)

        if both:
            clashed += 1
            assert answer.status_code == 409
            assert values(row) == after_one, "something of the second was saved"
            told = answer.content.decode()
            assert len(re.findall(r'<tr><th scope="row">', told)) == len(both)
            for name in both & set(TEXT):
                assert f"<td>{mine[name]}</td><td>{theirs[name]}</td>" in told
            two.hold(answer)  # with both in view they save what they decide on
            assert two.save().status_code == 302
        else:
            assert answer.status_code == 302, answer.content
        changed = {name: value for name, value in theirs.items() if value != before[name]}
        assert values(row) == after_one | changed
    assert clashed > 1


def values(row: Patient) -> dict[str, str]:
    """What is saved, as the form would send it."""
    row.refresh_from_db()
    return {name: "" if (value := getattr(row, name)) is None else str(value) for name in FIELDS}


def test_a_form_that_does_not_say_what_it_was_opened_with_saves_nothing(trust: Organisation) -> None:
    writer = Writer(trust, "one")
    row = a_patient(trust)
    writer.open(row)

    for seen in ("", "forged", writer.sent["seen"][:-2]):
        answer = writer.save(seen=seen, address="Elsewhere")
        assert answer.status_code == 422 and "Open it again" in answer.content.decode()
    assert values(row)["address"] == "1 High Street"


def test_nobody_else_has_a_say(trust: Organisation) -> None:
    row = a_patient(trust)

    assert Client().post(f"/outpatients/patients/{row.pk}/edit/", {}).status_code in (302, 403)
