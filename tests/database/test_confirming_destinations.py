"""What destinations can do is answered for: dated, with a source, at once in the advice, and in the pack."""

import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from clearway.config.regions import find
from clearway.core.audit.actions import Actor
from clearway.core.audit.models import Action
from clearway.core.organisation.actions import load_region
from clearway.core.organisation.models import Organisation, PolicyVersion, Site
from clearway.core.organisation.queries import in_force
from clearway.core.worklist.models import Task
from clearway.desks.ambulance import rules, situation
from clearway.desks.ambulance.advice import reading
from clearway.desks.ambulance.destinations import queries
from clearway.domain.ambulance.destination_answers import role_name
from clearway.interchange import pack_writer, region_pack
from tests.trust import signed_in, somebody

from .giving_advice import on_scene, said, taken

pytestmark = pytest.mark.django_db
TODAY = timezone.now().date()
STROKE = role_name("TVH02", "stroke")


@pytest.fixture
def lead(valley: Organisation) -> Client:
    return signed_in(somebody("lead", "clinical_lead", valley))


@pytest.fixture
def unconfirmed(valley: Organisation) -> Organisation:
    Site.objects.filter(code="TVH02").update(roles=[], unconfirmed_roles=["stroke"])
    return valley


def answered(client: Client, name: str, reply: str, **more: Any) -> Any:
    said = {
        "reply": reply,
        "source": "Dr Hale, stroke lead, letter of 20 November",
        "owner": "Medical director",
        "review_on": (TODAY + timedelta(days=365)).isoformat(),
        "seen": "0",
    }
    return client.post(f"/destinations/confirm/{name}/", {**said, **more})


def problems(response: Any) -> str:
    return " ".join(re.findall(r'<a href="#\w+">([^<]+)</a>', response.content.decode()))


def holds(valley: Organisation, role: str, code: str, confirmed: bool = True) -> bool:
    book = reading.rulebook(valley.pk, TODAY)
    return bool(book.places.with_any((role,), confirmed)[book.row_of[code]])


def test_a_confirmed_role_counts_in_the_advice_from_the_next_look(
    unconfirmed: Organisation, lead: Client
) -> None:
    assert not holds(unconfirmed, "stroke", "TVH02")

    response = answered(lead, STROKE, "confirm")

    assert response.status_code == 302, problems(response)
    assert holds(unconfirmed, "stroke", "TVH02")
    assert not holds(unconfirmed, "stroke", "TVH02", confirmed=False)
    row = PolicyVersion.objects.get(name=STROKE)
    assert (row.version, row.made_by, row.mark, row.by_person) == (1, "lead", "verified", True)
    assert Action.objects.get(verb="destinations.confirm").detail["source"].startswith("Dr Hale")


def test_a_role_that_is_not_so_is_neither_held_nor_in_doubt(unconfirmed: Organisation, lead: Client) -> None:
    answered(lead, STROKE, "not_so")

    assert not holds(unconfirmed, "stroke", "TVH02")
    assert not holds(unconfirmed, "stroke", "TVH02", confirmed=False)


def test_a_role_can_be_confirmed_for_some_hours_only(unconfirmed: Organisation, lead: Client) -> None:
    answered(lead, STROKE, "change", opens="8:00", closes="18:00")

    opens, closes = reading.rulebook(unconfirmed.pk, TODAY).places.part_time["stroke"]
    row = reading.rulebook(unconfirmed.pk, TODAY).row_of["TVH02"]
    assert (opens[row], closes[row]) == (480, 1080)


