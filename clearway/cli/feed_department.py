"""Play an invented outpatient department into the database, in real time: `clearway demo` runs this.

The first time, its past is made: six weeks of clinics, the waiting list, what is booked for eight weeks, and
each worked example of the clock rules as a patient. Then referrals arrive, patients cancel, clinicians triage
and clerks book, by the clock. One that was stopped goes on where it was.

Example: clearway feed department worcestershire --played var/department.json
"""

import argparse
import signal
import threading
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to play."""
    parser.add_argument("region", help="name of the region pack, for instance worcestershire")
    parser.add_argument("--seed", type=int, default=1, help="chance begins here (default: %(default)s)")
    parser.add_argument(
        "--played", type=Path, default=Path("department.json"), help="file that remembers how far was played"
    )


def run(arguments: argparse.Namespace) -> int:
    """Play until a signal ends it."""
    from clearway.cli import CannotRun
    from clearway.cli.ground import database_at_hand, load_django
    from clearway.config.regions import find
    from clearway.interchange import clock_examples, department_pack, region_pack
    from clearway.simulation.outpatients import parameters

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        pack = find(arguments.region)
        region = region_pack.parse(pack)
    except LookupError as problem:
        raise CannotRun(str(problem)) from None
    department = department_pack.parse(pack, region)
    if department is None:
        raise CannotRun(f"The pack {arguments.region!r} has no outpatient desk.")
    behaves = parameters.read(region.simulation, department)
    examples = clock_examples.parse(pack[clock_examples.FILE]) if clock_examples.FILE in pack else []
    with database_at_hand():
        load_django("owner")
        _play(arguments, behaves, examples, stop)
    return 0


def _play(arguments, behaves, examples, stop) -> None:  # type: ignore[no-untyped-def]
    from clearway.cli import CannotRun
    from clearway.core.organisation.models import Organisation
    from clearway.gateway import department
    from clearway.gateway.feeder import utc_now

    organisation = Organisation.objects.filter(slug=arguments.region).first()
    if organisation is None:
        raise CannotRun(f"Load the region first: clearway region load {arguments.region}")
    played = department.Played.load(arguments.played)
    at = utc_now()
    playing = department.Department(organisation.pk, behaves, played.seed if played else arguments.seed)
    department.begin(playing, examples, at)
    if played is None or played.region != arguments.region:
        played = department.Played(arguments.region, playing.seed, at)
        played.save(arguments.played)
    print("The department is there.", flush=True)
    department.play(
        playing, played, clock=utc_now, stop=stop, remember=lambda now: now.save(arguments.played)
    )
