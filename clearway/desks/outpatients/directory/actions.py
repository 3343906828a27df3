"""Writing the directory: loading a file of it, and choosing between several successors."""

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from clearway.core.audit.actions import Actor, Entry
from clearway.core.audit.actions import record as audit
from clearway.core.layout.times import local
from clearway.core.locks import Lock, one_at_a_time
from clearway.domain.outpatients.practices import Listed, Succession, without_circles
from clearway.domain.shared.errors import CannotParse, NotAllowed
from clearway.interchange import organisation_file

from ..letters import wanted as letters
from ..patients import queries as patients
from . import queries
from .models import DirectoryLoad, ListedOrganisation, ListedSuccession, SuccessorChoice

AT_ONCE = 2000
MOST_KEPT = 200  # refused rows that are kept with a load; all of them are counted


@dataclass(frozen=True, slots=True)
class Change:
    """What a file changes of one organisation. fields: the columns that differ; none of one that is new."""

    now: Listed
    before: Listed | None
    fields: tuple[str, ...] = ()
    patients: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """What loading a file would do. same: organisations and successions that are here already."""

    form: str
    changes: tuple[Change, ...]
    successions: tuple[Succession, ...]
    same: int
    refused: tuple[CannotParse, ...]

    @property
    def new(self) -> list[Change]:
        return [each for each in self.changes if each.before is None]

    @property
    def altered(self) -> list[Change]:
        return [each for each in self.changes if each.before is not None]

    @property
    def closed(self) -> list[Change]:
        """Those that were open here and are closed now."""
        gone = ("status", "closed_on")
        return [each for each in self.altered if set(each.fields) & set(gone) and each.now.closed_on]


def plan(raw: bytes, *, organisation_id: int) -> Plan:
    """What loading this file would do; nothing is written.

    Raises CannotParse where it cannot be read as a whole. Of an organisation that a file has twice the last
    row counts, and the others are refused.
    """
    found = organisation_file.read(raw)
    rows, twice = _last_of_each(found.listed)
    carried = patients.practices(organisation_id)
    before = {row.code: queries.value(row) for row in queries.newest(organisation_id)}
    changes = [
        Change(row, before.get(row.code), _differ(before.get(row.code), row), carried.get(row.code, 0))
        for row in rows
        if before.get(row.code) != row
    ]
    known = {
        (row.old, row.new): Succession(row.old, row.new, row.on, row.reason)
        for row in ListedSuccession.objects.filter(organisation_id=organisation_id)
    }
    fresh = [each for each in found.successions if known.get((each.old, each.new)) != each]
    added = [each for each in fresh if (each.old, each.new) not in known]
    moved = [each for each in fresh if (each.old, each.new) in known]
    good, circular = without_circles(added, known.values())
    refused = (*found.refused, *twice, *map(_circle, circular))
    total = len(rows) + len(found.successions)
    same = total - len(changes) - len(good) - len(moved) - len(circular)
    return Plan(found.form, tuple(changes), (*good, *moved), same, refused)


def _last_of_each(rows: Iterable[Listed]) -> tuple[list[Listed], list[CannotParse]]:
    rows = list(rows)
    times = Counter(row.code for row in rows)
    twice = [
        CannotParse(
            f"organisation {code}", f"The file has it {count} times; the last counts.", "Leave one of them."
        )
        for code, count in times.items()
        if count > 1
    ]
    return list({row.code: row for row in rows}.values()), twice


def _differ(before: Listed | None, now: Listed) -> tuple[str, ...]:
    if before is None:
        return ()
    return tuple(name for name in queries.FIELDS if getattr(before, name) != getattr(now, name))


def _circle(each: Succession) -> CannotParse:
    why = f"{each.new} leads back to {each.old}, so that neither would ever be reached."
    return CannotParse(f"succession {each.old} to {each.new}", why, "Ask ODS which of the rows is right.")