@pytest.mark.parametrize(
    ("reply", "changed", "problem"),
    [
        ("confirm", {"source": ""}, "Say who says so and how"),
        ("confirm", {"owner": ""}, "Enter the post that answers for it"),
        ("confirm", {"review_on": "2020-01-01"}, "The review comes after today"),
        ("confirm", {"opens": "08:00", "closes": "18:00"}, "You have typed a change"),
        ("change", {}, "Nothing is changed"),
        ("change", {"opens": "08:00"}, "Enter both hours, or neither"),
        ("change", {"opens": "25:00", "closes": "18:00"}, "Enter a time such as 08:00"),
        ("confirm", {"source": "for 999 000 0018"}, "Leave out the NHS number"),
        ("perhaps", {}, "Press one of the answers"),
    ],
)
def test_an_answer_that_cannot_stand_is_refused_with_the_reason(
    unconfirmed: Organisation, lead: Client, reply: str, changed: dict[str, str], problem: str
) -> None:
    response = answered(lead, STROKE, reply, **changed)

    assert response.status_code == 422
    assert problem in problems(response)
    assert not PolicyVersion.objects.filter(name=STROKE).exists()


def test_only_who_may_answers_and_everybody_else_sees_who_does(unconfirmed: Organisation) -> None:
    flow = signed_in(somebody("flow", "patient_flow_coordinator", unconfirmed))

    page = flow.get(f"/destinations/confirm/{STROKE}/").content.decode()

    assert answered(flow, STROKE, "confirm").status_code == 403
    assert "Confirm as it stands" not in page
    assert "A clinical lead or a service delivery officer answers for this" in page


def test_a_rule_is_reviewed_without_a_change_and_cannot_be_denied(valley: Organisation, lead: Client) -> None:
    name = "destination_rule_stroke"
    before = PolicyVersion.objects.get(name=name)

    assert "taken away in the region pack" in problems(answered(lead, name, "not_so", **kept(lead, name)))
    answered(lead, name, "confirm", **kept(lead, name))

    after = PolicyVersion.objects.filter(name=name).latest("version")
    assert (after.version, after.values) == (before.version + 1, before.values)
    assert after.review_on == TODAY + timedelta(days=365)


def kept(client: Client, name: str) -> dict[str, Any]:
    """What the form shows: sent back as it is."""
    page = client.get(f"/destinations/confirm/{name}/").content.decode()
    found: dict[str, Any] = {}
    for tag in re.findall(r"<input [^>]+>", page):
        values = dict(re.findall(r'(name|value|type)="([^"]*)"', tag))
        field = values.get("name", "")
        if field in ("source", "owner", "review_on", "csrfmiddlewaretoken", "", "days"):
            continue
        found[field] = values.get("value", "")
    days = re.findall(r'name="days"[^>]*value="(\d)"[^>]*checked', page)
    areas = re.findall(r'<textarea[^>]+name="(\w+)"[^>]*>([^<]*)</textarea>', page)
    return {**found, **({"days": days} if days else {}), **dict(areas)}


def test_an_alternative_is_confirmed_with_its_hours_days_and_capacity(
    valley: Organisation, lead: Client
) -> None:
    each = next(each for each in queries.items(valley.pk, TODAY) if each.group is queries.Group.PLACES)
    typed = {**kept(lead, each.name), "opens": "09:00", "closes": "17:00", "days": list("01234")}

    response = answered(lead, each.name, "change", **{**typed, "capacity_per_hour": "4"})

    assert response.status_code == 302, problems(response)
    book = reading.rulebook(valley.pk, TODAY)
    row = book.row_of[each.code]
    assert book.places.confirmed[row]
    assert (book.places.opens[row], book.places.capacity[row]) == (540, 4)
    assert book.places.days[row].tolist() == [True] * 5 + [False] * 2

    answered(lead, each.name, "not_so", **{**kept(lead, each.name), "seen": "1"})
    assert each.code not in reading.rulebook(valley.pk, TODAY).row_of


def test_what_is_overdue_comes_first_and_what_is_confirmed_goes_from_the_list(
    unconfirmed: Organisation, lead: Client
) -> None:
    every = [each for each in queries.items(unconfirmed.pk, TODAY) if each.group is queries.Group.RULES]
    overdue = [each.is_overdue(TODAY) for each in every]
    assert overdue == sorted(overdue, reverse=True)
    assert f'/destinations/confirm/{STROKE}/"' in lead.get("/destinations/confirm/").content.decode()

    answered(lead, STROKE, "confirm")

    assert f'/destinations/confirm/{STROKE}/"' not in lead.get("/destinations/confirm/").content.decode()
    shown = lead.get("/destinations/confirm/?role=stroke").content.decode()
    assert "Medical director; lead" in shown


