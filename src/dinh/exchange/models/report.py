from django.db import models


class MonthlyReport(models.Model):
    """
    The report of a month that is over (báo cáo tháng), as it stood when it was closed. Never changed.

    Of the whole platform, or of the systems of one unit.
    """

    month = models.DateField(help_text="Its first day, in Viet Nam")
    unit = models.ForeignKey(
        "directory.Unit", on_delete=models.PROTECT, null=True, related_name="+",
        help_text="Whose systems; none: the whole platform",
    )  # fmt: skip
    content = models.JSONField(help_text="`reporting.MonthReport`")
    paper = models.ForeignKey("storage.Blob", on_delete=models.PROTECT, related_name="+")
    sheet = models.ForeignKey("storage.Blob", on_delete=models.PROTECT, related_name="+")
    closed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["month", "unit"], name="exchange_report_once_a_month", nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        return f"{self.month:%m/%Y}"
