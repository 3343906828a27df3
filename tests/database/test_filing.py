"""Letters and scans filed to the right patient, and paper volumes out, due, missing and back."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction

from clearway.core.audit.actions import Actor
from clearway.core.audit.models import Action
from clearway.core.worklist.models import Task
from clearway.desks.outpatients import rules, situation
from clearway.desks.outpatients.filing import actions, queries
from clearway.desks.outpatients.filing.models import Document, Filing, Volume
from clearway.desks.outpatients.records import queries as records
from clearway.domain.outpatients.filing import Kind
from clearway.domain.shared.errors import NotAllowed
from tests.therapies import NINE, TODAY, Department, a_department
from tests.trust import a_trust, signed_in, somebody, stop_the_clock

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
PDF = b"%PDF-1.4 an invented letter"
SCANS, NOTES = "/outpatients/office/scans/", "/outpatients/office/notes/"


@pytest.fixture
def physio(db: None) -> Department:
    return a_department(a_trust())


def who(physio: Department, after: timedelta = timedelta(0)) -> Any:
    return {"organisation_id": physio.trust.pk, "by": Actor("opal"), "at": NINE + after}


def take(physio: Department, body: bytes = PDF) -> Document:
    came = actions.Came(Kind.CLINIC_LETTER, "Orthopaedics", TODAY, "letter.pdf", body)
    return actions.take(came, **who(physio))


def tasks(physio: Department, after: timedelta = timedelta(0)) -> set[str]:
    at = NINE + after
    rules.run(physio.trust.pk, situation.read(physio.trust.pk, at), at)
    rows = Task.objects.filter(organisation=physio.trust, closed_at__isnull=True)
    return set(rows.filter(subject__startswith="filing:").values_list("subject", flat=True))


def test_a_letter_is_filed_by_a_second_identifier_and_never_by_the_name_alone(physio: Department) -> None:
    ada, other = physio.patient(postcode="WR5 1DD"), physio.patient()
    row, referral = take(physio), physio.referral(patient=other)

    with pytest.raises(NotAllowed, match="another birth date"):
        actions.file(row.pk, ada.pk, "2 May 1980", **who(physio))
    with pytest.raises(NotAllowed, match="referral of this patient"):
        actions.file(row.pk, ada.pk, "1 May 1980", referral.pk, **who(physio))
    filing = actions.file(row.pk, ada.pk, "wr5 1dd", **who(physio))

    assert filing.identifier == "postcode"
    assert queries.unfiled(physio.trust.pk) == []
    with pytest.raises(NotAllowed, match="filed, or put aside"):
        actions.file(row.pk, other.pk, "1 May 1980", **who(physio))
    with pytest.raises(IntegrityError, match="filed_to_one_patient"), transaction.atomic():
        Filing.objects.create(
            document=row, patient=other, identifier="born", filed_at=NINE, filed_by="somebody"
        )


def test_what_is_misfiled_is_taken_back_and_the_record_says_where_it_was(physio: Department) -> None:
    ada, other = physio.patient(), physio.patient()
    row = take(physio)
    actions.file(row.pk, ada.pk, "1980-05-01", **who(physio))

    actions.take_back(row.pk, "Another Pat", **who(physio))
    assert [each.pk for each in queries.unfiled(physio.trust.pk)] == [row.pk]
    actions.file(row.pk, other.pk, "1980-05-01", physio.referral(patient=other).pk, **who(physio))

    assert queries.filed_to(physio.trust.pk, ada.pk) == []
    assert [each.taken_back_why for each in queries.filings(row)] == ["", "Another Pat"]
    assert f"scans/{row.pk}.pdf" in records.held_of(other.pk)
    assert f"scans/{row.pk}.pdf" not in records.held_of(ada.pk)


def test_the_same_file_is_taken_once_and_what_is_unfiled_past_its_day_is_a_task(physio: Department) -> None:
    row = take(physio)

    with pytest.raises(NotAllowed, match="very same file"):
        take(physio)
    assert tasks(physio, 3 * DAY) == set()  # taken on a Friday, to be filed by Monday
    assert tasks(physio, 4 * DAY) == {"filing:unfiled"}
    actions.put_aside(row.pk, "An advertisement", **who(physio))
    assert tasks(physio, 4 * DAY) == set()


def test_a_volume_goes_out_is_asked_for_goes_missing_and_is_found(physio: Department) -> None:
    row = actions.add_volume(physio.patient().pk, "Shelf 4", **who(physio))
    actions.send(row.pk, "Dr Field, Alexandra", "Clinic", TODAY, **who(physio))

    with pytest.raises(NotAllowed, match="It is out"):
        actions.send(row.pk, "Somebody else", "Clinic", **who(physio))
    assert tasks(physio) == set()
    assert tasks(physio, 3 * DAY) == {"filing:volumes"}
    out = actions.chase(row.pk, "It is in the post", **who(physio, 3 * DAY))
    assert (out.asked, out.chase_on) == (1, TODAY + 6 * DAY)
    assert tasks(physio, 3 * DAY) == set()

    actions.call_missing(row.pk, "Asked both secretaries", **who(physio, 6 * DAY))
    assert tasks(physio, 6 * DAY) == {"filing:missing"}
    actions.find(row.pk, **who(physio, 7 * DAY))
    assert queries.away(physio.trust.pk) == []
    assert actions.add_volume(row.patient_id, "Shelf 5", **who(physio)).number == 2


def test_a_receptionist_takes_a_scan_a_coordinator_files_it_and_the_therapist_reads_it(
    physio: Department, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_the_clock(monkeypatch, NINE)
    ada = physio.patient(family_name="Brown", given_names="Ada")
    rose = signed_in(somebody("rose", "receptionist", physio.trust))
    opal = signed_in(somebody("opal", "outpatient_coordinator", physio.trust))
    carla = signed_in(somebody("carla", "clinician", physio.trust))
    typed = {"kind": "letter", "sender": "Orthopaedics", "came_on": TODAY.isoformat()}

    assert rose.post(SCANS, typed).status_code == 422
    wrong = SimpleUploadedFile("letter.pdf", b"MZ a program")
    assert "Only PDF" in rose.post(SCANS, {**typed, "file": wrong}).content.decode()
    rose.post(SCANS, {**typed, "file": SimpleUploadedFile("letter.pdf", PDF)})
    row = Document.objects.get()
    page, copy = f"{SCANS}{row.pk}/", f"{SCANS}{row.pk}/copy/"

    assert "Orthopaedics" in opal.get(SCANS).content.decode()
    assert carla.get(copy).status_code == 404
    assert opal.get(copy).status_code == 200
    assert Action.objects.get(verb="filing.look").subject == f"document:{row.pk}"
    assert "BROWN" in opal.get(f"{page}?find=brown").content.decode().upper()
    sent = {"what": "file", "find": "brown", "patient": ada.pk}
    refused = opal.post(page, {**sent, "identifier": "1/1/1970"})
    assert refused.status_code == 422 and "another birth date" in refused.content.decode()
    opal.post(page, {**sent, "identifier": "01/05/1980"})

    filed = f"/outpatients/filed/{ada.pk}/"
    assert "Orthopaedics" in carla.get(filed).content.decode()
    shown = carla.get(copy)
    assert (shown.content, shown["Content-Type"]) == (PDF, "application/pdf")
    assert Action.objects.filter(user__username="carla", verb__contains="look").exists()
    assert rose.post(page, {"what": "take_back"}).status_code == 422
    rose.post(page, {"what": "take_back", "why": "Another Brown"})
    assert carla.get(copy).status_code == 404


def test_paper_notes_are_sent_out_on_one_screen_and_asked_for_on_another(
    physio: Department, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_the_clock(monkeypatch, NINE)
    ada = physio.patient(family_name="Brown", given_names="Ada")
    june = signed_in(somebody("june", "junior_coordinator", physio.trust))
    opal = signed_in(somebody("opal", "outpatient_coordinator", physio.trust))

    assert june.post(NOTES, {"find": "brown", "home": "Shelf 1"}).status_code == 422
    june.post(NOTES, {"find": "brown", "patient": ada.pk, "home": "Shelf 1"})
    page = f"{NOTES}{Volume.objects.get().pk}/"
    assert june.post(page, {"what": "return"}).status_code == 422
    june.post(page, {"what": "send", "to": "Dr Field", "why": "Clinic", "due_on": TODAY.isoformat()})
    assert "Dr Field" in opal.get(NOTES).content.decode()
    opal.post(page, {"what": "chase", "said": "On its way"})
    assert "On its way" in june.get(page).content.decode()
    assert opal.post(page, {"what": "miss"}).status_code == 422
    opal.post(page, {"what": "miss", "why": "Both secretaries"})

    assert "Missing" in june.get(f"/outpatients/filed/{ada.pk}/").content.decode()
    june.post(page, {"what": "find"})
    assert "on its shelf" in june.get(NOTES).content.decode()
