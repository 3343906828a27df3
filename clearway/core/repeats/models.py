"""Which forms were sent, so that one that is sent twice is done once."""

from django.db import models


class SentForm(models.Model):
    """A form of a page that was sent and answered for good (docs/adr/0115).

    Written in the transaction of what the form does, so that either both are there or neither. Holds nothing
    that anybody typed, and the answer only so that who has the form's key can read it.

    key     digest of the key that the form carries; the key itself is kept nowhere
    asked   digest of who sent what where; the same key with another one is another form
    at      when it was sent
    answer  what was answered, sealed under the key; empty until the end of its own transaction
    """

    key = models.BinaryField(max_length=32, primary_key=True)
    asked = models.BinaryField(max_length=32)
    at = models.DateTimeField()
    answer = models.BinaryField()

    class Meta:
        db_table = "core_sent_form"
        indexes = [models.Index(fields=["at"])]
