"""The resource board: every resource, what it does, where it is, what limits it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from clearway.core.layout import past
from clearway.core.layout.columns import Column
from clearway.core.layout.queries import columns_of, saved_views
from clearway.core.live.queries import newest_push
from clearway.core.people.permissions import needs
from clearway.engine.ambulance.resources import Doing

from . import boards
from .boards import Row

GROUPS = {"area": "Area", "doing": "State"}
COLUMNS = (
    Column("call-sign", "Call sign", is_fixed=True),
    Column("kind", "Kind"),
    Column("state", "State", is_fixed=True),
    Column("for", "For"),
    Column("where", "Where"),
    Column("shift", "Shift ends"),
    Column("limits", "What limits it"),
)
ORDER = {doing: place for place, doing in enumerate(Doing)}


@dataclass(frozen=True, slots=True)
class Choice:
    """The filters of the address. `text` is looked for in call sign, state, place and limits."""

    area: str
    doing: str
    kind: str
    text: str
    group: str

    def shows(self, row: Row) -> bool:
        words = f"{row.call_sign} {row.state} {row.place} {row.limits}".casefold()
        return (
            (not self.area or row.area == self.area)
            and (not self.doing or row.doing == self.doing)
            and (not self.kind or row.kind == self.kind)
            and all(word in words for word in self.text.casefold().split())
        )

    @property
    def live_filter(self) -> dict[str, str]:
        """What a new row must match to be announced; nothing can when text is looked for."""
        chosen = {"area": self.area, "doing": self.doing, "kind": self.kind, "text": self.text}
        return {name: value for name, value in chosen.items() if value}


@needs("resources.read")
def board(request: Any) -> HttpResponse:
    """Every resource on shift or on a job, grouped by area or by state."""
    chosen = _choice(request)
    asked = past.asked(request)
    live_after = newest_push()
    read = boards.board(request.organisation.pk, request.at, asked.known_at)
    shown = [row for row in read.rows if chosen.shows(row)]
    hidden = [row for row in read.rows if not chosen.shows(row)]
    context = {
        "groups": _grouped(shown, chosen.group),
        "count": len(shown),
        "hidden": len(hidden),
        "hidden_alarmed": sum(1 for row in hidden if row.level),
        "states": _counted(read.rows),
        "doubts": read.doubts,
        "cad_is_away": not read.basis.cad.freshness.may_be_relied_on,
        "cad_heard_at": read.basis.cad.heard_at,
        "areas": sorted({row.area for row in read.rows}),
        "kinds": sorted({row.kind for row in read.rows}),
        "chosen": chosen,
        "group_names": GROUPS,
        "saved": saved_views(request.user, "resources"),
        "columns": columns_of(request.user, "resources", COLUMNS),
        "known_at": asked.known_at,
        "at_error": asked.error,
        "live_topics": "resources feeds tasks",
        "live_after": live_after,
    }
    return render(request, "resources/board.html", context)


def _choice(request: Any) -> Choice:
    group = request.GET.get("group", "area")
    return Choice(
        area=request.GET.get("area", ""),
        doing=request.GET.get("doing", ""),
        kind=request.GET.get("kind", ""),
        text=request.GET.get("text", "").strip()[:60],
        group=group if group in GROUPS else "area",
    )


def _grouped(rows: Iterable[Row], by: str) -> list[tuple[str, list[Row]]]:
    groups: dict[str, list[Row]] = {}
    for row in sorted(rows, key=lambda row: (ORDER[row.doing], row.call_sign)):
        groups.setdefault(row.area if by == "area" else boards.DOING[row.doing], []).append(row)
    return sorted(groups.items()) if by == "area" else list(groups.items())


def _counted(rows: Iterable[Row]) -> list[tuple[Doing, str, int]]:
    rows = list(rows)
    return [(doing, boards.DOING[doing], sum(row.doing is doing for row in rows)) for doing in Doing]
