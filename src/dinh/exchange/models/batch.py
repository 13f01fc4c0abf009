import uuid

from django.db import models


class GatewayCertificate(models.Model):
    """A certificate that a gateway signs with (chứng thư số của cổng), issuers after it; told by the gateway itself."""

    fingerprint = models.CharField(primary_key=True, max_length=64, help_text="SHA-256, hex")
    gateway = models.CharField(max_length=40)
    chain = models.BinaryField(help_text="X.509, PEM")
    first_seen_at = models.DateTimeField()
    used_from = models.DateTimeField(
        null=True, help_text="Of one that was made as the next: when the gateway goes over to it"
    )

    class Meta:
        ordering = ["-first_seen_at"]

    def __str__(self) -> str:
        return self.fingerprint


class BatchStamp(models.Model):
    """A timestamp (RFC 3161) over the signatures of many batches (dấu thời gian của các lô)."""

    stamped_at = models.DateTimeField()
    root = models.BinaryField(help_text="Merkle tree hash over the batches' signatures, RFC 6962")
    leaves = models.BinaryField(help_text="Leaf hashes, 32 bytes each, in their order")
    token = models.BinaryField(help_text="RFC 3161, DER")

    def __str__(self) -> str:
        return f"{self.pk}"


class Batch(models.Model):
    """
    Lines of a gateway's log that were written together, with their signed root (lô nhật ký).

    Never changed but by its timestamp, and when its lines leave the log for the archive.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    gateway = models.CharField(max_length=40)
    signed_at = models.DateTimeField()
    root = models.BinaryField(help_text="Merkle tree hash, RFC 6962 section 2.1")
    leaves = models.BinaryField(help_text="Leaf hashes, 32 bytes each, in their order; none once archived")
    certificate = models.CharField(max_length=64, help_text="SHA-256 of the signer's, hex")
    signature = models.BinaryField(help_text="Of the CMS over the statement")
    chain = models.UUIDField(
        null=True, help_text="Of the gateway's batches; none in those of earlier releases."
    )
    number = models.BigIntegerField(default=0, db_default=0, help_text="In its chain, from 1 on")
    previous = models.BinaryField(
        default=b"", db_default=b"", help_text="Root of the batch before in its chain"
    )
    archive = models.ForeignKey(
        "exchange.Archive", on_delete=models.PROTECT, null=True, related_name="batches"
    )
    count = models.IntegerField(
        null=True,
        help_text="Of its lines, once their volume was disposed of: its statement is signed over it",
    )
    stamp = models.ForeignKey(BatchStamp, on_delete=models.PROTECT, null=True, related_name="batches")
    stamp_position = models.IntegerField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["chain", "number"], name="batch_in_chain"),
            models.Index(fields=["signed_at"], name="batch_in_log", condition=models.Q(archive=None)),
            models.Index(fields=["id"], name="batch_without_stamp", condition=models.Q(stamp=None)),
        ]

    def __str__(self) -> str:
        return str(self.id)


class Beginning(models.Model):
    """The line of an answer's beginning, which is a leaf of its batch though the line of its end stands in the log."""

    batch_id = models.UUIDField()
    leaf_index = models.IntegerField()
    line = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["batch_id", "leaf_index"], name="beginning_once_a_leaf")
        ]

    def __str__(self) -> str:
        return f"{self.batch_id} {self.leaf_index}"
