"""Take in how deprived the area of each postcode is, so that groups can be compared.

The file is the trust's own, CSV with a header: the columns postcode and decile (1 the most deprived tenth of
areas, 10 the least), as from the English Indices of Deprivation joined to postcodes by small area. Other
columns are passed over. A postcode that is taken in again has the newer decile. Nothing ranks by it.

Example: clearway deprivation load postcodes.csv --edition 2025
"""

import argparse
import csv
import getpass
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

COLUMNS = ("postcode", "decile")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The file, and what it is."""
    parser.add_argument("file", help="CSV with the columns postcode and decile")
    parser.add_argument("--edition", required=True, help="of the index, for example 2025")
    parser.add_argument("--organisation", metavar="SLUG", help="the trust; default: the only outpatient one")
    parser.add_argument("--json", action="store_true", help="print the count as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Take all of it in, or nothing. Raises CannotRun with line, column and what to write."""
    from clearway.cli import CannotRun, ground

    areas = list(_areas(Path(arguments.file)))
    ground.prepare("owner")
    from clearway.core.audit.actions import Actor
    from clearway.desks.outpatients.equality import actions

    by, at = Actor(f"command:{getpass.getuser()}"), datetime.now(UTC)
    organisation = ground.the_trust(arguments.organisation)
    edition = arguments.edition.strip()[:20]
    if not edition:
        raise CannotRun("--edition is empty: name the edition of the index, for example 2025.")
    count = actions.load_areas(areas, edition, organisation_id=organisation.pk, by=by, at=at)
    if arguments.json:
        print(json.dumps({"postcodes": count, "organisation": organisation.slug, "edition": edition}))
        return 0
    print(f"{count:,} postcodes of {organisation.slug} have a decile of edition {edition}.")
    return 0


def _areas(path: Path) -> Iterator[tuple[str, int]]:
    from clearway.cli import CannotRun
    from clearway.domain.outpatients.equality import DECILES
    from clearway.domain.outpatients.identity import postcode

    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            names = {name.strip().lower(): name for name in rows.fieldnames or ()}
            if missing := [name for name in COLUMNS if name not in names]:
                raise CannotRun(f"{path}, line 1: the column {missing[0]} is missing. Name it in the header.")
            for row in rows:
                place = f"{path}, line {rows.line_num}"
                text = (row[names["decile"]] or "").strip()
                if not text.isdecimal() or len(text) > 2 or int(text) not in DECILES:
                    raise CannotRun(f"{place}, column decile: “{text}” is no decile. Write 1 to 10.")
                try:
                    written = postcode(row[names["postcode"]] or "")
                except ValueError as problem:
                    raise CannotRun(f"{place}, column postcode: {problem}.") from None
                if not written:
                    raise CannotRun(
                        f"{place}, column postcode: it is empty. Write it, or leave the line out."
                    )
                yield written, int(text)
    except OSError as problem:
        raise CannotRun(f"{path}: {problem.strerror}. Give a file that can be read.") from None
    except UnicodeDecodeError:
        raise CannotRun(f"{path}: it is not UTF-8. Save it as CSV UTF-8.") from None
