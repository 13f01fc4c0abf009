import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class SessionState(models.TextChoices):
    OPEN = "open", _("Waiting for the signature")
    FINISHED = "finished", _("Signed")
    CANCELLED = "cancelled", _("Cancelled")


class SigningSession(models.Model):
    """
    A signature between its two phases (phiên ký số): what was prepared, for whom, until when, and what became of it.

    All that the second phase needs stands here, so that another process can finish after a restart.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    appointment = models.ForeignKey("directory.Appointment", on_delete=models.PROTECT, related_name="+")
    credential = models.ForeignKey("signing.Credential", on_delete=models.PROTECT, related_name="+")
    source = models.ForeignKey("storage.Blob", on_delete=models.PROTECT, related_name="+")
    prepared = models.ForeignKey("storage.Blob", on_delete=models.PROTECT, related_name="+")
    ticket = models.TextField(help_text=_("PreparedSignature.ticket: all but the prepared PDF"))
    field_name = models.CharField(max_length=200)
    asked = models.CharField(
        max_length=500, blank=True, help_text=_("Where a key is released elsewhere: the request's name")
    )
    about = models.JSONField(
        default=dict, blank=True, help_text=_("What a signing program shows: DocNumber, IssuedDate")
    )
    state = models.CharField(max_length=10, choices=SessionState, default=SessionState.OPEN)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    answer_digest = models.CharField(max_length=64, blank=True, help_text=_("SHA-256 of the answer, hex"))
    result = models.ForeignKey(
        "storage.Blob", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    level = models.CharField(max_length=10, blank=True)
    notes = models.JSONField(default=list, blank=True)

    class Meta:
        indexes = [models.Index(fields=["expires_at"], condition=Q(state="open"), name="signingsession_open")]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="finished", result__isnull=False)
                | (~Q(state="finished") & Q(result__isnull=True)),
                name="signingsession_result_iff_finished",
            )
        ]

    def __str__(self) -> str:
        return f"{self.id} {self.field_name}"
