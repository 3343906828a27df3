"""Reading what the handover pages show: one situation, its pictures, and what they rest on."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from clearway.domain.ambulance.quality import RULES, Rule
from clearway.domain.ambulance.situation import Situation
from clearway.engine.ambulance.feeds import Basis, basis
from clearway.engine.ambulance.handovers import HospitalPicture, hospital_pictures
from clearway.engine.ambulance.reports import SiteReport, site_reports

from .. import situation as situations
from ..diverts import presenters as diverts
from ..forecast import presenters as forecasts
from ..forecast import queries as forecast
from ..forecast.presenters import Ahead
from ..ground import Ground
from ..liaison import presenters
from ..liaison.presenters import NOT_SAID, Awaited, Stand
from ..policy import DeskPolicy
from ..quality import queries as quality
from ..release.queries import Standing
from ..situation import Reading
from ..travel.network import network


@dataclass(frozen=True, slots=True)
class Board:
    """Everything the handover pages are made from.

    at     the instant shown: now, or the past one that was asked for
    areas  site code -> area name
    said   site code -> what the hospital says of itself
    ahead  site code -> the wait for an arrival in half an hour, in words
    waits  site code -> the wait for an arrival now and for one in an hour; none where nothing can be said
    by_hand   call sign -> the newest instant of it that was entered by hand
    diverted  site code -> whom a divert in force turns away, and until when, in words
    releases  assignment -> the newest record of its patient's release
    awaited   site code -> the relief it waits for; of a past instant none is shown
    """

    at: datetime
    situation: Situation
    basis: Basis
    policy: DeskPolicy
    pictures: tuple[HospitalPicture, ...]
    areas: Mapping[str, str]
    said: Mapping[str, SiteReport]
    ahead: Mapping[str, str]
    waits: Mapping[str, tuple[Ahead, Ahead]]
    diverted: Mapping[str, str]
    by_hand: Mapping[str, datetime]
    releases: Mapping[str, Standing]
    awaited: Mapping[str, Awaited]

    def over_since(self, since: datetime) -> list[tuple[str, str]]:
        """The assignments whose state began since then, each with the code of its hospital."""
        table, codes = self.situation.assignments, self.situation.sites.code
        new = np.flatnonzero((table.site >= 0) & (table.since >= since.timestamp()))
        return [(table.key[row], codes[table.site[row]]) for row in new]


def board(
    organisation_id: int,
    at: datetime,
    known_at: datetime | None = None,
    reading: Reading | None = None,
    only: Collection[str] | None = None,
) -> Board:
    """The pictures of all hospitals now, or as they were known at a past instant.

    reading  that of the instant, where the caller has it already
    only     the codes of the hospitals wanted, where not all are
    """
    reading = reading or situations.shown(organisation_id, at, known_at)
    situation, ground, policy = reading.situation, reading.ground, reading.ground.policy
    rests_on = basis(situation, policy.freshness)
    made = forecast.made(situation, policy.forecast, ground.records)
    return Board(
        at=known_at or at,
        situation=situation,
        basis=rests_on,
        policy=policy,
        # Nobody can say who waits when no source knows handovers, nor when none has ever been heard.
        pictures=hospital_pictures(
            situation,
            policy.handover,
            rests_on.knows_handover and rests_on.cad.heard_at is not None,
            network(situation.sites),
            only,
        ),
        areas=ground.areas,
        said={each.code: each for each in site_reports(situation, policy.reports)},
        ahead=forecasts.board_spans(situation, made),
        waits=forecasts.now_and_in_an_hour(situation, made),
        diverted=diverts.turned_away(situation),
        by_hand=ground.by_hand,
        releases=ground.releases,
        awaited={} if known_at else _awaited(ground, at),
    )


def _awaited(ground: Ground, at: datetime) -> dict[str, Awaited]:
    codes = {code: site.code for site in ground.sites for code in (site.code, *site.former_codes)}
    return presenters.awaited(ground.hospitals, codes, at)


def stand(read: Board, code: str | None) -> Stand:
    """What a hospital says of itself, for its row; nothing for the unknown one."""
    said = read.said.get(code or "")
    return NOT_SAID if said is None else presenters.stand(said)


@dataclass(frozen=True, slots=True)
class FindingRow:
    """One finding with its rule; rule is None for a code that is no longer in the table."""

    code: str
    rule: Rule | None
    call_sign: str
    what: str
    evidence: str
    known_at: datetime


def findings(read: Board, organisation_id: int, code: str, known_by: datetime | None) -> list[FindingRow]:
    """What cannot be right in the times of the assignments at one hospital; one query."""
    table = read.situation.assignments
    site = read.situation.sites.code.index(code)
    call_signs = {
        key: call_sign
        for key, call_sign, at in zip(table.key, table.call_sign, table.site, strict=True)
        if at == site
    }
    return [
        FindingRow(
            code=found.code,
            rule=RULES.get(found.code),
            call_sign=call_signs[found.stream.removeprefix("assignment:")],
            what=found.what.replace("_", " "),
            evidence=found.evidence,
            known_at=found.known_at,
        )
        for found in quality.of_assignments(organisation_id, call_signs, known_by)
    ]
