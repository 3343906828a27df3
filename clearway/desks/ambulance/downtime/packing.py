"""Writing downtime packs: sealed, into every folder that the settings name, each by itself."""

import contextlib
import logging
import os
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction

from clearway.core.audit.actions import Actor, Entry
from clearway.core.audit.actions import record as audit
from clearway.core.organisation.models import Organisation
from clearway.domain.ambulance.words import FormKind
from clearway.domain.shared.region import Desk
from clearway.interchange import sealed

from . import pack, queries, register
from .carried import ClinicList, Lists
from .models import PackFolder, PaperForm
from .policy import Downtime, downtime

log = logging.getLogger(__name__)
SHELL = Path(__file__).parent / "templates" / "downtime" / "pack_shell.html"
RESERVE = 3  # blank forms of each kind that a pack holds
AGAIN = timedelta(minutes=1)  # until a folder that failed is tried again
NAME = re.compile(r"clearway-pack-(?P<slug>[a-z0-9-]+)-(?P<at>\d{8}T\d{4}Z)\.html")


@dataclass(frozen=True, slots=True)
class Written:
    """One pack in one folder; `problem` says why there is none."""

    folder: str
    name: str
    size: int
    problem: str = ""


def passphrase() -> str:
    """The passphrase of the settings, from its file or the environment; "" where there is none."""
    if settings.DOWNTIME_PASSPHRASE_FILE:
        try:
            return Path(settings.DOWNTIME_PASSPHRASE_FILE).read_text().strip()
        except OSError:
            return ""
    return str(settings.DOWNTIME_PASSPHRASE)


def problem_of_passphrase(words: str) -> str:
    """Why packs cannot be sealed with it; "" when they can."""
    if not words:
        return "There is no passphrase for the packs."
    if len(words) < sealed.SHORTEST_PASSPHRASE:
        return f"The passphrase has {len(words)} characters, it needs {sealed.SHORTEST_PASSPHRASE}."
    return ""


def no_lists() -> Sequence[ClinicList]:
    """Those of a trust without an outpatient desk."""
    return ()


def tend(organisation: Organisation, *, by: Actor, at: datetime, lists: Lists = no_lists) -> list[Written]:
    """Write a pack into every folder whose last one is old enough, and remove what is past its time.

    lists  gives the clinic lists that go in; asked only where a pack is written
    """
    folders: Sequence[str] = settings.DOWNTIME_FOLDERS
    kept = {row.folder: row for row in queries.pack_folders(organisation.pk)}
    if not folders and not kept:
        return []
    policy = downtime(organisation.pk, at)
    for folder, row in kept.items():
        if folder not in folders and _is_due(row, policy, at):
            _leave(organisation, row, at - policy.keep, by, at)
    due = [folder for folder in folders if _is_due(kept.get(folder), policy, at)]
    return write(organisation, due, by=by, at=at, lists=lists) if due else []


def _leave(organisation: Organisation, row: PackFolder, before: datetime, by: Actor, at: datetime) -> None:
    """A folder that the settings name no more: its packs go when they are past their time, then its row."""
    remove_old(Path(row.folder), organisation.slug, before)
    if _holds_packs(Path(row.folder), organisation.slug) or (row.written_at and row.written_at >= before):
        row.problem, row.failed_at = "The settings do not name it: its packs go at their time.", at
        row.save(update_fields=["problem", "failed_at"])
        return
    detail = {"folder": row.folder, "problem": "left by the settings, empty"}
    row.delete()
    entry = Entry("downtime.pack", f"organisation:{organisation.code}", detail)
    audit([entry], organisation_id=organisation.pk, by=by, at=at)


def _holds_packs(folder: Path, slug: str) -> bool:
    """Whether a pack of a trust lies there; True where nobody can look."""
    try:
        found = [NAME.fullmatch(path.name) for path in folder.iterdir()]
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return any(each is not None and each["slug"] == slug for each in found)


def _is_due(row: PackFolder | None, policy: Downtime, at: datetime) -> bool:
    if row is None:
        return True
    if row.problem and row.failed_at is not None:
        return at >= row.failed_at + AGAIN
    return row.written_at is None or at >= row.written_at + policy.every


