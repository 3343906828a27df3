"""Serve telephones to look at: a local provider of texts and emails that reaches nobody.

It takes what Clearway sends, as GOV.UK Notify would, shows it on pages of its own and tells what became of
it. What is typed there comes back as a text from a patient. For the demo and for trying things; nothing
leaves this machine. It forgets everything when it stops.

The key of the callbacks is read from CLEARWAY_CALLBACK_KEY: `clearway source key NAME` gives one out.

Example: clearway provider --port 8010 --tell http://127.0.0.1:8000/api/v1/notify --lost 0.3 --seed 7
"""

import argparse
import os
import signal
import threading

# Opens nothing elsewhere.
DEMO_KEY = "demo-6d0e6a2c-5f0e-4f7e-9a39-0b6f8f3f1c11-3f1b7a52-8f0b-4d27-b3c6-5b0f8d9e2a44"
PORT = 8010


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where, whom to tell, and what goes wrong."""
    parser.add_argument("--port", type=int, default=PORT, help="port of its pages (default: %(default)s)")
    parser.add_argument("--tell", required=True, metavar="ADDRESS", help="where callbacks are sent")
    parser.add_argument("--seed", type=int, default=1, help="chance begins here (default: %(default)s)")
    parser.add_argument(
        "--seconds", type=float, default=3.0, help="until a message arrives (default: %(default)s)"
    )
    parser.add_argument("--lost", type=float, default=0.0, help="share of requests without an answer, 0 to 1")
    parser.add_argument("--fails", type=float, default=0.0, help="share of messages not delivered, 0 to 1")
    parser.add_argument("--twice", type=float, default=0.0, help="share of callbacks told twice, 0 to 1")


def run(arguments: argparse.Namespace) -> int:
    """Serve until told to stop."""
    from clearway.gateway.local_provider import LocalProvider, post_to
    from clearway.simulation.provider import Faults, Provider

    faults = Faults(
        lost_before=arguments.lost / 2,
        lost_after=arguments.lost / 2,
        fails=arguments.fails,
        twice=arguments.twice,
        seconds=arguments.seconds,
    )
    tell = post_to(arguments.tell, os.environ.get("CLEARWAY_CALLBACK_KEY", ""))
    key = os.environ.get("CLEARWAY_NOTIFY_KEY", DEMO_KEY)
    house = LocalProvider(Provider(arguments.seed, faults), tell, key, arguments.port).start()
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    print(f"Telephones: {house.address}/", flush=True)
    stop.wait()
    house.stop()
    return 0
