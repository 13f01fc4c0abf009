import uuid

from django.db import models


class PluginErrand(models.Model):
    """
    A letter on its way through the signing program on its holder's computer, which fetches and returns whole files.

    The program is not signed in: it knows two secrets that are good for this one errand; only their digests are kept.
    What it returns waits here, judged, until the holder's own page takes it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    session = models.ForeignKey("signing.SigningSession", on_delete=models.CASCADE, related_name="errands")
    fetch_digest = models.CharField(max_length=64, unique=True)
    return_digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    fetched_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    returned = models.ForeignKey(
        "storage.Blob", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    returned_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["created_at"]

    def __str__(self) -> str:
        return str(self.id)
