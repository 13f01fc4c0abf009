from django.db import models


class PendingProof(models.Model):
    """
    A signed PDF that still lacks a timestamp or revocation answers, since a server was silent (chờ bổ sung bằng chứng).

    `notes` says what is missing, in words.
    """

    sha256 = models.CharField(max_length=64, unique=True)
    notes = models.JSONField(default=list)
    since = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    next_try_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.sha256[:12]} {self.attempts}"
