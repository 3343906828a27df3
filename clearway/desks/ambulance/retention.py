"""Letting go of facts and positions that are past their period: whole partitions, then what the rest holds.

Facts go by the month in which they became known, positions by the day on which they happened; the trusts of
a database share the partitions, so the longest period counts. A partition with anything under a legal hold
stays whole. What facts added up to goes with the last fact of its stream; a resource or a hospital, which
are never over, is folded again from the facts that stay. So `clearway verify facts` finds nothing amiss
meanwhile.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Q

from clearway.core.audit.actions import Actor
from clearway.core.organisation.models import Organisation
from clearway.core.retention import actions as core
from clearway.core.retention import queries
from clearway.core.retention.queries import Due
from clearway.core.retention.shelves import Shelf

from .facts.actions import lock
from .incidents import actions as incidents
from .liaison import following as liaison
from .quality import actions as findings
from .resources import actions as resources

_OF_THE_TRUST = "t.organisation_id = %(organisation)s"
SNAPSHOTS = Shelf("snapshots", "ambulance_snapshot", "t.at", _OF_THE_TRUST)
# All that was advised, told and rung for one job goes together, once the last of it is past.
ADVICE = Shelf(
    "advice",
    "clearway_advice_until(%(organisation)s, %(before)s)",
    "t.last_at",
    "TRUE",
    since="t.first_at",
    remover="clearway_forget_advice",
)
CREW_LINKS = Shelf("crew_links", "ambulance_crewlink", "t.ends_at", _OF_THE_TRUST, since="t.made_at")
# What a forecast was worth stands in its row, and goes with it.
FORECASTS = Shelf("forecasts", "ambulance_forecast", "t.made_at", _OF_THE_TRUST)
WARNINGS = Shelf("warnings", "ambulance_warning", "t.ended_at", _OF_THE_TRUST, since="t.begun_at")
PASSINGS = Shelf("passings", "ambulance_passing", "t.at", f"{_OF_THE_TRUST} AND t.ended_at IS NOT NULL")
ROADS = Shelf(
    "road_disruptions",
    "ambulance_roaddisruption",
    "COALESCE(t.ended_at, t.ends_at)",
    _OF_THE_TRUST,
    since="t.entered_at",
)
DIVERTS = Shelf(  # with their steps; one that is not over stays, however old
    "diverts",
    "clearway_diverts_until(%(organisation)s, %(before)s)",
    "t.last_at",
    "TRUE",
    since="t.first_at",
    remover="clearway_forget_diverts",
)
BREAKS = Shelf("breaks", "ambulance_shiftbreaks", "t.shift_end", _OF_THE_TRUST, since="t.shift_start")
PLANNED_BREAKS = Shelf(
    "breaks",
    "ambulance_plannedbreak",
    "t.ended_at",
    f"{_OF_THE_TRUST} AND t.state <> 'stands'",
    since="t.accepted_at",
)
UNAVAILABLE = Shelf(
    "unavailability",
    "ambulance_unavailability",
    "t.ended_at",
    f"{_OF_THE_TRUST} AND NOT EXISTS (SELECT FROM ambulance_unavailabilityword w WHERE w.of_id = t.id)",
    since="t.since",
)
_OF_ONE = "(SELECT u.{0} FROM ambulance_unavailability u WHERE u.id = t.of_id)"
UNAVAILABLE_WORDS = Shelf(  # before what they were said of, at the same time
    "unavailability",
    "ambulance_unavailabilityword",
    _OF_ONE.format("ended_at"),
    f"{_OF_ONE.format('organisation_id')} = %(organisation)s",
    since=_OF_ONE.format("since"),
)
SIGNED_LIMITS = Shelf("unavailability", "ambulance_signedlimit", "t.ends", _OF_THE_TRUST, since="t.begins")
CONTACTS = Shelf(
    "desk_contacts", "ambulance_contact", "t.at", _OF_THE_TRUST, remover="clearway_forget_desk_contacts"
)
SITREPS = Shelf("command", "ambulance_sitrep", "t.at", _OF_THE_TRUST, remover="clearway_forget_sitreps")
PACKS = Shelf(
    "command", "ambulance_meeting_pack", "t.at", _OF_THE_TRUST, remover="clearway_forget_meeting_packs"
)
SHIFTS = Shelf(
    "command", "ambulance_shift_sheet", "t.at", _OF_THE_TRUST, remover="clearway_forget_shift_sheets"
)
CALLS = Shelf(
    "command", "ambulance_escalation_call", "t.at", _OF_THE_TRUST, remover="clearway_forget_escalation_calls"
)
MAJOR = Shelf(
    "command", "ambulance_major_incident", "t.at", _OF_THE_TRUST, remover="clearway_forget_major_incidents"
)
PRESSURE_FIGURES = Shelf(
    "pressure",
    "ambulance_hospitalfigure",
    "t.at",
    _OF_THE_TRUST,
    since="t.true_at",
    remover="clearway_forget_hospital_figures",
)
_CARDS_OF_IT = "FROM ambulance_actioncard c WHERE c.entered_id = t.id"
TRUST_LEVELS = Shelf(  # with their actions; the newest of each ladder and what has open actions stay
    "pressure",
    "ambulance_trustlevel",
    f"(SELECT GREATEST(n.at, (SELECT max(c.closed_at) {_CARDS_OF_IT})) FROM ambulance_trustlevel n"
    " WHERE n.organisation_id = t.organisation_id AND n.ladder = t.ladder AND n.number = t.number + 1)",
    f"{_OF_THE_TRUST} AND NOT EXISTS (SELECT {_CARDS_OF_IT} AND c.closed_at IS NULL)",
    since="t.at",
    remover="clearway_forget_trust_levels",
)
# Failures, drills and forms are few and stay; what was entered by hand goes as what advice rests on goes.
BY_HAND = Shelf("by_hand", "ambulance_handentry", "t.entered_at", _OF_THE_TRUST, since="t.occurred_at")
DELAYS = Shelf(  # with their reports and words; one that lasts stays, however old
    "delays",
    "clearway_delays_until(%(organisation)s, %(before)s)",
    "t.last_at",
    "TRUE",
    since="t.first_at",
    remover="clearway_forget_delays",
)
PLANNED_SHIFTS = Shelf(  # before the files that they came with, at the same time
    "rosters", "ambulance_plannedshift", "t.ends_at", _OF_THE_TRUST, since="t.starts_at"
)
ROSTERS = Shelf(
    "rosters",
    "ambulance_roster",
    "COALESCE(t.taken_at, t.came_at)",
    f"{_OF_THE_TRUST} AND NOT EXISTS (SELECT FROM ambulance_plannedshift s"
    " WHERE s.roster_id = t.id OR s.replaced_by_id = t.id)",
    since="t.came_at",
)
COVER_MOVES = Shelf(
    "rosters",
    "ambulance_cover_move",
    "COALESCE(t.ended_at, t.decided_at)",
    f"{_OF_THE_TRUST} AND t.state IN ('refused', 'ended')",
    since="t.decided_at",
    remover="clearway_forget_cover_moves",
)
BARRIERS = Shelf(  # with their steps; the register itself stays: it says what there is now
    "barriers",
    "ambulance_barrier",
    "(SELECT COALESCE(max(s.at), t.opened_at) FROM ambulance_barrierstep s WHERE s.of_id = t.id)",
    f"{_OF_THE_TRUST} AND NOT EXISTS (SELECT FROM ambulance_aid a WHERE a.promised_to_id = t.id)",
    since="t.since",
    remover="clearway_forget_barriers",
)
SCENE_NORMS = Shelf("scene_norms", "ambulance_scenenorm", "t.until", _OF_THE_TRUST, since="t.since")
DESK_MESSAGES = Shelf(
    "desk_messages",
    "ambulance_desk_message",
    "t.at",
    _OF_THE_TRUST,
    remover="clearway_forget_desk_messages",
)
SAFEGUARDING = Shelf(  # from when its queue acknowledged it: one that waits stays
    "safeguarding",
    "ambulance_safeguarding",
    "(SELECT s.at FROM ambulance_safeguarding_taken s WHERE s.of_id = t.id)",
    _OF_THE_TRUST,
    since="t.at",
    remover="clearway_forget_safeguarding",
)
FINDINGS = Shelf(  # what people made of findings, with every word
    "findings",
    "ambulance_findingcase",
    "t.found_at",
    _OF_THE_TRUST,
    remover="clearway_forget_findings",
)
FEEDBACK = Shelf(
    "findings", "ambulance_feedback", "t.made_at", _OF_THE_TRUST, remover="clearway_forget_feedback"
)
RELEASES = Shelf(
    "releases",
    "ambulance_release",
    "t.at",
    _OF_THE_TRUST,
    since="t.arrived_at",
    remover="clearway_forget_releases",
)
SHELVES = (
    *(DESK_MESSAGES, SAFEGUARDING),
    *(SNAPSHOTS, ADVICE, CREW_LINKS, FORECASTS, WARNINGS, PASSINGS, ROADS, DIVERTS),
    *(BREAKS, PLANNED_BREAKS, UNAVAILABLE_WORDS, UNAVAILABLE, SIGNED_LIMITS, CONTACTS),
    *(SITREPS, PACKS, SHIFTS, CALLS, MAJOR),
    *(PRESSURE_FIGURES, TRUST_LEVELS, BY_HAND),
    *(DELAYS, SCENE_NORMS),
    *(FINDINGS, FEEDBACK),
    *(PLANNED_SHIFTS, ROSTERS, COVER_MOVES, BARRIERS),
    RELEASES,
)
# Facts too, which may go before the months they lie in.
REPORTS = Shelf(
    "hospital_reports", "ambulance_fact", "t.known_at", f"{_OF_THE_TRUST} AND t.stream ~ '^hospital:'"
)
FACTS, POSITIONS = "ambulance_fact", "ambulance_position"
KIND = {FACTS: "facts", POSITIONS: "positions"}  # table -> name of its period
STREAMS_AT_ONCE = 500
REPORTS_AT_ONCE = 5000
POSITIONS_AT_ONCE = 20_000
DETACH_PATIENCE = "10min"  # once a month the whole month is read for streams that go on after it


@dataclass(frozen=True, slots=True)
class Piece:
    """One partition and the span of time that it holds."""

    table: str
    name: str
    start_at: datetime
    end_at: datetime


def due(at: datetime) -> list[Due]:
    """What would go of facts and positions: one row a kind, because trusts share the partitions.

    Of hospitals' reports, which go by the row, one a trust.
    """
    found = [_due(table, queries.common_cutoff(of, at)) for table, of in KIND.items()]
    for organisation in Organisation.objects.order_by("slug"):
        found += queries.due(organisation, [REPORTS], at)
    return found


def forget(*, by: Actor, at: datetime) -> bool:
    """Let go of one part of what is past its period. Returns whether there may be more."""
    return (
        _finish_detached(at)
        or _forget_pieces(POSITIONS, by, at)
        or _forget_pieces(FACTS, by, at)
        or _forget_default_positions(by, at)
        or _forget_default_facts(by, at)
        or _forget_reports(by, at)
    )


def _due(table: str, before: datetime | None) -> Due:
    if before is None:
        return Due("all", KIND[table], None)
    past = [each for each in _pieces(table) if each.end_at <= before]
    free = [each for each in past if not queries.is_held(each.start_at, each.end_at)]
    rows = {each.name: _rows(each.name) for each in past}
    kept = sum(rows[each.name] for each in past if each not in free)
    going = sum(rows[each.name] for each in free) + _in_default(table, before)
    return Due("all", KIND[table], before, going, kept, tuple(each.name for each in free))


def _pieces(table: str) -> list[Piece]:
    """The partitions of a table but its default one, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            r"SELECT relname, (regexp_match(bound, 'FROM \(''([^'']+)'))[1]::timestamptz,"
            r" (regexp_match(bound, 'TO \(''([^'']+)'))[1]::timestamptz"
            " FROM pg_inherits JOIN pg_class ON oid = inhrelid, pg_get_expr(relpartbound, oid) AS bound"
            " WHERE inhparent = %s::regclass AND bound <> 'DEFAULT' ORDER BY 2",
            [table],
        )
        return [Piece(table, *row) for row in cursor.fetchall()]


