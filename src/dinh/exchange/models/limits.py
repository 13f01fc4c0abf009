from django.db import models


class GatewayBeat(models.Model):
    """A gateway that lives (nhịp của cổng): the others divide rates by how many there are. Written by gateways only."""

    name = models.CharField(primary_key=True, max_length=40)
    certificate = models.CharField(max_length=64, help_text="SHA-256 of the key's certificate, hex")
    seen_at = models.DateTimeField()
    state = models.JSONField(
        default=dict, db_default={},
        help_text="How it stands, as `gateway.standing` tells; empty of one of an earlier release",
    )  # fmt: skip
    renew_at = models.DateTimeField(
        null=True,
        help_text="When it is to go over to a next key of its own; of the certificate that it uses now",
    )

    def __str__(self) -> str:
        return self.name


class Spending(models.Model):
    """
    Calls of a day that gateways reserved under one limit (lượt gọi đã dùng). Written by gateways only.

    Kept by numbers, without foreign keys: gateways know the registry of a moment ago.
    """

    kind = models.CharField(max_length=5, help_text="grant, peer, trial or told")
    holder = models.BigIntegerField(help_text="Id of the grant or of the peer")
    part = models.BigIntegerField(help_text="Id of the operation, or of the calling system")
    day = models.DateField(help_text="In Viet Nam")
    calls = models.BigIntegerField(default=0, db_default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "holder", "part", "day"], name="spending_once_a_day")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.holder}/{self.part} {self.day}"
