from django.db import models
from django.utils.translation import gettext_lazy as _


class Pace(models.TextChoices):
    """How often somebody is told by a channel."""

    OFF = "off", _("Never")
    SOON = "soon", _("Within minutes, several together")
    DAILY = "daily", _("Once a working day, in the morning")


class ChannelChoice(models.Model):
    """How a person wants to be told outside the page. No row: not at all."""

    person = models.ForeignKey("directory.Person", on_delete=models.CASCADE, related_name="+")
    channel = models.CharField(max_length=20)
    pace = models.CharField(max_length=8, choices=Pace, default=Pace.OFF)
    told_until = models.DateTimeField(help_text="What happened until then was sent.")

    class Meta:
        indexes = [models.Index(fields=["pace", "told_until"], name="notify_choice_due")]
        constraints = [models.UniqueConstraint(fields=["person", "channel"], name="one_choice_per_channel")]

    def __str__(self) -> str:
        return f"{self.person_id} {self.channel} {self.pace}"
