"""General practices and other organisations of the national directory, and who takes the place of one.

The Organisation Data Service (ODS) publishes who closed and who succeeded whom. A succession holds from its
legal day on; some practices are split, so that one code may have several successors: a person chooses then.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from .words import Code

MOST_STEPS = 20  # successors of successors that are followed; the national file needs five


@dataclass(frozen=True, slots=True)
class Listed:
    """An organisation as the directory has it. No person: neither contacts nor practitioners are kept.

    role    what it is, in words; parent  code of the commissioner or trust above it
    status  as ODS says it: active, dormant, proposed or closed
    """

    code: str
    name: str
    role: str = ""
    parent: str = ""
    address: str = ""
    postcode: str = ""
    status: str = "active"
    opened_on: date | None = None
    closed_on: date | None = None

    def is_closed(self, on: date) -> bool:
        """Whether it is closed on a day; closed without a day counts as closed."""
        if self.closed_on is not None:
            return self.closed_on < on
        return self.status == "closed"


@dataclass(frozen=True, slots=True)
class Succession:
    """`new` takes the place of `old` from a day on. reason  the code of the file, kept as it came."""

    old: str
    new: str
    on: date
    reason: str = ""


class Standing(Code):
    """How a code that somebody gave stands today."""

    CURRENT = "current", "open"
    SUCCEEDED = "succeeded", "closed, with a successor"
    SEVERAL = "several", "closed: choose its successor"
    CLOSED = "closed", "closed without a successor that is known"
    UNKNOWN = "unknown", "not in the directory"


SETTLED = frozenset({Standing.CURRENT, Standing.SUCCEEDED})


@dataclass(frozen=True, slots=True)
class Found:
    """What became of a code.

    way      the codes from the one that was given to the one that counts; the last is where it ends
    choices  where it ends at several: their codes
    """

    standing: Standing
    way: tuple[str, ...]
    choices: tuple[str, ...] = ()

    @property
    def told(self) -> str:
        return self.way[0]

    @property
    def current(self) -> str:
        return self.way[-1]


def follow(
    code: str,
    listed: Mapping[str, Listed],
    successors: Mapping[str, Sequence[Succession]],
    chosen: Mapping[str, str],
    on: date,
) -> Found:
    """What a code stands for on a day: itself while it is open, else whoever took its place.

    chosen  closed code -> the successor that a person chose for it
    """
    way = [code]
    while (row := listed.get(way[-1])) is not None and row.is_closed(on):
        over = sorted({each.new for each in successors.get(row.code, ()) if each.on <= on})
        step = over[0] if len(over) == 1 else chosen.get(row.code)
        if step is None or step not in over:
            return Found(Standing.SEVERAL if over else Standing.CLOSED, tuple(way), tuple(over))
        if step in way or len(way) > MOST_STEPS or step not in listed:
            return Found(Standing.CLOSED, tuple(way), tuple(over))
        way.append(step)
    if row is None:
        return Found(Standing.UNKNOWN, (code,))
    return Found(Standing.SUCCEEDED if len(way) > 1 else Standing.CURRENT, tuple(way))


def without_circles(
    rows: Iterable[Succession], known: Iterable[Succession] = ()
) -> tuple[list[Succession], list[Succession]]:
    """The successions that lead somewhere, and those that would lead back to where one came from.

    known  those that stand already; they are kept, whatever the new ones say
    """
    after: dict[str, set[str]] = {}
    for each in known:
        after.setdefault(each.old, set()).add(each.new)
    good, circular = [], []
    for each in rows:
        if each.old in _reached(each.new, after):
            circular.append(each)
        else:
            after.setdefault(each.old, set()).add(each.new)
            good.append(each)
    return good, circular


def _reached(code: str, after: Mapping[str, set[str]]) -> set[str]:
    seen, open_ = {code}, [code]
    while open_:
        fresh = after.get(open_.pop(), set()) - seen
        seen |= fresh
        open_ += fresh
    return seen
