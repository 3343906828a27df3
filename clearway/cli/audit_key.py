"""Print the public key that checkpoints of the audit are signed with; make the key where there is none.

The private key lies in a file of its own (CLEARWAY_AUDIT_KEY_FILE). Print the public key when it is made and
keep it with somebody who has no rights on this machine: an auditor needs it to see who made a checkpoint.

Example: clearway audit key
"""

import argparse
import json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print it as JSON")


def run(arguments: argparse.Namespace) -> int:
    from clearway.cli import ground

    ground.load_django("owner")
    from clearway.core.audit import checkpoints

    existed, public = checkpoints.key_file().exists(), checkpoints.public_key()
    found = {"public_key": public, "file": str(checkpoints.key_file()), "made": not existed}
    if arguments.json:
        print(json.dumps(found))
    else:
        print(public)
        if not existed:
            print(f"A new key was made in {found['file']}. Print this public key and keep it elsewhere.")
    return 0
