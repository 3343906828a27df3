"""Damaged messages and files by the hundred: each is kept in its bytes and says place, field and fix.

Damaged FHIR is in test_fhir_damage.py.
"""

import logging
import random
from collections.abc import Callable

import pytest

from clearway.core.feeds.models import Batch, Quarantined, Source
from clearway.core.feeds.queries import accounts
from clearway.core.organisation.models import Organisation
from clearway.desks.outpatients.exchange import actions as exchange
from clearway.desks.outpatients.intake import actions as intake
from clearway.desks.outpatients.patients.models import Patient
from clearway.gateway import hl7
from clearway.interchange import sheets
from clearway.interchange.referral_file import FIELDS
from tests import sizes
from tests.beside import DESK, MAPPING
from tests.outpatients import a_service, scope
from tests.pas import spoilt
from tests.pure.test_sheets import workbook
from tests.therapies import NINE, a_department
from tests.trust import a_trust

pytestmark = [pytest.mark.django_db, pytest.mark.promise("R6")]


@pytest.fixture
def trust() -> Organisation:
    return a_trust()


def test_every_damaged_hl7_message_is_kept_with_place_and_fix_and_no_log_names_a_patient(
    trust: Organisation, chance: random.Random, caplog: pytest.LogCaptureFixture
) -> None:
    a_department(trust)
    source = Source.objects.create(organisation=trust, name="pas", kind="hl7", expected_interval_seconds=3600)
    exchange.load_mapping(source, MAPPING, "the first", by=DESK, at=NINE)
    caplog.set_level(logging.DEBUG)
    wanted, sent = sizes.of("R6", "damaged HL7 messages"), 0

    while Quarantined.objects.count() < wanted:
        raw = spoilt(1, seed=chance.randrange(2**32), key=f"S{sent}")[0]
        before = Quarantined.objects.count()
        answer = hl7.deliver(source, raw, lambda: NINE)
        sent += 1
        if Quarantined.objects.count() > before:
            row = Quarantined.objects.latest("id")
            assert b"|AE|" in answer or b"|AR|" in answer
            assert bytes(row.body) == bytes(row.batch.body) == raw
            assert "line 1, " in row.place and row.why and row.fix
        else:  # spoilt where nobody reads, or the very bytes wait already
            assert b"|AA|" in answer or any(bytes(each.body) == raw for each in Quarantined.objects.all())
        assert sent < 20 * wanted

    (account,) = accounts(trust.pk)
    assert account.received == sent == Batch.objects.exclude(done_at=None).count() and account.adds_up
    for identity in ("Brown", "Ada", "9990548609", "High Street"):
        assert identity not in caplog.text


HEAD = ["reference", "family_name", "given_names", "born_on", "sex", "nhs_number", "service", "received_on"]
HEAD += ["postcode", "mobile", "source", "ubrn", "side", "start_on"]
GOOD = ["1", "Larch", "Bea", "1970-03-01", "F", "", "MSK", "2026-11-19", "", "", "", "", "", ""]
Bad = Callable[[random.Random], str]


def day(chance: random.Random) -> str:
    return chance.choice(["2026-02-30", "31/11/2026", "tomorrow", "0000-00-00", "19th", "12/13/2026", "1e9"])


# What makes a cell one that cannot be taken, for each column that can be wrong.
BAD: dict[str, Bad] = {
    "family_name": lambda chance: chance.choice(["", " ", "x" * chance.randint(101, 400)]),
    "given_names": lambda chance: chance.choice(["", "\t", "y" * chance.randint(151, 400)]),
    "born_on": lambda chance: chance.choice([day(chance), "", f"20{chance.randint(27, 99)}-01-01"]),
    "sex": lambda chance: chance.choice(["7", "Q", "cat", "1" * chance.randint(2, 9)]),
    "nhs_number": lambda chance: str(chance.randrange(10**10, 10**13)),  # too long
    "service": lambda chance: chance.choice(["", f"NONE{chance.randrange(1000)}", "z" * 61]),
    "received_on": lambda chance: chance.choice([day(chance), "", f"20{chance.randint(27, 99)}-01-01"]),
    "postcode": lambda chance: chance.choice(["ZZZZZZZZ", "1", f"W{chance.randrange(10**6)}"]),
    "mobile": lambda chance: "1" * chance.randint(21, 60),
    "source": lambda chance: f"{chance.randint(200, 999)}",
    "ubrn": lambda chance: str(chance.randrange(10**12, 10**14)),
    "side": lambda chance: chance.choice(["up", "12", "leftish"]),
    "start_on": lambda chance: chance.choice([day(chance), "2027-05-05"]),
}


def cut_or_struck(raw: bytes, chance: random.Random) -> bytes:
    """A workbook of which bytes are missing: its directory stands at the end."""
    return raw[: chance.randrange(len(sheets.MAGIC), len(raw) - 22)]  # less of it is a word of text


def test_every_damaged_spreadsheet_names_line_field_and_fix_and_its_rows_are_kept(
    trust: Organisation, chance: random.Random
) -> None:
    a_service(trust)
    heading = [FIELDS[name].heard[0] for name in HEAD]
    given = intake.give(sheets.write(heading, [GOOD]), "good.csv", "Hill", **scope(trust))
    intake.map_columns(given.pk, dict(zip(HEAD, heading, strict=True)), **scope(trust))
    intake.confirm(given.pk, intake.preview(given.pk, **scope(trust)).digest, **scope(trust))

    for number in range(sizes.of("R6", "damaged CSV and XLSX files")):
        field = list(BAD)[number // 3 % len(BAD)]
        cells = ["2", "Oak", "Tom", *GOOD[3:]]
        cells[HEAD.index(field)] = BAD[field](chance)
        kind = ("csv", "xlsx", "cut")[number % 3]
        raw = sheets.write(heading, [GOOD, cells]) if kind == "csv" else workbook(heading, GOOD, cells)
        if kind == "cut":
            raw = cut_or_struck(raw, chance)
            row = intake.give(raw, "x.xlsx", "Hill", **scope(trust))
            assert row.state == "unread" and bytes(row.body) == raw
            assert row.place and row.why and row.fix
            continue

        row = intake.give(raw, f"x.{kind}", "Hill", **scope(trust))
        found = intake.preview(row.pk, **scope(trust))

        good, bad = found.results
        assert bytes(row.body) == raw and good.verdict == "repeat"
        assert (bad.verdict, bad.line, bad.where) == ("refused", 3, FIELDS[field].label), cells
        assert bad.why and bad.fix
        assert "Oak" not in bad.why + bad.fix and "Tom" not in bad.why + bad.fix
    assert Patient.objects.count() == 1
