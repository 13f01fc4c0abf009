from typing import Any

from django.db import models


class CurrentTransaction(models.Func):
    """Number of the database transaction that writes; it never wraps."""

    template = "((pg_current_xact_id())::text::bigint)"
    output_field: "models.Field[Any, Any]" = models.BigIntegerField()


class Entry(models.Model):
    """
    One act, written in the act's own transaction; never changed, never removed (a trigger refuses both).

    Actor, appointment and unit are plain ids with their names of that moment, without foreign keys.
    """

    recorded_at = models.DateTimeField(db_index=True)
    action = models.CharField(max_length=80)
    person_id = models.BigIntegerField(null=True)
    person_name = models.CharField(max_length=80, blank=True)
    appointment_id = models.BigIntegerField(null=True)
    position = models.CharField(max_length=120, blank=True)
    unit_id = models.BigIntegerField(null=True)
    unit_name = models.CharField(max_length=200, blank=True)
    target_type = models.CharField(max_length=60)
    target_id = models.CharField(max_length=64)
    details = models.JSONField(default=dict)
    request_id = models.CharField(max_length=64, blank=True)
    transaction_id = models.BigIntegerField(db_default=CurrentTransaction(), editable=False, db_index=True)

    class Meta:
        indexes = [models.Index(fields=["target_type", "target_id", "id"])]

    def __str__(self) -> str:
        return f"{self.action} {self.target_type}:{self.target_id}"
