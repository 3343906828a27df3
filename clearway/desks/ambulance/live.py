"""What the tailer renders for the screens of the ambulance desk: once for everybody, so without identity.

Topics of changes: "site" (ODS code, "" for the unknown one), "resource" (call sign), "source" (its name).
Topics of fragments, which pages ask for: "handovers", "stands", "wall", "forecast", "resources", "feeds",
"onward_sent", "breaks", "unavailable", "contacts", "messages", "pressure", "levels", "cards",
"downtime", "delays", "stacks", "wrapups", "findings", "sitreps", "packs", "shift", "shifts", "calls",
"major", "releases", "cover", "moves", "lates", "barriers".
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache

from django.template.loader import render_to_string

from clearway.core.layout import context
from clearway.core.live.drawn import drawn
from clearway.core.live.fragments import Fragment
from clearway.core.live.tailer import Render
from clearway.core.notices import live as notices
from clearway.core.onward import presenters as onward
from clearway.core.onward import queries as requests
from clearway.core.worklist import live as worklist
from clearway.core.worklist.actions import TOPIC
from clearway.domain.ambulance.delays import Phase
from clearway.domain.ambulance.pressure import Ladder

from . import situation
from .barriers import presenters as barrier_words
from .barriers import queries as barriers
from .barriers.policy import barriers as barrier_policy
from .breaks import presenters as break_words
from .breaks import queries as breaks
from .breaks.policy import meal_breaks
from .command import presenters as command_words
from .command import queries as command
from .contacts import presenters as contact_words
from .contacts import queries as contacts
from .contacts.policy import contact_policy
from .coverage import planning as cover
from .coverage import presenters as cover_words
from .coverage import queries as moves
from .coverage.policy import cover as cover_policy
from .delays import presenters as delay_words
from .delays import queries as delays
from .delays.policy import delays as delay_policy
from .downtime import presenters as hand_words
from .downtime import queries as downtime
from .forecast import presenters as forecasts
from .forecast import queries as forecast
from .ground import Ground
from .handovers import presenters as hospitals
from .handovers import queries as handovers
from .incidents import queries as incidents
from .liaison import queries as liaison
from .liaison.presenters import said_of
from .messages import presenters as message_words
from .messages import queries as desk_messages
from .pressure import presenters as pressed
from .pressure import queries as pressure
from .quality import presenters as quality_words
from .quality import queue
from .release import presenters as release_words
from .resources import boards as resources
from .unavailability import presenters as out_words
from .unavailability import queries as unavailability
from .unavailability.policy import unavailability as unavailability_policy

JUST_OVER = timedelta(minutes=30)  # for which a row that is over is taken off screens again and again


@lru_cache(maxsize=1)
def _reading(organisation_id: int, at: datetime) -> situation.Reading:
    """One reading for everything that is rendered in one round of the tailer, which has one instant."""
    return situation.reading(organisation_id, at)


def sites(organisation_id: int, codes: frozenset[str], at: datetime) -> list[Fragment]:
    """The rows and tiles of some hospitals."""
    read = handovers.board(organisation_id, at, reading=_reading(organisation_id, at), only=codes)
    fragments = []
    for picture in read.pictures:
        if (picture.code or hospitals.UNKNOWN_KEY) in codes:
            row = hospitals.hospital_row(read, picture)
            limits = read.policy.handover
            html = drawn("handovers/site.html", row=row, limits=limits, is_open=False)
            tile = drawn("handovers/tile.html", row=row, limits=limits)
            fragments.append(Fragment("handovers", row.key, html, site=picture.code))
            fragments.append(Fragment("wall", row.key, tile, site=picture.code))
    fragments += _releases(read, codes, at)
    fragments += _said(_reading(organisation_id, at).ground, codes, read)
    if hospitals.UNKNOWN_KEY in codes and all(picture.code for picture in read.pictures):
        fragments += [Fragment(topic, hospitals.UNKNOWN_KEY, "") for topic in ("handovers", "wall")]
    return fragments


def _releases(read: handovers.Board, codes: frozenset[str], at: datetime) -> list[Fragment]:
    """Who waits at some hospitals, with what was recorded; empty rows for those who wait no more."""
    shown = release_words.rows_of(read, at)
    waiting = {row.key for row in shown}
    return [
        *(Fragment("releases", row.key, drawn("release/row.html", row=row), site=row.site) for row in shown),
        *(
            Fragment("releases", key, "", site=code)
            for key, code in read.over_since(at - JUST_OVER)
            if code in codes and key not in waiting
        ),
    ]


def _said(ground: Ground, codes: frozenset[str], read: handovers.Board) -> list[Fragment]:
    """What some hospitals say of themselves, in full, as their own pages show it."""
    told = liaison.tellings_of(ground.sites, ground.hospitals)
    return [
        Fragment("stands", code, drawn("liaison/said.html", said=said_of(report, told.get(code))), site=code)
        for code, report in sorted(read.said.items())
        if code in codes
    ]


def all_sites(organisation_id: int, _keys: frozenset[str], at: datetime) -> list[Fragment]:
    """Every hospital again: limits are crossed, and sources go stale, with time alone."""
    codes = _reading(organisation_id, at).situation.sites.code
    return sites(organisation_id, frozenset(codes) | {hospitals.UNKNOWN_KEY}, at)


def all_forecasts(organisation_id: int, _keys: frozenset[str], at: datetime) -> list[Fragment]:
    """The rows of the forecast page."""
    reading = _reading(organisation_id, at)
    seen, ground = reading.situation, reading.ground
    read = forecast.made(seen, ground.policy.forecast, ground.records)
    return [
        Fragment("forecast", row.key, drawn("forecast/row.html", row=row), site=row.key)
        for row in forecasts.rows(seen, read, forecast.open_warnings(organisation_id))
    ]


def resource_rows(organisation_id: int, call_signs: frozenset[str], at: datetime) -> list[Fragment]:
    """The rows of some resources; an empty one for who has gone off shift."""
    read = resources.board(organisation_id, at, reading=_reading(organisation_id, at), only=call_signs)
    html = {row.call_sign: drawn("resources/row.html", row=row) for row in read.rows}
    return [Fragment("resources", call_sign, html.get(call_sign, "")) for call_sign in sorted(call_signs)]


def crews(organisation_id: int, call_signs: frozenset[str], at: datetime) -> list[Fragment]:
    """What changes with a crew: its row among the resources, and its rows of delays where they are to go.

    A crew that left its scene within its time has no delay that could change. Rows that are to come, come
    with time (`all_delays`).
    """
    return [
        *resource_rows(organisation_id, call_signs, at),
        *_no_more_delayed(organisation_id, call_signs, at),
    ]


def _no_more_delayed(organisation_id: int, call_signs: frozenset[str], at: datetime) -> list[Fragment]:
    now = delays.phases(_reading(organisation_id, at))
    elsewhere = {Phase.SCENE: ("wrapups",), Phase.WRAP_UP: ("delays", "stacks")}
    return [
        Fragment(topic, each, "")
        for each in sorted(call_signs)
        for topic in (elsewhere[now[each]] if each in now else ("delays", "stacks", "wrapups"))
    ]


def all_resources(organisation_id: int, _keys: frozenset[str], at: datetime) -> list[Fragment]:
    """Every resource again: shifts end and positions grow old with time alone."""
    call_signs = _reading(organisation_id, at).situation.resources.call_sign
    return resource_rows(organisation_id, frozenset(call_signs), at)


def sources(organisation_id: int, names: frozenset[str], at: datetime) -> list[Fragment]:
    """The feed strip's items of some sources, or of all when none is named. One that is off is empty."""
    shown = {feed.name: feed for feed in context.feeds(organisation_id, at)}
    return [
        Fragment(
            "feeds",
            name,
            render_to_string("layout/feed.html", {"feed": shown[name]}) if name in shown else "",
        )
        for name in sorted(names or shown)
    ]


