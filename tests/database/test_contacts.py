"""Contacts at the desk: written in two letters with what is in hand, shown where it belongs, never edited."""

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from clearway.core.audit.models import Action
from clearway.core.feeds.models import Source
from clearway.core.live.models import Change
from clearway.core.organisation.models import Organisation
from clearway.core.worklist.models import Task
from clearway.desks.ambulance import live
from clearway.desks.ambulance.contacts.models import Contact
from tests.trust import a_trust, signed_in, somebody, stop_the_clock

from .conftest import at, conveyance, deliver

pytestmark = pytest.mark.django_db
GIVEN = {"letters": "dn", "whom": "A1"}


@pytest.fixture
def desk(knowing: Organisation, cad: Source, monkeypatch: pytest.MonkeyPatch) -> Client:
    """A coordinator at a desk with one crew on its way to Torbay's stand-in."""
    deliver(cad, conveyance("TVH01", until="at_hospital"), known=45)
    stop_the_clock(monkeypatch, at(46))
    return signed_in(somebody("pfc", "patient_flow_coordinator", knowing))


def write(desk: Client, **given: Any) -> Contact:
    answer = desk.post("/contacts/new/", {**GIVEN, **given})
    assert answer.status_code == 302, answer.content.decode()
    return Contact.objects.latest("pk")


def test_two_letters_record_a_contact_and_the_audit_says_who(desk: Client) -> None:
    row = write(desk)

    assert (row.kind, row.key, row.means, row.reason, row.result) == (
        "crew",
        "A1",
        "radio",
        "delay",
        "no_answer",
    )
    assert (row.by, row.at) == ("pfc", at(46))
    assert Action.objects.get(verb="contacts.write").subject == f"contact:{row.pk}"


@pytest.mark.parametrize(
    ("page", "whom", "incident"),
    [
        ("/advice/A1/", "A1", ""),
        ("/handovers/TVH01/", "Northgate General Hospital", ""),
        ("/incidents/1/", "A1", "1"),
        ("/resources/?row=resources-A1", "A1", ""),
        ("/tasks/", "", ""),
    ],
)
def test_what_the_page_before_is_about_is_filled_in(
    desk: Client, knowing: Organisation, page: str, whom: str, incident: str
) -> None:
    if page.startswith("/handovers/"):
        whom = knowing.sites.get(code="TVH01").name
    came_from, _, row = page.partition("?row=")
    shown = desk.get(
        "/contacts/new/", {"row": row} if row else {}, headers={"Referer": f"http://testserver{came_from}"}
    )
    text = shown.content.decode()

    assert "error" not in text.split("<main")[1]

    assert f'name="whom" type="text" value="{whom}"' in text if whom else 'name="whom"' in text
    assert not incident or f'value="{incident}"' in text
    back = desk.post(
        "/contacts/new/", {**GIVEN, "whom": whom or "x", "back": came_from, "incident": incident}
    )
    assert back["Location"] == came_from
    assert Contact.objects.get().incident == incident


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/x", "//evil.example", "javascript:alert(1)", "\\evil"]
)
def test_nobody_is_led_elsewhere_afterwards(desk: Client, elsewhere: str) -> None:
    assert desk.post("/contacts/new/", {**GIVEN, "back": elsewhere})["Location"] == "/contacts/"


def test_a_contact_stands_with_its_crew_hospital_and_incident_and_on_the_list(
    desk: Client, knowing: Organisation
) -> None:
    write(desk, incident="1", text="Waits for the lift")
    write(desk, whom=f"HALO {knowing.sites.get(code='TVH01').name}", text="Doors are shut")

    assert "Waits for the lift" in desk.get("/advice/A1/").content.decode()
    assert "Waits for the lift" in desk.get("/incidents/1/").content.decode()
    hospital = desk.get("/handovers/TVH01/").content.decode()
    assert "Doors are shut" in hospital and "Waits for the lift" not in hospital
    page = desk.get("/contacts/").content.decode()
    assert page.index("Doors are shut") < page.index("Waits for the lift")
    assert "<strong>2</strong>" in page  # both a delay without an answer
    crews = desk.get("/contacts/?kind=crew").content.decode()
    assert "Waits for the lift" in crews and "Doors are shut" not in crews


def test_a_correction_is_a_new_line_and_one_contact_is_corrected_once(desk: Client) -> None:
    first = write(desk, text="Said ten minutes")
    assert "Said ten minutes" in desk.get(f"/contacts/new/?corrects={first.pk}").content.decode()

    second = write(desk, letters="ba", corrects=first.pk)

    assert (second.supersedes, second.at, second.reason) == (first, first.at, "break")
    again = desk.post("/contacts/new/", {**GIVEN, "corrects": first.pk})
    assert again.status_code == 409 and "Saved now" in again.content.decode()
    page = desk.get("/contacts/").content.decode()
    assert page.count('class="gone"') == 1 and "1 in this time" in page


