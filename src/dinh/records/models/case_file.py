from django.db import models
from django.db.models import Deferrable, F, Q
from django.utils.translation import gettext_lazy as _

from dinh.records.models.file_list import ListEntry


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
    entry = models.ForeignKey(
        ListEntry, on_delete=models.PROTECT, null=True, blank=True, related_name="case_files"
    )
    rights = models.CharField(_("conditions of use"), max_length=30, blank=True)
    language = models.CharField(_("language"), max_length=50, default="Tiếng Việt")
    note = models.CharField(_("note"), max_length=500, blank=True)
    opened_date = models.DateField(_("opened"))
    closed_date = models.DateField(_("closed"), null=True, blank=True)
    handover_due_date = models.DateField(
        _("to be handed over by"), null=True, blank=True, help_text=_("Known from the closing on.")
    )
    handover_warned_at = models.DateTimeField(null=True, blank=True)
    handed_over_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-year", "code", "id"]
        indexes = [
            models.Index(fields=["unit", "closed_date"]),
            models.Index(fields=["responsible"]),
            models.Index(
                fields=["handover_due_date"],
                condition=Q(handover_warned_at=None, handed_over_at=None, handover_due_date__isnull=False),
                name="case_file_to_warn_of",
            ),
        ]
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
    ordinal = models.PositiveIntegerField(help_text=_("Place in the case file, from 1, without gaps."))
    filed_by = models.ForeignKey("directory.Appointment", on_delete=models.PROTECT, related_name="+")
    filed_at = models.DateTimeField()

    class Meta:
        ordering = ["ordinal", "id"]
        indexes = [models.Index(fields=["target_type", "target_id"])]
        constraints = [
            models.UniqueConstraint(fields=["case_file", "target_type", "target_id"], name="filed_once"),
            models.UniqueConstraint(
                fields=["case_file", "ordinal"], name="ordinal_once", deferrable=Deferrable.DEFERRED
            ),
        ]

    def __str__(self) -> str:
        return f"{self.target_type} {self.target_id}"
