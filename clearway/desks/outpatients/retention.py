"""What the outpatient desk keeps by the row, and lets go of when its period is over.

Each shelf is a view of the database, which says of each thing when it began, when the last of it was, and
whether it is held for its patient; and a remover, which alone may let it go (migrations/0006_keeping.py).
What belongs to a patient's record goes when the whole record is past its period: the last contact of any kind
is older, nothing of the patient is open, and who was a child has grown up.
"""

from clearway.core.retention.shelves import Shelf


def _shelf(of: str) -> Shelf:
    return Shelf(
        of,
        f"clearway_{of}_until(%(organisation)s, %(before)s)",
        "t.last_at",
        "TRUE",
        since="t.first_at",
        held="t.is_held",
        remover=f"clearway_forget_{of}",
    )


# In this order: a contact goes once its letter has gone.
SHELVES = tuple(
    _shelf(of)
    for of in (
        "given_files",
        "disclosure_packs",
        "documents",
        "documents_aside",
        "letters",
        "conversations",
        "emails",
        "contacts",
        "sent_reports",
        "freed_slots",
        "attendance_scores",
        "tellings",
        "counterparts",
    )
)
