"""Writing down what hospitals say of their pressure, setting the trust's levels, answering action cards."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from clearway.core.audit.actions import Actor, Entry
from clearway.core.audit.actions import record as audit
from clearway.core.clashes import ChangedMeanwhile, Clash, between
from clearway.core.layout.times import clock
from clearway.core.live.actions import announce
from clearway.core.locks import Lock, one_at_a_time
from clearway.core.people.roles import ROLES, name_of
from clearway.domain.ambulance.pressure import Framework, Ladder, Plan
from clearway.domain.shared.errors import NotAllowed

from . import queries
from .models import ActionAnswer, ActionCard, HospitalFigure, TrustLevel
from .policy import pressure

OLDEST = timedelta(hours=24)  # that a figure may be when it is written down
DAYS = 7  # of the outlook of REAP
COMMANDS = "pressure.declare"  # the permission of roles that set levels, and answer for every action


@dataclass(frozen=True, slots=True)
class Report:
    """Figures of one hospital, by the code of their parameter, and when they were true."""

    site: str
    figures: Mapping[str, float]
    true_at: datetime
    told_by: str = ""


@transaction.atomic
def report(said: Report, *, organisation_id: int, by: Actor, at: datetime) -> list[HospitalFigure]:
    """Write down figures of a hospital. Raises NotAllowed for one that nobody enters or nobody can mean."""
    what = f"Writing figures down for {said.site}"
    framework = pressure(organisation_id, at).framework
    if framework is None:
        raise NotAllowed("unsettled", what, "No framework is in force. Its owner sets the policy opel.")
    _check_figures(said, framework, what)
    if not at - OLDEST <= said.true_at <= at:
        raise NotAllowed("outside", what, "Say a time within the last 24 hours, not one to come.")
    rows = HospitalFigure.objects.bulk_create(
        HospitalFigure(
            organisation_id=organisation_id,
            site=said.site,
            parameter=code,
            value=value,
            true_at=said.true_at,
            at=at,
            by=by.name,
            role=by.role,
            told_by=said.told_by,
        )
        for code, value in said.figures.items()
    )
    detail = {"figures": dict(said.figures), "true_at": said.true_at.isoformat(), "told_by": said.told_by}
    entry = Entry("pressure.report", f"site:{said.site}", detail)
    audit([entry], organisation_id=organisation_id, by=by, at=at)
    announce("pressure", [said.site], organisation_id=organisation_id, at=at)
    return rows


def _check_figures(said: Report, framework: Framework, what: str) -> None:
    if not said.figures:
        raise NotAllowed("nothing", what, "Enter at least one figure.")
    for code, value in said.figures.items():
        parameter = framework.parameter(code)
        if parameter is None or parameter.computed:
            raise NotAllowed("unknown", what, f"Nobody enters {code}: choose a figure of {framework.name}.")
        if not 0 <= value <= parameter.most:
            raise NotAllowed("outside", what, f"{parameter.says}: enter 0 to {parameter.most:g}.")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A level to set.

    after    number of the level that was shown when it was chosen, 0 for none: nobody sets over what they
             have not seen
    outlook  of REAP, the levels expected today and on the six days after
    """

    ladder: Ladder
    level: int
    why: str
    review_by: datetime
    after: int
    outlook: Sequence[int] = ()


@transaction.atomic
def declare(wanted: Wanted, *, organisation_id: int, by: Actor, at: datetime) -> TrustLevel:
    """Set a level of the trust; another level closes the action cards of the last and opens its own.

    Only people set one. Raises NotAllowed: nobody, or a review too far ahead; and ChangedMeanwhile where
    somebody set one after the one that was shown.
    """
    plan = pressure(organisation_id, at).plans[wanted.ladder]
    _check_level(wanted, plan, by, at)
    one_at_a_time(Lock.LEVELS, organisation_id)
    last = queries.history(organisation_id, wanted.ladder).first()
    if last is not None and last.number != wanted.after:
        if not (found := _differs(last, wanted)):
            return last  # the very same was set
        why = f"{last.by} set {plan.named(last.level)} at {clock(last.at)}. Read it, then set it again."
        raise ChangedMeanwhile("overtaken", f"Setting {plan.title}", why, found, now=last.number)
    row = TrustLevel.objects.create(
        organisation_id=organisation_id,
        ladder=wanted.ladder,
        number=(last.number if last else 0) + 1,
        level=wanted.level,
        why=wanted.why,
        outlook=list(wanted.outlook),
        review_by=wanted.review_by,
        at=at,
        by=by.name,
    )
    if last is None or last.level != row.level:
        _turn_cards(row, plan)
    detail = {"level": row.level, "was": last.level if last else None, "why": row.why, "outlook": row.outlook}
    entry = Entry(
        "pressure.declare", f"ladder:{row.ladder}", {**detail, "review_by": row.review_by.isoformat()}
    )
    audit([entry], organisation_id=organisation_id, by=by, at=at)
    announce("trust_level", [row.ladder], organisation_id=organisation_id, at=at)
    return row


