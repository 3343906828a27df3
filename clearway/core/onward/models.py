"""Onward requests: what a desk asks of a service of another desk, and every step of what became of it."""

from django.db import models
from django.db.models import F, Q

from clearway.domain.shared.onward import State as Stands
from clearway.domain.shared.onward import Step as Steps

from ..organisation.models import Organisation


class OnwardRequest(models.Model):
    """One request. Sender and receiver may be one trust or two; each sees its own side alone.

    kind, kind_words, service, service_name  as the receiver's policy called them when it was sent
    asked       what is asked, in the crew's words
    due_at      until when the patient is to have a slot
    incident, crew  the sender's own references
    reference, number  of the receiver's own record, once it is registered
    state, is_wanted_back, since  the fold of its steps, kept for lists
    """

    sender = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="onward_sent")
    receiver = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="onward_received")
    kind = models.CharField(max_length=20)
    kind_words = models.CharField(max_length=80)
    service = models.CharField(max_length=20)
    service_name = models.CharField(max_length=120)
    asked = models.CharField(max_length=500)
    urgency = models.CharField(max_length=40, blank=True)
    incident = models.CharField(max_length=100, blank=True)
    crew = models.CharField(max_length=40, blank=True)
    again_of = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="again")
    sent_at = models.DateTimeField()
    sent_by = models.CharField(max_length=150)
    due_at = models.DateTimeField()
    reference = models.BigIntegerField(null=True)
    number = models.CharField(max_length=20, blank=True)
    state = models.CharField(max_length=12, default=Stands.SENT.value)
    is_wanted_back = models.BooleanField(default=False)
    since = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=[each.value for each in Stands]), name="onward_state_is_known"
            ),
            models.CheckConstraint(
                condition=Q(due_at__gt=F("sent_at")), name="onward_is_due_after_it_is_sent"
            ),
            models.CheckConstraint(condition=~Q(asked=""), name="onward_says_what_is_asked"),
            models.CheckConstraint(
                condition=Q(reference__isnull=True, number="", state__in=("sent", "refused", "withdrawn"))
                | Q(reference__isnull=False) & ~Q(number="") & ~Q(state__in=("sent", "refused")),
                name="onward_registered_has_its_number",
            ),
            models.UniqueConstraint(fields=["receiver", "reference"], name="one_onward_per_reference"),
        ]
        indexes = [
            models.Index(fields=["sender", "-sent_at"]),
            models.Index(fields=["receiver", "state", "sent_at"]),
            models.Index(fields=["sender", "incident"]),
        ]


class OnwardPerson(models.Model):
    """Who the patient is, as far as the sender knew: kept once, shown by role, gone after its period."""

    request = models.OneToOneField(
        OnwardRequest, primary_key=True, on_delete=models.CASCADE, related_name="person"
    )
    family_name = models.CharField(max_length=100, blank=True)
    given_names = models.CharField(max_length=150, blank=True)
    born_on = models.DateField(null=True)
    nhs_number = models.CharField(max_length=10, null=True)
    phone = models.CharField(max_length=20, blank=True)
    address = models.CharField(max_length=300, blank=True)
    postcode = models.CharField(max_length=9, blank=True)


class OnwardStep(models.Model):
    """One step of a request. Insert-only. by  somebody of `organisation`; words  the reason, or news."""

    request = models.ForeignKey(OnwardRequest, on_delete=models.PROTECT, related_name="steps")
    step = models.CharField(max_length=12)
    at = models.DateTimeField()
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    by = models.CharField(max_length=150)
    words = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(step__in=[each.value for each in Steps]), name="onward_step_is_known"
            ),
            models.CheckConstraint(
                condition=~Q(step__in=("refuse", "withdraw", "ask_back", "end", "keep")) | ~Q(words=""),
                name="onward_step_says_why",
            ),
            models.UniqueConstraint(
                fields=["request"],
                condition=Q(step__in=("send",)),
                name="onward_is_sent_once",
            ),
        ]
