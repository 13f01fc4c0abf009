from django.db import models
from django.utils.translation import gettext_lazy as _

from dinh.exchange.models.member import IDENTIFIER


class Dictionary(models.Model):
    """A shared catalogue of codes (danh mục dùng chung), e.g. madantoc, donvihanhchinhcap2."""

    code = models.CharField(_("code"), max_length=60, unique=True, validators=[IDENTIFIER])
    name = models.CharField(_("name"), max_length=200)
    description = models.TextField(_("description"), blank=True)

    class Meta:
        ordering = ["code"]
        verbose_name_plural = "dictionaries"

    def __str__(self) -> str:
        return self.name


class DictionaryVersion(models.Model):
    """What a catalogue holds from a day on (phiên bản danh mục); never changed, only followed by the next."""

    dictionary = models.ForeignKey(Dictionary, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    valid_from = models.DateField(_("from"))
    legal_basis = models.CharField(_("issued by"), max_length=200, blank=True)
    columns = models.JSONField(
        default=list, db_default=[], blank=True,
        help_text="[[name, title, String or DateTime], ...], those of code and name first; none in old ones",
    )  # fmt: skip
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["dictionary_id", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["dictionary", "number"], name="dictionaryversion_is_unique")
        ]

    def __str__(self) -> str:
        return f"{self.dictionary_id} {self.number}"


class DictionaryItem(models.Model):
    """One code of a version; further columns as the catalogue's own description says."""

    version = models.ForeignKey(DictionaryVersion, on_delete=models.CASCADE, related_name="items")
    code = models.CharField(max_length=60)
    name = models.CharField(max_length=300)
    extra = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["version", "code"], name="dictionaryitem_is_unique")]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"
