from django.db import models

from dinh.exchange.enums import Grain, Result


class Total(models.Model):
    """
    Sums of exchanges beside the log (số liệu tổng hợp): of one minute, hour or day, between the same two parties about
    the same operation, with the same result for the same reason and about the same latency.

    Written by the gateways' shippers in the transaction that takes the exchanges in (`gateway/totals.py`); they stay
    when the exchanges leave the log for the archive. Each gateway has its own rows, so that none waits for another.
    """

    grain = models.CharField(max_length=6, choices=Grain)
    began_at = models.DateTimeField(help_text="Days begin at midnight in Viet Nam.")
    gateway = models.CharField(max_length=40)
    client = models.CharField(max_length=160)
    provider = models.CharField(max_length=160)
    service = models.CharField(max_length=60)
    version = models.CharField(max_length=20)
    operation = models.CharField(max_length=120)
    result = models.CharField(max_length=8, choices=Result)
    fault = models.CharField(
        max_length=60, default="", db_default="",
        help_text="Why it failed or was refused: the log's reason, or status-5xx; empty if answered",
    )  # fmt: skip
    bucket = models.SmallIntegerField(help_text="Of the latency, as `gateway/totals.py` divides it")
    calls = models.BigIntegerField()
    duration_us = models.BigIntegerField(help_text="Of all its calls together")
    upstream_us = models.BigIntegerField()
    request_bytes = models.BigIntegerField()
    response_bytes = models.BigIntegerField()
    last_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "grain", "began_at", "gateway", "client", "provider", "service", "version", "operation",
                    "result", "fault", "bucket",
                ],
                name="exchange_total_once",
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.grain} {self.began_at} {self.client} {self.service}"
