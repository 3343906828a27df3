"""The half-minute form: what is typed at a hospital stands on the board, and nothing else is touched."""

import re

import pytest
from django.test import Client

from clearway.core.audit.models import Action
from clearway.core.feeds.models import Source
from clearway.core.organisation.models import Organisation
from clearway.core.worklist.models import Task
from clearway.desks.ambulance import rules, situation
from clearway.desks.ambulance.facts.models import Fact
from tests.trust import signed_in, somebody

from .conftest import at, deliver, report

pytestmark = pytest.mark.django_db
FORM = "/hospitals/TVH01/say/"


@pytest.fixture
def halo(valley: Organisation) -> Client:
    return signed_in(somebody("halo-1", "halo", valley, site="TVH01"))


@pytest.fixture
def pfc(valley: Organisation) -> Client:
    return signed_in(somebody("pfc", "patient_flow_coordinator", valley))


def fields(page: str) -> dict[str, str]:
    """Name and value of every field of the form, as a browser would send it untouched."""
    found = re.findall(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"', page)
    level = re.search(r'<option value="(\d)" selected', page)
    ours = {name: value for name, value in found if name not in ("still", "csrfmiddlewaretoken", "back")}
    return ours | {"pressure_level": level[1] if level else ""}


def opened(browser: Client, address: str = FORM) -> dict[str, str]:
    return fields(browser.get(address).content.decode())


def told() -> list[dict[str, object]]:
    return [dict(fact.event, source=fact.source) for fact in Fact.objects.order_by("known_at", "id")]


def test_only_what_was_changed_is_said_and_by_whom(halo: Client, hospitals: Source) -> None:
    deliver(hospitals, [report("TVH01", 1, boarding=4, beds_free=2, pressure_level=3)], known=2)
    shown = opened(halo)
    assert (shown["boarding"], shown["beds_free"], shown["pressure_level"]) == ("4", "2", "3")

    answer = halo.post(FORM, {**shown, "boarding": "9", "note": "two bays shut"})

    assert answer["Location"] == "/handovers/TVH01/"
    said = Fact.objects.exclude(source=hospitals.name).get()
    assert said.event["counts"] == {"boarding": 9}
    assert (said.event["source"], said.event["note"]) == ("halo", "two bays shut")
    entry = Action.objects.get(verb="hospitals.say")
    assert (entry.actor, entry.subject, entry.detail["counts"]) == ("halo-1", "site:TVH01", {"boarding": 9})
    page = halo.get("/handovers/TVH01/").content.decode()
    assert "two bays shut" in page and "HALO" in page


def test_all_still_as_shown_says_every_figure_again(halo: Client, hospitals: Source) -> None:
    deliver(hospitals, [report("TVH01", 1, boarding=4, beds_free=2)], known=2)

    halo.post(FORM, {**opened(halo), "boarding": "5", "still": "yes"})

    assert Fact.objects.exclude(source=hospitals.name).get().event["counts"] == {
        "boarding": 5,
        "beds_free": 2,
    }


@pytest.mark.parametrize(
    ("wrong", "field", "words"),
    [
        ({"boarding": "many"}, "boarding", "Boarding: write a whole number from 0 to 9999"),
        ({"boarding": "-1"}, "boarding", "Boarding: write a whole number"),
        ({"beds_free": "10000"}, "beds_free", "Beds free: write a whole number"),
        ({"pressure_level": "5"}, "pressure_level", "Pressure level: choose a level from 1 to 4"),
        ({"note": "NHS 999 000 0018"}, "note", "Leave out the NHS number"),
        ({}, "form", "Nothing was changed"),
    ],
)
def test_wrong_input_names_the_field_and_the_fix_and_keeps_what_was_typed(
    halo: Client, hospitals: Source, wrong: dict[str, str], field: str, words: str
) -> None:
    deliver(hospitals, [report("TVH01", 1, boarding=4)], known=2)

    answer = halo.post(FORM, {**opened(halo), "resus_taken": "3" if wrong else "", **wrong})

    page = answer.content.decode()
    assert answer.status_code == 422
    assert words in page and f'href="#{field}"' in page and f'id="{field}"' in page
    if wrong:
        assert fields(page)["resus_taken"] == "3"
        assert all(value in page for value in wrong.values())
    assert Fact.objects.count() == 1


def test_sent_twice_it_is_said_once_and_changed_since_it_is_said_anew(halo: Client) -> None:
    typed = {**opened(halo), "boarding": "3"}

    for _ in range(2):
        assert halo.post(FORM, typed).status_code == 302
    assert len(told()) == 1

    back = halo.post(FORM, {**typed, "boarding": "4"})  # from the page before, by the back button
    for _ in range(2):  # this form was sent before; and what it began with has changed since
        assert back.status_code == 409 and len(told()) == 1
        back = halo.post(FORM, fields(back.content.decode()))
    assert [each["counts"] for each in told()] == [{"boarding": 3}, {"boarding": 4}]


def test_the_control_room_writes_down_who_told_it(pfc: Client) -> None:
    refused = pfc.post(FORM, {**opened(pfc), "boarding": "3"})
    assert refused.status_code == 422
    assert "Say who told you" in refused.content.decode()

    pfc.post(FORM, {**opened(pfc), "boarding": "3", "told_by": "nurse in charge"})

    (said,) = told()
    assert (said["source"], said["told_by"]) != ("", "")
    assert Fact.objects.get().event["source"] == "eoc"
    assert "told by nurse in charge" in pfc.get("/handovers/TVH01/").content.decode()


def test_who_belongs_to_one_hospital_speaks_for_that_one_alone(halo: Client) -> None:
    assert halo.get("/hospitals/")["Location"] == FORM
    assert halo.get("/hospitals/TVH02/say/").status_code == 404
    assert halo.post("/hospitals/TVH02/say/", {"boarding": "3"}).status_code == 404


def test_a_hospital_user_may_say_it_and_a_dispatcher_may_not(valley: Organisation) -> None:
    user = signed_in(somebody("nurse", "hospital_user", valley, site="TVH01"))
    user.post(FORM, {**opened(user), "boarding": "3"})
    assert Fact.objects.get().event.get("source", "hospital") == "hospital"

    dispatcher = signed_in(somebody("dispatch", "dispatcher", valley))
    assert dispatcher.get(FORM).status_code == 403


def test_the_board_shows_the_figures_and_greys_what_is_old(pfc: Client, valley: Organisation) -> None:
    pfc.post(FORM, {**opened(pfc), "boarding": "7", "majors_taken": "18", "told_by": "nurse in charge"})

    board = pfc.get("/handovers/").content.decode()

    assert "18/?" in board
    row = board[board.index('id="handovers-TVH01"') :].split("</tbody>")[0]
    assert re.search(r'data-label="Boarding" class="number col-boarding"><span>7', row)
    assert "Never" in board[board.index('id="handovers-TVH02"') :].split("</tbody>")[0]


def test_a_silent_hospital_is_asked_and_the_task_closes_when_it_speaks(
    valley: Organisation, hospitals: Source
) -> None:
    deliver(hospitals, [report("TVH01", 0, boarding=4), report("TVH02", 89, boarding=1)], known=90)

    def swept(minutes: float) -> list[tuple[str, int]]:
        rules.run(valley.pk, situation.read(valley.pk, at(minutes)), at(minutes))
        asked = Task.objects.filter(rule="silent_hospital", closed_at__isnull=True)
        return list(asked.order_by("id").values_list("role", "priority"))

    assert swept(60) == []
    assert swept(67) == [("halo", 3)]
    assert swept(91) == [("patient_flow_coordinator", 2)]
    assert Task.objects.filter(rule="silent_hospital").count() == 1

    deliver(hospitals, [report("TVH01", 92, boarding=5)], known=93)
    assert swept(94) == []


def test_the_page_of_a_hospital_can_be_read_as_it_was_known(pfc: Client, hospitals: Source) -> None:
    deliver(hospitals, [report("TVH01", 1, boarding=41)], known=2)
    deliver(hospitals, [report("TVH01", 60, boarding=52)], known=61)

    then = pfc.get("/handovers/TVH01/", {"at": "2026-11-20T08:30"}).content.decode()

    assert "<b>41</b>" in then and "<b>52</b>" not in then


def test_the_list_names_every_hospital_with_the_age_of_its_word(pfc: Client, hospitals: Source) -> None:
    deliver(hospitals, [report("TVH01", 1, boarding=4, pressure_level=4)], known=2)

    page = pfc.get("/hospitals/").content.decode()

    assert "4 extreme" in page and "Never" in page and page.count("Write down<span") == 2
