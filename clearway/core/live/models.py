"""How a change reaches a screen: change rows, what was pushed, and the pulse of the processes."""

from django.db import models

from ..organisation.models import Organisation


class Change(models.Model):
    """Something a board shows has changed. Written by actions; read by the one tailer, then deleted.

    The tailer renders the state as it then is, so the order of change rows does not matter, and a row that
    commits late is simply found on the next look.
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, db_index=False)
    topic = models.CharField(max_length=40)
    key = models.CharField(max_length=150)
    at = models.DateTimeField()


class Push(models.Model):
    """A fragment for every screen on a topic, rendered once. Holds no identity.

    A screen that was cut off asks for what came after the last id it saw.
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, db_index=False)
    topic = models.CharField(max_length=40)
    key = models.CharField(max_length=150)
    site = models.CharField(max_length=80, null=True)  # the code of the only hospital it tells of, if any
    body = models.TextField()
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["at"])]


class Heartbeat(models.Model):
    """When a process or a housekeeping job last did its work."""

    name = models.CharField(max_length=60, primary_key=True)
    at = models.DateTimeField()
    every_seconds = models.FloatField()
    detail = models.JSONField(default=dict)
