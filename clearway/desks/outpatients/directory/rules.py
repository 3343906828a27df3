"""What the directory asks for: that every practice in a patient's record can be written to."""

from collections.abc import Iterator

from clearway.core.worklist.rules import Wanted

from .queries import Unsettled


def to_see_to(found: Unsettled) -> Iterator[Wanted]:
    """One task while codes of practices stand for no open one."""
    if not found.codes:
        return
    codes = "code of a practice stands" if found.codes == 1 else "codes of practices stand"
    people = "patient's record names" if found.patients == 1 else "patients' records name"
    yield Wanted(
        subject="directory:codes",
        priority=3,
        title=f"{found.codes} {codes} for no open practice",
        cause=f"{found.patients} {people} one; the practice closed, or the directory does not know it",
        role="outpatient_coordinator",
        suggestion="Choose successors and mend records: /outpatients/directory/checks/",
        reading=float(found.codes),
        threshold=1.0,
    )
