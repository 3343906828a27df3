"""Put a new version of how a system beside ours writes in force: a file of TOML, with the reason.

It counts from the next message, and what waits in quarantine is read again with it at once. A file that
cannot be read is refused with its place, and the version in force stays.

Example: clearway mapping load trust-pas trust-pas.toml --why "codes of the new clinics"
"""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The source, the file and the reason."""
    parser.add_argument("name", help="name of the source")
    parser.add_argument("file", type=Path, help="the mapping, TOML")
    parser.add_argument("--why", required=True, help="what the new version mends")


def run(arguments: argparse.Namespace) -> int:
    """Load it. Raises CannotRun with the place in the file."""
    from clearway.cli import CannotRun, sources

    try:
        text = arguments.file.read_text()
    except (OSError, UnicodeDecodeError) as problem:
        raise CannotRun(f"{arguments.file}: {problem}. Give a file of text that can be read.") from None
    with sources.named(arguments.name) as (source, by, at):
        from clearway.desks.outpatients.exchange.actions import load_mapping
        from clearway.domain.shared.errors import CannotParse
        from clearway.gateway.hl7 import KIND, read_waiting

        if source.kind != KIND:
            raise CannotRun(
                f"{source.name} is a source of the kind {source.kind}; only {KIND} has a mapping."
            )
        try:
            row = load_mapping(source, text, arguments.why, by=by, at=at)
        except CannotParse as problem:
            raise CannotRun(f"{arguments.file}: {problem}") from None
        read = read_waiting(source, by=by, at=at)
        print(f"Version {row.version} of {source.name} is in force.")
        if str(read):
            print(read)
    return 0
