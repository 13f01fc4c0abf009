import uuid

from django.db import models

from dinh.documents.enums import CopyKind
from dinh.documents.models.document import Attachment
from dinh.documents.models.incoming import Incoming
from dinh.documents.models.outgoing import Outgoing, Step


class DeviceSignature(models.Model):
    """
    A signature or seal on a letter while its holder's own token makes it (ký bằng thiết bị).

    `step` is empty for the seal and for the agency's signature on an `annex` in a file of its own. Those begun together
    share a batch, so that one PIN serves all. Whatever the page needs stands here and in the session: it may be
    reloaded, and another process may finish.
    """

    batch = models.UUIDField(default=uuid.uuid4, db_index=True)
    outgoing = models.ForeignKey(Outgoing, on_delete=models.CASCADE, related_name="+")
    step = models.ForeignKey(Step, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    annex = models.ForeignKey(Attachment, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    session = models.OneToOneField("signing.SigningSession", on_delete=models.PROTECT, related_name="+")
    actor = models.ForeignKey("directory.Appointment", on_delete=models.PROTECT, related_name="+")
    before = models.ForeignKey("storage.Blob", on_delete=models.PROTECT, related_name="+")
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.outgoing_id} {self.session_id}"


class DeviceCopy(models.Model):
    """
    A copy (bản sao) that a clerk wants, until the seal's own token has sealed it.

    Holds the whole wish, so that another process may finish it; `recipients` as `WantedRecipient` has them. The
    copy that came of it is known by the unit and the request's key (`TrueCopy`).
    """

    session = models.OneToOneField("signing.SigningSession", on_delete=models.PROTECT, related_name="+")
    clerk = models.ForeignKey("directory.Appointment", on_delete=models.PROTECT, related_name="+")
    from_incoming = models.ForeignKey(
        Incoming, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    from_outgoing = models.ForeignKey(
        Outgoing, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    kind = models.CharField(max_length=3, choices=CopyKind)
    pages = models.CharField(max_length=100, blank=True)
    decided_by = models.ForeignKey("directory.Appointment", on_delete=models.PROTECT, related_name="+")
    recipients = models.JSONField(default=list, blank=True)
    request_key = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(from_incoming__isnull=True) ^ models.Q(from_outgoing__isnull=True),
                name="device_copy_of_one",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.session_id}"

    @property
    def source(self) -> Incoming | Outgoing:
        """What is copied."""
        source = self.from_incoming or self.from_outgoing
        if source is None:
            raise ValueError(self.pk)
        return source
