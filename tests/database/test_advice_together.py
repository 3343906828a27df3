"""Crews that wait together: one solution for all, accepted one by one or at once, with nobody herded."""

import re
from collections.abc import Sequence
from html import unescape
from types import SimpleNamespace
from typing import Any, cast

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from clearway.core.feeds.models import Source
from clearway.core.organisation.models import Organisation, PolicyVersion, Site
from clearway.desks.ambulance.advice import cases, queries, reading, together
from clearway.desks.ambulance.advice.asked import stated
from clearway.desks.ambulance.advice.models import Advice
from clearway.desks.ambulance.advice.presenters import unseal
from clearway.domain.ambulance.destinations import DIRECTORY, Case
from clearway.domain.shared.geography import Point
from clearway.engine.ambulance.advice import Advice as Answer
from clearway.engine.ambulance.advice import Verdict
from clearway.engine.ambulance.ranking import AdvicePolicy

from .giving_advice import another_department, diverted, now, on_scene, post, said, sealed, stands, taken

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_alternative_is_open(knowing: Organisation) -> None:
    """The region's one alternative is open by day, and the tests are run at any hour."""
    rows = PolicyVersion.objects.filter(organisation=knowing, name=DIRECTORY)
    assert rows.update(values={"places": []})


def offered(page: str) -> list[str]:
    """The sealed answers of the list."""
    return [unescape(each) for each in re.findall(r'name="sealed" value="([^"]+)"', page)]


def suggested(organisation: Organisation) -> dict[str, together.Suggestion]:
    read = reading.read(organisation.pk, now())
    found = together.suggest(read, queries.standing(organisation.pk))
    return {each.crew.call_sign: each for each in found.values()}


