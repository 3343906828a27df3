"""Referrals from a spreadsheet: mapped once, looked at row by row, registered once, the rest given back."""

import csv
import io
from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from clearway.core.audit.models import Action
from clearway.core.organisation.models import Organisation
from clearway.desks.outpatients.clinics.models import Service
from clearway.desks.outpatients.clocks import queries as clock_queries
from clearway.desks.outpatients.intake import actions
from clearway.desks.outpatients.intake.models import GivenFile, Layout, TakenReferral
from clearway.desks.outpatients.patients.models import Patient
from clearway.desks.outpatients.referrals.models import Referral
from clearway.domain.shared.errors import NotAllowed
from clearway.interchange import sheets
from tests.filled import filled
from tests.outpatients import NOW, a_service, scope
from tests.pure.test_sheets import workbook
from tests.trust import a_trust, signed_in, somebody, stop_the_clock

pytestmark = pytest.mark.django_db
GIVE = "/outpatients/referrals/file/"
HEAD = ["Ref", "Pt surname", "Pt first", "Born", "M/F", "NHS", "Clinic", "Got it", "How soon", "GP", "Why"]
MAPPING = {
    "reference": "Ref",
    "family_name": "Pt surname",
    "given_names": "Pt first",
    "born_on": "Born",
    "sex": "M/F",
    "nhs_number": "NHS",
    "service": "Clinic",
    "received_on": "Got it",
    "priority": "How soon",
    "sender": "GP",
    "question": "Why",
}
ADA = [
    "A1",
    "Brown",
    "Ada",
    "01/03/1970",
    "F",
    "9990548609",
    "msk",
    "19/11/2026",
    "urgent",
    "Dr Field",
    "Assess",
]
EVE = ["A2", "Green", "Eve", "02/04/1980", "f", "", "MSK", "18/11/2026", "soon", "Dr Field", ""]
BAD = ["A3", "White", "Tom", "31/02/1980", "M", "", "MSK", "18/11/2026", "routine", "Dr Field", "Assess"]
LOST = ["A4", "Black", "Sam", "03/02/1980", "M", "", "XYZ", "18/11/2026", "routine", "Dr Field", "Assess"]
TWICE = ["A5", *ADA[1:]]


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    stop_the_clock(monkeypatch, NOW)


@pytest.fixture
def trust() -> Organisation:
    return a_trust()


@pytest.fixture
def service(trust: Organisation) -> Service:
    return a_service(trust)


@pytest.fixture
def desk(trust: Organisation, service: Service) -> Client:
    return signed_in(somebody("coordinator", "outpatient_coordinator", trust))


def text(answer: Any) -> str:
    return str(answer.content.decode())


def pasted(*rows: list[str]) -> str:
    return "\n".join("\t".join(row) for row in (HEAD, *rows))


def given(desk: Client, *rows: list[str], sender: str = "Hill Surgery") -> GivenFile:
    answer = desk.post(GIVE, {"sender": sender, "rows": pasted(*rows)})
    assert answer.status_code == 302, text(answer)
    return GivenFile.objects.latest("id")


def mapped(desk: Client, row: GivenFile, **change: str) -> Any:
    sent = {f"field-{name}": heading for name, heading in {**MAPPING, **change}.items()}
    sent["seen"] = filled(desk.get(f"{GIVE}{row.pk}/columns/"))["seen"]
    return desk.post(f"{GIVE}{row.pk}/columns/", sent)


def digest(trust: Organisation, row: GivenFile) -> str:
    return actions.preview(row.pk, **scope(trust)).digest


def test_columns_of_any_names_are_mapped_once_and_known_again_by_their_headings(desk: Client) -> None:
    first = given(desk, ADA)
    page = text(desk.get(f"{GIVE}{first.pk}/columns/"))
    assert "These headings are new" in page
    assert mapped(desk, first)["Location"] == f"{GIVE}{first.pk}/"

    again = desk.post(GIVE, {"sender": "Hill Surgery", "rows": pasted(EVE)})

    second = GivenFile.objects.latest("id")
    assert again["Location"] == f"{GIVE}{second.pk}/", "nobody is asked a second time"
    layout = Layout.objects.get()
    assert (layout.version, layout.mapping, layout.made_by) == (1, MAPPING, "coordinator")
    audit = Action.objects.get(verb="intake.map")
    assert audit.detail == {"sender": "Hill Surgery", "version": 1, "mapping": MAPPING}


