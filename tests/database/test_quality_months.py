"""Months of handovers frozen and revised, gaming made visible, feedback with findings before and after."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from clearway.core.audit.actions import Actor
from clearway.core.audit.models import Action
from clearway.core.feeds.models import Source
from clearway.core.organisation.models import Organisation
from clearway.desks.ambulance.quality import casework, feedback, months
from clearway.desks.ambulance.quality.casework import Kind, Word
from clearway.desks.ambulance.quality.models import Feedback, FindingCase, HandoverMonth
from clearway.domain.ambulance.words import JobStatus
from clearway.domain.shared.errors import NotAllowed
from tests.trust import acting, signed_in, somebody, stop_the_clock

from .conftest import T0, at, conveyance, deliver, job

pytestmark = pytest.mark.django_db
NOVEMBER = date(2026, 11, 1)
LATER = T0 + timedelta(days=30)  # 20 December: the month is over, and its publication date past


def by(name: str = "sdo") -> Actor:
    return acting(somebody(name))


def freeze(trust: Organisation, signed: str = "", when: datetime = LATER) -> HandoverMonth:
    return months.freeze(trust.pk, NOVEMBER, signed, by=by(), at=when)


@pytest.fixture
def november(knowing: Organisation, cad: Source) -> Organisation:
    """Three patients at one hospital: ten minutes, forty, and one whose handover nobody said."""
    cad.refresh_from_db()
    deliver(cad, conveyance("TVH01"), known=70)
    long = [
        each
        for each in conveyance("TVH01", incident="2", call_sign="A2")
        if each.status is not JobStatus.CLEAR
    ]
    long = [each for each in long if each.status is not JobStatus.HANDOVER]
    over = job("handover", 80, incident="2", call_sign="A2", message_id="late", destination="TVH01")
    deliver(cad, [*long, over, job("clear", 90, incident="2", call_sign="A2")], known=95)
    lost = conveyance("TVH01", incident="3", call_sign="A3")
    deliver(cad, [each for each in lost if each.status is not JobStatus.HANDOVER], known=96)
    casework.follow(knowing.pk, at=at(97))
    return knowing


def test_a_month_is_frozen_once_it_is_published_with_its_figures_and_what_was_open(
    november: Organisation,
) -> None:
    with pytest.raises(NotAllowed, match="The month is not over"):
        freeze(november, when=at(100))
    with pytest.raises(NotAllowed, match="frozen from 15 December 2026"):
        freeze(november, when=T0 + timedelta(days=12))

    row = freeze(november)

    figures = row.figures["TVH01"]
    assert (figures["known"], figures["unknown"], figures["over_15"], figures["over_30"]) == (2, 1, 1, 1)
    assert (figures["beyond_15"], figures["beyond_30"]) == (25 * 60, 10 * 60)
    assert row.figures[""] == figures and row.revision == 1 and row.signed == ""
    assert row.open_findings["counts"]["high"] >= 1 and row.open_findings["critical"] == []
    assert Action.objects.get(verb="quality.freeze").subject == "month:2026-11"


def test_a_late_correction_makes_a_revision_that_says_what_changed(
    november: Organisation, cad: Source
) -> None:
    freeze(november)
    with pytest.raises(NotAllowed, match="Nothing has changed"):
        freeze(november)

    later = (LATER - T0).total_seconds() / 60
    deliver(
        cad,
        [job("handover", 65, incident="2", call_sign="A2", message_id="mended", corrects="late")],
        known=later,
    )
    revised = freeze(november, when=LATER + timedelta(days=1))

    assert revised.revision == 2
    changed = {(each["site"], each["figure"]): (each["before"], each["after"]) for each in revised.changes}
    assert changed["TVH01", "over_30"] == (1, 0) and changed["", "beyond_30"] == (600, 0)
    assert HandoverMonth.objects.get(revision=1).figures["TVH01"]["over_30"] == 1
    casework.follow(november.pk, at=LATER + timedelta(days=1))
    assert set(FindingCase.objects.filter(code__in=["HQ30", "HQ31"]).values_list("code", flat=True)) == {
        "HQ30",
        "HQ31",
    }
    shown = months.gaming(november.pk, NOVEMBER, LATER + timedelta(days=1))
    assert shown.crossing == [("TVH01", 1, 1)]


def test_critical_findings_bar_a_month_unless_somebody_signs_why(november: Organisation, cad: Source) -> None:
    wrong = conveyance("TVH01", incident="4", call_sign="A4", until="at_hospital")
    deliver(cad, [*wrong, job("handover", 30, incident="4", call_sign="A4")], known=97)
    casework.follow(november.pk, at=at(98))

    with pytest.raises(NotAllowed, match="Critical findings are open"):
        freeze(november)
    row = freeze(november, "One of three hundred, sent to the hospital")

    assert row.signed.startswith("One of three hundred")
    assert row.open_findings["critical"] == [FindingCase.objects.get(code="HQ02").pk]
    assert row.figures["TVH01"]["doubtful"] == 1


def test_what_a_person_recorded_as_changed_at_the_source_counts(november: Organisation) -> None:
    case = FindingCase.objects.get(code="HQ04")
    word = Word(Kind.CHANGED_THERE, "CAD desk added it", at(65))
    casework.say(case.pk, word, may_sign=False, organisation_id=november.pk, by=by("pfc"), at=at(120))

    figures = months.standing(november.pk, NOVEMBER, LATER).figures["TVH01"]

    assert (figures.known, figures.unknown) == (3, 0)


def test_what_the_source_says_after_a_recorded_change_counts(november: Organisation, cad: Source) -> None:
    case = FindingCase.objects.get(code="HQ04")
    word = Word(Kind.CHANGED_THERE, "CAD desk added it", at(45))
    casework.say(case.pk, word, may_sign=False, organisation_id=november.pk, by=by("pfc"), at=at(120))
    assert months.standing(november.pk, NOVEMBER, LATER).figures["TVH01"].over_15 == 1

    deliver(cad, [job("handover", 59, incident="3", call_sign="A3", destination="TVH01")], known=130)

    assert months.standing(november.pk, NOVEMBER, LATER).figures["TVH01"].over_15 == 2


def test_a_revision_that_a_colleague_has_just_made_is_refused_in_words(november: Organisation) -> None:
    row = freeze(november)
    same = {each.name: getattr(row, each.name) for each in HandoverMonth._meta.fields if each.name != "id"}

    with pytest.raises(NotAllowed, match="A colleague has just frozen it"):
        months._kept(**same)

    assert HandoverMonth.objects.get() == row


def test_every_critical_finding_of_a_month_is_counted(
    november: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = FindingCase.objects.filter(ended_at=None).first()
    assert case is not None
    rows = [FindingCase(**{**_fields(case), "stream": f"s:{n}", "severity": "critical"}) for n in range(51)]
    FindingCase.objects.bulk_create(rows)
    stop_the_clock(monkeypatch, LATER)
    officer = signed_in(somebody("sdo", "service_delivery_officer", november))

    assert "51 critical findings are open" in officer.get("/quality/months/2026-11/").content.decode()


def _fields(case: FindingCase) -> dict[str, Any]:
    return {
        each.attname: getattr(case, each.attname) for each in FindingCase._meta.fields if each.name != "id"
    }


def test_a_crossing_change_is_ended_by_a_second_person(november: Organisation, cad: Source) -> None:
    deliver(
        cad,
        [job("handover", 65, incident="2", call_sign="A2", message_id="mended", corrects="late")],
        known=130,
    )
    casework.follow(november.pk, at=at(131))
    case, word = FindingCase.objects.get(code="HQ31"), Word(Kind.RIGHT, "Seen on the arrival screen")
    scope: dict[str, Any] = {"organisation_id": november.pk, "at": at(132)}

    settled = Word(Kind.SETTLED, "Agreed by telephone", at(65))
    for each in (word, settled):
        with pytest.raises(NotAllowed, match="service delivery officer"):
            casework.say(case.pk, each, may_sign=False, by=by("pfc"), **scope)
    casework.say(case.pk, settled, may_sign=True, by=by(), **scope)
    casework.follow(november.pk, at=at(132))
    case.refresh_from_db()
    assert case.ended_at is None  # that the source says the value is no end: it is what was changed
    casework.say(case.pk, word, may_sign=True, by=by(), **scope)

    assert months.gaming(november.pk, NOVEMBER, LATER).crossing == [("TVH01", 1, 0)]


def test_frozen_months_are_never_changed(november: Organisation) -> None:
    freeze(november)
    for each in (
        lambda: HandoverMonth.objects.update(figures={}),
        lambda: HandoverMonth.objects.all().delete(),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            each()
    with pytest.raises(NotAllowed, match="Only a person"):
        months.freeze(november.pk, NOVEMBER, "", by=Actor("duty"), at=LATER)


def test_the_pages_show_a_month_freeze_it_and_keep_whose_right_it_is(
    november: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_the_clock(monkeypatch, LATER)
    officer = signed_in(somebody("sdo", "service_delivery_officer", november))
    pfc = signed_in(somebody("pfc", "patient_flow_coordinator", november))
    halo = signed_in(somebody("halo", "halo", november, site="TVH02"))
    address = "/quality/months/2026-11/"

    assert "Millbrook" in officer.get(address).content.decode()
    assert "Millbrook" not in halo.get(address).content.decode()
    assert "Say that the figures" in officer.post(address, {}).content.decode()
    pfc.post(address, {"sure": "1"})
    assert not HandoverMonth.objects.exists()
    assert officer.post(address, {"sure": "1"}).status_code == 302
    assert "Revision 1" in pfc.get("/quality/months/").content.decode()
    assert pfc.get("/quality/months/2027-01/").status_code == 404
    assert pfc.get("/quality/months/2026-13/").status_code == 404


# Feedback


def wrong_jobs(cad: Source, first: int, count: int, minutes: float) -> None:
    """Jobs of one crew that ended without a handover time, one after the other."""
    for number in range(first, first + count):
        said = conveyance(
            "TVH01", incident=f"F{number}", call_sign="C1", start=minutes + 70 * (number - first)
        )
        deliver(
            cad,
            [each for each in said if each.status is not JobStatus.HANDOVER],
            known=minutes + 70 * (number - first) + 65,
        )


def test_a_pattern_becomes_feedback_with_findings_before_and_after(
    knowing: Organisation, cad: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    cad.refresh_from_db()
    wrong_jobs(cad, 0, 6, 0)
    casework.follow(knowing.pk, at=at(500))
    crew = [each for each in feedback.patterns(knowing.pk, None, at(500)) if each.about == "crew"]
    assert ("C1", "HQ04", 6) in [(each.key, each.code, each.count) for each in crew]
    stop_the_clock(monkeypatch, at(500))
    pfc = signed_in(somebody("pfc", "patient_flow_coordinator", knowing))
    form = {"pattern": "crew:HQ04:C1", "kind": "visit", "on": "2026-11-21", "owner": "Team leader"}

    assert "Say in a sentence" in pfc.post("/quality/patterns/", form).content.decode()
    assert pfc.post("/quality/patterns/", {**form, "words": "Press at the bedside"}).status_code == 302

    day = 24 * 60
    wrong_jobs(cad, 10, 2, day)
    casework.follow(knowing.pk, at=at(day + 300))
    (given,) = feedback.given(knowing.pk, at(day + 301))
    assert (given.row.before, given.after, given.is_over) == (6, 2, False)
    assert (given.row.kind, given.row.owner, given.row.made_by) == ("visit", "Team leader", "pfc")
    stop_the_clock(monkeypatch, at(day + 301))
    pfc = signed_in(somebody("pfc"))
    assert "2 so far" in pfc.get("/quality/patterns/").content.decode()


def test_a_note_of_the_same_day_has_the_days_findings_before_it_and_only_later_ones_after(
    knowing: Organisation, cad: Source
) -> None:
    cad.refresh_from_db()
    wrong_jobs(cad, 0, 6, 0)
    casework.follow(knowing.pk, at=at(500))
    plan = feedback.Plan("crew", "C1", "HQ04", "note", T0.date(), "Team leader", "Press at the bedside")

    row = feedback.give(plan, organisation_id=knowing.pk, by=by(), at=at(500))
    (given,) = feedback.given(knowing.pk, at(501))

    assert (row.before, given.after) == (6, 0)


def test_feedback_about_nothing_or_changed_afterwards_is_refused(november: Organisation) -> None:
    plan = feedback.Plan("crew", "A9", "HQ04", "note", T0.date(), "Team leader", "x")
    with pytest.raises(NotAllowed, match="no such finding"):
        feedback.give(plan, organisation_id=november.pk, by=by(), at=at(100))
    real = feedback.Plan("crew", "A3", "HQ04", "note", T0.date() + timedelta(days=1), "Team leader", "x")
    feedback.give(real, organisation_id=november.pk, by=by(), at=at(100))
    with pytest.raises(IntegrityError), transaction.atomic():
        Feedback.objects.update(words="other")
