from django.db import models
from django.utils.translation import gettext_lazy as _

from dinh.exchange.models.member import System


class ClientSecret(models.Model):
    """A consumer key and the digest of its secret (khóa ứng dụng); the secret itself is shown once."""

    system = models.ForeignKey(System, on_delete=models.PROTECT, related_name="secrets")
    consumer_key = models.CharField(max_length=64, unique=True)
    digest = models.CharField(
        max_length=64, help_text=_("SHA-256 of the secret, hex: 256 random bits need no slow hash")
    )
    label = models.CharField(_("label"), max_length=80)
    is_trial = models.BooleanField(
        default=False, db_default=False, help_text=_("Reaches addresses for trials only, and needs no grant.")
    )
    sealed = models.BinaryField(
        null=True,
        blank=True,
        help_text=_("The secret of a trial key, which the trial page calls with; else none."),
    )
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return self.consumer_key


class SystemCertificate(models.Model):
    """A certificate that a system shows or signs with (chứng thư số của hệ thống)."""

    system = models.ForeignKey(System, on_delete=models.PROTECT, related_name="certificates")
    certificate = models.BinaryField(help_text=_("X.509, DER"))
    fingerprint = models.CharField(max_length=64, unique=True, help_text=_("SHA-256, hex"))
    subject_name = models.CharField(max_length=200)
    issuer_name = models.CharField(max_length=200)
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField()
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-valid_to", "-pk"]

    def __str__(self) -> str:
        return self.subject_name