def write(
    organisation: Organisation, folders: Sequence[str], *, by: Actor, at: datetime, lists: Lists = no_lists
) -> list[Written]:
    """Write a pack into these folders. One that is full or gone keeps no other from its pack.

    What is past its time goes first, whether or not a new pack can be made.
    """
    keep = downtime(organisation.pk, at).keep
    for folder in folders:
        remove_old(Path(folder), organisation.slug, at - keep)
    words = passphrase()
    name = f"clearway-pack-{organisation.slug}-{at.astimezone(UTC):%Y%m%dT%H%MZ}.html"
    if problem := problem_of_passphrase(words):
        found = [Written(folder, name, 0, problem) for folder in folders]
    else:
        file = made(organisation, words, by=by, at=at, lists=lists).encode()
        found = [_put(Path(folder), name, file) for folder in folders]
    _note(organisation, found, by, at)
    return found


def made(organisation: Organisation, words: str, *, by: Actor, at: datetime, lists: Lists = no_lists) -> str:
    """The sealed file of the picture at an instant. Clinic lists that cannot be made cost a control room no
    pack: it says so of them. Raises what a desk of clinics alone cannot be packed for."""
    has_boards = Desk.AMBULANCE.value in organisation.desks
    forms = reserve(organisation.pk, by=by, at=at) if has_boards else []
    page = pack.page(organisation, forms, at, _clinics(lists) if has_boards else lists())
    return sealed.seal(
        page,
        words,
        salt=secrets.token_bytes(sealed.SALT_BYTES),
        nonce=secrets.token_bytes(sealed.NONCE_BYTES),
        title=f"Downtime pack of {organisation.name}, {at.astimezone(UTC):%d %b %Y %H:%M} UTC",
        shell=SHELL.read_text(),
    )


def _clinics(lists: Lists) -> Sequence[ClinicList] | None:
    """The clinic lists; None where they could not be made."""
    try:
        with transaction.atomic():
            return lists()
    except Exception:  # whatever the fault of the other desk, its boards must not miss their pack
        log.exception("no clinic lists in the downtime pack")
        return None


def reserve(organisation_id: int, *, by: Actor, at: datetime) -> list[PaperForm]:
    """The blank forms that packs hold: the same numbers in each until they are used. Drawn when too few."""
    blank = queries.forms(organisation_id).filter(of_pack=True, state=PaperForm.State.BLANK)
    held = list(blank)
    missing = {kind: RESERVE - sum(row.kind == kind for row in held) for kind in FormKind}
    if any(number > 0 for number in missing.values()):
        wanted = {kind: max(0, number) for kind, number in missing.items()}
        register.draw(wanted, of_pack=True, is_drill=False, organisation_id=organisation_id, by=by, at=at)
        held = list(blank.all())
    return held


def _put(folder: Path, name: str, file: bytes) -> Written:
    """Write whole or not at all: who opens a pack never finds half of one."""
    draft = folder / f".{name}.draft"
    try:
        with draft.open("wb") as out:
            out.write(file)
            out.flush()
            os.fsync(out.fileno())
        draft.replace(folder / name)
    except OSError as problem:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
        log.warning("no downtime pack in %s: %s", folder, problem.strerror)
        return Written(str(folder), name, 0, f"It cannot be written: {problem.strerror}."[:300])
    return Written(str(folder), name, len(file))


def remove_old(folder: Path, slug: str, before: datetime) -> list[str]:
    """Remove the packs of a trust that were made before an instant. Returns their names."""
    gone = []
    try:
        for path in sorted(folder.iterdir()):
            found = NAME.fullmatch(path.name)
            if found is None or found["slug"] != slug:
                continue
            if datetime.strptime(found["at"], "%Y%m%dT%H%MZ").replace(tzinfo=UTC) < before:
                path.unlink()
                gone.append(path.name)
    except OSError as problem:
        log.warning("old downtime packs stay in %s: %s", folder, problem.strerror)
    return gone


@transaction.atomic
def _note(organisation: Organisation, found: Sequence[Written], by: Actor, at: datetime) -> None:
    """Keep how it stands with each folder, and audit what changed from well to ill or back."""
    rows = {row.folder: row for row in queries.pack_folders(organisation.pk).select_for_update()}
    entries = []
    for each in found:
        row = rows.get(each.folder) or PackFolder(organisation=organisation, folder=each.folder)
        if row.pk is None or bool(row.problem) != bool(each.problem):
            detail = {"folder": each.folder, "problem": each.problem}
            entries.append(Entry("downtime.pack", f"organisation:{organisation.code}", detail))
        row.problem = each.problem
        if each.problem:
            row.failed_at = at
        else:
            row.written_at, row.name, row.size = at, each.name, each.size
        row.save()
    audit(entries, organisation_id=organisation.pk, by=by, at=at)
