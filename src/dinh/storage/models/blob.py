from django.db import models
from django.db.models.functions import Now
from django.utils import timezone


class Blob(models.Model):
    """Bytes by their SHA-256 (hex, 64 characters): written once, never changed."""

    sha256 = models.CharField(max_length=64, primary_key=True)
    size = models.BigIntegerField()
    media_type = models.CharField(max_length=100)
    created_at = models.DateTimeField(auto_now_add=True)
    kept_at = models.DateTimeField(
        default=timezone.now,
        db_default=Now(),
        db_index=True,
        help_text="When somebody stored these bytes last.",
    )

    def __str__(self) -> str:
        return self.sha256
