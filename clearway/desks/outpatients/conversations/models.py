"""Texts and emails to patients, what they text back, and how it stands with each number."""

from django.db import models
from django.db.models import Q

from clearway.core.organisation.models import Organisation
from clearway.core.outbox.models import Outgoing

from ..booking.models import Appointment
from ..letters.models import LetterText
from ..patients.models import Patient
from ..recycling.models import SlotOffer
from ..trials.models import TrialPlace
from ..waiting.models import Contact, Entry


class Conversation(models.Model):
    """What goes to and comes from one mobile number. Locked while an answer is acted on.

    asks         what the newest question asks (domain.outpatients.replies.Asks); question  that text
    waits_since  since when something of it waits for a person; null when nothing does; why  in a sentence
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    number = models.CharField(max_length=20)
    asks = models.CharField(max_length=10, blank=True)
    question = models.ForeignKey("Message", null=True, on_delete=models.PROTECT, related_name="+")
    waits_since = models.DateTimeField(null=True)
    why = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "number"], name="one_conversation_per_number"),
            models.CheckConstraint(
                condition=Q(asks="") | Q(question__isnull=False), name="what_is_asked_has_a_question"
            ),
            models.CheckConstraint(
                condition=Q(waits_since__isnull=True) | ~Q(why=""), name="a_conversation_that_waits_says_why"
            ),
        ]
        indexes = [
            models.Index(
                fields=["organisation", "waits_since"],
                condition=Q(waits_since__isnull=False),
                name="conversations_that_wait",
            )
        ]


class Message(models.Model):
    """One text or email to one patient.

    outgoing   where it stands in the outbox; contact  the contact that it is evidence of, where it is one
    kind       as domain.outpatients.messages.Message; text  the version that its words were made from
    place      the patient's place in the trial that it is part of, where there is one
    reference  what carriers are told to call it: names nobody, and is the same at every try
    to         number or address that it was made for; said  words of a person, where they are not of a text
    failure    the carrier's last word, where it was not delivered
    sealed_at  when it left: from then on its words do not change
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    outgoing = models.OneToOneField(Outgoing, on_delete=models.PROTECT, related_name="message")
    conversation = models.ForeignKey(
        Conversation, null=True, on_delete=models.PROTECT, related_name="messages"
    )
    kind = models.CharField(max_length=10)
    channel = models.CharField(max_length=5)
    patient = models.ForeignKey(Patient, null=True, on_delete=models.PROTECT, related_name="messages")
    entry = models.ForeignKey(Entry, null=True, on_delete=models.PROTECT, related_name="messages")
    appointment = models.ForeignKey(Appointment, null=True, on_delete=models.PROTECT, related_name="messages")
    offer = models.ForeignKey(SlotOffer, null=True, on_delete=models.PROTECT, related_name="messages")
    contact = models.ForeignKey(Contact, null=True, on_delete=models.PROTECT, related_name="messages")
    text = models.ForeignKey(LetterText, null=True, on_delete=models.PROTECT, related_name="messages")
    place = models.ForeignKey(TrialPlace, null=True, on_delete=models.PROTECT, related_name="messages")
    reference = models.CharField(max_length=60, unique=True)
    to = models.CharField(max_length=254)
    subject = models.CharField(max_length=150, blank=True)
    said = models.CharField(max_length=459, blank=True)
    words = models.TextField(blank=True)
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=150)
    failure = models.CharField(max_length=20, blank=True)
    sealed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "outpatients_message"
        ordering = ["id"]
        indexes = [
            models.Index(fields=["organisation", "to", "-made_at"]),
            models.Index(fields=["patient", "-id"]),
        ]


class Answer(models.Model):
    """One text that somebody sent to us, and what was done with it.

    name     the carrier's own: the same text told twice is one
    sent_at  when the carrier had it; heard_at  when we read it
    meaning, because  what it was read as, and by which words; act  what was done (replies.Act)
    problem  why what it asked for could not be done
    done_at  when it was seen to, by the machine or by a person, and how
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT)
    conversation = models.ForeignKey(Conversation, on_delete=models.PROTECT, related_name="answers")
    name = models.CharField(max_length=100)
    words = models.CharField(max_length=1000)
    sent_at = models.DateTimeField()
    heard_at = models.DateTimeField()
    meaning = models.CharField(max_length=10)
    because = models.CharField(max_length=100, blank=True)
    act = models.CharField(max_length=10)
    problem = models.CharField(max_length=200, blank=True)
    patient = models.ForeignKey(Patient, null=True, on_delete=models.PROTECT, related_name="answers")
    appointment = models.ForeignKey(Appointment, null=True, on_delete=models.PROTECT, related_name="answers")
    done_at = models.DateTimeField(null=True)
    done_by = models.CharField(max_length=150, blank=True)
    how = models.CharField(max_length=200, blank=True)

    class Meta:
        db_table = "outpatients_answer"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["organisation", "name"], name="a_text_is_heard_once"),
            models.CheckConstraint(
                condition=Q(done_at__isnull=True) | ~Q(done_by="", how=""), name="what_was_answered_says_how"
            ),
        ]
        indexes = [models.Index(fields=["conversation", "id"])]


class Knock(models.Model):
    """How often something was tried at the pages of patients within an hour. key: a digest."""

    key = models.CharField(max_length=64)
    hour = models.DateTimeField()
    count = models.PositiveIntegerField(default=0)

    class Meta:
        db_table = "outpatients_knock"
        constraints = [models.UniqueConstraint(fields=["key", "hour"], name="knocks_are_counted_by_the_hour")]
