"""Write a region back as a pack: the policies in force, with every answer that was given at the desk.

The files of the pack that hold no policy are copied as they are. A folder that holds anything is left alone.

Example: clearway region export south-west --into packs/south-west
"""

import argparse
import json
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("slug", help="name of the region, for instance south-west")
    parser.add_argument("--into", type=Path, required=True, help="a new or empty folder")
    parser.add_argument("--json", action="store_true", help="print what was written as JSON")


def run(arguments: argparse.Namespace) -> int:
    from datetime import UTC, datetime

    from clearway.cli import CannotRun
    from clearway.cli.ground import database_at_hand, load_django
    from clearway.config.regions import find
    from clearway.interchange import pack_writer, region_pack

    folder: Path = arguments.into
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CannotRun(f"{folder} is not an empty folder. Choose another.")
    try:
        pack = dict(find(arguments.slug))
    except LookupError as problem:
        raise CannotRun(str(problem)) from None
    with database_at_hand():
        load_django("owner")
        from clearway.core.layout.times import local
        from clearway.core.organisation.models import Organisation
        from clearway.core.organisation.queries import in_force

        organisation = Organisation.objects.filter(slug=arguments.slug).first()
        if organisation is None:
            raise CannotRun(f"No region {arguments.slug!r} is loaded. Run: clearway region load <slug>")
        today = local(datetime.now(UTC)).date()
        policies = in_force(organisation.pk, today)
    files = pack | pack_writer.written(policies, today)
    region_pack.parse(files)  # what cannot be read again is not written
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in sorted(files.items()):
        (folder / name).write_bytes(content)
    if arguments.json:
        print(json.dumps({"policies": len(policies), "files": sorted(files), "folder": str(folder)}))
    else:
        print(f"{len(policies)} policies in {folder}. Compare it with the pack before you use it.")
    return 0
