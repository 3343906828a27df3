"""What reminders do and how people answer offers: inputs of the simulated department, never its results.

Each has its source; what nobody has published is marked assumed. A trial may be run with others.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Effects:
    """Relative risks of missing a visit, and what becomes of the visits that are not missed.

    reminded  by text a few days before. 0.73: Cambridge, two-way texts at scale, 27% fewer, the supplier's
              own figure. Published effects lie far apart: 0.91 (one trial of 158,669, texts to those at risk;
              systematic review, high certainty) to 0.40 (one trust's before and after, 10% to 4%)
    again     the day before, of those who have not answered. 0.91: the trial above, taken for one text more
    called    somebody whom no text reaches is rung. 0.61: median of three trials of calls to those at risk
    gives_back  of the visits that a reminder saves from being missed, the share that is cancelled instead of
              kept. 4 of 14: patients of one department who had forgotten (10) or tried to cancel (4)
    confirms  of those who get a text, the share who answer that they come. Assumed
    """

    reminded: float = 0.73
    again: float = 0.91
    called: float = 0.61
    gives_back: float = 4 / 14
    confirms: float = 0.55

    def __post_init__(self) -> None:
        for each in fields(self):
            if not 0 <= getattr(self, each.name) <= 1:
                raise ValueError(f"effects, field {each.name}: {getattr(self, each.name)} is not 0 to 1.")


WEAK = Effects(reminded=0.91, again=1.0)
STRONG = Effects(reminded=0.40)


@dataclass(frozen=True, slots=True)
class Answers:
    """How people answer an offer in truth; all assumed. The engine is not told: it learns from what it sees.

    reached       share of calls that are answered; of those that are not, one more is made
    call_minutes  of the clerk who rings, one after the other; again_minutes  until the second call
    replies       share of texts that are answered; text_minutes  mean until then, exponential
    yes           by channel, of those who answer, with two days' notice or more
    sooner        what a yes is worth with less notice: hours -> factor, the first that is not under
    """

    reached: float = 0.6
    call_minutes: float = 4.0
    again_minutes: float = 20.0
    replies: float = 0.6
    text_minutes: float = 35.0
    yes: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({"phone": 0.45, "text": 0.45}))
    sooner: tuple[tuple[float, float], ...] = ((24.0, 0.6), (48.0, 0.8))

    def says_yes(self, channel: str, notice_hours: float) -> float:
        """The probability that somebody who answers says yes."""
        factor = next((factor for hours, factor in self.sooner if notice_hours < hours), 1.0)
        return self.yes[channel] * factor


@dataclass(frozen=True, slots=True)
class Habits:
    """What people of a department want and do beside it; all assumed.

    short_notice  share who say that they can come at short notice, in these hours, equally often
    one_site      share who ask for the hospital nearest to them, where their service has clinics there
    some_days     share who can come on three days of the week only
    skill         share who need a skill that only some clinicians of their service have
    pifu_returns  share of patient-initiated follow-ups that are asked for, within these days
    """

    short_notice: float = 0.3
    notice_hours: tuple[int, ...] = (2, 24, 48)
    one_site: float = 0.4
    some_days: float = 0.1
    skill: float = 0.1
    pifu_returns: float = 0.3
    pifu_days: tuple[float, float] = (14.0, 120.0)
