"""Serve the desks: pages, boards and live streams.

Example: clearway web --port 8000
"""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8000, help="port to listen on (default: %(default)s)")
    parser.add_argument(
        "--workers", type=int, default=1, help="processes to serve with (default: %(default)s)"
    )


def run(arguments: argparse.Namespace) -> int:
    from clearway.cli.ground import serve

    return serve("web", arguments.host, arguments.port, arguments.workers)
