"""Every public example of HL7 v2 is accounted for; see bench/hl7_examples.

The examples are not in this repository; without ../shared/data these tests are skipped.
"""

from collections import Counter

import pytest

from bench import hl7_examples
from bench.hl7_examples import APPLIED, ASIDE, OUT, REFUSED
from clearway.interchange.hl7 import kinds

EXAMPLES = hl7_examples.examples()
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not EXAMPLES, reason=f"no examples under {hl7_examples.DATA}"),
]


def test_every_example_is_applied_set_aside_refused_with_a_reason_or_out_of_scope() -> None:
    # Of the feed of inpatients, which has hundreds of a kind, a part.
    some = [each for number, each in enumerate(EXAMPLES) if "simhospital" not in each[0] or number % 20 == 0]
    rows = list(hl7_examples.account(some, *hl7_examples.department()))
    assert {row.file for row in rows} == {name for name, _ in some}
    assert {row.verdict for row in rows} == {APPLIED, ASIDE, REFUSED, OUT}
    assert all(row.why.count(". ") for row in rows if row.verdict in (REFUSED, OUT)), "place, reason and fix"
    assert not [row for row in rows if row.verdict == OUT and row.kind in kinds.KINDS]
    local = Counter(row.verdict for row in rows if row.how == "local" and row.kind.startswith("SIU"))
    assert set(local) == {APPLIED}, "every public appointment is booked, moved or cancelled"
