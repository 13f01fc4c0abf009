from django.db import models
from django.utils.translation import gettext_lazy as _

from dinh.directory.models.person import Appointment


class ApiToken(models.Model):
    """A program's key to the JSON API, acting as one appointment. Only its digest is kept."""

    appointment = models.ForeignKey(Appointment, on_delete=models.CASCADE, related_name="+")
    label = models.CharField(_("label"), max_length=80)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(_("expires"))
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

    def __str__(self) -> str:
        return self.label
