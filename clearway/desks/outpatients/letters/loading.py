"""Bringing the letters of a region pack into the tables: new versions where the pack changed."""

from datetime import datetime

from django.db import transaction

from clearway.core.audit.actions import Actor, Entry, record
from clearway.domain.outpatients.letters import LetterPack, Text, style_of
from clearway.domain.outpatients.plain_english import check

from .models import Correspondent, LetterText


@transaction.atomic
def load_letters(pack: LetterPack, *, organisation_id: int, by: Actor, at: datetime) -> int:
    """Bring the texts to what a pack says, in force from its day; returns how many versions are new.

    Loading the same pack again changes nothing, and a text that somebody changed here since is left alone.
    Texts of a pack count as approved by its owner: a proposal until the clinical lead approves their own.
    """
    rows = LetterText.objects.filter(organisation_id=organisation_id).order_by("version")
    versions: dict[str, list[LetterText]] = {}
    for row in rows:
        versions.setdefault(row.code, []).append(row)
    fresh = [
        _version(text, versions.get(text.code, []), pack, organisation_id, by, at)
        for text in pack.texts
        if _is_new(text, versions.get(text.code, []))
    ]
    LetterText.objects.bulk_create(fresh)
    for address in pack.addresses:
        Correspondent.objects.get_or_create(
            organisation_id=organisation_id,
            key=address.key,
            defaults={"name": address.name, "address": address.address},
        )
    detail = {"texts": len(pack.texts), "new_versions": len(fresh), "addresses": len(pack.addresses)}
    entry = Entry("letters.load", f"organisation:{organisation_id}", detail)
    record([entry], organisation_id=organisation_id, by=by, at=at)
    return len(fresh)


def _is_new(text: Text, there: list[LetterText]) -> bool:
    if not there:
        return True
    is_ours = all(each.author_id is None for each in there)
    return is_ours and not any(_says(each) == _said(text) for each in there)


def _says(row: LetterText) -> tuple[object, ...]:
    return (row.title, row.body, row.applies, row.place)


def _said(text: Text) -> tuple[object, ...]:
    return (text.title, text.body, applies_of(text), text.place)


def applies_of(text: Text) -> dict[str, list[str]]:
    """As the table has it."""
    return {name: list(words) for name, words in text.applies.items() if words}


def findings_of(text: Text) -> list[dict[str, str]]:
    """What the plain-English check says of a text, as the table has it; it reads English alone."""
    if text.language:
        return []
    read = check(text.body, style_of(text.what, text.style))
    return [
        {"where": each.where, "says": each.says, "fix": each.fix, "source": each.source}
        for each in read.findings
    ]


def _version(
    text: Text, there: list[LetterText], pack: LetterPack, organisation_id: int, by: Actor, at: datetime
) -> LetterText:
    return LetterText(
        organisation_id=organisation_id,
        what=text.what,
        code=text.code,
        kind=text.kind,
        audience=text.audience,
        style=text.style,
        language=text.language,
        version=len(there) + 1,
        title=text.title,
        body=text.body,
        applies=applies_of(text),
        place=text.place,
        note="From the region pack: a proposal until the clinical lead approves a version.",
        state=LetterText.State.APPROVED,
        made_at=at,
        made_by=by.name,
        findings=findings_of(text),
        checked_at=at,
        checked_by=by.name,
        approved_at=at,
        approved_by=f"Region pack ({pack.owner})"[:150],
        valid_from=pack.valid_from,
    )
