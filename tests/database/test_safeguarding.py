"""Safeguarding concerns reach their queue, and what was written is nowhere else."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from clearway.core.audit.models import Action
from clearway.core.feeds.models import Source
from clearway.core.live.models import Change
from clearway.core.organisation.models import Organisation
from clearway.core.worklist.models import Task
from clearway.desks.ambulance import rules, situation
from clearway.desks.ambulance.safeguarding.models import Safeguarding
from tests.trust import signed_in, somebody, stop_the_clock

from .conftest import at, conveyance, deliver

pytestmark = pytest.mark.django_db
PLANTED = "zxqplanted"
GIVEN = {"kind": "child", "incident": "1", "words": f"The child said {PLANTED}"}
PAGES = (
    *("/safeguarding/", "/incidents/1/", "/contacts/", "/messages/", "/concerns/?state=all", "/tasks/"),
    *("/decisions/", "/handovers/", "/handovers/TVH01/", "/advice/A1/", "/resources/", "/audit/"),
)


@pytest.fixture
def author(knowing: Organisation, cad: Source, monkeypatch: pytest.MonkeyPatch) -> Client:
    deliver(cad, conveyance("TVH01", until="at_hospital"), known=45)
    stop_the_clock(monkeypatch, at(46))
    browser = signed_in(somebody("pfc", "patient_flow_coordinator", knowing))
    assert browser.post("/safeguarding/new/", GIVEN).status_code == 302
    return browser


@pytest.fixture
def queue(author: Client, knowing: Organisation) -> Client:
    return signed_in(somebody("lead", "clinical_lead", knowing))


def looks() -> list[str]:
    return list(Action.objects.filter(verb="safeguarding.look").values_list("actor", flat=True))


def test_what_was_written_is_on_no_page_in_no_audit_row_and_in_no_change(
    author: Client, queue: Client, knowing: Organisation
) -> None:
    page = f"/safeguarding/{Safeguarding.objects.get().pk}/"
    others = [
        signed_in(somebody(name, name, knowing))
        for name in ("service_delivery_officer", "administrator", "privacy_officer", "dispatcher")
    ]
    for reader in (author, queue, *others):
        for address in (*PAGES, page):
            assert PLANTED not in reader.get(address).content.decode(), address
    assert PLANTED not in others[0].get("/concerns/concerns.csv?state=all").content.decode()
    assert not [row for row in Action.objects.all() if PLANTED in f"{row.subject}{row.detail}"]
    assert not [row for row in Change.objects.all() if PLANTED in row.key]
    assert "A concern</a> was raised" in others[0].get("/incidents/1/").content.decode()


def test_only_the_queue_and_the_author_look_and_every_look_is_on_record(
    author: Client, queue: Client, knowing: Organisation
) -> None:
    page = f"/safeguarding/{Safeguarding.objects.get().pk}/"
    officer = signed_in(somebody("sdo", "service_delivery_officer", knowing))

    refused = officer.post(f"{page}look/", follow=True)
    assert (
        PLANTED not in refused.content.decode() and "Only the people of its queue" in refused.content.decode()
    )
    assert looks() == []
    shown = queue.post(f"{page}look/")
    assert PLANTED in shown.content.decode() and shown["Cache-Control"] == "no-store"
    assert PLANTED in author.post(f"{page}look/").content.decode()
    assert looks() == ["lead", "pfc"]
    assert PLANTED not in queue.get(page).content.decode()


def test_what_a_session_that_ended_kept_is_shown_to_its_author_once(author: Client) -> None:
    session = author.session
    kept = {"user": int(session["_auth_user_id"]), "path": "/safeguarding/new/", "typed": GIVEN}
    session["kept"] = kept
    session.save()

    assert PLANTED in author.get("/safeguarding/new/").content.decode()
    assert PLANTED not in author.get("/safeguarding/new/").content.decode()


def test_who_sees_one_hospital_sees_that_there_is_one_of_their_own_alone(
    author: Client, knowing: Organisation
) -> None:
    door = signed_in(somebody("door", "halo", knowing, site="TVH01"))
    page = f"/safeguarding/{Safeguarding.objects.get().pk}/"
    assert author.get(page).status_code == 200

    assert page not in door.get("/safeguarding/").content.decode()
    assert door.get(page).status_code == 404

    door.post("/safeguarding/new/", {**GIVEN, "incident": ""})
    own = Safeguarding.objects.latest("pk")
    assert door.get(f"/safeguarding/{own.pk}/").status_code == 200


def test_its_queue_has_a_task_for_each_until_it_acknowledges_it_once(
    author: Client, queue: Client, knowing: Organisation
) -> None:
    page = f"/safeguarding/{Safeguarding.objects.get().pk}/"
    author.post("/safeguarding/new/", {**GIVEN, "kind": "adult"})

    def tasks() -> list[tuple[str, str, bool]]:
        rules.run(knowing.pk, situation.read(knowing.pk, at(46)), at(46))
        rows = Task.objects.filter(rule="safeguarding_waits", closed_at=None)
        return [(each.role, each.title, PLANTED in each.cause) for each in rows]

    assert tasks() == [("clinical_lead", "A safeguarding concern waits", False)] * 2
    assert author.post(f"{page}take/").status_code == 403
    queue.post(f"{page}take/")
    assert len(tasks()) == 1
    assert "acknowledged it already" in queue.post(f"{page}take/", follow=True).content.decode()
    assert "46, lead" in author.get(page).content.decode()


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"kind": ""}, "Choose for whom"),
        ({"kind": "dog"}, "Choose from the list"),
        ({"words": ""}, "Say what gives concern"),
        ({"words": "x" * 2001}, "Shorten it"),
    ],
)
def test_junk_is_refused(author: Client, given: dict[str, str], why: str) -> None:
    answer = author.post("/safeguarding/new/", {**GIVEN, **given})

    assert answer.status_code == 422 and why in answer.content.decode()
    assert Safeguarding.objects.count() == 1


def test_the_database_keeps_it_and_lets_it_go_only_after_its_queue_had_it(
    author: Client, knowing: Organisation
) -> None:
    for change in (lambda: Safeguarding.objects.update(words="x"), Safeguarding.objects.all().delete):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE ambulance_safeguarding SET at = '2015-01-01+00'")
        cursor.execute("SET LOCAL session_replication_role = origin")
        cursor.execute("SELECT clearway_forget_safeguarding(%s, '2016-01-01+00', 10)", [knowing.pk])
        assert cursor.fetchone()[0] == 0
