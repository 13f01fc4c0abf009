from dinh.documents.models.book import Book
from dinh.documents.models.device import DeviceCopy, DeviceSignature
from dinh.documents.models.document import Attachment, Document
from dinh.documents.models.importing import ImportedEntry, RegisterImport
from dinh.documents.models.incoming import Assignment, Dispatch, Incoming, Note
from dinh.documents.models.intake import Intake, TrueCopy
from dinh.documents.models.outgoing import Comment, Outgoing, Recipient, Step, Version
from dinh.documents.models.party import Party

__all__ = [
    "Assignment",
    "Attachment",
    "Book",
    "Comment",
    "DeviceCopy",
    "DeviceSignature",
    "Dispatch",
    "Document",
    "ImportedEntry",
    "Incoming",
    "Intake",
    "Note",
    "Outgoing",
    "Party",
    "Recipient",
    "RegisterImport",
    "Step",
    "TrueCopy",
    "Version",
]