def _rows(name: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {connection.ops.quote_name(name)}")
        return int(cursor.fetchone()[0])


def _in_default(table: str, before: datetime) -> int:
    column = "known_at" if table == FACTS else "occurred_at"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*) FROM {table}_default t WHERE {column} < %s AND NOT EXISTS ("
            "  SELECT FROM core_legalhold h WHERE h.organisation_id = t.organisation_id"
            f"  AND h.released_at IS NULL AND {column} >= h.known_from"
            f"  AND (h.known_until IS NULL OR {column} < h.known_until))",
            [before],
        )
        return int(cursor.fetchone()[0])


def _forget_pieces(table: str, by: Actor, at: datetime) -> bool:
    """Detach the oldest partition that may go; of positions, drop it too."""
    before = queries.common_cutoff(KIND[table], at)
    if before is None:
        return False
    for piece in _pieces(table):
        if piece.end_at > before:
            return False
        if not queries.is_held(piece.start_at, piece.end_at):
            _detach(piece, by, at)
            return True
    return False


@transaction.atomic
def _detach(piece: Piece, by: Actor, at: datetime) -> None:
    trusts = list(Organisation.objects.order_by("pk").values_list("pk", flat=True))
    for trust in trusts:
        lock(trust)  # no fact comes to a stream while it is looked at; what sources send waits in the inbox
    if piece.table == POSITIONS:
        core.refuse_before(Q(kind="positions"), piece.end_at)
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [DETACH_PATIENCE])
        cursor.execute("SELECT clearway_detach_partition(%s)", [piece.name])
        carried = cursor.fetchone()[0]
        cursor.execute(f"SELECT organisation_id, count(*) FROM {piece.name} GROUP BY 1")
        rows = dict(cursor.fetchall())
    for trust in trusts:
        detail = {"partition": piece.name, "rows": rows.get(trust, 0), "carried_in_all": carried}
        core.record(trust, KIND[piece.table], detail, by=by, at=at)
        if piece.table == FACTS:
            _follow(trust, _streams(piece.name, trust, unending=True), at)
    if piece.table == POSITIONS:
        _drop(piece.name)