def tasks(organisation_id: int, keys: frozenset[str], at: datetime) -> list[Fragment]:
    """The rows of some tasks, and how many there are now."""
    count = render_to_string("layout/tasks.html", {"tasks": context.tasks(organisation_id)})
    return [*worklist.render(organisation_id, keys, at), Fragment("tasks", "count", count)]


def break_rows(organisation_id: int, call_signs: frozenset[str], at: datetime) -> list[Fragment]:
    """The rows of some crews on the board of breaks; an empty one for who has gone off shift."""
    policy, plans = meal_breaks(organisation_id, at), breaks.plans(organisation_id)
    kept = breaks.on_shift(organisation_id, at).filter(call_sign__in=call_signs)
    html = {
        row.call_sign: drawn(
            "breaks/row.html", row=break_words.row(row, plans.get(row.call_sign), at, policy)
        )
        for row in kept
    }
    return [Fragment("breaks", call_sign, html.get(call_sign, "")) for call_sign in sorted(call_signs)]


def all_breaks(organisation_id: int, _keys: frozenset[str], at: datetime) -> list[Fragment]:
    """Every break of who is on shift again: windows open and close with time alone."""
    call_signs = breaks.on_shift(organisation_id, at).values_list("call_sign", flat=True)
    return break_rows(organisation_id, frozenset(call_signs), at)


