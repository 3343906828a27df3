"""What somebody proves who they are with besides the password: apps, passkeys, and codes on paper."""

from django.db import models
from django.db.models import Q


class Factor(models.Model):
    """One app or passkey of an account.

    name       what its owner calls it, e.g. "Work phone"
    secret     of an app: the shared secret, sealed (see sealing.py); empty for a passkey
    last_step  of an app: the newest step of 30 seconds whose code was used; none up to it is taken again
    credential, public_key, uses  of a passkey: its id, its key, and its count of signatures
    """

    class Kind(models.TextChoices):
        CODE = "code", "Authenticator app"
        PASSKEY = "passkey", "Passkey"

    user = models.ForeignKey("core.User", on_delete=models.PROTECT, related_name="factors")
    kind = models.CharField(max_length=10, choices=Kind)
    name = models.CharField(max_length=60)
    secret = models.BinaryField(default=bytes)
    last_step = models.BigIntegerField(default=0)
    credential = models.BinaryField(null=True, unique=True)
    public_key = models.BinaryField(default=bytes)
    uses = models.BigIntegerField(default=0)
    added_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=(Q(kind="code", credential=None) & ~Q(secret=b""))
                | (Q(kind="passkey", credential__isnull=False, secret=b"") & ~Q(public_key=b"")),
                name="a_factor_has_what_its_kind_needs",
            )
        ]
        ordering = ["added_at", "id"]


class RecoveryCode(models.Model):
    """A code on paper, good once. Only its Argon2 hash is kept."""

    user = models.ForeignKey("core.User", on_delete=models.PROTECT, related_name="+")
    digest = models.CharField(max_length=200)
    made_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "core_recovery_code"


class WrongCodes(models.Model):
    """Wrong codes of one account in a row, from wherever they came; and until when none is looked at."""

    user = models.OneToOneField("core.User", on_delete=models.PROTECT, related_name="+")
    count = models.PositiveSmallIntegerField(default=0)
    locked_until = models.DateTimeField(null=True)

    class Meta:
        db_table = "core_wrong_codes"
