"""Write a downtime pack of every trust now, into the folders of the settings or those named here.

A worker does the same every five minutes by itself. A pack is one HTML file, sealed with the passphrase of
CLEARWAY_DOWNTIME_PASSPHRASE_FILE: a browser opens it without a server and a network.
Exit code 1 when a folder could not be written.

Examples:
  clearway downtime pack
  clearway downtime pack --into /media/stick --json
"""

import argparse
import json
from dataclasses import asdict


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--into", action="append", metavar="FOLDER", help="write here instead; may be given again"
    )
    parser.add_argument("--json", action="store_true", help="print what was written as JSON")


def run(arguments: argparse.Namespace) -> int:
    import functools
    import getpass
    from datetime import UTC, datetime

    from clearway.cli import CannotRun, ground

    ground.prepare("worker")
    from django.conf import settings

    from clearway.core.audit.actions import Actor
    from clearway.core.organisation.models import Organisation
    from clearway.desks.ambulance.downtime import packing
    from clearway.gateway import packs

    folders = arguments.into or settings.DOWNTIME_FOLDERS
    if not folders:
        raise CannotRun("No folder is named. Set CLEARWAY_DOWNTIME_FOLDERS, or give --into FOLDER.")
    by, at = Actor(f"command:{getpass.getuser()}"), datetime.now(UTC)
    written = [
        each
        for organisation in Organisation.objects.filter(pk__in=packs.with_packs())
        for each in packing.write(
            organisation, folders, by=by, at=at, lists=functools.partial(packs.lists, organisation, at)
        )
    ]
    if arguments.json:
        print(json.dumps([asdict(each) for each in written]))
    for each in () if arguments.json else written:
        print(f"{each.folder}: {each.problem or f'{each.name}, {each.size / 1024:.0f} kB'}")
    return 1 if any(each.problem for each in written) else 0
