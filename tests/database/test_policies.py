"""The page of the policies in force: which version counts, whose it is, and whether its review is overdue."""

import re
from datetime import date

import pytest
from django.test import Client
from django.utils import timezone

from clearway.core.organisation import presenters, queries
from clearway.core.organisation.models import Organisation, PolicyVersion
from tests.trust import a_trust, signed_in, somebody

pytestmark = pytest.mark.django_db


def version(organisation: Organisation, number: int, valid_from: date, **more: object) -> PolicyVersion:
    """A version of the invented policy wrap_up_again."""
    values = {
        "review_on": date(2999, 1, 1),
        "owner": "Owner of it",
        "source": "invented",
        "mark": "assumed",
        "values": {"limit_minutes": 18},
        "made_at": timezone.now(),
        "made_by": "test",
        **more,
    }
    return PolicyVersion.objects.create(
        organisation=organisation, name="wrap_up_again", version=number, valid_from=valid_from, **values
    )


def rows_of(client: Client) -> list[str]:
    """The text of the page's rows."""
    page = client.get("/policies/").content.decode()
    body = page.split("<tbody>")[1].partition("</tbody>")[0]
    return [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in body.split("</tr>") if "<th" in row]


def test_every_policy_in_force_is_listed_once_with_what_it_says(valley: Organisation) -> None:
    version(valley, 1, date(2025, 1, 1), values={"limit_minutes": 18})
    version(valley, 2, date(2025, 6, 1), values={"limit_minutes": 21, "counts": True})
    version(valley, 3, date(2998, 1, 1), values={"limit_minutes": 24})

    rows = rows_of(signed_in(somebody("pfc", "patient_flow_coordinator", valley)))

    names = set(valley.policies.values_list("name", flat=True))
    assert len(rows) == sum(not name.startswith(queries.SHOWN_APART) for name in names)
    (again,) = [row for row in rows if row.startswith("Wrap up again")]
    assert again.startswith("Wrap up again 2 counts yes limit minutes 21 Sun 1 Jun 2025 Tue 1 Jan 2999")
    assert again.endswith("Owner of it invented assumed")


def test_a_policy_past_its_review_is_marked_and_counted(valley: Organisation) -> None:
    PolicyVersion.objects.update(review_on=date(2999, 1, 1))
    version(valley, 1, date(2020, 1, 1), review_on=date(2021, 1, 1))

    client = signed_in(somebody("pfc", "patient_flow_coordinator", valley))

    assert [row for row in rows_of(client) if "Overdue" in row] == [
        row for row in rows_of(client) if row.startswith("Wrap up again")
    ]
    assert "1 of" in client.get("/policies/").content.decode()


@pytest.mark.parametrize(("day", "is_overdue"), [(date(2026, 1, 1), False), (date(2026, 1, 2), True)])
def test_on_the_day_of_its_review_a_policy_is_not_yet_overdue(
    valley: Organisation, day: date, is_overdue: bool
) -> None:
    made = version(valley, 1, date(2025, 1, 1), review_on=date(2026, 1, 1))

    assert presenters.policy_row(made, day).is_overdue is is_overdue


def test_the_steps_of_a_policy_stand_on_lines_of_their_own(valley: Organisation) -> None:
    day = date(2025, 2, 1)
    shown = {
        each.name: dict(presenters.policy_row(each, day).values)
        for each in queries.policies_in_force(valley.pk, day)
    }

    steps = shown["handover_ladder"]["steps"]
    assert len(steps) == 3
    assert "minutes 12" in steps[0]
    assert "tell liaison officer" in steps[0]
    assert shown["allocation"]["interruptible break"] == ("C1, C2",)


@pytest.mark.promise("S2")
def test_the_policies_of_another_trust_are_not_shown(valley: Organisation) -> None:
    stranger = somebody("sdo", "service_delivery_officer", a_trust("elsewhere"))

    assert "No policy is in force" in signed_in(stranger).get("/policies/").content.decode()


@pytest.mark.promise("S1")
def test_who_may_not_read_the_policies_is_told_so_and_finds_no_link(valley: Organisation) -> None:
    dispatcher = signed_in(somebody("dispatcher", "dispatcher", valley))

    assert dispatcher.get("/policies/").status_code == 403
    assert "/policies/" not in dispatcher.get("/handovers/").content.decode()
