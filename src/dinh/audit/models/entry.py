from django.db import models


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

    class Meta:
        indexes = [models.Index(fields=["target_type", "target_id", "id"])]

    def __str__(self) -> str:
        return f"{self.action} {self.target_type}:{self.target_id}"