def _finish_detached(at: datetime) -> bool:
    """Take away what the facts of a detached partition added up to, part by part, then the partition.

    One that came under a hold meanwhile stays, and what its facts added up to with it.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relname ~ '^ambulance_fact_[0-9]{6}$' AND relkind = 'r'"
            " AND relnamespace = 'public'::regnamespace AND NOT relispartition ORDER BY relname"
        )
        detached = [row[0] for row in cursor.fetchall()]
    names = [name for name in detached if not _has_held(name)]  # a hold may have come since
    for name in names:
        for trust in Organisation.objects.values_list("pk", flat=True):
            streams = _streams(name, trust, unending=False)
            for first in range(0, len(streams), STREAMS_AT_ONCE):
                with transaction.atomic():
                    lock(trust)
                    _follow(trust, streams[first : first + STREAMS_AT_ONCE], at)
        _drop(name)
    return bool(names)


def _has_held(name: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clearway_has_held(%s)", [name])
        return bool(cursor.fetchone()[0])


def _drop(name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clearway_drop_detached(%s)", [name])


def _streams(name: str, organisation_id: int, *, unending: bool) -> list[str]:
    sign = "~" if unending else "!~"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT DISTINCT stream FROM {name} WHERE organisation_id = %s"
            f" AND stream {sign} '^(resource|hospital):' ORDER BY stream",
            [organisation_id],
        )
        return [row[0] for row in cursor.fetchall()]


def _forget_default_positions(by: Actor, at: datetime) -> bool:
    before = queries.common_cutoff(KIND[POSITIONS], at)
    if before is None:
        return False
    with transaction.atomic(), connection.cursor() as cursor:
        core.refuse_before(Q(kind="positions"), before)
        cursor.execute("SELECT clearway_forget_positions(%s, %s)", [before, POSITIONS_AT_ONCE])
        gone = int(cursor.fetchone()[0])
        if gone:
            for trust in Organisation.objects.values_list("pk", flat=True):
                detail = {"rows_of_all_trusts": gone, "before": before.isoformat()}
                core.record(trust, KIND[POSITIONS], detail, by=by, at=at)
    return gone == POSITIONS_AT_ONCE


def _forget_default_facts(by: Actor, at: datetime) -> bool:
    before = queries.common_cutoff(KIND[FACTS], at)
    if before is None:
        return False
    trusts = Organisation.objects.values_list("pk", flat=True)
    return sum(_forget_default_of(trust, before, by, at) for trust in trusts) > 0


@transaction.atomic
def _forget_default_of(organisation_id: int, before: datetime, by: Actor, at: datetime) -> bool:
    lock(organisation_id)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT forgotten, facts FROM clearway_forget_facts(%s, %s, %s)",
            [organisation_id, before, STREAMS_AT_ONCE],
        )
        gone = dict(cursor.fetchall())
    if gone:
        _follow(organisation_id, gone, at)
        detail = {"rows": sum(gone.values()), "streams": len(gone), "before": before.isoformat()}
        core.record(organisation_id, KIND[FACTS], detail, by=by, at=at)
    return len(gone) == STREAMS_AT_ONCE


def _forget_reports(by: Actor, at: datetime) -> bool:
    trusts = Organisation.objects.values_list("pk", flat=True)
    gone = [_forget_reports_of(trust, by, at) for trust in trusts]
    return any(rows == REPORTS_AT_ONCE for rows in gone)


@transaction.atomic
def _forget_reports_of(organisation_id: int, by: Actor, at: datetime) -> int:
    before = queries.cutoff(organisation_id, REPORTS.of, at)
    if before is None:
        return 0
    lock(organisation_id)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT forgotten, facts FROM clearway_forget_reports(%s, %s, %s)",
            [organisation_id, before, REPORTS_AT_ONCE],
        )
        gone = dict(cursor.fetchall())
    if gone:
        _follow(organisation_id, gone, at)
        detail = {"rows": sum(gone.values()), "before": before.isoformat()}
        core.record(organisation_id, REPORTS.of, detail, by=by, at=at)
    return sum(gone.values())


def _follow(organisation_id: int, streams: Iterable[str], at: datetime) -> None:
    """Bring the projections of streams that lost facts to what their facts now add up to."""
    listed = list(streams)
    if not listed:
        return
    over = _without_facts(organisation_id, listed)
    findings.forget(organisation_id, over, at)
    incidents.forget(organisation_id, over)
    call_signs = {stream.removeprefix("resource:") for stream in listed if stream.startswith("resource:")}
    resources.fold_anew(call_signs, organisation_id=organisation_id, at=at)
    sites = {stream.removeprefix("hospital:") for stream in listed if stream.startswith("hospital:")}
    liaison.fold_anew(sites, organisation_id=organisation_id, at=at)


def _without_facts(organisation_id: int, streams: Collection[str]) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT stream FROM ambulance_fact WHERE organisation_id = %s AND stream = ANY(%s)",
            [organisation_id, list(streams)],
        )
        return set(streams) - {row[0] for row in cursor.fetchall()}
