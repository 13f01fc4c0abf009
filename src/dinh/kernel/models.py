"""The kernel's own plumbing; no business words."""

from django.db import models


class NumberSeries(models.Model):
    """A gapless series of numbers. The row is locked last, and only while a number is taken."""

    key = models.CharField(max_length=120, primary_key=True)
    last_number = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.key}: {self.last_number}"


class IdempotencyKey(models.Model):
    """
    An answer already given to a write of the JSON API, so that a retry gets it again.

    `acted_on` is written in the act's own transaction: what was done is never done again, even if its answer was lost.
    """

    key = models.CharField(max_length=200)
    caller = models.CharField(max_length=80)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    body = models.BinaryField(null=True)
    attempt = models.PositiveSmallIntegerField(default=1)
    acted_on = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["caller", "key"], name="idempotency_key_once")]

    def __str__(self) -> str:
        return self.key
