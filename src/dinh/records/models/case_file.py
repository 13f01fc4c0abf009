from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class CaseFile(models.Model):
    """
    What belongs to one matter, from its opening to its end (hồ sơ; Decree 30/2020, Art. 28, 29).

    `code` is that of the unit's list of files (danh mục hồ sơ) in the year of opening.
    """

    unit = models.ForeignKey("directory.Unit", on_delete=models.PROTECT, related_name="+")
    year = models.PositiveSmallIntegerField()
    code = models.CharField(_("number and code"), max_length=40)
    title = models.CharField(_("title"), max_length=500)
    retention_years = models.PositiveSmallIntegerField(
        _("years kept"), null=True, blank=True, help_text=_("Empty: kept for ever.")
    )
    responsible = models.ForeignKey("directory.Appointment", on_delete=models.PROTECT, related_name="+")
    opened_date = models.DateField(_("opened"))
    closed_date = models.DateField(_("closed"), null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-year", "code", "id"]
        indexes = [models.Index(fields=["unit", "closed_date"]), models.Index(fields=["responsible"])]
        constraints = [
            models.UniqueConstraint(fields=["unit", "year", "code"], name="case_file_code_once_a_year"),
            models.CheckConstraint(
                condition=Q(closed_date=None) | Q(closed_date__gte=F("opened_date")), name="case_file_period"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.title}"


class Filing(models.Model):
    """
    A record that lies in a case file.

    `target_type` is a name in the registry of what can be filed; records live on higher floors, so there is
    no foreign key to them.
    """

    case_file = models.ForeignKey(CaseFile, on_delete=models.PROTECT, related_name="filings")
    target_type = models.CharField(max_length=60)
    target_id = models.BigIntegerField()
    filed_by = models.ForeignKey("directory.Appointment", on_delete=models.PROTECT, related_name="+")
    filed_at = models.DateTimeField()

    class Meta:
        ordering = ["filed_at", "id"]
        indexes = [models.Index(fields=["target_type", "target_id"])]
        constraints = [
            models.UniqueConstraint(fields=["case_file", "target_type", "target_id"], name="filed_once")
        ]

    def __str__(self) -> str:
        return f"{self.target_type} {self.target_id}"
