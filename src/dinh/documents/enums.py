from django.db.models import IntegerChoices, TextChoices
from django.utils.translation import gettext_lazy as _


class OutgoingState(TextChoices):
    """Where an outgoing document stands (Decree 30/2020, Art. 10-19)."""

    DRAFTING = "drafting", _("Being drafted")
    REVIEWING = "reviewing", _("On the drafting path")
    RETURNED = "returned", _("Returned")
    SIGNED = "signed", _("Signed, to be numbered")
    NUMBERED = "numbered", _("Numbered, to be sealed")
    SEALED = "sealed", _("Sealed, to be sent")
    ISSUED = "issued", _("Issued")
    VOIDED = "voided", _("Number voided")
    RECALLED = "recalled", _("Recalled")
    REPLACED = "replaced", _("Replaced")


class StepKind(TextChoices):
    """What is asked of a person on the drafting path."""

    REVIEW = "review", _("Comment")
    INITIAL = "initial", _("Initial")  # ký nháy
    COSIGN = "cosign", _("Sign as secretary")
    SIGN = "sign", _("Sign")
    PARTY = "party", _("Sign for the other party")


class StepState(TextChoices):
    AHEAD = "ahead", _("Ahead")
    WAITING = "waiting", _("Waiting")
    DONE = "done", _("Done")
    RETURNED = "returned", _("Returned")


class Source(TextChoices):
    """How the text of a letter was made."""

    PAGE = "page", _("Written in the page")
    WORD = "word", _("Word document")
    UPLOAD = "upload", _("PDF uploaded")


class IncomingState(TextChoices):
    """State of a document at one recipient; values are the status codes of QCVN 102:2016."""

    ARRIVED = "01", _("Arrived")
    REFUSED = "02", _("Refused")
    RECEIVED = "03", _("Received")
    ASSIGNED = "04", _("Assigned")
    IN_PROGRESS = "05", _("In progress")
    DONE = "06", _("Done")
    RECALLED = "15", _("Recalled")


class Purpose(TextChoices):
    """Why a unit gets a document."""

    ACT = "act", _("To act")
    COORDINATE = "coordinate", _("To coordinate")
    INFORM = "inform", _("For information")


class Channel(TextChoices):
    ELECTRONIC = "electronic", _("Electronic")
    PAPER = "paper", _("Paper")
    EMAIL = "email", _("E-mail")


class Urgency(IntegerChoices):
    """Degree of urgency; values of QCVN 102:2016."""

    NORMAL = 0, _("Normal")
    URGENT = 1, _("Urgent")
    VERY_URGENT = 2, _("Very urgent")
    MOST_URGENT = 3, _("Most urgent")


class Secrecy(IntegerChoices):
    """Degree of secrecy; what is secret is never dispatched electronically."""

    NONE = 0, _("None")
    CONFIDENTIAL = 1, _("Confidential")  # mật
    SECRET = 2, _("Secret")  # tối mật
    TOP_SECRET = 3, _("Top secret")  # tuyệt mật


class Direction(TextChoices):
    OUTGOING = "outgoing", _("Outgoing")
    INCOMING = "incoming", _("Incoming")


class ImportState(TextChoices):
    """Where the import of an old register stands."""

    CHECKING = "checking", _("Being read and checked")
    CHECKED = "checked", _("Checked, not taken in yet")
    QUEUED = "queued", _("Being taken in")
    DONE = "done", _("Taken in")
    FAILED = "failed", _("Failed")


class CopyKind(TextChoices):
    """Copies that stand for the original (Decree 30/2020, Art. 25)."""

    SAO_Y = "SY", _("True copy")
    EXTRACT = "TrS", _("Extract")
    SAO_LUC = "SL", _("Copy of a copy")


class AssignmentRole(TextChoices):
    LEAD = "lead", _("Leads")  # chủ trì
    SUPPORT = "support", _("Coordinates")  # phối hợp
    INFORM = "inform", _("Knows")  # để biết
