from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from dinh.directory.enums import ChangeKind
from dinh.directory.models.person import Appointment


class StructureChange(models.Model):
    """
    One change of the tree as it was entered (thay đổi tổ chức): of one unit, or of hundreds in one go.

    `journal` says which rows it made and changed, from what to what, so that it can be withdrawn as a whole
    before its day.
    """

    kind = models.CharField(max_length=12, choices=ChangeKind)
    title = models.CharField(max_length=300)
    legal_basis = models.CharField(_("decision"), max_length=200, blank=True)
    effective_date = models.DateField(_("in force from"))
    digest = models.CharField(max_length=64, blank=True, help_text="Of a file that was carried out.")
    journal = models.JSONField(default=dict)
    entered_by = models.ForeignKey(Appointment, on_delete=models.PROTECT, related_name="+")
    entered_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-effective_date", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["digest"], condition=Q(withdrawn_at=None) & ~Q(digest=""), name="carried_out_once"
            )
        ]

    def __str__(self) -> str:
        return self.title