def test_another_mapping_is_a_version_and_another_sender_has_its_own(desk: Client) -> None:
    row = given(desk, ADA)
    mapped(desk, row)
    mapped(desk, row, priority="")
    mapped(desk, row, priority="")
    assert [each.version for each in Layout.objects.order_by("id")] == [1, 2]

    elsewhere = given(desk, ADA, sender="Dale Surgery")

    assert elsewhere.layout is None


def test_the_page_shows_how_the_first_values_of_a_column_would_be_read(desk: Client) -> None:
    row = given(desk, ADA, EVE, BAD, LOST)
    sent = {f"field-{name}": heading for name, heading in MAPPING.items()} | {"look": "1"}

    page = text(desk.post(f"{GIVE}{row.pk}/columns/", sent))

    assert "01/03/1970 is read as <b>Sun 1 Mar 1970</b>" in page
    assert "F is read as <b>Female</b>" in page
    assert "soon is read as <b>Not read: goes with the urgent</b>" in page
    assert "31/02/1980: There is no such day." in page
    assert "XYZ: No service here is called so." in page
    assert not Layout.objects.exists(), "looking remembers nothing"


@pytest.mark.parametrize(
    ("change", "why"),
    [({"born_on": ""}, "Say which column holds birth date."), ({"sex": "Gone"}, "no column called Gone")],
)
def test_a_mapping_that_cannot_be_is_refused(desk: Client, change: dict[str, str], why: str) -> None:
    answer = mapped(desk, given(desk, ADA), **change)

    assert answer.status_code == 422 and why in text(answer)
    assert not Layout.objects.exists()


def test_the_preview_says_row_by_row_what_would_happen_and_saves_nothing(
    desk: Client, trust: Organisation
) -> None:
    row = given(desk, ADA, EVE, BAD, LOST, TWICE)
    mapped(desk, row)

    found = actions.preview(row.pk, **scope(trust))
    page = text(desk.get(f"{GIVE}{row.pk}/"))

    assert [(each.line, each.verdict) for each in found.results] == [
        (2, "registered"),
        (3, "registered"),
        (4, "refused"),
        (5, "refused"),
        (6, "repeat"),
    ]
    assert found.results[0].gaps == ("reach", "sender", "condition")
    assert found.results[4].of_line == 2
    assert "Birth date: There is no such day." in page and "Write one of: MSK" in page
    assert "The same as line 2." in page
    assert "Register 2 referrals" in page
    for table in (Referral, Patient, TakenReferral):
        assert not table.objects.exists()
    assert not Action.objects.filter(verb__in=("referrals.register", "patients.register")).exists()


def test_a_row_more_costs_a_preview_a_few_queries_and_what_follows_from_all_rows_is_written_at_once(
    desk: Client, trust: Organisation
) -> None:
    def a_sheet(first: int, last: int) -> GivenFile:
        names = [
            (f"N{n}", f"Larch{chr(97 + n)}", chr(97 + n) * 5, f"{n:02}/03/19{n + 40}")
            for n in range(first, last)
        ]
        rows = [[*name, "F", "", "MSK", "19/11/2026", "routine", "Dr Field", "Pain"] for name in names]
        row = given(desk, *rows)
        mapped(desk, row)
        return row

    def asked(act: Any) -> int:
        with CaptureQueriesContext(connection) as captured:
            act()
        return len(captured)

    few, many = a_sheet(1, 3), a_sheet(4, 16)
    previews = [asked(lambda row=row: actions.preview(row.pk, **scope(trust))) for row in (few, many)]
    assert (previews[1] - previews[0]) / 10 <= 8
    digests = [digest(trust, row) for row in (few, many)]
    saved = [
        asked(lambda row=row, said=said: actions.confirm(row.pk, said, **scope(trust)))
        for row, said in zip((few, many), digests, strict=True)
    ]

    assert (saved[1] - saved[0]) / 10 <= 8
    assert Referral.objects.count() == 14
    assert Action.objects.filter(verb="referrals.register").count() == 14
    assert Action.objects.filter(verb="clocks.record").count() == 14
    kept = clock_queries.compare(trust.pk, NOW)
    assert (kept.pathways, kept.differences) == (14, ())


