from django.db import models


class Alarm(models.Model):
    """That a service failed too often (cảnh báo dịch vụ lỗi): once for each hour in which that was told."""

    service = models.CharField(max_length=60, help_text="Its name in addresses: alarms outlive the registry.")
    hour = models.DateTimeField()
    calls = models.IntegerField(help_text="Of the ten minutes before it was first told")
    failed = models.IntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["hour", "service"], name="exchange_alarm_once_an_hour")
        ]

    def __str__(self) -> str:
        return f"{self.service} {self.hour}"
