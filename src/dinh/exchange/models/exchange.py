import uuid

from django.db import models

from dinh.exchange.enums import Front, Outcome


class Exchange(models.Model):
    """
    One call through a gateway, as its log has it (nhật ký trao đổi). Written by the gateways' shippers only.

    Ids are of RFC 9562, version 7: they grow with time, so that the table may be partitioned by ranges of them.
    Parties and operations are kept by name, without foreign keys: the log outlives the registry.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    gateway = models.CharField(max_length=40)
    front = models.CharField(max_length=5, choices=Front)
    started_at = models.DateTimeField()
    duration_us = models.IntegerField()
    upstream_us = models.IntegerField()
    client = models.CharField(max_length=160)
    provider = models.CharField(max_length=160)
    service = models.CharField(max_length=60)
    version = models.CharField(max_length=20)
    operation = models.CharField(max_length=120)
    grant_id = models.BigIntegerField(null=True)
    method = models.CharField(max_length=20)
    path = models.CharField(max_length=300)
    message_id = models.CharField(max_length=100)
    user_id = models.CharField(max_length=100)
    issue = models.CharField(max_length=200)
    status = models.SmallIntegerField()
    outcome = models.CharField(max_length=10, choices=Outcome)
    reason = models.CharField(max_length=60)
    request_bytes = models.BigIntegerField()
    response_bytes = models.BigIntegerField()
    request_sha256 = models.CharField(max_length=64)
    response_sha256 = models.CharField(max_length=64)
    peer_key = models.CharField(
        max_length=64, blank=True, help_text="SHA-256 of the other gateway's certificate, hex; else empty."
    )
    peer_proof = models.TextField(
        blank=True,
        help_text="What it signed (RFC 9421): signature base and signature, base64, a dot between.",
    )
    subject = models.CharField(
        max_length=64,
        blank=True,
        default="",
        db_default="",
        help_text="Keyed hash of the person it is about, hex.",
    )
    represented_party = models.CharField(
        max_length=160,
        blank=True,
        default="",
        db_default="",
        help_text="For whom the client called (X-Road-Represented-Party), [CLASS/]CODE.",
    )
    batch_id = models.UUIDField(null=True, help_text="Of the signed batch that holds its line.")
    leaf_index = models.IntegerField(null=True, help_text="Its place among the batch's lines.")

    class Meta:
        indexes = [
            models.Index(fields=["-started_at"], name="exchange_by_time"),
            models.Index(fields=["service", "-started_at"], name="exchange_by_service"),
            models.Index(fields=["client", "-started_at"], name="exchange_by_client"),
            models.Index(fields=["provider", "-started_at"], name="exchange_by_provider"),
            models.Index(
                fields=["outcome", "-started_at"],
                name="exchange_by_outcome",
                condition=~models.Q(outcome=Outcome.DELIVERED),
            ),
            models.Index(
                fields=["message_id"], name="exchange_of_message", condition=~models.Q(message_id="")
            ),
            models.Index(
                fields=["issue", "-started_at"], name="exchange_by_issue", condition=~models.Q(issue="")
            ),
            models.Index(
                fields=["user_id", "-started_at"], name="exchange_by_user", condition=~models.Q(user_id="")
            ),
            models.Index(fields=["batch_id"], name="exchange_by_batch"),
            models.Index(
                fields=["subject", "-started_at"],
                name="exchange_by_subject",
                condition=~models.Q(subject=""),
            ),
            models.Index(
                fields=["represented_party", "-started_at"],
                name="exchange_by_represented",
                condition=~models.Q(represented_party=""),
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)