def all_unavailable(organisation_id: int, _keys: frozenset[str], at: datetime) -> list[Fragment]:
    """Everybody unavailable again: limits pass with time alone."""
    found = unavailability.lasting(organisation_id, unavailability_policy(organisation_id, at), at)
    return unavailable_rows(organisation_id, frozenset(str(each.row.pk) for each in found), at)


def unavailable_rows(organisation_id: int, keys: frozenset[str], at: datetime) -> list[Fragment]:
    """The rows of some who cannot be sent; an empty one for who can again."""
    found = unavailability.lasting(organisation_id, unavailability_policy(organisation_id, at), at)
    free = out_words.free_by_area(_reading(organisation_id, at))
    html = {
        str(each.row.pk): drawn("unavailability/row.html", row=out_words.row(each, free))
        for each in found
        if str(each.row.pk) in keys
    }
    return [
        *(Fragment("unavailable", key, html.get(key, "")) for key in sorted(keys)),
        *_barrier_rows(organisation_id, keys, at),
    ]


def _barrier_rows(organisation_id: int, keys: frozenset[str], at: datetime) -> list[Fragment]:
    """The same on the page of barriers: who lacks something, what helps and what was agreed."""
    found = barriers.stopped(
        organisation_id, _reading(organisation_id, at), barrier_policy(organisation_id, at), at
    )
    rows = {str(each.key): barrier_words.row(each) for each in found if str(each.key) in keys}
    return [
        Fragment("barriers", key, drawn("barriers/row.html", row=rows[key]) if key in rows else "")
        for key in sorted(keys)
    ]


def all_cover(organisation_id: int, _keys: frozenset[str], at: datetime) -> list[Fragment]:
    """The cover page again: everything on it changes with time alone. Nothing where nothing can be said."""
    policy = cover_policy(organisation_id, at)
    seen = cover.look(organisation_id, _reading(organisation_id, at), policy, at)
    if not seen.can_say:
        return []
    late = {each.call_sign: each for each in cover_words.late(cover.late_finishes(seen.jobs, policy), at)}
    crews = _reading(organisation_id, at).situation.resources.call_sign
    return [
        Fragment("cover", "summary", drawn("coverage/summary.html", summary=cover_words.summary(seen))),
        Fragment("cover", "steps", drawn("coverage/steps.html", steps=tuple(cover_words.steps(seen)))),
        *(Fragment("cover", row.key, drawn("coverage/row.html", row=row)) for row in cover_words.rows(seen)),
        *(
            Fragment("lates", each, drawn("coverage/late_row.html", each=late[each]) if each in late else "")
            for each in sorted({*crews, *late})
        ),
    ]


def move_rows(organisation_id: int, keys: frozenset[str], _at: datetime) -> list[Fragment]:
    """The rows of some moves to standby points; an empty one for a move that stands no more."""
    html = {
        str(row.pk): drawn("coverage/move_row.html", row=cover_words.move_row(row))
        for row in moves.open_moves(organisation_id).filter(pk__in=[int(key) for key in keys])
    }
    return [Fragment("moves", key, html.get(key, "")) for key in sorted(keys)]


def contact_rows(organisation_id: int, keys: frozenset[str], at: datetime) -> list[Fragment]:
    """The rows of some contacts; one that was corrected is struck through."""
    policy = contact_policy(organisation_id, at)
    found = contact_words.rows(contacts.by_keys(organisation_id, keys), policy)
    return [Fragment("contacts", str(row.key), drawn("contacts/row.html", row=row)) for row in found]


