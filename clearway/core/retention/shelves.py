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
    table  its name, or a function of the database that answers like one
    time   SQL over the table as `t`: when the row's period begins
    where  likewise: the rows of the organisation %(organisation)s that may go at all
    since  likewise: when what the row stands for began, where that lasted; a hold on any of it keeps the row
    held   likewise: whether something besides a hold on its time keeps the row, as an order for one person
    remover  a function of the database that takes trust, instant and number and lets the rows go, for what
             lies in several tables or may be deleted by nobody; "" for rows that are simply deleted
    """

    of: str
    table: str
    time: str
    where: str
    since: str = ""
    held: str = ""
    remover: str = ""


QUARANTINE = Shelf("quarantine", "core_quarantined", "t.known_at", _OF_THE_TRUST)
BATCHES = Shelf(
    "batches", "core_batch", "t.received_at", f"{_OF_THE_TRUST} AND NOT {_OF_POSITIONS} AND {_READ}"
)
POSITION_BATCHES = Shelf(
    "position_batches", "core_batch", "t.received_at", f"{_OF_THE_TRUST} AND {_OF_POSITIONS} AND {_READ}"
)
MESSAGE_KEYS = Shelf("message_keys", "core_message", "t.known_at", _OF_THE_TRUST)
TASKS = Shelf("tasks", "core_task", "t.closed_at", "t.organisation_id = %(organisation)s")
ONWARD_PEOPLE = Shelf(
    "onward_people",
    "core_onwardperson",
    "(SELECT r.since FROM core_onwardrequest r WHERE r.id = t.request_id)",
    "t.request_id IN (SELECT id FROM core_onwardrequest WHERE sender_id = %(organisation)s"
    " AND state IN ('seen', 'discharged', 'refused', 'withdrawn', 'ended'))",
    since="(SELECT r.sent_at FROM core_onwardrequest r WHERE r.id = t.request_id)",
)

CONCERNS = Shelf(  # from when they are closed: one that is open stays, however old
    "concerns",
    "core_concern",
    "(SELECT max(s.at) FROM core_concern_step s WHERE s.of_id = t.id AND s.step = 'closed')",
    "t.organisation_id = %(organisation)s",
    since="t.at",
    remover="clearway_forget_concerns",
)

DUTIES = Shelf(  # each time that one was done
    "duties",
    "core_duty_done",
    "t.recorded_at",
    "t.organisation_id = %(organisation)s",
    remover="clearway_forget_duties",
)

# In this order: a batch may go once none of its lines is in quarantine.
SHELVES = (QUARANTINE, BATCHES, POSITION_BATCHES, MESSAGE_KEYS, TASKS, ONWARD_PEOPLE, CONCERNS, DUTIES)
