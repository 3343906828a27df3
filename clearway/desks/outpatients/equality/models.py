"""What is held of patients so that groups can be compared, apart from what bookings are made by."""

from django.db import models
from django.db.models import Q

from clearway.core.organisation.models import Organisation
from clearway.domain.outpatients.equality import EthnicCategory

from ..patients.models import Patient

__all__ = ["Background", "DeprivedArea", "Patient"]


class Background(models.Model):
    """The ethnic category of a patient, as they said it; one who has none was not asked."""

    patient = models.OneToOneField(Patient, on_delete=models.PROTECT, related_name="background")
    ethnicity = models.CharField(max_length=2)
    recorded_at = models.DateTimeField()
    recorded_by = models.CharField(max_length=150)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ethnicity__in=[each.value for each in EthnicCategory]),
                name="ethnic_category_is_one_of_the_dictionary",
            )
        ]


class DeprivedArea(models.Model):
    """How deprived the area of a postcode is, as the trust supplied it. edition  of the index, as 2025."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    postcode = models.CharField(max_length=8)
    decile = models.PositiveSmallIntegerField()
    edition = models.CharField(max_length=20)

    class Meta:
        db_table = "outpatients_deprived_area"
        constraints = [
            models.UniqueConstraint(fields=["organisation", "postcode"], name="one_decile_a_postcode"),
            models.CheckConstraint(condition=Q(decile__gte=1, decile__lte=10), name="a_decile_is_1_to_10"),
        ]
