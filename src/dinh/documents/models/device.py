import uuid

from django.db import models

from dinh.documents.models.document import Attachment
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
