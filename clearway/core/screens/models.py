"""Screens on walls: devices that show one board and are nobody's session."""

from django.db import models
from django.db.models import Q

from ..organisation.models import Area, Organisation, Site


class Screen(models.Model):
    """A television on a wall that may show one board, and nothing else.

    board         code of core.screens.boards
    area, site    what of the board it shows; neither: all of the trust
    code          what the screen shows while it asks to be put up; empty once it has answered
    token_hash    of the key that its browser keeps; the key itself is nowhere else
    next_hash     of a newer key that was sent to it and has not come back yet
    next_at       when that was sent
    turned_at     since when the key is in use
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE)
    name = models.CharField(max_length=60)
    board = models.CharField(max_length=30)
    area = models.ForeignKey(Area, null=True, on_delete=models.PROTECT)
    site = models.ForeignKey(Site, null=True, on_delete=models.PROTECT)
    theme = models.CharField(max_length=10)
    code = models.CharField(max_length=9, blank=True)
    token_hash = models.CharField(max_length=64, null=True, unique=True)
    next_hash = models.CharField(max_length=64, null=True, unique=True)
    next_at = models.DateTimeField(null=True)
    turned_at = models.DateTimeField(null=True)
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=150)
    answered_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)
    taken_off_at = models.DateTimeField(null=True)
    taken_off_by = models.CharField(max_length=150, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(answered_at__isnull=True, token_hash__isnull=True, turned_at__isnull=True)
                & Q(seen_at__isnull=True, next_hash__isnull=True)
                | Q(answered_at__isnull=False, token_hash__isnull=False, turned_at__isnull=False)
                & Q(seen_at__isnull=False, code=""),
                name="a_screen_has_a_key_once_it_has_answered",
            ),
            models.CheckConstraint(
                condition=Q(next_hash__isnull=True, next_at__isnull=True)
                | Q(next_hash__isnull=False, next_at__isnull=False),
                name="a_newer_key_says_when_it_was_sent",
            ),
            models.CheckConstraint(
                condition=Q(taken_off_at__isnull=True, taken_off_by="")
                | Q(taken_off_at__isnull=False, code="") & ~Q(taken_off_by=""),
                name="a_screen_is_taken_off_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(area__isnull=True) | Q(site__isnull=True), name="a_screen_shows_one_place"
            ),
            models.UniqueConstraint(
                fields=["organisation", "name"],
                condition=Q(taken_off_at__isnull=True),
                name="one_screen_of_a_name",
            ),
            models.UniqueConstraint(
                fields=["code"], condition=~Q(code=""), name="one_screen_waits_for_a_code"
            ),
        ]
