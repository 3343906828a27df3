"""What a downtime pack holds: the boards, diverts, decisions, people and blank forms, without identity."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.template.loader import render_to_string

from clearway.core.decisions import queries as decisions
from clearway.core.layout import context
from clearway.core.layout.times import clock, moment
from clearway.core.organisation.models import Organisation
from clearway.core.people.queries import on_call_list
from clearway.domain.shared.region import Desk

from .. import situation as situations
from ..breaks import presenters as break_words
from ..breaks import queries as breaks
from ..breaks.policy import meal_breaks
from ..diverts import queries as diverts
from ..handovers import presenters as hospitals
from ..handovers import queries as handovers
from ..resources import boards
from . import presenters, queries
from .carried import ClinicList, Table, as_table, cards
from .models import PaperForm

DAY = timedelta(hours=24)
NOW = timedelta(seconds=1)  # an entry of this very second belongs to the picture
AHEAD = timedelta(hours=24)  # of the turns on call that a pack names
SAID = ("mobile", "on scene", "left scene", "arrived", "handed over", "clear", "available")


CREWS = ("Call sign", "Kind", "State", "Since", "Where", "Shift ends", "What limits it")
HOSPITALS = ("Hospital", "Queuing", "Cohort", "Longest wait since", "Inbound", "Wrap-up", "Divert")
VEHICLES = ("Call sign", "Category", "State", "Arrived", "Expected", "Job")
DIVERTS = ("From", "To", "Whom", "Until")
BREAKS = ("Call sign", "Shift ends", "Break", "To begin by", "Planned")


def page(
    organisation: Organisation,
    forms: list[PaperForm],
    at: datetime,
    clinics: Sequence[ClinicList] | None = (),
) -> str:
    """The page as it stands at an instant. A fixed number of queries.

    clinics  the lists of its outpatient desk, without names; none where it has none, None where they could
             not be made
    """
    has_boards = Desk.AMBULANCE.value in organisation.desks
    boards_ = _boards(organisation, forms, at) if has_boards else {}
    tables = [*boards_.get("tables", ()), *([as_table(clinics)] if clinics else [])]
    return render_to_string(
        "downtime/pack.html",
        {
            "trust": organisation.name,
            "at": at,
            "has_boards": has_boards,
            "has_clinics": Desk.OUTPATIENTS.value in organisation.desks,
            "feeds": [
                (feed.name, feed.freshness.value, moment(feed.heard_at, at) if feed.heard_at else "never")
                for feed in context.feeds(organisation.pk, at)
            ],
            "failure": queries.current(organisation.pk),
            "clinics": clinics,
            **boards_,
            "tables": tables,
        },
    )


def _boards(organisation: Organisation, forms: list[PaperForm], at: datetime) -> dict[str, Any]:
    """What the ambulance desk's own part of the pack holds."""
    reading = situations.reading(organisation.pk, at)
    crews = boards.board(organisation.pk, at, reading=reading).rows
    read = handovers.board(organisation.pk, at, reading=reading)
    rows = [hospitals.hospital_row(read, picture) for picture in read.pictures]
    names = queries.places(organisation.pk)
    vehicles = [(each.name, [_vehicle(one, at) for one in each.vehicles]) for each in rows]
    at_hospital = [(name, *one) for name, listed in vehicles for one in listed]
    crew_rows, break_rows = [_crew(each, at) for each in crews], _breaks(organisation.pk, crews, at)
    none = "No resource is on shift, as far as the sources say."
    tables = {
        "resources": Table("resources.csv", "Resources", CREWS, crew_rows, none),
        "hospitals": Table("hospitals.csv", "Hospitals", HOSPITALS, [_hospital(each, at) for each in rows]),
        "vehicles": Table("vehicles.csv", "Crews by hospital", ("Hospital", *VEHICLES), at_hospital),
        "diverts": Table(
            "diverts.csv",
            "Diverts",
            DIVERTS,
            [_divert(each, names, at) for each in diverts.in_force(organisation.pk, at)],
            "None.",
        ),
        "breaks": Table(
            "breaks.csv", "Breaks", BREAKS, break_rows, "No crew is on a shift whose times are known."
        ),
    }
    return {
        **tables,
        "tables": list(tables.values()),
        "vehicle_headings": VEHICLES,
        "by_hospital": vehicles,
        "cards": cards(crew_rows, break_rows),
        "people": [
            (
                each.duty.replace("_", " "),
                each.area.name if each.area else "Whole trust",
                str(each.user.display_name or each.user.username),
                each.contact,
                f"{moment(each.starts_at, at)} to {moment(each.ends_at, at)}",
            )
            for each in on_call_list(organisation.pk, at, at + AHEAD)
        ],
        "decisions": [
            (
                moment(each.decided_at, at),
                each.decision,
                each.reason,
                f"{each.by.display_name or each.by.username}, {each.role.replace('_', ' ')}",
                moment(each.review_at, at) if each.review_at else "",
            )
            for each in decisions.between(organisation.pk, at - DAY, at + NOW)
        ],
        "forms": presenters.sheets(forms, [each.call_sign for each in crews]),
        "places": sorted(queries.receiving(organisation.pk)),
        "said": SAID,
    }


def _crew(row: boards.Row, at: datetime) -> tuple[str, ...]:
    state = f"{row.state} (by hand)" if row.by_hand else row.state
    where = f"{row.place}, {clock(row.seen_at)}" if row.seen_at else row.place
    return (
        *(row.call_sign, row.kind, state, _when(row.since, at), where),
        *(_when(row.shift_end, at), row.limits),
    )


def _hospital(row: hospitals.HospitalRow, at: datetime) -> tuple[str, ...]:
    return (
        *(row.name, row.queuing.text, row.cohorting.text, _when(row.longest, at)),
        *(row.inbound.text, row.wrap_up.text, row.divert),
    )


def _vehicle(row: hospitals.VehicleRow, at: datetime) -> tuple[str, ...]:
    state = f"{row.stage} (by hand)" if row.by_hand else row.stage
    expected = f"about {clock(row.expected_at)}" if row.expected_at else ""
    return (row.call_sign, row.category, state, _when(row.arrived_at, at), expected, row.incident)


def _divert(divert: Any, names: dict[str, str], at: datetime) -> tuple[str, ...]:
    return (
        names.get(divert.site, divert.site),
        ", ".join(names.get(code, code) for code in divert.to),
        ", ".join(sorted(cover.value.replace("_", " ") for cover in divert.covers)),
        _when(divert.ends_at, at) or "until somebody ends it",
    )


def _breaks(organisation_id: int, crews: tuple[boards.Row, ...], at: datetime) -> list[tuple[str, ...]]:
    """Every crew on shift by the end of its shift, with its break where that is known."""
    policy = meal_breaks(organisation_id, at)
    kept = breaks.on_shift(organisation_id, at)
    rows = {row.call_sign: row for row in break_words.rows(kept, breaks.plans(organisation_id), at, policy)}
    found: list[tuple[str, ...]] = []
    for crew in sorted(
        crews, key=lambda each: (each.shift_end is None, each.shift_end or at, each.call_sign)
    ):
        row = rows.get(crew.call_sign)
        if row is None and crew.shift_end is None:
            continue
        words = (
            (row.words, _when(row.start_by, at), _when(row.planned_at, at)) if row else ("Not known", "", "")
        )
        found.append((crew.call_sign, _when(crew.shift_end, at), *words))
    return found


def _when(instant: datetime | None, at: datetime) -> str:
    return moment(instant, at) if instant else ""
