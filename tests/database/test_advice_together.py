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
from clearway.core.organisation.models import Organisation
from clearway.desks.ambulance.advice import queries, reading, together
from clearway.desks.ambulance.advice.models import Advice
from clearway.domain.ambulance.destinations import Case
from clearway.domain.shared.geography import Point
from clearway.engine.ambulance.advice import Advice as Answer
from clearway.engine.ambulance.advice import Verdict
from clearway.engine.ambulance.ranking import AdvicePolicy

from .giving_advice import another_department, diverted, now, on_scene, taken

pytestmark = pytest.mark.django_db


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
        read = SimpleNamespace(organisation_id=-1, situation=SimpleNamespace(at=60 * minutes), advise=advise)
        case = Case(key=key, position=Point(51.4, -1.3), ready_at=0.0)
        together.advise_steadily(cast(reading.Reading, read), case)

    for minutes in (0, 1, 20, 55):
        look(minutes)
    look(55, "another crew")

    assert asked == [None, "TVH02", "TVH02", None, None]
