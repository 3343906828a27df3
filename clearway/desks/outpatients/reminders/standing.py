"""What conversations tell reminders: that one did not arrive. Called in their transaction, with its audit."""

from datetime import datetime

from .models import Reminder


def failed(message_id: int, why: str, at: datetime) -> None:
    """A reminder was not delivered: somebody rings, unless the appointment is over or confirmed."""
    rows = Reminder.objects.filter(message_id=message_id, state=Reminder.State.SENT)
    due = rows.filter(
        appointment__state="booked", appointment__starts_at__gt=at, appointment__confirmed_at__isnull=True
    )
    due.exclude(step="booked").update(state=Reminder.State.TO_RING, why=why[:200], way="phone")