def sitrep_rows(organisation_id: int, numbers: frozenset[str], _at: datetime) -> list[Fragment]:
    """The rows of some situation reports."""
    found = command.sitreps(organisation_id).filter(number__in=[int(number) for number in numbers])
    return [
        Fragment(
            "sitreps", str(row.number), drawn("command/sitrep_row.html", row=command_words.sitrep_row(row))
        )
        for row in found
    ]


def pack_rows(organisation_id: int, numbers: frozenset[str], _at: datetime) -> list[Fragment]:
    """The rows of some packs for meetings."""
    found = command.packs(organisation_id).filter(number__in=[int(number) for number in numbers])
    return [
        Fragment("packs", str(row.number), drawn("command/pack_row.html", row=command_words.pack_row(row)))
        for row in found
    ]


def shift_sheets(organisation_id: int, numbers: frozenset[str], _at: datetime) -> list[Fragment]:
    """Who has a shift and what was said of it, on its page and in the list."""
    rows = command.sheets(organisation_id).filter(number__in=[int(number) for number in numbers])
    fragments = []
    for row in map(command_words.sheet, rows):
        key = str(row.number)
        fragments.append(Fragment("shift", key, drawn("command/shift_state.html", sheet=row)))
        fragments.append(Fragment("shifts", key, drawn("command/sheet_row.html", row=row)))
    return fragments


def escalation_calls(organisation_id: int, numbers: frozenset[str], _at: datetime) -> list[Fragment]:
    """What some calls came to so far."""
    rows = command.calls(organisation_id).filter(number__in=[int(number) for number in numbers])
    fragments = []
    for row in rows:
        parts = command_words.so_far(row, command.tasks_of(row))
        html = drawn("command/call_state.html", call=command_words.call(row), parts=parts)
        fragments.append(Fragment("calls", str(row.number), html))
    return fragments


def major_incidents(organisation_id: int, numbers: frozenset[str], _at: datetime) -> list[Fragment]:
    """The newest METHANE report of some major incidents."""
    return [
        Fragment(
            "major", str(row.number), drawn("command/methane_state.html", row=command_words.methane(row))
        )
        for row in command.methane(organisation_id)
        if str(row.number) in numbers
    ]


def hand_entries(organisation_id: int, keys: frozenset[str], at: datetime) -> list[Fragment]:
    """The rows of some statuses that were entered by hand."""
    places = downtime.places(organisation_id)
    return [
        Fragment("downtime", str(row.pk), drawn("downtime/row.html", row=hand_words.row(row, places)))
        for row in downtime.entries(organisation_id, None, at)
        if str(row.pk) in keys
    ]


def all_delays(organisation_id: int, _keys: frozenset[str], at: datetime) -> list[Fragment]:
    """Everybody on scene or in wrap-up again: the ladder is climbed with time alone."""
    clocks = delays.clocks(_reading(organisation_id, at))
    return delay_rows(organisation_id, frozenset(each.call_sign for each in clocks), at)


def delay_rows(organisation_id: int, call_signs: frozenset[str], at: datetime) -> list[Fragment]:
    """The rows of some crews on the boards of delays; empty ones on those where they are not, or no more."""
    policy, html = delay_policy(organisation_id, at), dict[tuple[str, str], str]()
    for each in delays.standing(organisation_id, _reading(organisation_id, at), policy, at):
        call_sign = each.clock.call_sign
        if call_sign in call_signs:
            topic = "delays" if each.clock.phase is Phase.SCENE else "wrapups"
            row = delay_words.row(each, policy)
            html[topic, call_sign] = drawn("delays/row.html", row=row, topic=topic)
            if (line := delay_words.stacked(each, policy.scene, at)) is not None:
                html["stacks", call_sign] = drawn("delays/stack_row.html", row=line)
    return [
        *(Fragment("delays", each, html.get(("delays", each), "")) for each in sorted(call_signs)),
        *(Fragment("stacks", each, html.get(("stacks", each), "")) for each in sorted(call_signs)),
        *(Fragment("wrapups", each, html.get(("wrapups", each), "")) for each in sorted(call_signs)),
    ]


def message_rows(organisation_id: int, keys: frozenset[str], at: datetime) -> list[Fragment]:
    """The rows of some messages, with who has them."""
    found = map(message_words.row, desk_messages.by_keys(organisation_id, keys))
    return [Fragment("messages", str(row.key), drawn("desk_messages/row.html", row=row)) for row in found]


