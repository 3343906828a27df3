"""Every public example of HL7 v2, delivered to a department.

First as published, to a sender whose mapping is empty: applied, set aside, refused with a plain reason, or
out of scope and said so. Then those of a kind that is read once more, with what can only be local put in
their place: their codes in the mapping, the time of a free slot, and before them what a real sender would
have sent already (its patient, the booking that is moved). Of admissions the patient is told alone, as ADT
A28. Each example starts from the same department, and what it did is taken back.
Reads ../shared/data, where it is present: hl7v2_msft and hl7v2_simhospital.

  python -m bench.hl7_examples [--all]
"""

import argparse
import codecs
import gzip
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from clearway.config import scratch
from clearway.interchange.hl7 import kinds, reading

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
SETS = ("hl7v2_msft", "hl7v2_simhospital")
APPLIED, ASIDE, REFUSED, OUT = "applied", "set aside", "refused", "out of scope"
AT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
SLOT = timedelta(minutes=30)
LONDON = ZoneInfo("Europe/London")
# What the senders of the examples call things, and what those are in the department of the tests.
LOCAL = """
[places]
practice = []  # an organisation of another country
is_dead = []  # one patient, dead in most of them, is booked again and again
died_on = []
[ids.number]
types = ["MR", "MRN", "PI", ""]
[ids.nhs_number]
types = ["NHSNMBR"]
[codes.clinic]
"055" = "back"
"LabUnit101" = "back"
"4E" = "back"
"11" = "back"
"1" = "back"
[codes.service]
"O" = "{service}"
"11001" = "{service}"
[codes.referral_source]
"O" = "03"
[codes.cancel_reason]
"Add" = "patient_ill"
"""
Verdict = tuple[str, str]
Send = Callable[["Told"], Verdict]


@dataclass(frozen=True, slots=True)
class Told:
    """What is sent in order, and whether the patient of the first then waits for an appointment here."""

    raws: tuple[bytes, ...]
    waits: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """What became of one example. how  as published, or local"""

    file: str
    kind: str
    how: str
    verdict: str
    why: str


def examples() -> list[tuple[str, bytes]]:
    """Every example that is here, each with the name of its file and, where that holds many, its number."""
    found = []
    for folder in SETS:
        for path in sorted((DATA / folder).glob("*.hl7")):
            found.append((f"{folder}/{path.name}", path.read_bytes()))
        for path in sorted((DATA / folder).glob("*.hl7.gz")):
            lines = filter(bytes.strip, gzip.decompress(path.read_bytes()).split(b"\n"))
            found += [(f"{folder}/{path.name}:{number}", raw) for number, raw in enumerate(lines, start=1)]
    return found


def account(some: list[tuple[str, bytes]], plain: Send, local: Send, free: datetime) -> Iterator[Row]:
    """Send every example as published, and of what is read once more with what is local.

    plain, local  deliver messages to a department, tell what became of the last, and take all of it back
    free          the start of a free slot, with another after it
    """
    for name, raw in some:
        kind = kind_of(raw)
        yield Row(name, kind, "as published", *plain(Told((raw,))))
        adapted = _local(raw, kind, free)
        if adapted is not None:
            yield Row(name, kind, "local", *local(adapted))


def kind_of(raw: bytes) -> str:
    """What an example says that it is."""
    try:
        return reading.parse(raw, encoding="iso-8859-1", zone=LONDON).header.kind
    except reading.CannotParse:
        header = reading.header_of(raw, LONDON)
        return header.kind if header else ""


def _local(raw: bytes, kind: str, free: datetime) -> Told | None:
    """An example as this department could get it, after what its sender would have sent before."""
    text = raw.removeprefix(codecs.BOM_UTF8).decode("utf-8", "replace")
    lines = re.split(r"[\r\n]+", text.strip())
    patient = _retold(lines, "ADT^A28", ("PID", "PD1"), "patient")
    if kind.startswith("SIU"):
        said, later = ([_at(line, start) for line in lines] for start in (free, free + SLOT))
        booked = (_retold(said, "SIU^S12", None, "booking"),) if kind != "SIU^S12" else ()
        return Told((patient, *booked, _joined(later if kind == "SIU^S13" else said)), waits=True)
    if kind in ("ADT^A34", "ADT^A40"):
        return Told((patient, *_prior(lines), _joined(lines)))
    if kind == "REF^I12":
        return Told((_joined(lines),))
    if kind in kinds.KINDS:
        return Told((patient, _joined(lines)))
    return Told((patient,)) if kind == "ADT^A01" else None


