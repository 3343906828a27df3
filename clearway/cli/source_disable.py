"""Switch a source off: it may not deliver, and no board, strip or task of the present counts on it.

What it said so far stays, and what waits from it is still read.

Example: clearway source disable native-live
"""

import argparse

from clearway.cli import sources

add_arguments = sources.add_arguments


def run(arguments: argparse.Namespace) -> int:
    """Switch it off."""
    return sources.switch(arguments.name, False)
