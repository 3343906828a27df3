"""How hospitals stand, as their reports add up."""

from django.db import models

from clearway.core.organisation.models import Organisation


class HospitalState(models.Model):
    """What the reports under one site code add up to. Rebuilt from the facts at any time.

    site     the code as it was said; a predecessor's code has a row of its own
    figures  measure -> value, when, by whom, and the place in the order of facts
    note     the newest remark, likewise; null where none was made
    cohort   the newest list of who is in the cohort, likewise; null where none is kept
    relief   what was last said to be expected, likewise; null where nothing ever was
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE)
    site = models.CharField(max_length=80)
    figures = models.JSONField(default=dict)
    note = models.JSONField(null=True)
    cohort = models.JSONField(null=True)
    relief = models.JSONField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "site"], name="one_state_per_hospital_code")
        ]
