"""Write incidents, responses and patient contacts of some days in the shape of the Ambulance Data Set.

Three tables and manifest.json go into a new folder: calls, the resources sent with their times, conveyance
and handover, and what is operational of patients. What each column holds: docs/reference/ads-export.md.
Days are local. Incidents, sendings and resources have pseudonyms, which differ in each export unless a key is
given; nobody is named with either. Tables are written as they are read, whatever the period, all of one
instant. That it began is in the audit before the first file, and that it was done with the digest of each.

Example: clearway ads export --organisation south-west --from 2026-11-01 --to 2026-11-30 --out november
"""

import argparse
import getpass
import json
import secrets
from datetime import timedelta
from pathlib import Path
from typing import Any

from clearway.cli import a_day

KEY_BYTES = 32


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The days, the folder, and how incidents are named."""
    parser.add_argument("--organisation", required=True, help="slug of the organisation")
    for name, dest, which in (("--from", "begin", "first"), ("--to", "end", "last")):
        parser.add_argument(name, dest=dest, type=a_day, required=True, metavar="DAY", help=f"{which} day")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="a new folder")
    parser.add_argument("--format", choices=("csv", "json"), default="csv", help="of the tables")
    parser.add_argument(
        "--key", type=Path, metavar="FILE", help=f"{KEY_BYTES} bytes: the same pseudonyms again"
    )
    parser.add_argument("--identified", action="store_true", help="incident numbers, call signs, whole ages")
    parser.add_argument("--json", action="store_true", help="print the manifest")


def run(arguments: argparse.Namespace) -> int:
    """Write the folder. Raises CannotRun before anything is written."""
    from datetime import UTC, datetime

    from clearway.cli import CannotRun, ground

    if arguments.end < arguments.begin:
        raise CannotRun(f"{arguments.end} is before {arguments.begin}: give the first day, then the last.")
    key = _key(arguments.key)
    ground.prepare("owner")
    from clearway.core.audit.actions import Actor
    from clearway.core.layout.context import feeds
    from clearway.core.organisation.models import Organisation
    from clearway.desks.ambulance.incidents import exporting
    from clearway.desks.ambulance.quality.queries import midnight
    from clearway.interchange import ads_export

    trust = Organisation.objects.filter(slug=arguments.organisation).first()
    if trust is None:
        raise CannotRun(f"There is no organisation {arguments.organisation!r}.")
    try:
        arguments.out.mkdir(mode=0o700)
    except OSError as problem:
        raise CannotRun(f"{arguments.out}: {problem.strerror}. Name a new folder.") from None
    span = midnight(arguments.begin), midnight(arguments.end + timedelta(days=1))
    named = str if arguments.identified else ads_export.pseudonyms(key)
    age = _whole if arguments.identified else ads_export.band
    at, form = datetime.now(UTC), arguments.format
    manifest: dict[str, Any] = {
        "organisation": trust.code,
        "from": arguments.begin.isoformat(),
        "to": arguments.end.isoformat(),
        "as_known_at": ads_export.instant(at),
        "pseudonymised": not arguments.identified,
        "sources_as_of": ads_export.instant(at),  # how they stand now, whatever days are exported
        "sources": [
            {
                "source": each.name,
                "state": each.freshness.value,
                "heard": ads_export.instant(each.heard_at) if each.heard_at else None,
            }
            for each in feeds(trust.pk, at)
        ],
    }
    who: dict[str, Any] = {"organisation_id": trust.pk, "by": Actor(f"command:{getpass.getuser()}")}
    exporting.begun(manifest, **who, at=at)
    with exporting.one_picture():
        rows = exporting.tables(trust.pk, trust.code, *span, named, age)
        written = {
            table: ads_export.write(arguments.out / f"{table}.{form}", table, each, form)
            for table, each in rows.items()
        }
    manifest["tables"] = written
    (arguments.out / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")
    exporting.exported(manifest, **who, at=datetime.now(UTC))
    if arguments.json:
        print(json.dumps(manifest))
    else:
        counts = ", ".join(f"{each['rows']:,} in {each['file']}" for each in written.values())
        print(f"{arguments.out}: {counts}.")
    return 0


def _whole(age: int | None) -> str:
    return "" if age is None else str(age)


def _key(path: Path | None) -> bytes:
    from clearway.cli import CannotRun, ground

    if path is None:
        return secrets.token_bytes(KEY_BYTES)
    key = ground.read_file(path)
    if len(key) != KEY_BYTES:
        raise CannotRun(f"{path} has {len(key)} bytes: give {KEY_BYTES}, for example from /dev/urandom.")
    return key
