from django.db import models
from django.db.models import Q


class Notification(models.Model):
    """Something that happened which an appointment wants to know of; it asks for nothing (thông báo)."""

    appointment = models.ForeignKey("directory.Appointment", on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=60)
    text = models.CharField(max_length=500)
    url = models.CharField(max_length=300)
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)
    dedupe_key = models.CharField(max_length=120)

    class Meta:
        indexes = [
            models.Index(
                fields=["appointment", "-created_at"], condition=Q(read_at=None), name="notify_unread"
            ),
            models.Index(fields=["appointment", "-created_at"], name="notify_all"),
        ]
        constraints = [models.UniqueConstraint(fields=["appointment", "dedupe_key"], name="notified_once")]

    def __str__(self) -> str:
        return self.text
