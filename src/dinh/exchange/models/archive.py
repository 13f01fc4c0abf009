from django.db import models


class Archive(models.Model):
    """
    A volume of the log's archive (tập lưu trữ nhật ký): exchanges of one month that left the log for a file.

    The file names the digest of the volume before it, so that the files are a chain of their own. Never changed, but
    disposed of: then the file goes, and row and digest stay, so that the chain is still one.
    """

    number = models.PositiveIntegerField(unique=True)
    month = models.DateField(help_text="Its first day, in Viet Nam")
    content = models.ForeignKey(
        "storage.Blob",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        help_text="None once disposed of",
    )
    sha256 = models.CharField(max_length=64, help_text="Of the file, hex")
    previous = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the volume before, hex")
    exchanges = models.IntegerField(help_text="Lines in it")
    smallest = models.UUIDField(help_text="Ids of its exchanges lie between this one")
    largest = models.UUIDField(help_text="and this one: they grow with time.")
    made_at = models.DateTimeField()
    first_at = models.DateTimeField(
        null=True, help_text="Its exchanges began between this moment; none until it has been indexed"
    )
    last_at = models.DateTimeField(null=True, help_text="and this one.")
    disposal_ordered_at = models.DateTimeField(null=True)
    disposed_at = models.DateTimeField(null=True)

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


class ArchivedContent(models.Model):
    """How many exchanges of which kind a volume holds, so that a search reads only the volumes that can answer it."""

    archive = models.ForeignKey(Archive, on_delete=models.PROTECT, related_name="contents")
    client = models.CharField(max_length=160)
    provider = models.CharField(max_length=160)
    service = models.CharField(max_length=60)
    outcome = models.CharField(max_length=10)
    exchanges = models.IntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["archive", "client", "provider", "service", "outcome"],
                name="exchange_archivedcontent_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.archive_id} {self.client} {self.service}"
