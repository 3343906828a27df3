"""Which rows belong to which period: one shelf for each kind of thing that is kept by the row.

What is kept by the partition (facts, positions) the desks look after themselves.
"""

from dataclasses import dataclass

_OF_THE_TRUST = "t.source_id IN (SELECT id FROM core_source WHERE organisation_id = %(organisation)s)"
_OF_POSITIONS = "t.source_id IN (SELECT id FROM core_source WHERE kind = 'positions')"
_READ = "t.done_at IS NOT NULL AND NOT EXISTS (SELECT FROM core_quarantined q WHERE q.batch_id = t.id)"


@dataclass(frozen=True, slots=True)
class Shelf:
    """Rows of one table that go when their period is over.

    of     the name of the period in the policy
    time   the column that says when the row's period begins
    where  SQL over the table as `t`: the rows of the organisation %(organisation)s that may go at all
    """

    of: str
    table: str
    time: str
    where: str


QUARANTINE = Shelf("quarantine", "core_quarantined", "known_at", _OF_THE_TRUST)
BATCHES = Shelf(
    "batches", "core_batch", "received_at", f"{_OF_THE_TRUST} AND NOT {_OF_POSITIONS} AND {_READ}"
)
POSITION_BATCHES = Shelf(
    "position_batches", "core_batch", "received_at", f"{_OF_THE_TRUST} AND {_OF_POSITIONS} AND {_READ}"
)
MESSAGE_KEYS = Shelf("message_keys", "core_message", "known_at", _OF_THE_TRUST)
TASKS = Shelf("tasks", "core_task", "closed_at", "t.organisation_id = %(organisation)s")

# In this order: a batch may go once none of its lines is in quarantine.
SHELVES = (QUARANTINE, BATCHES, POSITION_BATCHES, MESSAGE_KEYS, TASKS)
