"""Receive messages from other systems: store, acknowledge, leave the reading to the workers.

Example: clearway ingest --port 8001
"""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8001, help="port to listen on (default: %(default)s)")
    parser.add_argument(
        "--workers", type=int, default=1, help="processes to serve with (default: %(default)s)"
    )


def run(arguments: argparse.Namespace) -> int:
    from clearway.cli.ground import serve

    return serve("ingest", arguments.host, arguments.port, arguments.workers)
