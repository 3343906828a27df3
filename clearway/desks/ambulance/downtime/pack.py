"""What a downtime pack holds: the boards, diverts, decisions, people and blank forms, without identity."""

from datetime import datetime, timedelta
from typing import Any

from django.template.loader import render_to_string

from clearway.core.decisions import queries as decisions
from clearway.core.layout import context
from clearway.core.layout.times import clock, moment
from clearway.core.organisation.models import Organisation
from clearway.core.people.queries import on_call_list

from .. import situation as situations
from ..breaks import presenters as break_words
from ..breaks import queries as breaks
from ..breaks.policy import meal_breaks
from ..diverts import queries as diverts
from ..handovers import presenters as hospitals
from ..handovers import queries as handovers
from ..resources import boards
from . import presenters, queries
from .models import PaperForm

DAY = timedelta(hours=24)
NOW = timedelta(seconds=1)  # an entry of this very second belongs to the picture
AHEAD = timedelta(hours=24)  # of the turns on call that a pack names
SAID = ("mobile", "on scene", "left scene", "arrived", "handed over", "clear", "available")


def page(organisation: Organisation, forms: list[PaperForm], at: datetime) -> str:
    """The page as it stands at an instant. A fixed number of queries."""
    reading = situations.reading(organisation.pk, at)
    crews = boards.board(organisation.pk, at, reading=reading).rows
    read = handovers.board(organisation.pk, at, reading=reading)
    rows = [hospitals.hospital_row(read, picture) for picture in read.pictures]
    names = queries.places(organisation.pk)
    return render_to_string(
        "downtime/pack.html",
        {
            "trust": organisation.name,
            "at": at,
            "feeds": [
                (feed.name, feed.freshness.value, moment(feed.heard_at, at) if feed.heard_at else "never")
                for feed in context.feeds(organisation.pk, at)
            ],
            "failure": queries.current(organisation.pk),
            "resources": [_crew(each, at) for each in crews],
            "hospitals": [_hospital(each, at) for each in rows],
            "vehicles": [(each.name, [_vehicle(one, at) for one in each.vehicles]) for each in rows],
            "diverts": [_divert(each, names, at) for each in diverts.in_force(organisation.pk, at)],
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
            "breaks": _breaks(organisation.pk, crews, at),
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
        },
    )


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
