from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from dinh.directory.enums import Bloc
from dinh.documents.enums import CopyKind, Secrecy, Urgency
from dinh.kernel.folding import folded


class Document(models.Model):
    """
    The letter itself (văn bản): one row for its issuer and all its recipients.

    Issued by a unit of the province (`issuer`) or by somebody else (only `issuer_name`).
    """

    issuer = models.ForeignKey(
        "directory.Unit", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    issuer_name = models.CharField(_("issuing agency"), max_length=200)
    issuer_code = models.CharField(_("identifier code of the agency"), max_length=35, blank=True)
    bloc = models.CharField(max_length=12, choices=Bloc)
    type_code = models.CharField(_("type"), max_length=10, help_text=_("Key in the catalogue of types."))
    number = models.PositiveIntegerField(_("number"), null=True, blank=True)
    number_text = models.CharField(max_length=11, blank=True)
    notation = models.CharField(_("notation"), max_length=40, blank=True)
    code = models.CharField(_("number and notation"), max_length=60, blank=True)
    code_key = models.GeneratedField(
        expression=folded("code"), output_field=models.CharField(max_length=60), db_persist=True
    )
    issued_date = models.DateField(_("date"), null=True, blank=True)
    place = models.CharField(_("place"), max_length=80, blank=True)
    subject = models.CharField(_("subject"), max_length=500)
    urgency = models.PositiveSmallIntegerField(_("urgency"), choices=Urgency, default=Urgency.NORMAL)
    secrecy = models.PositiveSmallIntegerField(_("secrecy"), choices=Secrecy, default=Secrecy.NONE)
    circulation = models.CharField(
        _("circulation"),
        max_length=10,
        blank=True,
        default="",
        db_default="",
        help_text=_("Key of a mark that limits who may read on."),
    )
    is_normative = models.BooleanField(
        _("normative document"),
        default=False,
        db_default=False,
        help_text=_("Its number bears the year; a series for each type."),
    )
    language = models.CharField(max_length=30, default="vi")
    page_count = models.PositiveSmallIntegerField(null=True, blank=True)
    signer_name = models.CharField(_("signer"), max_length=80, blank=True)
    signer_position = models.CharField(max_length=120, blank=True)
    signer_authority = models.CharField(
        max_length=30, blank=True, help_text=_("Key of `operations.authority.AUTHORITIES`.")
    )
    reply_due_date = models.DateField(_("reply by"), null=True, blank=True)
    content = models.ForeignKey(
        "storage.Blob", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    transcribed_by = models.ForeignKey(
        "directory.Unit",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        help_text=_("Who wrote this down from a letter on paper or by e-mail; its issuer made all others."),
    )
    copied_from = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="copies"
    )
    copy_kind = models.CharField(max_length=3, choices=CopyKind, blank=True)
    search_text = models.TextField(blank=True, editable=False, help_text=_("Folded text of the content."))
    search_vector = SearchVectorField(null=True, editable=False)
    created_at = models.DateTimeField()

    class Meta:
        indexes = [
            GinIndex(fields=["search_vector"], name="document_text"),
            GinIndex(fields=["code_key"], opclasses=["gin_trgm_ops"], name="document_code"),
            models.Index(fields=["issued_date", "code"], name="document_of_day"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["issuer", "code", "issued_date"],
                # Secret documents have a series of their own under the same notation.
                condition=~Q(code="")
                & Q(issuer__isnull=False, transcribed_by__isnull=True, copy_kind="", secrecy=Secrecy.NONE),
                name="number_and_notation_once_a_day",
            )
        ]

    def __str__(self) -> str:
        return self.code or self.subject


class Attachment(models.Model):
    """A file that goes with a document: an annex in a file of its own, or any other attachment."""

    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="attachments")
    blob = models.ForeignKey("storage.Blob", on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=200)
    is_annex = models.BooleanField(default=False)
    sort_order = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["sort_order", "id"]

    def __str__(self) -> str:
        return self.name