def test_a_new_contact_is_pushed_to_the_other_screens(desk: Client, knowing: Organisation) -> None:
    row = write(desk, text="By the pump")

    assert Change.objects.get(topic="contact").key == str(row.pk)
    (fragment,) = live.contact_rows(knowing.pk, frozenset({str(row.pk)}), at(47))
    assert (fragment.topic, fragment.key) == ("contacts", str(row.pk)) and "By the pump" in fragment.html


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"letters": ""}, "Type two letters"),
        ({"letters": "d"}, "Type two letters"),
        ({"letters": "zz"}, "is no reason"),
        ({"letters": "dz"}, "is no result"),
        ({"letters": "d" * 99}, "Type two letters"),
        ({"whom": ""}, "Say with whom"),
        ({"whom": "x" * 121}, "Shorten it"),
        ({"whom": "943 476 5919"}, "Leave out the NHS number"),
        ({"text": "Patient 9434765919"}, "Leave out the NHS number"),
        ({"means": "pigeon"}, "Choose from the list"),
        ({"corrects": "999999"}, "no such contact"),
        ({"task": "999999"}, "no such task"),
        ({"corrects": "9" * 40}, "less than or equal"),
    ],
)
def test_junk_is_refused_with_what_is_wrong_and_nothing_is_written(
    desk: Client, given: dict[str, str], why: str
) -> None:
    answer = desk.post("/contacts/new/", {**GIVEN, **given})

    assert answer.status_code == 422 and why in answer.content.decode()
    assert not Contact.objects.exists()


@pytest.mark.promise("S1")
def test_a_contact_is_about_a_task_of_the_own_trust_alone(desk: Client, knowing: Organisation) -> None:
    said = {
        "rule": "person",
        "priority": 2,
        "role": "patient_flow_coordinator",
        "raised_at": at(1),
        "changed_at": at(1),
    }
    own, other = (
        Task.objects.create(organisation=trust, subject="by:x", title="Ring", cause="x", **said)
        for trust in (knowing, a_trust("other-vale"))
    )

    refused = desk.post("/contacts/new/", {**GIVEN, "task": other.pk})

    assert refused.status_code == 422 and "no such task" in refused.content.decode()
    row = write(desk, task=own.pk)
    own.delete()  # let go of; what is said anew of it stays about it
    assert write(desk, task=row.task, corrects=row.pk).task == row.task


@pytest.mark.parametrize(
    "query", ["hours=x", "hours=-1", "kind=cat", "task=x", "reason=" + "x" * 99, "corrects=x"]
)
def test_a_junk_filter_shows_the_list(desk: Client, query: str) -> None:
    assert desk.get(f"/contacts/?{query}").status_code == 200


def test_who_has_one_hospital_sees_no_contacts(desk: Client, knowing: Organisation) -> None:
    write(desk, whom=knowing.sites.get(code="TVH01").name, text="Between us")
    halo = signed_in(somebody("halo", "halo", knowing, site="TVH01"))

    assert "Between us" not in halo.get("/handovers/TVH01/").content.decode()
    assert halo.get("/contacts/").status_code == 403
    assert halo.post("/contacts/new/", GIVEN).status_code == 403


def test_the_database_keeps_a_contact_as_it_was_written(desk: Client, knowing: Organisation) -> None:
    row = write(desk)

    for change in (
        lambda: Contact.objects.filter(pk=row.pk).update(words="Other"),
        row.delete,
        lambda: Contact.objects.create(organisation=knowing, at=at(1), kind="crew", name="A1"),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()


def test_contacts_go_whole_after_their_period_and_not_before(desk: Client, knowing: Organisation) -> None:
    first = write(desk)
    write(desk, corrects=first.pk)
    with connection.cursor() as cursor:

        def forget(before: str) -> int:
            cursor.execute("SELECT clearway_forget_desk_contacts(%s, %s, 10)", [knowing.pk, before])
            return int(cursor.fetchone()[0])

        assert forget("2020-01-01+00") == 0
        with pytest.raises(IntegrityError, match="too young"), transaction.atomic():
            forget("2999-01-01+00")
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE ambulance_contact SET at = '2015-01-01+00'")
        cursor.execute("SET LOCAL session_replication_role = origin")
        assert forget("2016-01-01+00") == 2
    assert not Contact.objects.exists()
