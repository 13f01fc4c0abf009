from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class FileList(models.Model):
    """A unit's list of the case files of a year (danh mục hồ sơ; Decree 30/2020, Art. 28)."""

    unit = models.ForeignKey("directory.Unit", on_delete=models.PROTECT, related_name="+")
    year = models.PositiveSmallIntegerField()
    approved_at = models.DateTimeField(null=True, blank=True)
    approved_by = models.ForeignKey(
        "directory.Appointment", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["unit", "year"], name="file_list_once_a_year")]

    def __str__(self) -> str:
        return f"{self.unit_id} {self.year}"


class ListEntry(models.Model):
    """
    A case file that is to be opened in the year: heading, code, title, how long it is kept, who opens it.

    `handover_months`: within how many months after its closing it goes to the unit's archive: 12, or 3 for
    construction (Decree 30/2020, Art. 30).
    """

    file_list = models.ForeignKey(FileList, on_delete=models.PROTECT, related_name="entries")
    heading = models.CharField(_("heading"), max_length=200, blank=True)
    code = models.CharField(_("number and code"), max_length=20)
    title = models.CharField(_("title"), max_length=500)
    retention_years = models.PositiveSmallIntegerField(
        _("years kept"), null=True, blank=True, help_text=_("Empty: kept for ever.")
    )
    handover_months = models.PositiveSmallIntegerField(_("months until hand-over"), default=12)
    responsible = models.ForeignKey(
        "directory.Appointment", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    note = models.CharField(_("note"), max_length=500, blank=True)

    class Meta:
        ordering = ["heading", "code", "id"]
        constraints = [
            models.UniqueConstraint(fields=["file_list", "code"], name="list_code_once"),
            models.CheckConstraint(
                condition=Q(handover_months__gte=1, handover_months__lte=12), name="handover_within_a_year"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.title}"