def test_a_rule_past_its_review_that_advice_used_is_one_task_until_it_is_answered(
    knowing: Organisation, lead: Client
) -> None:
    on_scene(knowing)
    taken(knowing, said={**said(), "needs": ["sepsis"]})
    seen = situation.read(knowing.pk, timezone.now())
    rules.run(knowing.pk, seen, timezone.now())
    task = Task.objects.get(rule="destination_review")
    assert "Suspected sepsis" in task.cause and "Stroke" not in task.cause
    assert task.role == "clinical_lead"

    for each in queries.items(knowing.pk, TODAY):
        if each.group is queries.Group.RULES:
            response = answered(lead, each.name, "confirm", **kept(lead, each.name))
            assert response.status_code == 302, problems(response)
    rules.run(knowing.pk, seen, timezone.now())

    task.refresh_from_db()
    assert task.state not in Task.TO_DO


def test_an_answer_past_its_review_is_said_on_the_page_of_the_crew_whose_advice_rests_on_it(
    unconfirmed: Organisation, lead: Client, flow: Client
) -> None:
    on_scene(unconfirmed)  # near Millbrook Hospital, TVH01
    name = role_name("TVH01", "stroke")
    answered(lead, name, "confirm")
    before = flow.get("/advice/A1/?asked=1&news2=2&age=60&needs=stroke").content.decode()

    yesterday = TODAY - timedelta(days=1)
    PolicyVersion.objects.filter(name=name).update(valid_from=date(2024, 1, 1))
    answer = PolicyVersion.objects.get(name=name)
    answer.pk, answer.version, answer.valid_from, answer.review_on = None, 2, date(2025, 1, 1), yesterday
    answer.save(force_insert=True)
    after = flow.get("/advice/A1/?asked=1&news2=2&age=60&needs=stroke").content.decode()

    said_late = f"confirmed as stroke unit ({yesterday.isoformat()})"
    assert said_late not in before
    assert said_late in after


def test_loading_the_pack_again_leaves_what_somebody_decided(valley: Organisation, lead: Client) -> None:
    name = "destination_rule_stroke"
    response = answered(lead, name, "change", **{**kept(lead, name), "limit_minutes": "44"})
    assert response.status_code == 302, problems(response)

    load_region(region_pack.parse(find("test-valley")), by=Actor("test"), at=timezone.now())

    assert PolicyVersion.objects.filter(name=name).latest("version").values["limit_minutes"] == 44


def test_what_was_answered_goes_back_into_the_pack_and_is_read_again_the_same(
    unconfirmed: Organisation, lead: Client
) -> None:
    answered(lead, STROKE, "change", opens="08:00", closes="18:00")
    answered(lead, "destination_rule_stroke", "confirm", **kept(lead, "destination_rule_stroke"))
    before = in_force(unconfirmed.pk, TODAY)

    files = {**find("test-valley"), **pack_writer.written(before, TODAY)}
    again = region_pack.parse(files)

    assert {each.name: plain(each) for each in again.policies} == {each.name: plain(each) for each in before}


def plain(policy: Any) -> tuple[Any, ...]:
    signature = (policy.valid_from, policy.review_on, policy.owner, policy.source, str(policy.mark))
    return (*signature, thawed(policy.values))


def thawed(value: Any) -> Any:
    if hasattr(value, "items"):
        return {key: thawed(each) for key, each in value.items() if each is not None}
    return [thawed(each) for each in value] if isinstance(value, list | tuple) else value


def test_a_pack_that_says_nothing_new_is_the_same_after_it_was_written() -> None:
    for slug in ("test-valley", "south-west"):
        region = region_pack.parse(find(slug))

        files = {**find(slug), **pack_writer.written(region.policies, date(2026, 11, 22))}

        again = region_pack.parse(files)
        assert {each.name: plain(each) for each in again.policies} == {
            each.name: plain(each) for each in region.policies
        }
