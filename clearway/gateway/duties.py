"""The duties of the workers, by group: `inbox` reads messages, `boards` tells screens, `rules` does the rest.

What tells the screens can have a process without anything that thinks for long: a change would wait for it.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.core.management import call_command
from django.db import OperationalError

from clearway.core.audit import checkpoints, seal
from clearway.core.audit.actions import Actor
from clearway.core.feeds.queries import first_heard
from clearway.core.live.tailer import Tailer
from clearway.core.live.turns import Turns
from clearway.core.organisation.models import Organisation
from clearway.core.organisation.queries import first_loaded, with_desk
from clearway.core.outbox.sending import Maker, Office
from clearway.core.repeats import actions as repeats
from clearway.desks.ambulance import housekeeping, live, rules, situation
from clearway.desks.ambulance.advice import sweep
from clearway.desks.ambulance.breaks import actions as breaks
from clearway.desks.ambulance.command import actions as command
from clearway.desks.ambulance.command import packs as meeting_packs
from clearway.desks.ambulance.coverage import actions as coverage
from clearway.desks.ambulance.delays import actions as delays
from clearway.desks.ambulance.delays.rules import asks_by_itself
from clearway.desks.ambulance.diverts import actions as diverts
from clearway.desks.ambulance.downtime import packing
from clearway.desks.ambulance.forecast import actions as forecast
from clearway.desks.ambulance.quality import casework, watching
from clearway.desks.ambulance.unavailability import actions as unavailability
from clearway.desks.outpatients import live as outpatient_live
from clearway.desks.outpatients import policy as access_policy
from clearway.desks.outpatients import rules as outpatient_rules
from clearway.desks.outpatients import situation as outpatients
from clearway.desks.outpatients.attendance import actions as attendance
from clearway.desks.outpatients.booking import actions as booking
from clearway.desks.outpatients.clinics import actions as clinics
from clearway.desks.outpatients.conversations import actions as conversations
from clearway.desks.outpatients.conversations.making import MessageMaker
from clearway.desks.outpatients.conversations.wanted import OUTBOX as MESSAGES
from clearway.desks.outpatients.exchange.making import TellingMaker
from clearway.desks.outpatients.exchange.wanted import OUTBOX as TELLINGS
from clearway.desks.outpatients.letters.making import LetterMaker
from clearway.desks.outpatients.letters.wanted import OUTBOX, practices_changed
from clearway.desks.outpatients.recycling import actions as recycling
from clearway.desks.outpatients.reminders import actions as reminders
from clearway.desks.outpatients.replanning import actions as replanning
from clearway.desks.outpatients.reports import actions as reports
from clearway.desks.outpatients.reports import making as reporting
from clearway.desks.outpatients.waiting import actions as waiting
from clearway.desks.outpatients.waiting import queueing
from clearway.domain.outpatients.bank_holidays import KNOWN_UNTIL
from clearway.domain.shared.region import Desk

from . import inbox, notify, packs, retention
from .hl7_again import Again
from .mllp_carrier import Carriers
from .worker import Duty, clock

POLL_SECONDS = 0.04
RULES_EVERY = timedelta(seconds=5)
TURN_SECONDS = 0.25  # how often it is asked whose turn it is
ADVICE_EVERY = timedelta(seconds=10.0)
AGAIN_SECONDS = 2.0
SEAL_SECONDS = 30.0
CHECKPOINT_SECONDS = 5.0  # with the seconds of a seal: a row is known outside within 60 s
FORECAST_EVERY = timedelta(seconds=60.0)
CREWS_EVERY = timedelta(seconds=30.0)
PACKS_EVERY = timedelta(minutes=10)
QUALITY_EVERY = timedelta(seconds=60.0)
QUALITY_DAYS_SECONDS = 6 * 3600.0
SETTLING = timedelta(seconds=30)
NEVER_HEARD = timedelta(minutes=10)  # since the trust was set up: by then somebody must know
SNAPSHOT_MINUTES = 15
OUTPATIENT_SECONDS = 60.0
RETENTION_SECONDS = 3600.0
HOLDS_SECONDS = 15.0
CHECKS_SECONDS = 60.0
CLINICS_SECONDS = 3600.0
OUTBOX_SECONDS = 2.0
REPORTS_SECONDS = 60.0
REPLANS_SECONDS = 2.0
REMINDERS_SECONDS = 30.0
ATTENDANCE_SECONDS = 60.0
NORMS_SECONDS = 300.0
PACK_SECONDS = 10.0  # how often it is asked whether one is due


def groups() -> dict[str, Callable[[], list[Duty]]]:
    """Group name -> its duties."""
    return {"inbox": _inbox, "boards": _boards, "rules": _rules}


def _inbox() -> list[Duty]:
    return [
        Duty("inbox", lambda at: inbox.process(clock) > 0, POLL_SECONDS),
        Duty("read-again", Again().work, AGAIN_SECONDS),
    ]


def _boards() -> list[Duty]:
    tailer = Tailer({**live.RENDERERS, **outpatient_live.RENDERERS}, live.TICKERS)
    return [
        Duty("tailer", lambda at: tailer.work(at) > 0, POLL_SECONDS),
    ]


def _rules() -> list[Duty]:
    return [
        Duty("rules", partial(_ask_rules, Turns(RULES_EVERY)), TURN_SECONDS),
        Duty("advice", partial(_look_at_advice, Turns(ADVICE_EVERY)), TURN_SECONDS),
        Duty("snapshots", _snapshot, 20.0),
        Duty("forecast", partial(_follow_forecast, Turns(FORECAST_EVERY)), TURN_SECONDS),
        Duty("unavailability", partial(_follow_unavailability, Turns(CREWS_EVERY)), TURN_SECONDS),
        Duty("delays", partial(_follow_delays, Turns(CREWS_EVERY)), TURN_SECONDS),
        Duty("scene-norms", _look_at_scenes, NORMS_SECONDS),
        Duty("breaks", partial(_follow_breaks, Turns(CREWS_EVERY)), TURN_SECONDS),
        Duty("cover", partial(_follow_cover, Turns(CREWS_EVERY)), TURN_SECONDS),
        Duty("downtime-packs", _write_packs, PACK_SECONDS),
        Duty("quality", partial(_look_at_quality, Turns(QUALITY_EVERY)), TURN_SECONDS),
        Duty("quality-days", _sum_up_quality, QUALITY_DAYS_SECONDS),
        Duty("sitreps", partial(_report_the_situation, Turns(CREWS_EVERY)), TURN_SECONDS),
        Duty("meeting-packs", partial(_make_packs, Turns(PACKS_EVERY)), TURN_SECONDS),
        Duty("seal", lambda at: seal.seal(at) == seal.RUN, SEAL_SECONDS),
        Duty("checkpoints", checkpoints.tell, CHECKPOINT_SECONDS),
        Duty("housekeeping", _keep_house, 600.0),
        Duty("retention", _let_go, RETENTION_SECONDS),
        Duty("outpatient-rules", _ask_outpatient_rules, OUTPATIENT_SECONDS),
        Duty("list-checks", _check_lists, CHECKS_SECONDS),
        Duty("holds", _let_go_of_holds, HOLDS_SECONDS),
        Duty("freed-slots", _tend_freed_slots, HOLDS_SECONDS),
        Duty("replans", _carry_out_replans, REPLANS_SECONDS),
        Duty("clinics", _lay_out_clinics, CLINICS_SECONDS),
        Duty("reports", _send_reports, REPORTS_SECONDS),
        Duty("reminders", _remind, REMINDERS_SECONDS),
        Duty("attendance", _judge_attendance, ATTENDANCE_SECONDS),
        Duty("outbox", _office().work, OUTBOX_SECONDS),
    ]


def _office() -> Office:
    """Who makes and who carries what leaves: letters wait for people, reports come to people here, texts and
    emails go to the provider, where one is connected, and messages to the systems beside us."""
    makers: dict[str, Maker] = {
        OUTBOX: LetterMaker(),
        MESSAGES: MessageMaker(),
        reporting.OUTBOX: reporting.ReportMaker(),
        TELLINGS: TellingMaker(),
    }
    always = {reporting.TRAY: reporting.Tray(), **notify.carriers(notify_account())}
    return Office(makers, Carriers(always))


def notify_account() -> notify.Account | None:
    """The account that the settings name; None where no provider is connected."""
    if not settings.NOTIFY_TEMPLATES:
        return None
    return notify.Account(settings.NOTIFY_KEY, settings.NOTIFY_ADDRESS, settings.NOTIFY_TEMPLATES)


def _ask_rules(turns: Turns, at: datetime) -> bool:
    organisation_id = turns.whose(at)
    if organisation_id is not None:
        diverts.run_due(organisation_id, at)
    if organisation_id is not None and _has_settled(organisation_id, at):
        rules.run(organisation_id, situation.read(organisation_id, at), at)
    return False


def _ask_outpatient_rules(at: datetime) -> bool:
    for organisation_id in with_desk(Desk.OUTPATIENTS):
        outpatient_rules.run(organisation_id, outpatients.read(organisation_id, at), at)
    return False


def _has_settled(organisation_id: int, at: datetime) -> bool:
    """Whether the first messages are some time past: until then a picture is half a picture, and every
    source but the first is silent. A trust that was set up and never heard of has settled too."""
    first = first_heard(organisation_id)
    if first is not None:
        return at - first >= SETTLING
    loaded = first_loaded(organisation_id)
    return loaded is not None and at - loaded >= NEVER_HEARD


def _look_at_advice(turns: Turns, at: datetime) -> bool:
    organisation_id = turns.whose(at)
    if organisation_id is not None and _has_settled(organisation_id, at):
        sweep.look_again(organisation_id, situation.read(organisation_id, at), at)
    return False


def _follow_forecast(turns: Turns, at: datetime) -> bool:
    organisation_id = turns.whose(at)
    if organisation_id is not None and _has_settled(organisation_id, at):
        forecast.follow(organisation_id, situation.read(organisation_id, at), at)
    return False


def _follow_unavailability(turns: Turns, at: datetime) -> bool:
    organisation_id = turns.whose(at)
    if organisation_id is not None and _has_settled(organisation_id, at):
        unavailability.follow(organisation_id, at=at)
    return False


def _look_at_quality(turns: Turns, at: datetime) -> bool:
    organisation_id = turns.whose(at)
    if organisation_id is not None and _has_settled(organisation_id, at):
        watching.watch(organisation_id, at=at)
        casework.follow(organisation_id, at=at)
    return False


def _sum_up_quality(at: datetime) -> bool:
    return _for_each_trust("Quality", lambda each: watching.sum_up(each, at=at))


def _follow_breaks(turns: Turns, at: datetime) -> bool:
    organisation_id = turns.whose(at)
    if organisation_id is not None and _has_settled(organisation_id, at):
        breaks.follow(organisation_id, by=Actor("duty:breaks"), at=at)
    return False


def _follow_cover(turns: Turns, at: datetime) -> bool:
    organisation_id = turns.whose(at)
    if organisation_id is not None and _has_settled(organisation_id, at):
        coverage.follow(organisation_id, by=Actor("duty:cover"), at=at)
    return False


def _follow_delays(turns: Turns, at: datetime) -> bool:
    organisation_id = turns.whose(at)
    if organisation_id is not None and _has_settled(organisation_id, at):
        asks = asks_by_itself(organisation_id, at)
        delays.follow(organisation_id, asks=asks, by=Actor("duty:delays"), at=at)
    return False


def _report_the_situation(turns: Turns, at: datetime) -> bool:
    organisation_id = turns.whose(at)
    if organisation_id is not None and _has_settled(organisation_id, at):
        command.follow(organisation_id, by=Actor("duty:sitreps"), at=at)
    return False


def _make_packs(turns: Turns, at: datetime) -> bool:
    organisation_id = turns.whose(at)
    if organisation_id is not None and _has_settled(organisation_id, at):
        meeting_packs.follow(organisation_id, by=Actor("duty:meeting-packs"), at=at)
    return False


def _for_each_trust(what: str, act: Callable[[int], object], trusts: Sequence[int] | None = None) -> bool:
    """Do it for each trust, of the ambulance desk unless they are named: what one trust has wrong stops no
    other's."""
    failed: list[Exception] = []
    for organisation_id in with_desk(Desk.AMBULANCE) if trusts is None else trusts:
        try:
            act(organisation_id)
        except OperationalError:
            raise
        except Exception as problem:
            failed.append(problem)
    if failed:
        raise ExceptionGroup(f"{what} was not done for every trust", failed)
    return False