def _joined(lines: list[str]) -> bytes:
    return ("\r".join(filter(None, lines)) + "\r").encode()


def _retold(lines: list[str], kind: str, kept: tuple[str, ...] | None, key: str) -> bytes:
    """A message of another kind by the same sender about the same patient."""
    head = lines[0].split("|")
    # The example's own time stays behind those before it.
    head[6], head[8], head[9] = "19800101000000", kind, key
    rest = [line for line in lines[1:] if kept is None or line.startswith(kept)]
    return _joined(["|".join(head), *rest])


PLACES = {"TQ1": (7,), "AIS": (4,), "AIL": (6,), "AIP": (6,), "AIG": (8,), "SCH": (11,)}


def _at(line: str, free: datetime) -> str:
    """A segment whose times are those of a free slot here."""
    fields = line.split("|")
    start = free.astimezone(LONDON).strftime("%Y%m%d%H%M%S%z")
    for place in PLACES.get(fields[0], ()):
        if len(fields) > place and fields[place]:
            fields[place] = f"^^^{start}" if fields[0] == "SCH" else start
    return "|".join(fields)


def _prior(lines: list[str]) -> tuple[bytes, ...]:
    """The record that is merged away, as it was told of."""
    merged = next((line.split("|")[1] for line in lines if line.startswith("MRG|")), "")
    pid = next(line for line in lines if line.startswith("PID")).split("|")
    pid[2], pid[3] = "", merged
    return (_retold([lines[0], "|".join(pid)], "ADT^A28", ("PID",), "prior"),) if merged else ()


# The department


def department() -> tuple[Send, Send, datetime]:
    """A department with free slots from one time on: how to send it examples, and that time."""
    from tests.beside import slots_of
    from tests.therapies import a_department
    from tests.trust import a_trust

    physio = a_department(a_trust("examples"))
    physio.trust.refresh_from_db()
    free = AT + timedelta(days=3)
    slots_of(physio, free)
    mapping = LOCAL.format(service=physio.service.code)
    return _sender(physio, "as-published", ""), _sender(physio, "local", mapping), free


def _sender(physio: Any, name: str, mapping: str) -> Send:
    from clearway.core.audit.actions import Actor
    from clearway.core.feeds.models import Source
    from clearway.desks.outpatients.exchange.actions import load_mapping

    source = Source.objects.create(
        organisation=physio.trust, name=name, kind="hl7", expected_interval_seconds=3600
    )
    load_mapping(source, mapping, "the bench", by=Actor("bench"), at=AT)
    return lambda told: _became(physio, source, told)


def _became(physio: Any, source: Any, told: Told) -> Verdict:
    from django.db import transaction

    from clearway.core.feeds.actions import store
    from clearway.desks.outpatients.exchange.envelope import Verdict as Became
    from clearway.desks.outpatients.patients.models import Patient
    from clearway.gateway import hl7

    with transaction.atomic():
        for number, raw in enumerate(told.raws):
            found = hl7.read(store(source, raw, at=AT).pk, at=AT)
            if told.waits and number == 0 and (patient := Patient.objects.order_by("pk").last()):
                physio.entry(physio.referral(patient=patient), minutes=30)
        transaction.set_rollback(True)
    if found.taken is not None:
        return (ASIDE if found.taken.verdict is Became.ASIDE else APPLIED), found.taken.words
    assert found.refused is not None
    error = found.refused.error
    return (OUT if error.where == "MSH-9" else REFUSED), f"{error.where}: {error.why} {error.fix}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--all", action="store_true", help="a line for each example")
    given = parser.parse_args()
    if not examples():
        raise SystemExit(f"There are no examples under {DATA}.")
    with scratch.server(()):
        rows = list(account(examples(), *department()))
    if given.all:
        for row in rows:
            print(f"{row.how:12} {row.verdict:12} {row.kind:8} {row.file}  {row.why}")
    counted = Counter(
        (row.how, row.file.partition("/")[0], row.verdict, row.kind, _short(row)) for row in rows
    )
    for (how, folder, verdict, kind, why), count in sorted(counted.items()):
        print(f"{how:12} {folder:18} {verdict:12} {kind:8} {count:4}  {why}")


def _short(row: Row) -> str:
    return "" if row.verdict == OUT else re.sub(r"Patient \S+", "Patient …", row.why)


if __name__ == "__main__":
    main()
