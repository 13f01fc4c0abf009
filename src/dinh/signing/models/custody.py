from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class ObjectKind(models.TextChoices):
    SEAL = "seal", _("Seal")  # con dấu
    DEVICE = "device", _("Device with a secret key")  # thiết bị lưu khóa bí mật


class Custody(models.Model):
    """
    Who holds a seal, or a device with a secret key, of a unit from when to when, by which minutes (giao nhận con dấu,
    thiết bị lưu khóa bí mật; Decree 30/2020, Art. 32, 33). Rows are never changed but for their end.
    """

    unit = models.ForeignKey("directory.Unit", on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=10, choices=ObjectKind)
    name = models.CharField(max_length=200, help_text=_("Which of the unit's seals or devices."))
    credential = models.ForeignKey(
        "signing.Credential", on_delete=models.PROTECT, null=True, blank=True, related_name="custodies"
    )
    holder = models.ForeignKey("directory.Appointment", on_delete=models.PROTECT, related_name="+")
    from_date = models.DateField()
    until_date = models.DateField(null=True, blank=True)
    minutes_number = models.CharField(
        max_length=60, help_text=_("Of the minutes by which it was handed over.")
    )
    end_minutes_number = models.CharField(max_length=60, blank=True)
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["unit", "kind", "name"], condition=Q(until_date=None), name="custody_one_holder"
            ),
            models.CheckConstraint(
                condition=Q(until_date=None) | Q(until_date__gte=F("from_date")),
                name="custody_ends_after_it_began",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}: {self.holder_id}"
