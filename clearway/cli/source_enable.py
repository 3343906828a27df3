"""Switch a source on again: it may deliver, and boards, strip and tasks count on it.

Example: clearway source enable native-live
"""

import argparse

from clearway.cli import sources

add_arguments = sources.add_arguments


def run(arguments: argparse.Namespace) -> int:
    """Switch it on."""
    return sources.switch(arguments.name, True)
