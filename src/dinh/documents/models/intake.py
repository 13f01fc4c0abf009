from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from dinh.documents.models.incoming import Incoming
from dinh.documents.models.outgoing import Outgoing


class Intake(models.Model):
    """
    How a letter on paper or by e-mail was taken in (tiếp nhận văn bản giấy): its scan and the stamped copy.

    `original` is kept as uploaded, byte for byte; the letter's own content is its PDF.
    """

    incoming = models.OneToOneField(Incoming, on_delete=models.PROTECT, related_name="intake")
    unit = models.ForeignKey("directory.Unit", on_delete=models.PROTECT, related_name="+", db_index=False)
    request_key = models.CharField(max_length=64, help_text=_("A repeated request registers nothing twice."))
    original = models.ForeignKey(
        "storage.Blob", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    file_name = models.CharField(_("file"), max_length=200, blank=True)
    stamped = models.ForeignKey(
        "storage.Blob", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    prepared_at = models.DateTimeField(
        null=True, blank=True, help_text=_("When the scan was stamped and its text read.")
    )
    text_note = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["unit", "request_key"], name="intake_once")]

    def __str__(self) -> str:
        return f"{self.incoming_id} {self.file_name}"


class TrueCopy(models.Model):
    """What a copy (bản sao) was made of, and who decided on it; the copy itself is an outgoing document."""

    outgoing = models.OneToOneField(Outgoing, on_delete=models.PROTECT, related_name="true_copy")
    unit = models.ForeignKey("directory.Unit", on_delete=models.PROTECT, related_name="+", db_index=False)
    request_key = models.CharField(max_length=64, help_text=_("A repeated request copies nothing twice."))
    from_incoming = models.ForeignKey(
        Incoming, on_delete=models.PROTECT, null=True, blank=True, related_name="true_copies"
    )
    from_outgoing = models.ForeignKey(
        Outgoing, on_delete=models.PROTECT, null=True, blank=True, related_name="true_copies"
    )
    pages = models.CharField(_("pages"), max_length=100, blank=True)
    decided_by = models.ForeignKey("directory.Appointment", on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["unit", "request_key"], name="true_copy_once"),
            models.CheckConstraint(
                condition=Q(from_incoming__isnull=True) ^ Q(from_outgoing__isnull=True),
                name="true_copy_of_one",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.outgoing_id}"
