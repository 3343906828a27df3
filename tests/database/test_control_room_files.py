"""A control room's own file through the real gateway: every row is accounted for, twice over."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from clearway.core.audit.actions import Actor
from clearway.core.feeds.actions import store
from clearway.core.feeds.models import Batch, Quarantined, Source
from clearway.core.organisation.models import Organisation
from clearway.desks.ambulance.incidents.models import Assignment
from clearway.desks.ambulance.quality.models import Finding
from clearway.domain.shared.errors import CannotParse
from clearway.gateway import inbox
from clearway.interchange.adapters import ADAPTERS

pytestmark = pytest.mark.django_db
FIXTURES = Path(__file__).parent.parent / "fixtures"
NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)


def source_of(name: str, organisation: Organisation) -> Source:
    return Source.objects.create(
        organisation=organisation,
        name=name,
        kind="cad",
        format=name,
        expected_interval_seconds=60,
        knows=sorted(ADAPTERS[name].KNOWS),
    )


def deliver(source: Source, at: datetime = NOW) -> Batch:
    """The fixture of the source's format, stored as a file is: the header apart from its rows."""
    header, _, rows = (FIXTURES / f"{source.format}.csv").read_bytes().partition(b"\n")
    batch = store(source, rows, at=at, header=header, first_line=2)
    while inbox.process(lambda: at):
        pass
    batch.refresh_from_db()
    return batch


def counts(batch: Batch) -> tuple[int | None, ...]:
    return batch.lines, batch.applied, batch.duplicate, batch.quarantined


@pytest.mark.parametrize(("name", "rows", "refused"), [("san_francisco", 8, 2), ("lancaster", 10, 3)])
def test_every_row_is_applied_or_quarantined_and_again_all_is_known(
    name: str, rows: int, refused: int, valley: Organisation
) -> None:
    source = source_of(name, valley)

    first, again = deliver(source), deliver(source)

    assert counts(first) == (rows, rows - refused, 0, refused)
    assert counts(again) == (rows, 0, rows - refused, refused)


def test_the_place_names_the_line_of_the_file(valley: Organisation) -> None:
    deliver(source_of("san_francisco", valley))

    places = list(Quarantined.objects.order_by("line").values_list("place", flat=True))

    assert places == ["line 9, field Dispatch DtTm", "line 10, field Dispatch DtTm"]


def test_contradictions_are_stored_as_findings(valley: Organisation) -> None:
    deliver(source_of("san_francisco", valley))

    found = set(Finding.objects.values_list("code", flat=True))

    assert {"HQ01", "JC01", "JC04"} <= found
    assert "HQ04" not in found  # the feed cannot know a handover


def test_a_unit_sent_twice_has_two_assignments(valley: Organisation) -> None:
    deliver(source_of("lancaster", valley))

    keys = Assignment.objects.filter(key__contains="ELMT10").order_by("key").values_list("key", "state")

    assert list(keys) == [("18000003/ELMT10", "stood_down"), ("18000003/ELMT10/2", "clear")]


def test_a_quarantined_row_is_read_again_after_the_mapping_is_mended(
    valley: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(source_of("lancaster", valley))
    row = Quarantined.objects.get(place="line 8, field test_or_file_only")
    person = Actor("test")
    with pytest.raises(CannotParse):
        inbox.replay(row.pk, by=person, at=NOW)

    read: list[object] = []
    monkeypatch.setattr(ADAPTERS["lancaster"], "parse_row", lambda row: read.append(row) or [])
    inbox.replay(row.pk, by=person, at=NOW)

    row.refresh_from_db()
    assert row.state == Quarantined.State.REPLAYED
    assert len(read) == 1
