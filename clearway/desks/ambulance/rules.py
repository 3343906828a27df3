"""Every rule of the ambulance desk, and asking them all."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from clearway.core.audit import reviewing
from clearway.core.audit import rules as looks
from clearway.core.concerns import rules as concerns
from clearway.core.decisions import rules as decisions
from clearway.core.feeds.rules import SILENT_FEED
from clearway.core.layout.times import local
from clearway.core.organisation.queries import policies
from clearway.core.recurring import rules as recurring
from clearway.core.worklist import queries
from clearway.core.worklist.actions import Swept, sweep
from clearway.core.worklist.guarded import guarded
from clearway.core.worklist.rules import Outcome, Rule, Values, evaluate, sweep_policy, together
from clearway.domain.ambulance.situation import Situation
from clearway.domain.shared.region import Desk

from .advice import rules as advice
from .breaks import rules as breaks
from .command import rules as command
from .coverage import rules as coverage
from .delays import rules as delays
from .destinations import rules as destinations
from .diverts.rules import DIVERT_REVIEW
from .downtime import rules as downtime
from .forecast.rules import EARLY_WARNING
from .handovers.rules import LADDER
from .liaison.rules import SILENT_HOSPITAL
from .messages import rules as messages
from .onward import rules as onward
from .pressure import rules as pressure
from .quality import rules as quality
from .release import rules as release
from .safeguarding import rules as safeguarding
from .unavailability import rules as unavailability

RULES: Sequence[Rule[Situation]] = (LADDER, SILENT_FEED, DIVERT_REVIEW, SILENT_HOSPITAL, EARLY_WARNING)

Asked = Callable[[int, Mapping[str, Values], Mapping[str, str], datetime], list[Outcome]]


@dataclass(frozen=True, slots=True)
class Part:
    """Rules over tables of their own. policies  that they read beside the worklist's."""

    name: str
    asked: Asked
    policies: frozenset[str] = frozenset()


PARTS: Sequence[Part] = (
    Part("destinations", destinations.outcomes),
    Part("onward requests", onward.outcomes),
    Part("meal breaks", breaks.outcomes),
    Part("unavailability", unavailability.outcomes, frozenset({unavailability.POLICY})),
    Part("delays", delays.outcomes, frozenset(delays.POLICIES)),
    Part("releases", release.outcomes, frozenset({release.POLICY})),
    Part("cover", coverage.outcomes, coverage.POLICIES),
    Part("pressure", pressure.outcomes),
    Part("triggers of pressure", pressure.triggers),
    Part("command", command.outcomes, frozenset({command.POLICY})),
    Part("downtime", downtime.outcomes, frozenset({downtime.POLICY})),
    Part("looks at identities", looks.outcomes, frozenset({reviewing.POLICY})),
    Part("checkpoints of the audit", looks.of_places),
    Part("messages", messages.outcomes, frozenset({messages.POLICY})),
    Part("safeguarding", safeguarding.outcomes),
    Part("data quality", quality.outcomes),
    Part("decisions", partial(decisions.outcomes, desk=Desk.AMBULANCE)),
    Part("concerns", partial(concerns.outcomes, desk=Desk.AMBULANCE), frozenset({concerns.POLICY})),
    Part("recurring duties", recurring.outcomes, frozenset({recurring.POLICY})),
)


def run(organisation_id: int, situation: Situation, at: datetime) -> Swept:
    """Ask every rule about the situation and bring the worklist in line. A fixed number of queries.

    Called every few seconds by a worker; safe to call from two at once, and as often as one likes. A part
    that cannot be asked is a task and stops no other.
    """
    names = {name for rule in RULES for name in rule.policies}.union(
        advice.POLICIES, *(part.policies for part in PARTS)
    )
    values = policies(organisation_id, {*names, queries.WORKLIST, queries.MODES}, local(at).date())
    modes = values.get(queries.MODES, {})
    scope = (organisation_id, values, modes)
    found = [
        guarded("the boards", lambda: evaluate(RULES, situation, values, modes)),
        guarded("advice", lambda: advice.outcomes(*scope, situation, at)),
        *(guarded(part.name, partial(part.asked, *scope, at)) for part in PARTS),
    ]
    return sweep(organisation_id, together(*found), at, sweep_policy(values.get(queries.WORKLIST)))
