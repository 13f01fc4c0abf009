from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from dinh.kernel.text import fold


class CredentialState(models.TextChoices):
    ACTIVE = "active", _("In use")
    SUSPENDED = "suspended", _("Suspended")
    REVOKED = "revoked", _("Revoked")


class Credential(models.Model):
    """
    Which certificate is whose (chứng thư số): a person's, or a unit's (the digital seal). Never guessed
    from the certificate's subject.
    """

    person = models.ForeignKey(
        "directory.Person", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    unit = models.ForeignKey(
        "directory.Unit", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    provider = models.CharField(max_length=30, help_text=_("Name in the registry of signing providers."))
    provider_ref = models.CharField(
        max_length=200, blank=True, help_text=_("Where the provider finds the key.")
    )
    certificate = models.BinaryField(help_text=_("X.509, DER"))
    chain = models.BinaryField(blank=True, help_text=_("Issuers, DER one after another"))
    fingerprint = models.CharField(max_length=64, unique=True, help_text=_("SHA-256, hex"))
    subject_name = models.CharField(max_length=200)
    search_name = models.CharField(max_length=600, editable=False, default="")
    serial_number = models.CharField(max_length=64)
    issuer_name = models.CharField(max_length=200)
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField()
    state = models.CharField(max_length=10, choices=CredentialState, default=CredentialState.ACTIVE)
    appearance = models.ForeignKey(
        "storage.Blob",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("Transparent PNG of the handwritten signature or the seal"),
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(person__isnull=True) ^ Q(unit__isnull=True), name="credential_has_one_holder"
            )
        ]

    def __str__(self) -> str:
        return self.subject_name

    def save(self, *args: Any, **kwargs: Any) -> None:
        # Derived, so that no writer can forget it: what the registry is searched by.
        holder = self.person.full_name if self.person else self.unit.name if self.unit else ""
        self.search_name = fold(f"{holder} {self.subject_name} {self.serial_number}")[:600]
        super().save(*args, **kwargs)
