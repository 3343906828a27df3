"""Recording where resources are. Exempt from audit rows by law; the raw batch is kept all the same."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
import numpy as np
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from clearway.core.feeds.models import Source
from clearway.core.live.actions import announce
from clearway.core.organisation.models import Site
from clearway.domain.ambulance.events import Position
from clearway.domain.shared.geography import distance_km, nearest

from ..facts.actions import lock

_ENCODER = msgspec.json.Encoder()
AT_A_PLACE_KM = 0.5  # nearer than this a resource is "at" the place, else "near" it

_APPEND = """
INSERT INTO ambulance_position
    (organisation_id, source, known_at, call_sign, occurred_at, latitude, longitude, speed_kmh)
SELECT %s, %s, %s, p.* FROM json_to_recordset(%s)
    AS p(call_sign text, occurred_at timestamptz, latitude float8, longitude float8, speed_kmh float8)
ON CONFLICT DO NOTHING RETURNING call_sign, occurred_at
"""

_FOLLOW = """
WITH newest AS (
    SELECT * FROM json_to_recordset(%(newest)s)
        AS p(call_sign text, occurred_at timestamptz, latitude float8, longitude float8, place text)
), before AS (
    SELECT call_sign, place FROM ambulance_resource
    WHERE organisation_id = %(organisation)s AND call_sign IN (SELECT call_sign FROM newest)
), moved AS (
    INSERT INTO ambulance_resource AS r (organisation_id, call_sign, latitude, longitude, position_at, place)
    SELECT %(organisation)s, call_sign, latitude, longitude, occurred_at, place FROM newest ORDER BY call_sign
    ON CONFLICT (organisation_id, call_sign) DO UPDATE
        SET latitude = excluded.latitude, longitude = excluded.longitude,
            position_at = excluded.position_at, place = excluded.place
        WHERE r.position_at IS NULL OR r.position_at < excluded.position_at
    RETURNING call_sign, place
)
SELECT call_sign FROM moved LEFT JOIN before USING (call_sign) WHERE moved.place IS DISTINCT FROM before.place
"""


@transaction.atomic
def record_positions(positions: Sequence[Position], *, source: Source, at: datetime) -> list[bool]:
    """Append positions and move the newest of each resource forward; an older one never moves it back.

    Returns for each position whether it was new (its key is call sign and time).
    """
    lock(source.organisation_id)  # the same as for facts: both write resources, and one worker may do both
    with connection.cursor() as cursor:
        cursor.execute(
            _APPEND,
            [
                source.organisation_id,
                source.name,
                at,
                _ENCODER.encode(positions).decode(),
            ],
        )
        new = set(cursor.fetchall())
        _follow(cursor, positions, source, at)
    outcomes = []
    for position in positions:
        key = (position.call_sign, position.occurred_at)
        outcomes.append(key in new)
        new.discard(key)
    return outcomes


def _follow(cursor: CursorWrapper, positions: Sequence[Position], source: Source, at: datetime) -> None:
    newest: dict[str, Position] = {}
    for position in positions:
        seen = newest.get(position.call_sign)
        if seen is None or seen.occurred_at < position.occurred_at:
            newest[position.call_sign] = position
    rows = [
        {
            "call_sign": position.call_sign,
            "occurred_at": position.occurred_at,
            "latitude": position.latitude,
            "longitude": position.longitude,
            "place": place,
        }
        for position, place in zip(
            newest.values(), places(list(newest.values()), source.organisation_id), strict=True
        )
    ]
    cursor.execute(
        _FOLLOW, {"organisation": source.organisation_id, "newest": _ENCODER.encode(rows).decode()}
    )
    elsewhere = [call_sign for (call_sign,) in cursor.fetchall()]
    # A row of the board is drawn again only when its place has another name; the map is fetched by its pages.
    announce("resource", elsewhere, organisation_id=source.organisation_id, at=at)


def places(positions: Sequence[Position], organisation_id: int) -> list[str | None]:
    """The nearest named place of each position, in words: "at Torbay", "near Totnes"."""
    sites = list(
        Site.objects.filter(organisation_id=organisation_id).values_list("name", "latitude", "longitude")
    )
    if not sites or not positions:
        return [None] * len(positions)
    names, latitudes, longitudes = zip(*sites, strict=True)
    here = np.array([(position.latitude, position.longitude) for position in positions])
    there = np.column_stack((latitudes, longitudes))
    site = nearest(here, there)
    apart = distance_km(here[:, 0], here[:, 1], there[site, 0], there[site, 1])
    return [
        f"{'at' if near else 'near'} {names[row]}"
        for row, near in zip(site.tolist(), (apart < AT_A_PLACE_KM).tolist(), strict=True)
    ]
