from django.db import models

from dinh.audit.models.entry import Entry


class Seal(models.Model):
    """
    A signed root over the entries that committed since the seal before (niêm phong).

    `digest` chains: it covers number, moment, count, horizon, root and the digest of the seal before. Never changed
    but for its signature, which a trigger takes once, and once again with its timestamp.
    """

    number = models.BigIntegerField(primary_key=True)
    sealed_at = models.DateTimeField()
    entry_count = models.PositiveIntegerField()
    horizon = models.BigIntegerField(help_text="All transactions below this number had ended.")
    root = models.BinaryField(help_text="Merkle tree hash, RFC 6962 section 2.1")
    previous = models.BinaryField(help_text="Digest of the seal before, empty for the first")
    digest = models.BinaryField()
    version = models.PositiveSmallIntegerField(default=1, help_text="Which fields the digests cover")
    signature = models.BinaryField(null=True, help_text="Detached CMS over the digest, DER")
    stamped_at = models.DateTimeField(null=True, help_text="What the signature's timestamp says (RFC 3161)")

    class Meta:
        ordering = ["number"]
        indexes = [
            models.Index(
                fields=["number"], name="seal_without_timestamp", condition=models.Q(stamped_at=None)
            )
        ]

    def __str__(self) -> str:
        return f"{self.number}"


class Leaf(models.Model):
    """Where an entry stands in its seal's tree."""

    entry = models.OneToOneField(Entry, on_delete=models.DO_NOTHING, primary_key=True, db_constraint=False)
    seal = models.ForeignKey(Seal, on_delete=models.PROTECT, related_name="leaves")
    position = models.PositiveIntegerField()
    digest = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["seal", "position"], name="leaf_position_once")]

    def __str__(self) -> str:
        return f"{self.seal_id}.{self.position}"
