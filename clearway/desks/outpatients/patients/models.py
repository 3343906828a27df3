"""Patients, what they need, what must be known of their safety, and what they prefer."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Right

from clearway.core.organisation.models import Organisation
from clearway.domain.outpatients.words import NhsNumberStatus

# The last ten digits of a mobile number, however it was written: by these a text finds its patient.
DIGITS = Right(
    models.Func(
        models.F("mobile"),
        models.Value(r"\D"),
        models.Value(""),
        models.Value("g"),
        function="regexp_replace",
        output_field=models.CharField(),
    ),
    10,
)


class Patient(models.Model):
    """One person as the trust knows them.

    number        the trust's own
    nhs_number    10 digits with a right check digit; null where none is known
    confirmed_on  when the contacts were last confirmed with the patient
    may_text      agreed to text messages
    sites, days   where and when they can come: site codes, ISO weekdays 1 to 7; empty for any
    notice_hours  the shortest notice they can manage; null where they did not ask for short-notice dates
    channel       how they want to be reached: letter, text, phone or email
    opted_out     from invitations and reminders sent by machine
    merged_into   the record that took this one over; undone by setting it to null
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    number = models.CharField(max_length=20)
    nhs_number = models.CharField(max_length=10, null=True)
    nhs_number_status = models.CharField(max_length=2, default=NhsNumberStatus.NOT_TRACED)
    family_name = models.CharField(max_length=100)
    given_names = models.CharField(max_length=150)
    born_on = models.DateField()
    sex = models.CharField(max_length=1, default="9")  # person stated gender: 1 male, 2 female, 9 not stated
    address = models.CharField(max_length=300, blank=True)
    postcode = models.CharField(max_length=8, blank=True)
    practice = models.CharField(max_length=12, blank=True)  # ODS code
    phone = models.CharField(max_length=20, blank=True)
    mobile = models.CharField(max_length=20, blank=True)
    email = models.CharField(max_length=254, blank=True)
    confirmed_on = models.DateField(null=True)
    may_text = models.BooleanField(default=False)
    sites = ArrayField(models.CharField(max_length=12), default=list)
    days = ArrayField(models.PositiveSmallIntegerField(), default=list)
    notice_hours = models.PositiveIntegerField(null=True)
    channel = models.CharField(max_length=10, default="letter")
    opted_out = models.BooleanField(default=False)
    died_on = models.DateField(null=True)
    merged_into = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="merged")
    registered_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "number"], name="one_patient_per_number"),
            models.UniqueConstraint(
                fields=["organisation", "nhs_number"],
                condition=Q(merged_into__isnull=True),
                name="one_patient_per_nhs_number",
            ),
            models.CheckConstraint(
                condition=Q(nhs_number__isnull=True) | Q(nhs_number__regex=r"^\d{10}$"),
                name="nhs_number_has_ten_digits",
            ),
            models.CheckConstraint(
                condition=Q(merged_into__isnull=True) | ~Q(merged_into=F("id")),
                name="patient_is_not_merged_into_itself",
            ),
            models.CheckConstraint(
                condition=Q(died_on__isnull=True) | Q(died_on__gte=F("born_on")),
                name="patient_dies_after_birth",
            ),
        ]
        indexes = [
            models.Index(fields=["organisation", "family_name", "born_on"]),
            models.Index(fields=["organisation", "born_on"]),  # who looks alike was born on the same day
            models.Index("organisation", DIGITS, condition=~Q(mobile=""), name="patients_by_mobile"),
        ]

    def __str__(self) -> str:
        return f"{self.family_name.upper()}, {self.given_names}"

    @property
    def stands(self) -> "Patient":
        """The record that stands for this person: the one into which this was merged, else itself."""
        return self.merged_into if self.merged_into is not None else self

    @property
    def person_id(self) -> int:
        """The number of the record that stands. No query."""
        return self.merged_into_id if self.merged_into_id is not None else self.pk


class Need(models.Model):
    """One access or communication need. Ended, never deleted.

    kind       interpreter, format (of letters), contact (method), support, adjustment or transport
    detail     what of it: a language, "large print", "hearing loop", ...
    for_carer  the need is the carer's
    share      the patient agrees that it is shared with other services
    """

    class Kind(models.TextChoices):
        INTERPRETER = "interpreter", "Interpreter"
        FORMAT = "format", "Format of letters"
        CONTACT = "contact", "Way of contact"
        SUPPORT = "support", "Support in communication"
        ADJUSTMENT = "adjustment", "Reasonable adjustment"
        TRANSPORT = "transport", "Transport"

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="needs")
    kind = models.CharField(max_length=12, choices=Kind)
    detail = models.CharField(max_length=120)
    for_carer = models.BooleanField(default=False)
    share = models.BooleanField(default=True)
    recorded_at = models.DateTimeField()
    reviewed_on = models.DateField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["kind", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "kind", "detail"],
                condition=Q(ended_at__isnull=True),
                name="a_need_is_recorded_once",
            )
        ]


class Flag(models.Model):
    """Something that everybody who books or rings must know. Ended, never deleted.

    kind   safeguarding, safe_contact (how not to make contact), dependent (not expected to come by
           themselves: was-not-brought applies), risk
    """

    class Kind(models.TextChoices):
        SAFEGUARDING = "safeguarding", "Safeguarding"
        SAFE_CONTACT = "safe_contact", "Safe contact"
        DEPENDENT = "dependent", "Depends on somebody to come"
        RISK = "risk", "Risk to staff"

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="flags")
    kind = models.CharField(max_length=12, choices=Kind)
    words = models.CharField(max_length=300)
    recorded_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["kind", "id"]


class Carer(models.Model):
    """Somebody who speaks for the patient."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="carers")
    name = models.CharField(max_length=150)
    relation = models.CharField(max_length=60)
    phone = models.CharField(max_length=20, blank=True)
    may_decide = models.BooleanField(default=False)
    ended_at = models.DateTimeField(null=True)
