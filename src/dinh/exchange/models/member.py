from typing import Any

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from dinh.exchange.enums import MemberClass, PartyState
from dinh.kernel.text import fold

# What X-Road allows in identifiers without encoding, less what paths and headers could misread.
IDENTIFIER = RegexValidator(
    r"\A[A-Za-z0-9][A-Za-z0-9._-]*\Z", _("Letters, digits, dot, hyphen and underscore only.")
)


class Member(models.Model):
    """
    An organisation that takes part in the exchange (thành viên), by its X-Road identifier.

    Identifiers change when agencies merge; an old one keeps its row, ended by a date, so that old exchanges
    are still read.
    """

    instance = models.CharField(_("instance"), max_length=20, default="VN", validators=[IDENTIFIER])
    member_class = models.CharField(
        _("class"), max_length=10, choices=MemberClass, default=MemberClass.GOVERNMENT
    )
    code = models.CharField(_("identifier code"), max_length=40, validators=[IDENTIFIER])
    name = models.CharField(_("name"), max_length=200)
    unit = models.ForeignKey(
        "directory.Unit", on_delete=models.PROTECT, null=True, blank=True, related_name="+",
        help_text=_("The unit of this province; none for an outside organisation."),
    )  # fmt: skip
    state = models.CharField(max_length=10, choices=PartyState, default=PartyState.ACTIVE)
    valid_from = models.DateField(_("from"))
    valid_to = models.DateField(_("to"), null=True, blank=True)

    class Meta:
        ordering = ["instance", "member_class", "code"]
        constraints = [
            models.UniqueConstraint(
                fields=["instance", "member_class", "code"], name="member_identifier_is_unique"
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def identifier(self) -> str:
        return f"{self.instance}/{self.member_class}/{self.code}"


class System(models.Model):
    """An information system of a member that calls or offers services (hệ thống, X-Road: subsystem)."""

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="systems")
    code = models.CharField(_("code"), max_length=40, validators=[IDENTIFIER])
    name = models.CharField(_("name"), max_length=200)
    search_name = models.CharField(max_length=600, editable=False, default="")
    description = models.TextField(_("description"), blank=True)
    contact = models.CharField(_("contact"), max_length=200, blank=True)
    state = models.CharField(max_length=10, choices=PartyState, default=PartyState.ACTIVE)
    tokens_valid_from = models.DateTimeField(
        null=True, blank=True, help_text=_("Tokens issued before this moment are refused.")
    )
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["member__name", "name"]
        constraints = [models.UniqueConstraint(fields=["member", "code"], name="system_code_is_unique")]

    def __str__(self) -> str:
        return self.name

    @property
    def identifier(self) -> str:
        return f"{self.member.identifier}/{self.code}"

    def note_search_name(self) -> None:
        """What lists are searched by; after a change of the member's name."""
        self.search_name = fold(f"{self.name} {self.code} {self.member.name} {self.member.code}")[:600]

    def save(self, *args: Any, **kwargs: Any) -> None:
        # Derived, so that no writer can forget it.
        self.note_search_name()
        super().save(*args, **kwargs)
