from django.db import models


class Archive(models.Model):
    """
    A volume of the log's archive (tập lưu trữ nhật ký): exchanges of one month that left the log for a file.

    The file names the digest of the volume before it, so that the files are a chain of their own. Never changed.
    """

    number = models.PositiveIntegerField(unique=True)
    month = models.DateField(help_text="Its first day, in Viet Nam")
    content = models.ForeignKey("storage.Blob", on_delete=models.PROTECT, related_name="+")
    previous = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the volume before, hex")
    exchanges = models.IntegerField(help_text="Lines in it")
    smallest = models.UUIDField(help_text="Ids of its exchanges lie between this one")
    largest = models.UUIDField(help_text="and this one: they grow with time.")
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["number"]

    def __str__(self) -> str:
        return f"{self.number}"


class ArchivedSubject(models.Model):
    """That a volume holds calls about a person, so that not all volumes are read for a list of accesses."""

    archive = models.ForeignKey(Archive, on_delete=models.PROTECT, related_name="subjects")
    subject = models.CharField(max_length=64, help_text="Keyed hash, hex")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subject", "archive"], name="exchange_archivedsubject_once")
        ]

    def __str__(self) -> str:
        return f"{self.archive_id} {self.subject}"
