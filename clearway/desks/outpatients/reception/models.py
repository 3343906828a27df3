"""Reception keeps no tables of its own: it checks patients in on their appointments."""

from ..booking.models import Appointment

__all__ = ["Appointment"]