@transaction.atomic
def load(
    raw: bytes, name: str, *, organisation_id: int, by: Actor, at: datetime
) -> tuple[Plan, DirectoryLoad]:
    """Take a file of the directory in: a new version of each organisation that differs, and new successions.

    The same file again changes nothing. Rows that are refused are named and the others are taken. Raises
    CannotParse where it cannot be read as a whole.
    """
    one_at_a_time(Lock.DIRECTORY, organisation_id)
    made = plan(raw, organisation_id=organisation_id)
    changed = len(made.changes) + len(made.successions)
    row = DirectoryLoad.objects.create(
        organisation_id=organisation_id,
        name=name[:200],
        form=made.form,
        digest=hashlib.sha256(raw).hexdigest(),
        rows=changed + made.same,
        changed=changed,
        refused_count=len(made.refused),
        refused=[
            {"where": each.where, "why": each.why, "fix": each.fix} for each in made.refused[:MOST_KEPT]
        ],
        loaded_at=at,
        loaded_by=by.name[:150],
    )
    _write_versions(made.changes, row)
    _write_successions(made.successions, row)
    if changed:
        letters.practices_changed(organisation_id, at=at)
    detail = {"form": made.form, "digest": row.digest, "changed": changed, "refused": len(made.refused)}
    entry = Entry("directory.load", f"organisation:{organisation_id}", detail)
    audit([entry], organisation_id=organisation_id, by=by, at=at)
    return made, row


def _write_versions(changes: Iterable[Change], load_: DirectoryLoad) -> None:
    by_code = {each.now.code: each.now for each in changes}
    rows = ListedOrganisation.objects.filter(organisation_id=load_.organisation_id, is_newest=True)
    before = dict(rows.filter(code__in=by_code).values_list("code", "version"))
    rows.filter(code__in=by_code).update(is_newest=False)
    fresh = [
        ListedOrganisation(
            organisation_id=load_.organisation_id,
            load=load_,
            code=code,
            version=before.get(code, 0) + 1,
            **{name: getattr(now, name) for name in queries.FIELDS},
        )
        for code, now in by_code.items()
    ]
    ListedOrganisation.objects.bulk_create(fresh, batch_size=AT_ONCE)


def _write_successions(successions: Iterable[Succession], load_: DirectoryLoad) -> None:
    rows = [
        ListedSuccession(
            organisation_id=load_.organisation_id,
            load=load_,
            old=each.old,
            new=each.new,
            on=each.on,
            reason=each.reason,
        )
        for each in successions
    ]
    ListedSuccession.objects.bulk_create(
        rows,
        batch_size=AT_ONCE,
        update_conflicts=True,
        unique_fields=["organisation", "old", "new"],
        update_fields=["on", "reason", "load"],
    )


@transaction.atomic
def choose(old: str, new: str, why: str, *, organisation_id: int, by: Actor, at: datetime) -> SuccessorChoice:
    """Say which of several successors counts for our patients. The newest choice counts.

    Raises NotAllowed for a successor that the directory does not name, and without a reason.
    """
    event = "Choosing a successor"
    found = queries.resolved(organisation_id, old, local(at).date())
    offered = set(found.found.choices) if found is not None else set()
    if not offered:  # chosen before: the way goes on, and the choices are those of the directory
        rows = ListedSuccession.objects.filter(organisation_id=organisation_id, old=old)
        offered = set(rows.values_list("new", flat=True))
    if new not in offered:
        raise NotAllowed("not chosen", event, "Choose one of the successors that the directory names.")
    if not why.strip():
        raise NotAllowed("not chosen", event, "Say how you know, for example who told you.")
    row = SuccessorChoice.objects.create(
        organisation_id=organisation_id,
        old=old,
        new=new,
        why=why.strip()[:200],
        chosen_at=at,
        chosen_by=by.name[:150],
    )
    letters.practices_changed(organisation_id, at=at)
    detail = {"new": new, "why": row.why}
    audit(
        [Entry("directory.choose", f"practice:{old}", detail)], organisation_id=organisation_id, by=by, at=at
    )
    return row
