"""Keeping the findings of each stream as its facts, and what a duty looks at, stand."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from clearway.domain.shared.findings import Finding as Found

from .models import Finding, FindingCase

Origin = Finding.Origin
AT_ONCE = 2000


def replace(found: Mapping[str, Sequence[Found]], organisation_id: int, at: datetime) -> None:
    """Replace the findings of these streams by what their facts now show.

    What stands as it stood is known since then; with other evidence it is another finding.
    """
    rows = Finding.objects.filter(organisation_id=organisation_id, stream__in=found, origin=Origin.FACTS)
    since = {(row.stream, row.code, row.what, row.evidence): row.known_at for row in rows}
    if since:
        rows.delete()
    Finding.objects.bulk_create(
        _finding(
            organisation_id,
            stream,
            place,
            finding,
            since.get((stream, finding.code, str(finding.what), finding.evidence[:300]), at),
        )
        for stream, findings in found.items()
        for place, finding in enumerate(findings)
    )


def show(
    origin: Finding.Origin,
    found: Mapping[str, Sequence[Found]],
    among: Collection[str],
    *,
    organisation_id: int,
    at: datetime,
) -> int:
    """Bring what a duty has looked at in line: the findings of one origin on these streams.

    Only what is otherwise than before is written. Returns how many streams that were. Evidence grows with
    the minutes: a finding is known since it was first shown without a break, whatever it says now.
    """
    streams, changed = sorted(among), 0
    for first in range(0, len(streams), AT_ONCE):
        part = streams[first : first + AT_ONCE]
        kept = Finding.objects.filter(organisation_id=organisation_id, stream__in=part, origin=origin)
        before: dict[str, list[Found]] = defaultdict(list)
        since: dict[tuple[str, str, str], datetime] = {}
        for row in kept.order_by("place"):
            since[row.stream, row.code, row.what] = row.known_at
            before[row.stream].append(Found(row.code, row.what, row.evidence, row.proposed))
        now = {stream: [_cut(each) for each in found.get(stream, ())] for stream in part}
        other = [stream for stream in part if before.get(stream, []) != now[stream]]
        kept.filter(stream__in=other).delete()
        Finding.objects.bulk_create(
            _finding(
                organisation_id,
                stream,
                place,
                finding,
                since.get((stream, finding.code, str(finding.what)), at),
                origin,
            )
            for stream in other
            for place, finding in enumerate(now[stream])
        )
        changed += len(other)
    return changed


def _cut(found: Found) -> Found:
    return Found(found.code, str(found.what), found.evidence[:300], found.proposed)


def _finding(
    organisation_id: int,
    stream: str,
    place: int,
    found: Found,
    at: datetime,
    origin: Finding.Origin = Origin.FACTS,
) -> Finding:
    return Finding(
        organisation_id=organisation_id,
        stream=stream,
        origin=origin,
        place=place,
        code=found.code,
        what=found.what,
        evidence=found.evidence[:300],
        proposed=found.proposed,
        known_at=at,
    )


def add(found: Found, *, organisation_id: int, stream: str, at: datetime) -> None:
    """Put one more finding behind those of its stream."""
    kept = Finding.objects.filter(organisation_id=organisation_id, stream=stream, origin=Origin.FACTS)
    place = kept.count()
    Finding.objects.bulk_create([_finding(organisation_id, stream, place, found, at)])


def forget(organisation_id: int, streams: Collection[str], at: datetime) -> None:
    """Take away the findings of streams that have no facts any more; open cases end as forgotten."""
    Finding.objects.filter(organisation_id=organisation_id, stream__in=streams).delete()
    still_open = FindingCase.objects.filter(
        organisation_id=organisation_id, stream__in=streams, ended_at__isnull=True
    )
    still_open.update(ended_at=at, ended=FindingCase.Ended.FORGOTTEN)