def test_crews_that_wait_are_suggested_one_solution_for_all(
    knowing: Organisation, flow: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    solve = reading.Reading.advise_together

    def counted(read: Any, cases: Any, policy: Any) -> Any:
        asked.append(sorted(case.call_sign for case in cases))
        return solve(read, cases, policy)

    monkeypatch.setattr(reading.Reading, "advise_together", counted)
    for call_sign in ("A1", "B2", "C3"):
        on_scene(knowing, call_sign)

    page = flow.get("/advice/").content.decode()

    assert asked == [["A1", "B2", "C3"]]
    assert "Accept all 3" in page
    assert page.count(">Millbrook Hospital</span>") == len(offered(page)) == 3


def test_all_suggestions_are_accepted_with_one_action(knowing: Organisation, flow: Client) -> None:
    for call_sign in ("A1", "B2"):
        on_scene(knowing, call_sign)
    seals = offered(flow.get("/advice/").content.decode())

    flow.post("/advice/together/", {"sealed": seals})

    rows = Advice.objects.filter(ended_at__isnull=True)
    assert {row.call_sign: row.state for row in rows} == {"A1": "accepted", "B2": "accepted"}
    assert all(row.taken == row.shown["chosen"] for row in rows)
    assert "Accept all" not in flow.get("/advice/").content.decode()


def test_more_than_anybody_has_looked_at_are_not_accepted_at_once(
    knowing: Organisation, flow: Client
) -> None:
    for number in range(9):  # the joint answer may send some past the nearest
        on_scene(knowing, f"A{number}")
    page = flow.get("/advice/").content.decode()

    answer = flow.post("/advice/together/", {"sealed": offered(page)}, follow=True)

    assert "Accept all" not in page
    assert "At most 6 suggestions are accepted at once" in answer.content.decode()
    assert not Advice.objects.exists()


def test_a_suggestion_past_the_nearest_is_opened_and_not_accepted_until_needs_are_said(
    knowing: Organisation, flow: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_scene(knowing)
    seals = offered(flow.get("/advice/").content.decode())
    diverted(knowing, "TVH01")

    page = flow.get("/advice/").content.decode()
    flow.post("/advice/together/", {"sealed": seals, "only": "A1"})

    assert ">Open</a>" in page and "say age, needs and NEWS2 first" in page
    assert offered(page) == [] and 'name="only"' not in page
    assert not Advice.objects.exists()


def test_no_needs_is_said_by_somebody_and_never_taken_for_granted(
    knowing: Organisation, flow: Client
) -> None:
    on_scene(knowing)
    diverted(knowing, "TVH01")

    not_asked = flow.get("/advice/A1/?asked=1&news2=2&age=60").content.decode()
    none = flow.get("/advice/A1/?asked=1&news2=2&age=60&no_needs=1").content.decode()

    assert "Needs not asked" in not_asked and "Not to be accepted yet" in not_asked
    assert "Needs not asked" not in none and "Accept Fordham Infirmary" in none


def test_what_the_list_showed_stands_until_another_place_is_clearly_better(
    knowing: Organisation, flow: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_scene(knowing)
    asked: list[Case] = []
    ask = reading.Reading.advise_together

    def spy(read: reading.Reading, cases: Sequence[Case], policy: AdvicePolicy) -> tuple[Answer, ...]:
        asked.extend(cases)
        return ask(read, cases, policy)

    monkeypatch.setattr(reading.Reading, "advise_together", spy)
    flow.get("/advice/")
    flow.get("/advice/")

    assert [case.standing for case in asked] == [None, "TVH01"]
    assert [case.accepted for case in asked] == [None, None]  # shown only: it loads no place


DESCRIBED = "asked=1&age=60&news2=2&no_needs=1"


def herd(organisation: Organisation) -> tuple[dict[str, together.Suggestion], str, str]:
    """Five crews between two departments: what the list says, who it moves past the nearest, where to."""
    near = Site.objects.get(organisation=organisation, code="TVH01")
    north, east = near.latitude + 0.03, near.longitude
    Site.objects.filter(organisation=organisation, code="TVH02").update(latitude=north, longitude=east)
    for number in range(5):
        on_scene(organisation, f"A{number}")
    found = suggested(organisation)
    moved = sorted(key for key, each in found.items() if each.answer.chosen != each.answer.nearest)
    assert 0 < len(moved) < len(found)
    return found, moved[0], str(found[moved[0]].answer.chosen)


def test_the_page_of_a_crew_that_the_list_moves_says_the_same_once_its_needs_are_said(
    knowing: Organisation, flow: Client
) -> None:
    found, call_sign, to = herd(knowing)
    read = reading.read(knowing.pk, now())
    alone = read.advise(found[call_sign].case)
    name = read.rules.places.name[read.rules.row_of[to]]

    page = flow.get(f"/advice/{call_sign}/?{DESCRIBED}").content.decode()
    flow.post(f"/advice/{call_sign}/take/", {"sealed": sealed(page), "code": to, "query": DESCRIBED})

    assert alone.chosen == alone.nearest != to
    assert f"Accept {name}" in page
    assert stands().taken == to and stands().state == "accepted"


def test_every_page_and_the_interface_say_what_the_list_says(knowing: Organisation, flow: Client) -> None:
    found, _, _ = herd(knowing)
    listed = {call_sign: each.answer.chosen for call_sign, each in found.items()}

    asked = {"age": 60, "news2": 2, "needs": []}
    over_http = {call_sign: post(flow, {"call_sign": call_sign, **asked}).json() for call_sign in listed}
    pages = {
        call_sign: unseal(sealed(flow.get(f"/advice/{call_sign}/?{DESCRIBED}").content.decode()))[0]
        for call_sign in listed
    }

    assert {call_sign: body["chosen"] for call_sign, body in over_http.items()} == listed
    assert {call_sign: shown["chosen"] for call_sign, shown in pages.items()} == listed


def test_a_crew_whose_answer_is_taken_is_looked_at_alone(knowing: Organisation, flow: Client) -> None:
    """The others, who have no answer yet, are solved with it counted; it is not moved for them."""
    _, call_sign, _ = herd(knowing)
    taken(knowing, call_sign, "TVH01", "clinical")

    page = flow.get(f"/advice/{call_sign}/?{DESCRIBED}").content.decode()

    alone = reading.read(knowing.pk, now()).advise(
        cases.with_standing(described(knowing, call_sign), "TVH01", accepted=True)
    )
    assert unseal(sealed(page))[0]["chosen"] == alone.chosen


def described(organisation: Organisation, call_sign: str) -> Case:
    read = reading.read(organisation.pk, now())
    crew = cases.crew(read, call_sign)
    assert crew and crew.case
    return stated(crew.case, said(), read)


def test_a_page_asks_the_database_as_often_beside_two_others_as_beside_one(
    knowing: Organisation, flow: Client
) -> None:
    def queries_of_a_page() -> int:
        flow.get("/advice/A1/")
        with CaptureQueriesContext(connection) as asked:
            flow.get("/advice/A1/")
        return len(asked)

    for call_sign in ("A1", "B2"):
        on_scene(knowing, call_sign)
    beside_one = queries_of_a_page()
    on_scene(knowing, "C3")

    assert queries_of_a_page() == beside_one


def test_one_is_accepted_and_the_others_are_solved_again_with_it_counted(
    knowing: Organisation, flow: Client
) -> None:
    for call_sign in ("A1", "B2"):
        on_scene(knowing, call_sign)
    before = suggested(knowing)["B2"].answer
    seals = offered(flow.get("/advice/").content.decode())

    flow.post("/advice/together/", {"sealed": seals, "only": "A1"})

    assert [row.call_sign for row in Advice.objects.all()] == ["A1"]
    after = suggested(knowing)
    assert list(after) == ["B2"]
    assert after["B2"].answer.inputs_hash != before.inputs_hash


def test_a_suggestion_that_has_changed_is_refused_and_the_others_are_taken(
    knowing: Organisation, flow: Client
) -> None:
    another_department(knowing)
    on_scene(knowing, "A1")
    seals = offered(flow.get("/advice/").content.decode())
    diverted(knowing, "TVH01")

    answer = flow.post("/advice/together/", {"sealed": seals}, follow=True).content.decode()

    assert not Advice.objects.exists()
    assert "The answer for A1 has changed since" in answer


def test_a_crew_that_was_answered_meanwhile_is_not_answered_twice(
    knowing: Organisation, flow: Client
) -> None:
    for call_sign in ("A1", "B2"):
        on_scene(knowing, call_sign)
    seals = offered(flow.get("/advice/").content.decode())
    taken(knowing, "A1")

    answer = flow.post("/advice/together/", {"sealed": seals}, follow=True).content.decode()

    assert Advice.objects.filter(call_sign="A1").count() == 1
    assert Advice.objects.filter(call_sign="B2").count() == 1
    assert "A1 has an answer already" in answer


def test_nothing_is_suggested_while_nothing_can_be_ranked(knowing: Organisation, flow: Client) -> None:
    on_scene(knowing, "A1")
    Source.objects.filter(kind="cad").update(knows=[])

    assert suggested(knowing) == {}
    assert "Cannot recommend" in flow.get("/advice/").content.decode()


def test_suggestions_of_the_list_are_firm(knowing: Organisation) -> None:
    on_scene(knowing, "A1")

    (one,) = suggested(knowing).values()

    assert one.may_be_taken and one.answer.verdict is not Verdict.ABSTAINED


def test_the_list_asks_the_database_as_often_for_three_crews_as_for_one(
    knowing: Organisation, flow: Client
) -> None:
    on_scene(knowing, "A1")
    flow.get("/advice/")
    with CaptureQueriesContext(connection) as one:
        flow.get("/advice/")
    for call_sign in ("B2", "C3"):
        on_scene(knowing, call_sign)
    flow.get("/advice/")
    with CaptureQueriesContext(connection) as three:
        flow.get("/advice/")

    assert len(three) == len(one)


def test_the_page_of_a_crew_keeps_what_it_showed_last_for_half_an_hour() -> None:
    asked = []

    def advise(case: Case) -> Any:
        asked.append(case.standing)
        return SimpleNamespace(verdict=Verdict.ADVISED, chosen="TVH02")

    def look(minutes: float, key: str = "kept") -> None:
        nobody = SimpleNamespace(key=())
        seen = SimpleNamespace(at=60 * minutes, assignments=nobody)
        read = SimpleNamespace(organisation_id=-1, situation=seen, advise=advise)
        case = Case(key=key, position=Point(51.4, -1.3), ready_at=0.0)
        together.advise_steadily(cast(reading.Reading, read), case, {})

    for minutes in (0, 1, 20, 55):
        look(minutes)
    look(55, "another crew")

    assert asked == [None, "TVH02", "TVH02", None, None]
