"""Who came in through a provider, in which sessions, and which of the provider's words were used up."""

from django.db import models

from ..models import User


class ProviderPerson(models.Model):
    """An account as its provider knows it: found by issuer and subject, never by a name or an address."""

    user = models.OneToOneField(User, on_delete=models.PROTECT, related_name="provider_person")
    issuer = models.CharField(max_length=300)
    subject = models.CharField(max_length=255)
    seen_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["issuer", "subject"], name="one_account_per_subject_of_a_provider"
            )
        ]


class ProviderSession(models.Model):
    """A session of ours that began at the provider, so that it can end when the provider says so.

    sid  the provider's name of its session; empty where it gives none
    acr  how strongly the person signed in, as the provider calls it
    """

    person = models.ForeignKey(ProviderPerson, on_delete=models.CASCADE, related_name="sessions")
    session_key = models.CharField(max_length=40, unique=True)
    sid = models.CharField(max_length=255, blank=True)
    acr = models.CharField(max_length=255, blank=True)
    began_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["sid"]), models.Index(fields=["began_at"])]


class SpentLogout(models.Model):
    """A logout token that was taken: it does nothing a second time, and its session may not begin anew.

    sid      the session that it named; empty where it named every one of the subject
    subject  whose; empty where it named a session alone
    made_at  when the provider said so, by its clock: who proved anew after that may come in
    until    when the token is over and the row may go
    """

    issuer = models.CharField(max_length=300)
    token_id = models.CharField(max_length=255)
    sid = models.CharField(max_length=255, blank=True)
    subject = models.CharField(max_length=255, blank=True)
    made_at = models.DateTimeField()
    until = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["issuer", "token_id"], name="a_logout_token_is_taken_once")
        ]
        indexes = [models.Index(fields=["until"])]