def findings(organisation_id: int, keys: frozenset[str], at: datetime) -> list[Fragment]:
    """The rows of some findings; one that ended stays on its screen, with how."""
    names = incidents.site_names(organisation_id)
    rows = queue.by_key(organisation_id, [int(key) for key in keys])
    return [
        Fragment(
            "findings",
            str(case.pk),
            drawn("quality/row.html", row=quality_words.row(case, names, at)),
            site=case.site or None,
        )
        for case in rows
    ]


def sent(organisation_id: int, keys: frozenset[str], at: datetime) -> list[Fragment]:
    """The rows of some onward requests that this organisation sent."""
    return [
        Fragment(
            "onward_sent", str(row.pk), drawn("onward/row.html", row=onward.row_of(row, row.receiver.name))
        )
        for row in requests.sent(organisation_id, at)
        if str(row.pk) in keys
    ]


def pressed_sites(organisation_id: int, codes: frozenset[str], at: datetime) -> list[Fragment]:
    """The rows of some hospitals on the page of pressure, and of all that are looked at together."""
    levels = _levels(organisation_id, at)
    columns = len(levels.framework.parameters) if levels.framework else 0
    return [
        *(
            Fragment("pressure", each.code, drawn("pressure/row.html", row=pressed.row(each)), site=each.code)
            for each in levels.sites
            if each.code in codes
        ),
        *(
            Fragment("pressure", each.key, drawn("pressure/together.html", each=each, columns=columns))
            for each in pressed.together(levels)
        ),
    ]


def trust_levels(organisation_id: int, ladders: frozenset[str], at: datetime) -> list[Fragment]:
    """Some ladders of the trust, their short form for other boards, and what the levels ask now."""
    panels = pressed.strip(_levels(organisation_id, at).ladders, at)
    return [
        *(
            Fragment("levels", each.ladder, drawn("pressure/panel.html", panel=each))
            for each in panels
            if each.ladder in ladders
        ),
        Fragment("levels", "strip", drawn("pressure/strip.html", panels=panels)),
        *_cards(organisation_id, None, at),
    ]


def action_cards(organisation_id: int, keys: frozenset[str], at: datetime) -> list[Fragment]:
    """The rows of some action cards."""
    return _cards(organisation_id, keys, at)


def _cards(organisation_id: int, keys: frozenset[str] | None, at: datetime) -> list[Fragment]:
    """The rows of open action cards, and empty ones for those whose level was just left."""
    rows = [
        Fragment("cards", str(each.pk), drawn("pressure/card_row.html", card=pressed.card(each, at)))
        for each in pressure.open_cards(organisation_id)
        if keys is None or str(each.pk) in keys
    ]
    return [*rows, *(Fragment("cards", str(key), "") for key in pressure.just_closed(organisation_id, at))]


@lru_cache(maxsize=1)
def _levels(organisation_id: int, at: datetime) -> pressure.Levels:
    """One look at all levels for everything that is rendered in one round."""
    return pressure.levels(organisation_id, at, _reading(organisation_id, at))


def all_pressure(organisation_id: int, _keys: frozenset[str], at: datetime) -> list[Fragment]:
    """Everything of pressure again: figures grow old and actions late with time alone."""
    codes = frozenset(_reading(organisation_id, at).situation.sites.code)
    ladders = frozenset(each.value for each in Ladder)
    return [*pressed_sites(organisation_id, codes, at), *trust_levels(organisation_id, ladders, at)]


RENDERERS: Mapping[str, Render] = {
    "site": sites,
    "resource": crews,
    "source": sources,
    TOPIC: tasks,
    "notice": notices.strip,
    "onward_sent": sent,
    "break": break_rows,
    "cover_move": move_rows,
    "unavailability": unavailable_rows,
    "contact": contact_rows,
    "message": message_rows,
    "sitrep": sitrep_rows,
    "pack": pack_rows,
    "shift": shift_sheets,
    "call": escalation_calls,
    "major": major_incidents,
    "pressure": pressed_sites,
    "trust_level": trust_levels,
    "action_card": action_cards,
    "hand_entry": hand_entries,
    "delay": delay_rows,
    "finding": findings,
}
TICKERS: Sequence[Render] = (
    *(all_sites, all_forecasts, all_resources, all_breaks, all_unavailable),
    *(all_delays, all_pressure, all_cover, sources, notices.strip),
)
