from django.db import models


class StoredVerdict(models.Model):
    """
    What was found when a kept PDF was judged, so that pages need not judge it again (kết luận kiểm tra).

    Only a cache: may be emptied at any time. Holds no holder, since the registry may change its mind.
    """

    sha256 = models.CharField(max_length=64)
    is_offline = models.BooleanField()
    anchors = models.CharField(max_length=64)
    report = models.JSONField()
    judged_at = models.DateTimeField()
    fresh_until = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sha256", "is_offline"], name="storedverdict_one_per_way")
        ]

    def __str__(self) -> str:
        return f"{self.sha256[:12]} {self.judged_at:%Y-%m-%d %H:%M}"
