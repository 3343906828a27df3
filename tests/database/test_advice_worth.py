"""What advice was worth: a patient counts once, beside the nearest, from where the journey began."""

from datetime import timedelta

import pytest

from clearway.core.organisation.models import Organisation
from clearway.desks.ambulance.advice import queries
from clearway.desks.ambulance.advice.models import Advice

from .giving_advice import now, on_scene, says, taken

pytestmark = pytest.mark.django_db


def test_advice_that_was_answered_again_counts_once_by_its_last_answer(knowing: Organisation) -> None:
    on_scene(knowing)
    taken(knowing)
    taken(knowing, code="TVH02", reason_code="patient_choice")

    found = queries.worth(knowing.pk, now() - queries.WEEK, now())

    assert (found.given, found.again, found.accepted, found.overridden) == (1, 1, 0, 1)
    assert [outcome.taken for outcome in found.outcomes] == ["TVH02"]


def test_what_was_saved_is_known_though_the_nearest_was_not_among_the_options(knowing: Organisation) -> None:
    on_scene(knowing)
    row = taken(knowing)
    shown = row.shown
    best, other = shown["options"][0], shown["options"][1]
    far = {**other, "total_minutes": best["total_minutes"] + 12}
    Advice.objects.filter(pk=row.pk).update(
        nearest=far["code"], shown={**shown, "options": [best], "compared": far}
    )

    (outcome,) = queries.worth(knowing.pk, now() - queries.WEEK, now()).outcomes

    assert outcome.saved == pytest.approx(12)


def test_a_crew_turned_on_its_way_is_compared_from_there(knowing: Organisation) -> None:
    on_scene(knowing)
    row = taken(knowing)
    Advice.objects.filter(pk=row.pk).update(given_at=now() - timedelta(minutes=20))
    says(knowing, "left_scene", 24, destination="TVH01")
    says(knowing, "at_hospital", 8, destination="TVH01")

    (outcome,) = queries.worth(knowing.pk, now() - queries.WEEK, now()).outcomes

    assert outcome.actual_travel == pytest.approx(12, abs=0.1)
