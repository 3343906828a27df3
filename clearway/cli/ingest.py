"""Receive messages from other systems: store, acknowledge, leave the reading to the workers."""

import argparse
import os


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1)")
    parser.add_argument("--port", type=int, default=8001, help="port to listen on (default 8001)")
    parser.add_argument("--workers", type=int, default=1, help="processes to serve with (default 1)")


def run(arguments: argparse.Namespace) -> int:
    os.environ["CLEARWAY_PROCESS"] = "ingest"
    from clearway.config.server import serve

    serve(arguments.host, arguments.port, arguments.workers)
    return 0