def _look_at_scenes(at: datetime) -> bool:
    by = Actor("duty:scene-norms")
    return _for_each_trust("Norms of scenes", lambda each: delays.look_at_history(each, by=by, at=at))


def _write_packs(at: datetime) -> bool:
    by = Actor("duty:downtime-packs")

    def tend(organisation_id: int) -> None:
        if _has_settled(organisation_id, at):
            trust = Organisation.objects.get(pk=organisation_id)
            packing.tend(trust, by=by, at=at, lists=lambda: packs.lists(trust, at))

    return _for_each_trust("Downtime packs", tend, packs.with_packs())


def _snapshot(at: datetime) -> bool:
    instant = at.replace(minute=at.minute - at.minute % SNAPSHOT_MINUTES, second=0, microsecond=0)
    for organisation_id in with_desk(Desk.AMBULANCE):
        situation.take_snapshot(organisation_id, instant)
    return False


def _keep_house(at: datetime) -> bool:
    repeats.forget(at)  # first: what was sent is let go whatever else cannot be done
    housekeeping.make_partitions(at)
    for organisation_id in with_desk(Desk.OUTPATIENTS):
        practices_changed(organisation_id, at=at)
    call_command("clearsessions", verbosity=0)
    return False


def _let_go(at: datetime) -> bool:
    return retention.forget(at, by=Actor("duty:retention"))


