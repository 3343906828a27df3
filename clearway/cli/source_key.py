"""Give a source a new key and show it, once; the old key stops working.

The key is what another system sends as "Authorization: Bearer KEY". Only a hash of it is kept.

Example: clearway source key swast-cad
"""

import argparse

from clearway.cli import sources

add_arguments = sources.add_arguments


def run(arguments: argparse.Namespace) -> int:
    """Issue and print the key."""
    with sources.named(arguments.name) as (source, by, at):
        from clearway.core.feeds.actions import issue_key

        print(issue_key(source, by=by, at=at))
    return 0