@pytest.mark.promise("R6")
def test_the_good_rows_are_registered_once_and_the_refused_are_given_back_to_be_mended(
    desk: Client, trust: Organisation
) -> None:
    row = given(desk, ADA, BAD)
    mapped(desk, row)
    answer = desk.post(f"{GIVE}{row.pk}/", {"digest": digest(trust, row)})
    assert answer.status_code == 302
    ada = Referral.objects.get()
    assert (str(ada.patient), ada.patient.sex, ada.priority, ada.route) == ("BROWN, Ada", "2", "2", "email")

    back = desk.get(f"{GIVE}{row.pk}/refused.csv")
    rows = list(csv.reader(io.StringIO(back.content.decode("utf-8-sig"))))
    assert rows[0] == [*HEAD, "Why refused", "How to mend"]
    assert [each[0] for each in rows[1:]] == ["A3"]
    mended = back.content.decode("utf-8-sig").replace("31/02/1980", "28/02/1980")
    desk.post(GIVE, {"sender": "Hill Surgery", "file": SimpleUploadedFile("mended.csv", mended.encode())})
    second = GivenFile.objects.latest("id")
    assert second.layout is not None, "known again, with our two columns"
    desk.post(f"{GIVE}{second.pk}/", {"digest": digest(trust, second)})

    assert Referral.objects.count() == 2
    whole = given(desk, ADA, [*BAD[:3], "28/02/1980", *BAD[4:]])
    found = actions.preview(whole.pk, **scope(trust))
    assert [each.verdict for each in found.results] == ["repeat", "repeat"]


def test_rows_without_a_reference_are_not_doubled_either(desk: Client, trust: Organisation) -> None:
    rows = [["", *ADA[1:]], ["", *EVE[1:]]]
    row = given(desk, *rows)
    mapped(desk, row)
    desk.post(f"{GIVE}{row.pk}/", {"digest": digest(trust, row)})

    again = given(desk, *rows)

    found = actions.preview(again.pk, **scope(trust)).results
    assert [(each.verdict, each.number) for each in found] == [
        ("repeat", each.number) for each in Referral.objects.order_by("id")
    ]
    assert "The very same file was registered" in text(desk.get(f"{GIVE}{again.pk}/"))


def test_what_changed_since_the_preview_is_shown_again_and_nothing_is_saved(
    desk: Client, trust: Organisation
) -> None:
    row = given(desk, ADA)
    mapped(desk, row)
    before = digest(trust, row)
    other = given(desk, ADA)
    desk.post(f"{GIVE}{other.pk}/", {"digest": digest(trust, other)})

    answer = desk.post(f"{GIVE}{row.pk}/", {"digest": before})

    assert answer.status_code == 422 and "has changed since you looked" in text(answer)
    assert Referral.objects.count() == 1
    with pytest.raises(NotAllowed, match="closed"):
        actions.confirm(other.pk, before, **scope(trust))


def test_a_reference_that_says_something_else_than_before_is_refused(
    desk: Client, trust: Organisation
) -> None:
    row = given(desk, ADA)
    mapped(desk, row)
    desk.post(f"{GIVE}{row.pk}/", {"digest": digest(trust, row)})

    (found,) = actions.preview(given(desk, [*ADA[:-1], "Other"]).pk, **scope(trust)).results

    assert (found.verdict, found.where) == ("refused", "reference")
    assert "said something else" in found.why


