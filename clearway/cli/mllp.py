"""Take HL7 v2 messages of other systems over MLLP, and answer each.

Example: clearway mllp --port 2575
"""

import argparse
import asyncio
import signal
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=2575, help="port to listen on (default: %(default)s)")
    parser.add_argument("--certificate", type=Path, help="certificate of this server (PEM): TLS only, then")
    parser.add_argument("--key", type=Path, help="key of that certificate (PEM)")
    parser.add_argument(
        "--clients", type=Path, help="authority of client certificates (PEM); each names its source"
    )


def run(arguments: argparse.Namespace) -> int:
    from clearway.cli import CannotRun
    from clearway.cli.ground import database_at_hand, load_django

    if (arguments.certificate is None) != (arguments.key is None):
        raise CannotRun("Give both, --certificate and --key, or neither.")
    if arguments.clients is not None and arguments.certificate is None:
        raise CannotRun("Client certificates need TLS: give --certificate and --key.")
    with database_at_hand():
        load_django("worker")
        from clearway.gateway.mllp import Listener, Tls

        tls = arguments.certificate and Tls(arguments.certificate, arguments.key, arguments.clients)
        try:
            asyncio.run(_serve(Listener(tls or None), arguments.host, arguments.port))
        except OSError as problem:
            raise CannotRun(f"It cannot listen on {arguments.host}:{arguments.port}: {problem}.") from None
    return 0


async def _serve(listener: object, host: str, port: int) -> None:
    from clearway.gateway.mllp import Listener

    assert isinstance(listener, Listener)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    await listener.serve(host, port, stop, lambda found: print(f"Listening on {host}:{found}.", flush=True))
