"""What the desk remembers of crews sent past the nearest, so that nobody takes more than was agreed."""

from datetime import timedelta

import pytest
from django.test import Client

from clearway.core.organisation.models import Organisation
from clearway.desks.ambulance import situation
from clearway.desks.ambulance.advice import reading
from clearway.desks.ambulance.advice.models import Advice
from clearway.domain.ambulance.situation import UNKNOWN
from clearway.engine.ambulance.ranking import picture

from .giving_advice import another_department, diverted, look, now, on_scene, says, taken

pytestmark = pytest.mark.django_db


def passed(organisation: Organisation) -> list[str]:
    """The nearest that each crew was sent past, "" for none."""
    seen = situation.read(organisation.pk, now())
    rows = seen.assignments.passed.tolist()
    return ["" if row == UNKNOWN else seen.sites.code[row] for row in rows]


def others(organisation: Organisation) -> dict[str, int]:
    read = reading.read(organisation.pk, now())
    seen = picture(read.situation, read.forecast(), read.rules, read.policy.engine)
    return {code: int(seen.day.others[read.rules.row_of[code]]) for code in ("TVH01", "TVH02")}


def test_a_crew_sent_past_the_nearest_is_one_of_others_patients_at_once(knowing: Organisation) -> None:
    on_scene(knowing)
    before = passed(knowing), others(knowing)

    taken(knowing, code="TVH02", reason_code="clinical")

    assert before == ([""], {"TVH01": 0, "TVH02": 0})
    assert passed(knowing) == ["TVH01"]
    assert others(knowing) == {"TVH01": -1, "TVH02": 1}


def test_an_answer_for_the_nearest_counts_for_nobody_else(knowing: Organisation) -> None:
    on_scene(knowing)
    taken(knowing)
    on_scene(knowing, "B2")
    taken(knowing, "B2", "TVH02", "clinical")
    taken(knowing, "B2")  # and thinks better of it

    assert passed(knowing) == ["", ""]
    assert others(knowing) == {"TVH01": 0, "TVH02": 0}


def test_it_counts_for_a_day_after_the_crew_has_arrived(knowing: Organisation) -> None:
    on_scene(knowing)
    taken(knowing, code="TVH02", reason_code="clinical")
    says(knowing, "left_scene", 10, destination="TVH02")
    says(knowing, "at_hospital", 1, destination="TVH02")
    look(knowing)

    assert not Advice.objects.filter(ended_at__isnull=True).exists()
    assert others(knowing) == {"TVH01": -1, "TVH02": 1}
    Advice.objects.update(given_at=now() - timedelta(hours=40))
    assert passed(knowing) == [""]


def test_a_change_that_nobody_has_told_leaves_the_count_as_it_is(knowing: Organisation) -> None:
    on_scene(knowing)
    taken(knowing)
    diverted(knowing, "TVH01")
    look(knowing)

    assert Advice.objects.get(ended_at__isnull=True).state == "to_tell"
    assert others(knowing) == {"TVH01": 0, "TVH02": 0}


def test_a_past_instant_has_what_was_known_then(knowing: Organisation) -> None:
    on_scene(knowing)
    before = now()
    taken(knowing, code="TVH02", reason_code="clinical")

    then, since = (situation.as_known(knowing.pk, at) for at in (before, now()))

    assert then.assignments.passed.tolist() == [UNKNOWN]
    assert since.assignments.passed.tolist() == [since.sites.code.index("TVH01")]


def test_the_page_says_who_takes_no_more_of_others_patients(knowing: Organisation, flow: Client) -> None:
    another_department(knowing)  # of which the policy says nothing
    on_scene(knowing)

    page = flow.get("/advice/A1/").content.decode()

    assert "Third Hospital" in page and "Nobody has agreed how many of others" in page