def test_a_workbook_is_taken_with_its_dates_and_numbers(desk: Client, trust: Organisation) -> None:
    cells = [*ADA[:3], date(1970, 3, 1), "F", 9990548609, "MSK", date(2026, 11, 19), *ADA[8:]]
    file = SimpleUploadedFile("list.xlsx", workbook(HEAD, cells))
    desk.post(GIVE, {"sender": "Hill Surgery", "file": file})
    row = GivenFile.objects.get()
    mapped(desk, row)

    desk.post(f"{GIVE}{row.pk}/", {"digest": digest(trust, row)})

    ada = Referral.objects.get()
    assert (ada.patient.nhs_number, str(ada.patient.born_on)) == ("9990548609", "1970-03-01")
    assert str(ada.received_on) == "2026-11-19"


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        ({"sender": "", "rows": "a\tb\n1\t2"}, "Say who sent it"),
        ({"sender": "Hill"}, "Choose a file, or paste rows"),
    ],
)
def test_what_is_not_given_at_all_is_refused_and_not_kept(
    desk: Client, sent: dict[str, Any], why: str
) -> None:
    answer = desk.post(GIVE, sent)

    assert answer.status_code == 422 and why in text(answer)
    assert not GivenFile.objects.exists()


@pytest.mark.promise("R6")
@pytest.mark.parametrize(
    ("sent", "why"),
    [
        ({"rows": "\n\n1\n"}, "no headings"),
        ({"file": SimpleUploadedFile("x.xlsx", b"PK\x03\x04rubbish")}, "damaged workbook"),
    ],
)
def test_what_cannot_be_read_as_a_whole_is_kept_with_place_and_fix_and_read_again_once_mended(
    desk: Client, sent: dict[str, Any], why: str
) -> None:
    for _ in range(2):  # the same bytes again are the same file
        answer = desk.post(GIVE, {"sender": "Hill", **sent}, follow=True)
        if "file" in sent:
            sent["file"].seek(0)
    row = GivenFile.objects.get()
    told = text(answer)
    assert why in told and row.place in told and row.fix in told and row.state == "unread"
    assert bytes(row.body) == (b"PK\x03\x04rubbish" if "file" in sent else b"\n\n1\n")
    assert desk.get(f"{GIVE}{row.pk}/columns/").headers["Location"] == f"{GIVE}{row.pk}/"
    assert desk.get(f"{GIVE}{row.pk}/refused.csv").status_code == 404

    assert "still cannot be read" in text(desk.post(f"{GIVE}{row.pk}/again/", follow=True))
    GivenFile.objects.update(body=sheets.write(HEAD, [ADA]))  # as what only an older reader refused
    desk.post(f"{GIVE}{row.pk}/again/")
    row.refresh_from_db()
    assert (row.state, row.why) == ("given", "")
    desk.post(f"{GIVE}{row.pk}/drop/")
    assert desk.post(f"{GIVE}{row.pk}/again/", follow=True).status_code == 200
    row.refresh_from_db()
    assert row.state == "dropped"


def test_a_file_put_aside_registers_nothing(desk: Client) -> None:
    row = given(desk, ADA)

    desk.post(f"{GIVE}{row.pk}/drop/")

    assert "put aside" in text(desk.get(f"{GIVE}{row.pk}/"))
    assert desk.get(f"{GIVE}{row.pk}/columns/").status_code == 302
    assert not Referral.objects.exists()


def test_every_look_at_the_rows_is_recorded_and_nobody_of_another_trust_sees_them(desk: Client) -> None:
    row = given(desk, ADA)
    mapped(desk, row)
    desk.get(f"{GIVE}{row.pk}/")
    pages = Action.objects.filter(verb="intake.look", subject=f"file:{row.pk}").order_by("id")
    assert [each.detail["page"] for each in pages] == ["columns", "rows"]
    stranger = signed_in(somebody("stranger", "outpatient_coordinator", a_trust("elsewhere")))

    for page in ("", "columns/", "refused.csv"):
        assert stranger.get(f"{GIVE}{row.pk}/{page}").status_code == 404
