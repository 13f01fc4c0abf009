from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from dinh.exchange.enums import PeerScope
from dinh.exchange.models.member import System


class Peer(models.Model):
    """
    Another gateway that ours speaks with (cổng kết nối), known by the certificates of its system.

    Quota and rate bind each of our systems that calls it, by itself. Ended ones stay, so that old exchanges are still
    read.
    """

    system = models.ForeignKey(System, on_delete=models.PROTECT, related_name="peers")
    address = models.CharField(_("address"), max_length=200, help_text=_("https://host:port"))
    serves = models.CharField(_("serves"), max_length=10, choices=PeerScope, default=PeerScope.MEMBER)
    daily_quota = models.PositiveIntegerField(
        _("calls a day"), default=1_000_000, db_default=1_000_000,
        validators=[MinValueValidator(1), MaxValueValidator(2_000_000_000)],
    )  # fmt: skip
    rate = models.PositiveIntegerField(
        _("calls a second"), default=100, db_default=100,
        validators=[MinValueValidator(1), MaxValueValidator(1_000_000)],
    )  # fmt: skip
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["system__member__name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["system"], name="peer_once_a_system", condition=models.Q(ended_at=None)
            )
        ]

    def __str__(self) -> str:
        return self.address