def _differs(last: TrustLevel, wanted: Wanted) -> tuple[Clash, ...]:
    names = ("level", "why", "review_by", "outlook")
    now = {name: getattr(last, name) for name in names}
    return between(now, {name: getattr(wanted, name) for name in names})


def _check_level(wanted: Wanted, plan: Plan, by: Actor, at: datetime) -> None:
    what = f"Setting {plan.title}"
    if by.user_id is None:
        raise NotAllowed("nobody", what, "Only a person sets a level.")
    if not at < wanted.review_by <= at + plan.review_most:
        hours = plan.review_most.total_seconds() / 3600
        raise NotAllowed("outside", what, f"A review lies ahead, within {hours:g} hours.")
    if wanted.ladder is Ladder.REAP and len(wanted.outlook) != DAYS:
        raise NotAllowed("outlook", what, "Say the level expected on each of the coming seven days.")


def _turn_cards(row: TrustLevel, plan: Plan) -> None:
    """Close what the last level asked, and open what this one asks."""
    ActionCard.objects.filter(
        entered__organisation_id=row.organisation_id, entered__ladder=row.ladder, closed_at=None
    ).update(closed_at=row.at)
    ActionCard.objects.bulk_create(
        ActionCard(
            entered=row,
            code=each.code,
            role=each.role,
            says=each.says,
            due_at=row.at + timedelta(minutes=each.minutes),
        )
        for each in plan.cards_at(row.level)
    )


def answers_for(role: str, roles: tuple[str, ...]) -> bool:
    """Whether who holds these roles answers for what is asked of a role: its own, and command."""
    return role in roles or any(COMMANDS in ROLES[each].permissions for each in roles if each in ROLES)


@transaction.atomic
def answer(
    key: int, because: str, roles: tuple[str, ...], *, organisation_id: int, by: Actor, at: datetime
) -> ActionCard:
    """Tick an action card, or say why it is not done: `because` is "" where it is. Every answer is kept.

    roles  that the person holds
    What was not done may be done later. Raises NotAllowed: gone, of another role, its level left, or done.
    """
    rows = ActionCard.objects.select_for_update(of=("self",)).select_related("entered")
    card = rows.filter(entered__organisation_id=organisation_id, pk=key).first()
    what = "Answering this action"
    if card is None:
        raise NotAllowed("gone", what, "There is no such action. Open the list again.")
    if not answers_for(card.role, roles):
        why = f"It is asked of the {name_of(card.role).lower()}, who answers for it, or command does."
        raise NotAllowed("with another role", what, why)
    if card.closed_at is not None:
        raise NotAllowed("closed", what, f"Its level was left at {clock(card.closed_at)}.")
    if card.answered_at is not None and not card.because:
        raise NotAllowed("done", what, f"{card.answered_by} did it at {clock(card.answered_at)}.")
    card.answered_at, card.answered_by, card.because = at, by.name, because
    card.save(update_fields=["answered_at", "answered_by", "because"])
    ActionAnswer.objects.create(card=card, at=at, by=by.name, role=by.role, because=because)
    verb = "pressure.not_done" if because else "pressure.done"
    entry = Entry(verb, f"card:{card.pk}", {"code": card.code, "says": card.says, "because": because})
    audit([entry], organisation_id=organisation_id, by=by, at=at)
    announce("action_card", [str(card.pk)], organisation_id=organisation_id, at=at)
    return card
