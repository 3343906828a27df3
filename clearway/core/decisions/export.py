"""Entries of the log as a file, with parts left out of some of them."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from clearway.domain.shared.figures import Figures, as_text
from clearway.interchange import sheets

from ..layout import papers
from ..layout.times import clock, day, moment
from ..people.roles import name_of
from .models import Decision

# Parts that can be left out, in the order of the file. When, who and in which role always stays.
PARTS: Mapping[str, str] = {
    "known": "Known",
    "options": "Options",
    "nothing": "If nothing is done",
    "risks_patients": "Risks for patients",
    "risks_staff": "Risks for staff",
    "risks_system": "Risks for the system",
    "policy": "Policy",
    "advice": "Advice and challenge",
    "decision": "Decision",
    "reason": "Reason",
    "told": "Told",
    "notes": "Since then",
}
FORMS: Mapping[str, str] = {"text": "Text", "csv": "CSV", "pdf": "PDF"}
LEFT_OUT = "[left out]"


@dataclass(frozen=True, slots=True)
class Asked:
    """Which days, as what, and which parts of which entries are left out, with the reason.

    shown  the seal of the entries that somebody looked at before they asked (see seal)
    """

    first: date
    last: date
    form: str
    cuts: Mapping[int, frozenset[str]] = field(default_factory=dict)
    reason: str = ""
    shown: str = ""


def words_of(row: Decision, part: str) -> str:
    """One part of an entry in words."""
    if part == "told":
        return "; ".join(each.words for each in row.told.all())
    if part == "notes":
        return "; ".join(
            f"{each.get_kind_display()} {moment(each.at, row.decided_at)}, {each.by}: {each.words}"
            for each in row.notes.all()
        )
    return str(getattr(row, part))


def _cells(row: Decision, cut: frozenset[str]) -> list[tuple[str, str]]:
    head = [
        ("Taken", f"{day(row.decided_at)}, {clock(row.decided_at)}"),
        ("Written", f"{day(row.written_at)}, {clock(row.written_at)}"),
        ("By", f"{row.by}, {name_of(row.role)}"),
        ("Where", row.site.name if row.site else "Whole region"),
        ("Corrects", str(row.supersedes_id or "")),
    ]
    return head + [(says, LEFT_OUT if part in cut else words_of(row, part)) for part, says in PARTS.items()]


def seal(rows: Iterable[Decision]) -> str:
    """What these entries say, as a digest: another for one more entry, and for one more word of one."""
    said = [[row.pk, _cells(row, frozenset())] for row in rows]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def made(asked: Asked, rows: Iterable[Decision], at: datetime) -> bytes:
    """The file: the same entries and cuts, the same bytes."""
    cells = [(row.pk, _cells(row, asked.cuts.get(row.pk, frozenset()))) for row in rows]
    if asked.form == "csv":
        columns = ["Entry", *(says for says, _ in cells[0][1])] if cells else ["Entry"]
        return sheets.write(columns, [[str(key), *(text for _, text in each)] for key, each in cells])
    left_out = f"Parts were left out: {asked.reason}" if asked.cuts else "Nothing was left out."
    about = (f"{asked.first:%-d %b %Y} to {asked.last:%-d %b %Y}, {len(cells)} entries. {left_out}",)
    figures = [
        Figures(
            "",
            ("Part", "Words"),
            tuple((says, text or "No data") for says, text in each),
            title=f"Entry {key}",
        )
        for key, each in cells
    ]
    if asked.form == "pdf":
        return papers.as_pdf("Decision log", about, figures, at)
    return as_text("Decision log", about, figures).encode()
