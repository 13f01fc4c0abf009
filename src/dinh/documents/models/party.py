from django.db import models
from django.utils.translation import gettext_lazy as _

from dinh.documents.models.outgoing import Outgoing


class Party(models.Model):
    """The other party of an agreement (bên B): a unit of the province, or an outsider by name."""

    outgoing = models.OneToOneField(Outgoing, on_delete=models.CASCADE, related_name="party")
    unit = models.ForeignKey(
        "directory.Unit", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    name = models.CharField(max_length=200)
    representative = models.CharField(
        max_length=80,
        blank=True,
        help_text=_("Who signs for an outsider; who does for a unit stands on the path."),
    )
    position = models.CharField(max_length=120, blank=True)
    authority = models.CharField(
        max_length=20, blank=True, default="", db_default="",
        help_text=_("In whose name a unit's signer signs; empty: as usual for them."),
    )  # fmt: skip
    signed_at = models.DateTimeField(null=True, blank=True)
    sealed_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name
