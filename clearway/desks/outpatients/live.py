"""What the tailer renders for the screens of the outpatient desk: once for everybody, so without identity.

A diary shows names, and every look at a name is recorded. So what is pushed says only that a day of the diary
has changed; a screen that shows the day reads it anew, as the person before it.
"""

from collections.abc import Mapping
from datetime import datetime

from clearway.core.live.drawn import drawn
from clearway.core.live.fragments import Fragment
from clearway.core.live.tailer import Render
from clearway.core.onward import presenters as onward
from clearway.core.onward import queries as requests


def days(organisation_id: int, keys: frozenset[str], at: datetime) -> list[Fragment]:
    """The mark of every day of the diary that changed: when it did."""
    stamp = at.isoformat()
    return [
        Fragment("diary", key, str(drawn("clinics/changed.html", day=key, at=stamp))) for key in sorted(keys)
    ]


def come(organisation_id: int, keys: frozenset[str], at: datetime) -> list[Fragment]:
    """The rows of some onward requests that came here: they name nobody."""
    return [
        Fragment(
            "onward_come", str(row.pk), drawn("onward_in/row.html", row=onward.row_of(row, row.sender.name))
        )
        for row in requests.come(organisation_id, at)
        if str(row.pk) in keys
    ]


RENDERERS: Mapping[str, Render] = {"diary": days, "onward_come": come}
