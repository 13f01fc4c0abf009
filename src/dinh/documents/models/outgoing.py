from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from dinh.documents.common_words import AMOUNT
from dinh.documents.enums import Channel, OutgoingState, Purpose, Source, StepKind, StepState
from dinh.documents.models.book import Book
from dinh.documents.models.document import Document
from dinh.kernel.bits import BitStringField


class Outgoing(models.Model):
    """The way of a document out of its unit (văn bản đi): from the first draft to issue."""

    document = models.OneToOneField(Document, on_delete=models.PROTECT, related_name="outgoing")
    # Each step rewrites the row in all indexes: keys that a composite one below begins with have none of their own.
    unit = models.ForeignKey("directory.Unit", on_delete=models.PROTECT, related_name="+", db_index=False)
    division = models.ForeignKey(
        "directory.Division", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    drafter = models.ForeignKey(
        "directory.Appointment", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    state = models.CharField(max_length=10, choices=OutgoingState, default=OutgoingState.DRAFTING)
    book = models.ForeignKey(
        Book, on_delete=models.PROTECT, null=True, blank=True, related_name="outgoing", db_index=False
    )
    number = models.PositiveIntegerField(
        null=True, blank=True, help_text=_("The document's number, again beside its book: each only once.")
    )
    council_name = models.CharField(
        _("advisory council"),
        max_length=200,
        blank=True,
        help_text=_("Issues under the unit's seal, in a series of its own."),
    )
    council_title = models.CharField(_("title in the council"), max_length=120, blank=True)
    replies_to = models.ManyToManyField("documents.Incoming", blank=True, related_name="replies")
    replaces = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="replaced_by"
    )
    copies_amount = models.PositiveIntegerField(_("number of paper copies"), default=0)
    signed_at = models.DateTimeField(null=True, blank=True)
    numbered_at = models.DateTimeField(null=True, blank=True)
    sealed_at = models.DateTimeField(null=True, blank=True)
    issued_at = models.DateTimeField(null=True, blank=True)
    note = models.CharField(_("note"), max_length=500, blank=True)
    void_reason = models.CharField(max_length=500, blank=True)
    request_key = models.UUIDField(
        null=True, blank=True, help_text=_("A repeated request of the drafter makes no second draft.")
    )
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    common_words = BitStringField(length=AMOUNT, null=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["book", "number"], condition=Q(number__isnull=False), name="outgoing_number_once"
            ),
            models.UniqueConstraint(fields=["drafter", "request_key"], name="draft_once_a_request"),
        ]
        indexes = [
            models.Index(
                fields=["unit", "state", "-updated_at"],
                include=["document", "common_words"],
                name="outgoing_list_of_unit",
            ),
            models.Index(
                fields=["document"],
                condition=Q(common_words__isnull=True, number__isnull=False),
                name="outgoing_unmarked",
            ),
            models.Index(fields=["drafter", "-updated_at"], name="outgoing_of_drafter"),
            models.Index(fields=["book", "-numbered_at"], name="outgoing_of_book"),
        ]

    def __str__(self) -> str:
        return f"{self.document_id}"


class Version(models.Model):
    """One state of a draft's text; the last one counts. A signed letter takes no further version."""

    outgoing = models.ForeignKey(Outgoing, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveSmallIntegerField()
    source = models.CharField(max_length=6, choices=Source)
    body = models.JSONField(default=dict, blank=True, help_text=_("Text written in the page, by blocks."))
    word = models.ForeignKey(
        "storage.Blob", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    pdf = models.ForeignKey("storage.Blob", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    faults = models.JSONField(default=list, blank=True, help_text=_("What the form check found."))
    places = models.JSONField(default=list, blank=True, help_text=_("Boxes for number, date and signatures."))
    author = models.ForeignKey("directory.Appointment", on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["outgoing", "number"], name="version_number_once")]

    def __str__(self) -> str:
        return f"{self.outgoing_id} v{self.number}"


class Step(models.Model):
    """What one person is asked on the drafting path (luồng trình ký), in order."""

    outgoing = models.ForeignKey(Outgoing, on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=8, choices=StepKind)
    appointment = models.ForeignKey("directory.Appointment", on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=8, choices=StepState, default=StepState.AHEAD)
    field_name = models.CharField(max_length=60, blank=True, help_text=_("Signature field in the PDF."))
    comment = models.CharField(max_length=2000, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        "directory.Appointment", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    signed = models.BooleanField(default=False, help_text=_("Closed by a digital signature."))

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["outgoing", "position"], name="step_position_once"),
            models.UniqueConstraint(
                fields=["outgoing"], condition=Q(state=StepState.WAITING), name="one_step_waits"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.outgoing_id} {self.position}"


class Comment(models.Model):
    """A remark on a draft (ý kiến)."""

    outgoing = models.ForeignKey(Outgoing, on_delete=models.CASCADE, related_name="comments")
    author = models.ForeignKey("directory.Appointment", on_delete=models.PROTECT, related_name="+")
    version_number = models.PositiveSmallIntegerField()
    text = models.CharField(max_length=4000)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["created_at", "id"]

    def __str__(self) -> str:
        return self.text[:60]


class Recipient(models.Model):
    """Whom a document is meant for (nơi nhận), before and after it is sent."""

    outgoing = models.ForeignKey(Outgoing, on_delete=models.CASCADE, related_name="recipients")
    unit = models.ForeignKey(
        "directory.Unit", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    name = models.CharField(max_length=200)
    address = models.CharField(max_length=200, blank=True)
    purpose = models.CharField(max_length=10, choices=Purpose, default=Purpose.ACT)
    channel = models.CharField(max_length=10, choices=Channel, default=Channel.ELECTRONIC)
    sort_order = models.PositiveIntegerField(default=0)
    sent_at = models.DateTimeField(null=True, blank=True)
    posted_at = models.DateTimeField(
        null=True, blank=True, help_text=_("When the clerk confirmed that paper or e-mail went out.")
    )
    posted_by = models.ForeignKey(
        "directory.Appointment", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    posted_note = models.CharField(max_length=200, blank=True, help_text=_("Postal number, who took it."))

    class Meta:
        ordering = ["sort_order", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["outgoing", "unit"], condition=Q(unit__isnull=False), name="recipient_unit_once"
            )
        ]

    def __str__(self) -> str:
        return self.name