def _check_lists(at: datetime) -> bool:
    for organisation_id in with_desk(Desk.OUTPATIENTS):
        queueing.check(organisation_id=organisation_id, at=at)
    return False


def _tend_freed_slots(at: datetime) -> bool:
    for organisation_id in with_desk(Desk.OUTPATIENTS):
        recycling.tend(organisation_id=organisation_id, by=Actor("duty:freed-slots"), at=at)
    return False


def _carry_out_replans(at: datetime) -> bool:
    return sum(replanning.tend(organisation_id=each, at=at) for each in with_desk(Desk.OUTPATIENTS)) > 0


def _let_go_of_holds(at: datetime) -> bool:
    for organisation_id in with_desk(Desk.OUTPATIENTS):
        booking.let_go_of_holds(organisation_id=organisation_id, by=Actor("duty:holds"), at=at)
    return False


def _lay_out_clinics(at: datetime) -> bool:
    for organisation_id in with_desk(Desk.OUTPATIENTS):
        until = (at + access_policy.clinics(organisation_id, at).ahead).date()
        clinics.make_sessions(
            organisation_id=organisation_id, until=min(until, KNOWN_UNTIL), by=Actor("duty:clinics"), at=at
        )
        waiting.make_packs(organisation_id=organisation_id, by=Actor("duty:packs"), at=at)
    return False


def _remind(at: datetime) -> bool:
    connected = settings.NOTIFY_TEMPLATES.keys()
    by, took = Actor("duty:reminders"), 0
    for organisation_id in with_desk(Desk.OUTPATIENTS):
        conversations.tend(organisation_id=organisation_id, by=by, at=at)
        took += reminders.send_due(organisation_id=organisation_id, connected=connected, by=by, at=at)
    return took >= reminders.MOST


def _judge_attendance(at: datetime) -> bool:
    for organisation_id in with_desk(Desk.OUTPATIENTS):
        attendance.judge(organisation_id=organisation_id, by=Actor("duty:attendance"), at=at)
    return False


def _send_reports(at: datetime) -> bool:
    for organisation_id in with_desk(Desk.OUTPATIENTS):
        reports.send_due(organisation_id=organisation_id, by=Actor("duty:reports"), at=at)
    return False
