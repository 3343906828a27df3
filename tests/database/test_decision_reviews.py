"""The decision log over time: reviews ring, reflections stand beside entries, entries leave with cuts."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from clearway.core.audit.models import Action
from clearway.core.decisions import actions, queries
from clearway.core.decisions.models import Decision, DecisionExport, DecisionNote
from clearway.core.organisation.models import Organisation
from clearway.core.people.models import User
from clearway.core.worklist.models import Task
from clearway.desks.ambulance import rules, situation
from tests.trust import acting, signed_in, somebody, stop_the_clock

from .conftest import at

SHOWN = re.compile(r'name="shown" value="(\w+)"')
DAY = {"first": "2026-11-20", "last": "2026-11-20"}

pytestmark = pytest.mark.django_db
TYPED = {"known": "9 crews wait", "decision": "Divert minors for 90 min", "reason": "Two bays are shut"}


@pytest.fixture
def officer(knowing: Organisation) -> User:
    return somebody("sdo", "service_delivery_officer", knowing)


def write(trust: Organisation, who: User, minutes: float, **more: Any) -> Decision:
    written = actions.Written(**{**TYPED, "decided_at": at(minutes), **more})
    by = acting(who, "service_delivery_officer")
    return actions.write(written, organisation_id=trust.pk, by=by, at=at(minutes))


def note(trust: Organisation, who: User, key: int, minutes: float, kind: str = "reviewed") -> DecisionNote:
    by = acting(who, "service_delivery_officer")
    return actions.note(key, kind, "It stands", organisation_id=trust.pk, by=by, at=at(minutes))


def looked(desk: Client) -> str:
    """The seal of the entries that the preview of the day shows."""
    found = SHOWN.search(desk.get("/decisions/export/", DAY).content.decode())
    assert found is not None
    return found[1]


def ringing(trust: Organisation, minutes: float) -> list[tuple[str, str]]:
    for later in (0, 2):  # a cause waits a minute before it is a task
        rules.run(trust.pk, situation.read(trust.pk, at(minutes + later)), at(minutes + later))
    tasks = Task.objects.filter(rule="decision_review", closed_at=None).order_by("title")
    return [(task.title, task.role) for task in tasks]


def test_a_review_time_rings_once_for_its_owner_until_somebody_reviewed_it(
    knowing: Organisation, officer: User
) -> None:
    first = write(knowing, officer, 0, review_at=at(30))
    second = write(knowing, officer, 1, decision="Hold C4", review_at=at(31))
    other = somebody("tim", "trust_incident_manager", knowing)
    write(knowing, other, 2, decision="Call staff in", review_at=at(32))

    assert ringing(knowing, 20) == []
    assert ringing(knowing, 40) == [
        ("1 decision of Tim to review", "service_delivery_officer"),
        ("2 decisions of Sdo to review", "service_delivery_officer"),
    ]
    note(knowing, officer, first.pk, 45, kind="reflection")  # a thought is no review
    write(knowing, officer, 46, decision="Hold C4 until noon", supersedes=second.pk)  # an amendment is one
    assert [title for title, _ in ringing(knowing, 47)] == [
        "1 decision of Sdo to review",
        "1 decision of Tim to review",
    ]
    note(knowing, officer, first.pk, 50)
    assert ringing(knowing, 52) == [("1 decision of Tim to review", "service_delivery_officer")]


def test_the_database_refuses_to_change_a_note_or_an_export(
    knowing: Organisation, officer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = write(knowing, officer, 0)
    note(knowing, officer, row.pk, 1)
    stop_the_clock(monkeypatch, at(5))
    desk = signed_in(officer)
    assert desk.post("/decisions/export/", {**DAY, "file": "csv", "shown": looked(desk)}).status_code == 200

    for model in (DecisionNote, DecisionExport):
        for change in (lambda m=model: m.objects.update(at=at(9)), lambda m=model: m.objects.all().delete()):
            with pytest.raises(IntegrityError), transaction.atomic():
                change()


def test_what_the_joint_decision_model_asks_is_kept_and_a_reflection_stands_beside_it(
    knowing: Organisation, officer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_the_clock(monkeypatch, at(0))
    desk = signed_in(officer)
    more = {"nothing": "Crews wait on", "risks_patients": "A longer way", "policy": "Divert policy 4.2"}
    page = desk.post("/decisions/new/", {**TYPED, **more})["Location"]

    assert desk.post(page, {"kind": "reflection", "words": "Ask Bath first"}).status_code == 302
    shown = desk.get(page).content.decode()
    for words in (*more.values(), "Ask Bath first", "Reflection"):
        assert words in shown
    begun = desk.get(f"/decisions/new/?corrects={page.strip('/').split('/')[-1]}").content.decode()
    assert "Divert policy 4.2" in begun
    for junk, why in (
        ({"kind": "", "words": "x"}, "Choose what this is"),
        ({"kind": "rumour", "words": "x"}, "Choose from the list"),
        ({"kind": "outcome", "words": ""}, "Say what came of it"),
        ({"kind": "outcome", "words": "943 476 5919"}, "Leave out the NHS number"),
    ):
        answer = desk.post(page, junk)
        assert answer.status_code == 422 and why in answer.content.decode()
    assert DecisionNote.objects.count() == 1


@pytest.mark.parametrize(
    ("form", "begins"), [("text", b"Decision log"), ("csv", b"Entry"), ("pdf", b"%PDF-1.7")]
)
def test_entries_leave_with_parts_left_out_for_a_reason_that_is_kept(
    knowing: Organisation, officer: User, monkeypatch: pytest.MonkeyPatch, form: str, begins: bytes
) -> None:
    row = write(knowing, officer, 0, told="Site manager Bath")
    write(knowing, officer, 3, decision="Hold C4")
    stop_the_clock(monkeypatch, at(5))
    desk = signed_in(officer)
    days = {"first": "2026-11-20", "last": "2026-11-20"}
    assert "Site manager Bath" in desk.get("/decisions/export/", days).content.decode()

    unsaid = desk.post("/decisions/export/", {**days, "file": form, "cut": f"{row.pk}:told"})
    assert unsaid.status_code == 422 and "Say why parts are left out" in unsaid.content.decode()
    assert not DecisionExport.objects.exists()
    answer = desk.post(
        "/decisions/export/",
        {
            **days,
            "file": form,
            "shown": looked(desk),
            "cut": [f"{row.pk}:told", "junk", "9:nothing-known"],
            "reason": "A third person",
        },
    )

    assert answer.content.lstrip(b"\xef\xbb\xbf").startswith(begins)
    kept = DecisionExport.objects.get()
    assert (kept.cuts, kept.reason) == ({str(row.pk): ["told"]}, "A third person")
    assert len(kept.entries) == 2 and Action.objects.get(verb="decisions.export").detail["cut"] == 1
    if form != "pdf":
        text = answer.content.decode()
        assert "Site manager Bath" not in text and "[left out]" in text and "Hold C4" in text


def test_what_was_written_after_it_was_shown_does_not_leave_unseen(
    knowing: Organisation, officer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = write(knowing, officer, 0, known="A long tale. " * 30 + "The end of it")
    stop_the_clock(monkeypatch, at(5))
    desk = signed_in(officer)
    assert "The end of it" in desk.get("/decisions/export/", DAY).content.decode()  # whole, not its beginning
    shown = looked(desk)
    note(knowing, officer, row.pk, 4, kind="outcome")

    refused = desk.post("/decisions/export/", {**DAY, "file": "csv", "shown": shown})

    assert refused.status_code == 422 and not DecisionExport.objects.exists()
    text = refused.content.decode()
    assert "Something was written since" in text and "It stands" in text
    again = SHOWN.search(text)
    assert again is not None
    taken = desk.post("/decisions/export/", {**DAY, "file": "csv", "shown": again[1]})
    assert taken.status_code == 200 and "It stands" in taken.content.decode()
    late = write(knowing, officer, 5, decision="Hold C4")
    unseen = desk.post("/decisions/export/", {**DAY, "file": "csv", "shown": again[1]})
    assert unseen.status_code == 422 and str(late.pk) not in DecisionExport.objects.get().entries


def test_decisions_to_review_are_those_of_the_local_day(knowing: Organisation, officer: User) -> None:
    """At half past midnight in summer it is still yesterday in UTC: what was due yesterday is over."""
    morning = datetime(2026, 7, 1, 20, tzinfo=UTC)
    written = actions.Written(**TYPED, decided_at=morning, review_at=datetime(2026, 7, 1, 22, tzinfo=UTC))
    by = acting(officer, "service_delivery_officer")
    actions.write(written, organisation_id=knowing.pk, by=by, at=morning)

    assert [row.decision for row in queries.to_review(knowing.pk, morning)] == [TYPED["decision"]]
    assert queries.to_review(knowing.pk, datetime(2026, 7, 1, 23, 30, tzinfo=UTC)) == []


@pytest.mark.parametrize("junk", ["²", "9" * 5000, "٣", "-1", "1e3"])
def test_an_address_that_names_no_entry_begins_an_empty_page(
    knowing: Organisation, officer: User, monkeypatch: pytest.MonkeyPatch, junk: str
) -> None:
    stop_the_clock(monkeypatch, at(5))
    desk = signed_in(officer)

    assert desk.get("/decisions/new/", {"corrects": junk}).status_code == 200
    assert desk.get("/messages/new/", {"corrects": junk}).status_code == 200
    sent = desk.post("/decisions/new/", {**TYPED, "corrects": junk})
    assert sent.status_code == 422 and not Decision.objects.exists()
    cut = {**DAY, "file": "csv", "cut": [f"{junk}:told"], "shown": ""}
    assert desk.post("/decisions/export/", cut).status_code == 422


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"first": ""}, "Enter the first day"),
        ({"last": "soon"}, "Enter a date"),
        ({"last": "2026-11-01"}, "Choose a last day after the first"),
        ({"file": "doc"}, "Choose text, CSV or PDF"),
        ({"reason": "943 476 5919"}, "Leave out the NHS number"),
    ],
)
def test_junk_in_an_export_is_refused(
    knowing: Organisation, officer: User, monkeypatch: pytest.MonkeyPatch, given: dict[str, str], why: str
) -> None:
    stop_the_clock(monkeypatch, at(5))
    sent = {"first": "2026-11-20", "last": "2026-11-20", "file": "csv", **given}

    answer = signed_in(officer).post("/decisions/export/", sent)

    assert answer.status_code == 422 and why in answer.content.decode()
    assert not DecisionExport.objects.exists()


def test_a_coordinator_reads_the_log_and_takes_nothing_out(
    knowing: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_the_clock(monkeypatch, at(5))
    desk = signed_in(somebody("flow", "patient_flow_coordinator", knowing))

    assert desk.get("/decisions/export/").status_code == 403
