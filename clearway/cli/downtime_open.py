"""Open a downtime pack without a browser's help: print its page, or write it to a file.

Nothing of Clearway has to run. The passphrase is asked for, or read from a file.

Examples:
  clearway downtime open clearway-pack-south-west-20261123T0705Z.html --out pack.html
  clearway downtime open pack.html --passphrase-file /run/secrets/downtime --json
"""

import argparse
import json
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="the pack")
    parser.add_argument("--passphrase-file", type=Path, metavar="FILE", help="read the passphrase from here")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the page here instead of printing it")
    parser.add_argument("--json", action="store_true", help="print the page as JSON")


def run(arguments: argparse.Namespace) -> int:
    from getpass import getpass

    from clearway.cli import CannotRun, ground
    from clearway.domain.shared.errors import CannotParse
    from clearway.interchange import sealed

    try:
        file = arguments.file.read_text()
        given = arguments.passphrase_file
        passphrase = given.read_text().strip() if given else getpass("Passphrase: ")
        page = sealed.open_page(file, passphrase)
    except OSError as problem:
        raise CannotRun(f"{problem.filename} cannot be read: {problem.strerror}.") from None
    except UnicodeDecodeError:
        raise CannotRun(f"{arguments.file} is no downtime pack.") from None
    except CannotParse as problem:
        raise CannotRun(str(problem)) from None
    whole = f'<!DOCTYPE html><meta charset="utf-8"><title>Downtime pack</title>{page}'
    if arguments.out:
        ground.write_private(arguments.out, whole)
    if arguments.json:
        shown = None if arguments.out else whole
        print(json.dumps({"page": shown, "out": arguments.out and str(arguments.out)}))
    elif not arguments.out:
        print(whole)
    return 0
