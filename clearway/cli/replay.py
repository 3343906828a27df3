"""Replay a file of a real control room, or of native events, through the real gateway.

Every row is stored, read and accounted for as if it had just come in: received = applied + duplicate +
quarantined. Replaying a file twice changes nothing. With --speed the events keep the distances they had,
that many times faster; with max they come as fast as they can.

  clearway replay day.jsonl --adapter native --organisation south-west
"""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", help="the file; .gz is read as it is")
    parser.add_argument("--adapter", default="native", help="how to read it: native or an adapter's name")
    parser.add_argument(
        "--organisation", help="slug of the organisation it belongs to; default: the only one"
    )
    parser.add_argument("--source", help="name of the source to record it under; default: the adapter's name")
    parser.add_argument("--speed", default="max", help="1, 60 or max (default)")
    parser.add_argument("--json", action="store_true", help="print the account as JSON")


def run(arguments: argparse.Namespace) -> int:
    import django

    django.setup()
    from clearway.gateway import replay

    return replay.run(arguments)
