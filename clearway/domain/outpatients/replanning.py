"""Moving patients because their clinic does not take place: what weighs how much, and what they say."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType

from .booking import REASONS
from .words import CancelledBy, Code

WHOLE_CLINICS: Mapping[str, str] = MappingProxyType(
    {
        code: REASONS[CancelledBy.PROVIDER][code]
        for code in (
            *("staff_sickness", "staff_leave", "room", "equipment"),
            *("clinic_cancelled", "provider_other"),
        )
    }
)


class Told(Code):
    """What came of ringing somebody whose appointment was moved or cancelled."""

    TOLD = "told", "told"
    NOBODY = "nobody", "no answer"
    OTHER = "other", "wants another date"


KEYS: Mapping[str, Told] = MappingProxyType({"t": Told.TOLD, "x": Told.NOBODY, "o": Told.OTHER})


@dataclass(frozen=True, slots=True)
class ReplanPolicy:
    """Weights in days of waiting (policy `replanning`): what one day later than before weighs, is 1. They are
    assumed until a trust sets its own.

    late          a day after the treat-by date
    urgent        times as much, for urgent patients, of every day
    earlier       a day sooner than the date that was agreed
    clinician     somebody else than before
    site          another site than before, or one they did not ask for
    weekday       a weekday they did not ask for
    medium        another way of consultation: never, where `keep_medium`
    weeks         that are looked ahead
    notice_hours  of patients who did not say how much they need
    """

    late: int = 10
    urgent: int = 5
    earlier: int = 1
    clinician: int = 14
    site: int = 21
    weekday: int = 7
    medium: int = 10
    weeks: int = 12
    notice_hours: int = 72
    keep_medium: bool = False

    def __post_init__(self) -> None:
        if min(getattr(self, each.name) for each in fields(self)) < 0 or min(self.urgent, self.weeks) < 1:
            raise ValueError(f"Weights are 0 or more, and some weeks are looked ahead: {self}")
