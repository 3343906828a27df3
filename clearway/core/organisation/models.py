"""Trusts, their areas and sites, and their policies: versioned rows loaded from a region pack."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from clearway.domain.shared.region import Desk


def ambulance_desk() -> list[str]:
    """The desks of an organisation that says nothing of them."""
    return [Desk.AMBULANCE.value]


class Organisation(models.Model):
    """One trust. Boards, plans and permissions never cross it. desks: whose duties and pages are for it."""

    code = models.CharField(max_length=12, unique=True)
    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=200)
    timezone = models.CharField(max_length=40)
    desks = ArrayField(models.CharField(max_length=12), default=ambulance_desk)

    def __str__(self) -> str:
        return self.name


class Area(models.Model):
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="areas")
    code = models.CharField(max_length=40)
    name = models.CharField(max_length=100)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organisation", "code"], name="one_area_per_code")]
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Site(models.Model):
    """A hospital, minor unit or station.

    former_codes       resolve the codes of merged predecessors
    unconfirmed_roles  shown as such, never used to send a patient
    mark, hours_mark   how far the row and its opening hours can be trusted
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="sites")
    area = models.ForeignKey(Area, null=True, on_delete=models.SET_NULL, related_name="sites")
    code = models.CharField(max_length=12)
    key = models.CharField(max_length=40)
    name = models.CharField(max_length=120)
    town = models.CharField(max_length=80, blank=True)
    kind = models.CharField(max_length=30)
    latitude = models.FloatField()
    longitude = models.FloatField()
    roles = ArrayField(models.CharField(max_length=60), default=list)
    unconfirmed_roles = ArrayField(models.CharField(max_length=60), default=list)
    former_codes = ArrayField(models.CharField(max_length=12), default=list)
    opens = models.CharField(max_length=5, null=True)
    closes = models.CharField(max_length=5, null=True)
    hours_mark = models.CharField(max_length=12)
    border = models.BooleanField(default=False)
    mark = models.CharField(max_length=12)
    source = models.CharField(max_length=200)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "code"], name="one_site_per_code"),
            models.CheckConstraint(
                condition=Q(opens__isnull=True, closes__isnull=True)
                | Q(opens__isnull=False, closes__isnull=False),
                name="site_opens_and_closes_together",
            ),
        ]
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class PolicyVersion(models.Model):
    """One version of one policy. The newest that is valid counts; older ones are kept.

    by_person  somebody signed it here; else it came with a region pack
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="policies")
    name = models.CharField(max_length=60)
    version = models.PositiveIntegerField()
    valid_from = models.DateField()
    review_on = models.DateField()
    owner = models.CharField(max_length=120)
    source = models.CharField(max_length=600)
    mark = models.CharField(max_length=12)
    values = models.JSONField()
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=150)
    by_person = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "name", "version"], name="one_policy_version"),
            models.CheckConstraint(
                condition=Q(review_on__gte=F("valid_from")), name="policy_reviewed_after_it_starts"
            ),
        ]
        ordering = ["name", "-version"]
